import type { KnownObjects, StatementFacts } from '@gatehouse/core'
import {
  buildMysqlCatalog,
  dialectOf,
  type MysqlCatalog,
  type MysqlCatalogRows,
  type MysqlNames,
  mysqlStoredTexts,
  parseMysqlText,
  readMysqlFacts,
  type ServerVersion,
} from '@gatehouse/sql-analysis'

/** What a catalog file of MySQL or MariaDB holds: names, types and stored programs, no row of any table. */
export interface MysqlDocument {
  readonly format: 1
  readonly engine: 'mysql'
  /** The schema that sessions begin in; empty: none. */
  readonly schema: string
  readonly version: ServerVersion
  readonly sqlMode: string
  readonly rows: MysqlCatalogRows
}

/** The catalog of a target of MySQL or MariaDB, written down. */
export class MysqlCatalogFile {
  readonly engine = 'mysql'
  readonly #catalog: MysqlCatalog
  readonly #names: MysqlNames

  constructor({ rows, version, sqlMode, schema }: MysqlDocument) {
    const texts = mysqlStoredTexts((mode) => dialectOf(version, mode))
    this.#catalog = buildMysqlCatalog(rows, version.flavour, texts)
    const dialect = dialectOf(version, sqlMode)
    this.#names = {
      catalog: this.#catalog,
      schema: schema === '' ? null : schema,
      dialect,
      temporary: [],
      parse: (sql) => statementsOf(sql, dialect),
    }
  }

  /** The facts of every statement of a text, as the server's own sql_mode has it read. Throws an Error when it cannot be parsed. */
  read(sql: string): readonly StatementFacts[] {
    const bytes = Buffer.from(sql)
    const parsed = parseMysqlText(bytes, 0, bytes.length, this.#names.dialect)
    if ('error' in parsed) throw new Error(parsed.error.message)
    return readMysqlFacts(
      parsed.statements.map(({ statement }) => statement),
      this.#names,
    )
  }

  /** What patterns of a policy can match. */
  get objects(): KnownObjects {
    const tables = [...this.#catalog.schemas()].flatMap((schema) => [...this.#catalog.tables(schema)])
    return {
      relations: tables.map(({ schema, name }) => ({ schema, name })),
      columns: tables.flatMap(({ names }) => names),
    }
  }
}

function statementsOf(sql: string, dialect: MysqlNames['dialect']): ReturnType<NonNullable<MysqlNames['parse']>> {
  const bytes = Buffer.from(sql)
  const parsed = parseMysqlText(bytes, 0, bytes.length, dialect)
  return 'error' in parsed ? null : parsed.statements.map(({ statement }) => statement)
}

/** Whether a document is one of MySQL's or MariaDB's. */
export function isMysqlDocument(value: unknown): value is MysqlDocument {
  return (
    typeof value === 'object' &&
    value !== null &&
    'format' in value &&
    value.format === 1 &&
    'engine' in value &&
    value.engine === 'mysql' &&
    'rows' in value &&
    'version' in value &&
    'sqlMode' in value &&
    typeof value.sqlMode === 'string' &&
    'schema' in value &&
    typeof value.schema === 'string'
  )
}
