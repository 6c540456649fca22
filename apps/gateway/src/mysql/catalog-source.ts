import {
  buildMysqlCatalog,
  type Dialect,
  MYSQL_CATALOG_SESSION,
  type MysqlCatalog,
  type MysqlCatalogRows,
  type MysqlNames,
  type OwnQuery,
  readMysqlCatalogRows,
  readMysqlCatalogVersion,
  type StoredTexts,
} from '@gatehouse/sql-analysis'
import type { Logger } from 'pino'
import { CatalogFreshness, CatalogUnsettled } from '../catalog-freshness.ts'
import { SharedNames } from '../shared-names.ts'
import type { Target } from '../target.ts'
import type { Turn } from '../turn.ts'
import { UpstreamUnavailable } from '../upstream-dial.ts'
import { OwnQueries } from './own-queries.ts'
import type { ServerVersion } from './server-version.ts'
import { openUpstream, ownWishes } from './upstream.ts'

/** What reads the texts that are stored in a server: views, routines, triggers, events; and texts quoted in a statement. */
export interface TextReading {
  readonly stored: (version: ServerVersion) => StoredTexts
  readonly quoted: (dialect: Dialect) => NonNullable<MysqlNames['parse']>
}

/** What a server said of itself when the gateway last logged in to it. */
export interface KnownServer {
  readonly version: ServerVersion
  readonly serverVersion: string
  /** `Capability` flags that it offers. */
  readonly offered: number
}

/** Reading a whole catalog may keep the database busy for longer than its other answers take. */
const CATALOG_PATIENCE_MILLISECONDS = 60_000

/** Environments kept per catalog: sessions with one schema and dialect share theirs. */
const ENVIRONMENTS_LIMIT = 1000

const NO_TABLES: MysqlNames['temporary'] = []

const rowsByCatalog = new WeakMap<MysqlCatalog, MysqlCatalogRows>()

/** The rows that a catalog of a target was made from; undefined for any other. */
export function catalogRowsOf(catalog: MysqlCatalog): MysqlCatalogRows | undefined {
  return rowsByCatalog.get(catalog)
}

/** The catalog of one target, read over a connection of the gateway's own, and read again when it may have changed. */
export class CatalogSource {
  /** What the sessions of this target have under way with names. */
  readonly shared: SharedNames = new SharedNames()
  /** Null before the gateway has reached it. */
  server: KnownServer | null = null
  readonly #name: string
  readonly #target: Target
  readonly #texts: TextReading
  readonly #turn: Turn
  readonly #freshness: CatalogFreshness
  #catalog: MysqlCatalog | null = null
  readonly #environments = new Map<string, MysqlNames>()
  #queries: OwnQueries | null = null

  constructor(name: string, target: Target, texts: TextReading, turn: Turn, log: Logger) {
    this.#name = name
    this.#target = target
    this.#texts = texts
    this.#turn = turn
    this.#freshness = new CatalogFreshness(name, () => this.#load(), log)
  }

  /** Resolves when there is a catalog. Rejects with `UpstreamUnavailable` when there is none yet and it cannot be read. */
  ready(): Promise<void> {
    return this.#freshness.ready()
  }

  /** Throws an Error before `ready`. */
  get catalog(): MysqlCatalog {
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

  /** Reads the catalog again if it changed. Never rejects: when it cannot be read, the older one stays, and stale stays stale. */
  refresh(): Promise<void> {
    return this.#freshness.refresh()
  }

  /** What names mean in this schema, to a server that reads texts so. The same object for the same until the catalog changes. */
  environment(schema: string | null, dialect: Dialect): MysqlNames {
    const key = JSON.stringify([schema, dialect])
    let environment = this.#environments.get(key)
    if (environment === undefined) {
      if (this.#environments.size >= ENVIRONMENTS_LIMIT) this.#environments.clear()
      const parse = this.#texts.quoted(dialect)
      environment = { catalog: this.catalog, schema, dialect, temporary: NO_TABLES, parse }
      this.#environments.set(key, environment)
    }
    return environment
  }

  close(): void {
    this.#freshness.close()
    this.#queries?.close()
  }

  async #load(): Promise<void> {
    try {
      const { queries, version, anew } = await this.#connected()
      const query = this.#query(queries)
      const { flavour } = version
      // Another connection may lead to another server. The whole is read with tries, its version alone without.
      const before = anew ? null : this.#catalog
      if (before !== null && before.version === (await readMysqlCatalogVersion(query, flavour))) return
      const rows = await readMysqlCatalogRows(query, flavour)
      this.#catalog = buildMysqlCatalog(rows, flavour, this.#texts.stored(version))
      rowsByCatalog.set(this.#catalog, rows)
      this.#environments.clear()
    } catch (error) {
      this.#queries?.close()
      this.#queries = null
      if (error instanceof UpstreamUnavailable) throw error
      const what = 'the catalog of the database could not be read'
      throw new CatalogUnsettled(this.#name, what, error instanceof Error ? error.message : String(error))
    }
  }

  /** Null where the server refuses the query; rejects where the connection is lost. */
  #query(queries: OwnQueries): OwnQuery {
    return async (sql) => {
      try {
        return await queries.rows(sql, CATALOG_PATIENCE_MILLISECONDS)
      } catch (error) {
        if (error instanceof UpstreamUnavailable && error.sqlstate !== null) return null
        throw error
      }
    }
  }

  async #connected(): Promise<{ queries: OwnQueries; version: ServerVersion; anew: boolean }> {
    if (this.#queries !== null && this.server !== null)
      return { queries: this.#queries, version: this.server.version, anew: false }
    const upstream = await openUpstream(
      this.#name,
      this.#target,
      ownWishes(this.#target, 'catalog'),
      'catalog',
      this.#turn,
    )
    const { version, serverVersion, offered } = upstream
    this.server = { version, serverVersion, offered }
    const queries = new OwnQueries(this.#name, upstream, this.#target.connectTimeoutSeconds * 1000)
    // Kept at once, so that `#load` closes it when its first query fails.
    this.#queries = queries
    upstream.lease.onEnd(() => {
      queries.close()
      if (this.#queries === queries) this.#queries = null
    })
    await queries.rows(MYSQL_CATALOG_SESSION)
    return { queries, version, anew: true }
  }
}
