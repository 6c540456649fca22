import type { ColumnName, KnownObjects, StatementFacts } from '@gatehouse/core'
import {
  buildCatalog,
  type Catalog,
  type CatalogRows,
  LibpgParser,
  type NameEnvironment,
  readFacts,
  Work,
} from '@gatehouse/sql-analysis'

/** What a catalog file of PostgreSQL holds: names and types, no row of any table. */
export interface PostgresDocument {
  readonly format: 1
  readonly searchPath: readonly string[]
  readonly rows: CatalogRows
}

/** A PostgreSQL target's catalog, written down. */
export class PostgresCatalogFile {
  readonly engine = 'postgres'
  readonly #catalog: Catalog
  readonly #environment: NameEnvironment
  readonly #parser: LibpgParser

  private constructor(document: PostgresDocument, parser: LibpgParser) {
    this.#catalog = buildCatalog('file', document.rows)
    this.#parser = parser
    this.#environment = {
      catalog: this.#catalog,
      searchPath: document.searchPath,
      parse: (sql) => this.#tree(sql),
      parsePlpgsql: (sql) => parser.compilePlpgsql(sql),
    }
  }

  static async create(document: PostgresDocument): Promise<PostgresCatalogFile> {
    return new PostgresCatalogFile(document, await LibpgParser.create())
  }

  /** The facts of every statement of a text. Throws an Error when it cannot be parsed. */
  read(sql: string): readonly StatementFacts[] {
    return readFacts(this.#tree(sql), this.#environment, new Work(Buffer.byteLength(sql)))
  }

  /** What patterns of a policy can match. */
  get objects(): KnownObjects {
    const relations = [...this.#catalog.relations()].filter(({ kind }) => kind !== 'index' && kind !== 'composite')
    const columns: ColumnName[] = relations.flatMap(({ schema, name, columns: own }) =>
      own.map((column) => ({ schema, relation: name, column: column.name })),
    )
    return { relations: relations.map(({ schema, name }) => ({ schema, name })), columns }
  }

  #tree(sql: string): ReturnType<NameEnvironment['parse']> {
    const parsed = this.#parser.parse(sql)
    if (parsed.kind !== 'tree') throw new Error(parsed.message)
    return parsed.tree
  }
}

/** Whether a document is one of PostgreSQL's. */
export function isPostgresDocument(value: unknown): value is PostgresDocument {
  return (
    typeof value === 'object' &&
    value !== null &&
    'format' in value &&
    value.format === 1 &&
    'rows' in value &&
    'searchPath' in value &&
    Array.isArray(value.searchPath)
  )
}
