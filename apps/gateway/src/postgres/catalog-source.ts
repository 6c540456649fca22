import {
  buildCatalog,
  type Catalog,
  CATALOG_QUERIES_BUILTIN,
  CATALOG_QUERIES_OWN,
  type CatalogPartQueries,
  CATALOG_SESSION,
  type CatalogRows,
  CATALOG_VERSION_QUERY,
  type NameEnvironment,
} from '@gatehouse/sql-analysis'
import type { Logger } from 'pino'
import { CatalogFreshness } from '../catalog-freshness.ts'
import { SharedNames } from '../shared-names.ts'
import type { Target } from '../target.ts'
import { Turn } from '../turn.ts'
import { OwnQueries } from './own-queries.ts'
import { readSchemas, SCHEMAS_QUERY } from './schemas-query.ts'
import { openUpstream } from './upstream.ts'

/** How texts that are stored in the database are parsed. */
export type StoredTexts = Pick<NameEnvironment, 'parse' | 'parsePlpgsql'>

/** Reading a whole catalog may keep the database busy for longer than its other answers take. */
const CATALOG_PATIENCE_MILLISECONDS = 60_000

/** Environments kept per catalog: sessions with one search path share theirs. */
const ENVIRONMENTS_LIMIT = 1000

/** What each catalog was made from: large statements are read in another thread, which makes its own. */
const rowsByCatalog = new WeakMap<Catalog, CatalogRows>()

/** The rows that a catalog of a target was made from; undefined for any other. */
export function catalogRowsOf(catalog: Catalog): CatalogRows | undefined {
  return rowsByCatalog.get(catalog)
}

/** The catalog of one target, read over a connection of the gateway's own, and read again when it may have changed. */
export class CatalogSource {
  /** What the sessions of this target have under way with names. */
  readonly shared: SharedNames = new SharedNames()
  readonly #name: string
  readonly #target: Target
  readonly #texts: StoredTexts
  readonly #turn: Turn
  readonly #log: Logger
  #catalog: Catalog | null = null
  readonly #environments = new Map<string, NameEnvironment>()
  #queries: OwnQueries | null = null
  /** What initdb made, as of this connection: another one may lead to another server. */
  #builtin: CatalogRows | null = null
  readonly #freshness: CatalogFreshness

  constructor(name: string, target: Target, texts: StoredTexts, turn: Turn, log: Logger) {
    this.#name = name
    this.#target = target
    this.#texts = texts
    this.#turn = turn
    this.#log = log
    this.#freshness = new CatalogFreshness(name, () => this.#load(), log)
  }

  /** Resolves when there is a catalog. Rejects with `UpstreamUnavailable` when there is none yet and it cannot be read. */
  ready(): Promise<void> {
    return this.#freshness.ready()
  }

  /** Throws an Error before `ready`. */
  get catalog(): Catalog {
    if (this.#catalog === null) throw new Error('the catalog was not read yet')
    return this.#catalog
  }

  /** Definitions were changed through the gateway: nothing may be resolved before the next `refresh`. */
  get stale(): boolean {
    return this.#freshness.stale
  }

  /** Stale, and not to be read for a while now: waiting for it does not help. */
  get unreadable(): boolean {
    return this.#freshness.unreadable
  }

  markStale(): void {
    this.#freshness.markStale()
  }

  /** How old the look at the database is. */
  get ageMilliseconds(): number {
    return this.#freshness.ageMilliseconds
  }

  /** What names mean under this search path. The same object for the same path until the catalog changes. */
  environment(searchPath: readonly string[]): NameEnvironment {
    const key = JSON.stringify(searchPath)
    let environment = this.#environments.get(key)
    if (environment === undefined) {
      if (this.#environments.size >= ENVIRONMENTS_LIMIT) this.#environments.clear()
      environment = { catalog: this.catalog, searchPath, ...this.#texts }
      this.#environments.set(key, environment)
    }
    return environment
  }

  /** Reads the catalog again if it changed. Never rejects: when it cannot be read, the older one stays, and stale stays stale. */
  refresh(): Promise<void> {
    return this.#freshness.refresh()
  }

  close(): void {
    this.#freshness.close()
    this.#queries?.close()
  }

  async #load(): Promise<void> {
    try {
      const queries = await this.#connected()
      const version = await this.#inOneSnapshot(queries)
      this.#log.debug({ target: this.#name, version }, 'catalog is up to date')
    } catch (error) {
      this.#queries?.close()
      this.#queries = null
      throw error
    }
  }

  /** Reads the version, and everything when it is another, as of one moment. Returns the version. */
  async #inOneSnapshot(queries: OwnQueries): Promise<string> {
    await queries.rows('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const [version = ''] = await column(queries, CATALOG_VERSION_QUERY)
    if (this.#catalog === null || version !== this.#catalog.version) {
      const builtin = (this.#builtin ??= await partRows(queries, CATALOG_QUERIES_BUILTIN))
      const own = await partRows(queries, CATALOG_QUERIES_OWN)
      this.#catalog = buildCatalog(version, builtin, own)
      rowsByCatalog.set(this.#catalog, joined(builtin, own))
      this.#environments.clear()
    }
    await queries.rows('COMMIT')
    return version
  }

  async #connected(): Promise<OwnQueries> {
    if (this.#queries !== null) return this.#queries
    const settings = new Map([
      ['application_name', 'gatehouse:catalog'],
      ['client_encoding', 'UTF8'],
    ])
    const upstream = await openUpstream(this.#name, this.#target, settings, 'catalog', this.#turn)
    // Kept at once, so that `#load` closes it when its first query fails.
    this.#builtin = null
    this.#queries = new OwnQueries(this.#name, upstream, this.#target.connectTimeoutSeconds * 1000)
    const queries = this.#queries
    upstream.lease.onEnd(() => {
      queries.close()
      if (this.#queries === queries) this.#queries = null
    })
    await queries.rows(CATALOG_SESSION)
    return queries
  }
}

/** What exists on a target, as rows: for a catalog that is kept in a file. */
export async function readCatalogRows(
  name: string,
  target: Target,
): Promise<{ readonly rows: CatalogRows; readonly searchPath: readonly string[] }> {
  const turn = new Turn({ commit: () => undefined })
  const upstream = await openUpstream(name, target, new Map([['client_encoding', 'UTF8']]), 'catalog', turn)
  const queries = new OwnQueries(name, upstream, target.connectTimeoutSeconds * 1000)
  try {
    const searchPath = readSchemas((await column(queries, SCHEMAS_QUERY))[0] ?? '')
    if (searchPath === null) throw new Error('the database did not say which schemas a session sees')
    await queries.rows(CATALOG_SESSION)
    const builtin = await partRows(queries, CATALOG_QUERIES_BUILTIN)
    return { rows: joined(builtin, await partRows(queries, CATALOG_QUERIES_OWN)), searchPath }
  } finally {
    queries.close()
  }
}

async function partRows(queries: OwnQueries, part: CatalogPartQueries): Promise<CatalogRows> {
  const rows = async (sql: string | null): Promise<string[]> =>
    sql === null ? [] : column(queries, sql, CATALOG_PATIENCE_MILLISECONDS)
  return {
    relations: await rows(part.relations),
    functions: await rows(part.functions),
    types: await rows(part.types),
    operators: await rows(part.operators),
    builtinOperators: await rows(part.builtinOperators),
    constraints: await rows(part.constraints),
  }
}

function joined(one: CatalogRows, other: CatalogRows): CatalogRows {
  return {
    relations: [...one.relations, ...other.relations],
    functions: [...one.functions, ...other.functions],
    types: [...one.types, ...other.types],
    operators: [...one.operators, ...other.operators],
    builtinOperators: [...one.builtinOperators, ...other.builtinOperators],
    constraints: [...(one.constraints ?? []), ...(other.constraints ?? [])],
  }
}

/** The one column of a query's rows, without NULLs. */
async function column(queries: OwnQueries, sql: string, patienceMilliseconds?: number): Promise<string[]> {
  return (await queries.rows(sql, patienceMilliseconds)).flatMap(([cell]) =>
    cell === null || cell === undefined ? [] : [cell],
  )
}
