import { readFileSync, writeFileSync } from 'node:fs'
import type { ColumnName, KnownObjects, StatementFacts } from '@gatehouse/core'
import { loadGatewayConfig, readCatalogRows } from '@gatehouse/gateway'
import {
  buildCatalog,
  type Catalog,
  type CatalogRows,
  LibpgParser,
  type NameEnvironment,
  readFacts,
  Work,
} from '@gatehouse/sql-analysis'
import { CommandFailed, ExitStatus } from './exit-status.ts'

/** What a catalog file holds: names and types, no row of any table. */
interface CatalogDocument {
  readonly format: 1
  readonly searchPath: readonly string[]
  readonly rows: CatalogRows
}

/** What exists on a target, written down: policies can be tested against it without a database. */
export class CatalogFile {
  readonly #catalog: Catalog
  readonly #environment: NameEnvironment
  readonly #parser: LibpgParser

  private constructor(document: CatalogDocument, parser: LibpgParser) {
    this.#catalog = buildCatalog('file', document.rows)
    this.#parser = parser
    this.#environment = {
      catalog: this.#catalog,
      searchPath: document.searchPath,
      parse: (sql) => this.#tree(sql),
      parsePlpgsql: (sql) => parser.compilePlpgsql(sql),
    }
  }

  /** Throws `CommandFailed` when the file is not one. */
  static async read(file: string): Promise<CatalogFile> {
    let document: unknown
    try {
      document = JSON.parse(readFileSync(file, 'utf8'))
      if (!isCatalogDocument(document)) throw new Error('it is not a catalog file')
      return new CatalogFile(document, await LibpgParser.create())
    } catch (error) {
      throw new CommandFailed(
        `${file} cannot be used: ${error instanceof Error ? error.message : String(error)}. Make it with \`gatehouse policy catalog\`.`,
        ExitStatus.Usage,
      )
    }
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

/** Reads a target's catalog over the gateway's own configuration and writes it down. */
export async function writeCatalogFile(configFile: string, target: string, output: string): Promise<void> {
  const loading = loadGatewayConfig(configFile, process.env)
  if (loading.kind === 'problems')
    throw new CommandFailed(
      `${configFile} is not a valid configuration; \`gatehouse gateway --config ${configFile} --print-config\` says why`,
    )
  const config = loading.config.targets.get(target)
  if (config === undefined)
    throw new CommandFailed(
      `${configFile} has no target ${target}; it has ${[...loading.config.targets.keys()].join(', ')}`,
      ExitStatus.Usage,
    )
  const document: CatalogDocument = { format: 1, ...(await readCatalogRows(target, config)) }
  writeFileSync(output, `${JSON.stringify(document)}\n`)
}

function isCatalogDocument(value: unknown): value is CatalogDocument {
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
