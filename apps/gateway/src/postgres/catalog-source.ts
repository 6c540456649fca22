import { buildCatalog, type Catalog, CATALOG_QUERIES, type CatalogRows, CATALOG_VERSION_QUERY, type NameEnvironment } from '@gatehouse/sql-analysis'
import type { Logger } from 'pino'
import type { TargetConfig } from '../config/index.ts'
import type { Turn } from '../turn.ts'
import { OwnQueries } from './own-queries.ts'
import { openUpstream, UpstreamUnavailable } from './upstream.ts'

/** How often the catalog is compared with the database: others change definitions as well. */
const PROBE_MILLISECONDS = 15_000

/** Environments kept per catalog: sessions with one search path share theirs. */
const ENVIRONMENTS_LIMIT = 1000

/** The catalog of one target, read over a connection of the gateway's own, and read again when it may have changed. */
export class CatalogSource {
  readonly #name: string
  readonly #target: TargetConfig
  readonly #parse: NameEnvironment['parse']
  readonly #turn: Turn
  readonly #log: Logger
  #catalog: Catalog | null = null
  readonly #environments = new Map<string, NameEnvironment>()
  #queries: OwnQueries | null = null
  #refreshing: Promise<void> | null = null
  #stale = false
  #readAt = -Infinity
  #probe: NodeJS.Timeout | null = null
  #closed = false

  constructor(name: string, target: TargetConfig, parse: NameEnvironment['parse'], turn: Turn, log: Logger) {
    this.#name = name
    this.#target = target
    this.#parse = parse
    this.#turn = turn
    this.#log = log
  }

  /** Resolves when there is a catalog. Rejects with `UpstreamUnavailable` when there is none yet and it cannot be read. */
  async ready(): Promise<void> {
    if (this.#catalog !== null) return
    await this.#read()
  }

  /** Throws an Error before `ready`. */
  get catalog(): Catalog {
    if (this.#catalog === null) throw new Error('the catalog was not read yet')
    return this.#catalog
  }

  /** Definitions were changed through the gateway: nothing may be resolved before the next `refresh`. */
  get stale(): boolean {
    return this.#stale
  }

  markStale(): void {
    this.#stale = true
  }

  /** How old the look at the database is. */
  get ageMilliseconds(): number {
    return performance.now() - this.#readAt
  }

  /** What names mean under this search path. The same object for the same path until the catalog changes. */
  environment(searchPath: readonly string[]): NameEnvironment {
    const key = JSON.stringify(searchPath)
    let environment = this.#environments.get(key)
    if (environment === undefined) {
      if (this.#environments.size >= ENVIRONMENTS_LIMIT) this.#environments.clear()
      environment = { catalog: this.catalog, searchPath, parse: this.#parse }
      this.#environments.set(key, environment)
    }
    return environment
  }

  /** Reads the catalog again if it changed. Never rejects: when it cannot be read, the older one stays, and stale stays stale. */
  async refresh(): Promise<void> {
    try {
      await this.#read()
    } catch (error) {
      this.#log.warn({ target: this.#name, error: error instanceof UpstreamUnavailable ? error.detail : String(error) }, 'the catalog could not be read again')
    }
  }

  close(): void {
    this.#closed = true
    if (this.#probe !== null) clearTimeout(this.#probe)
    this.#queries?.close()
  }

  /** One read at a time. A read that began before a change was marked does not count as having seen it. */
  async #read(): Promise<void> {
    while (this.#refreshing !== null) {
      const before = this.#refreshing
      await before
      if (!this.#stale && this.ageMilliseconds < 50) return
    }
    this.#refreshing = this.#load().finally(() => {
      this.#refreshing = null
    })
    await this.#refreshing
  }

  async #load(): Promise<void> {
    this.#stale = false
    try {
      const queries = await this.#connected()
      const version = (await queries.rows(CATALOG_VERSION_QUERY))[0]?.[0] ?? ''
      if (this.#catalog === null || version !== this.#catalog.version) {
        const rows: Partial<Record<keyof CatalogRows, (string | null)[][]>> = {}
        for (const [kind, sql] of Object.entries(CATALOG_QUERIES)) rows[kind as keyof CatalogRows] = await queries.rows(sql)
        this.#catalog = buildCatalog(version, rows as CatalogRows)
        this.#environments.clear()
      }
      this.#readAt = performance.now()
      this.#probeLater()
    } catch (error) {
      this.#stale = this.#catalog !== null
      this.#queries?.close()
      this.#queries = null
      this.#probeLater()
      throw error
    }
  }

  async #connected(): Promise<OwnQueries> {
    if (this.#queries !== null) return this.#queries
    const settings = new Map([['application_name', 'gatehouse:catalog'], ['client_encoding', 'UTF8']])
    this.#queries = new OwnQueries(await openUpstream(this.#name, this.#target, settings, this.#turn))
    return this.#queries
  }

  #probeLater(): void {
    if (this.#closed || this.#catalog === null) return
    if (this.#probe !== null) clearTimeout(this.#probe)
    this.#probe = setTimeout(() => void this.refresh(), PROBE_MILLISECONDS).unref()
  }
}
