import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { gatewayRefusal, type Refusal } from '@gatehouse/core'
import { messageOf, UpstreamUnavailable } from './upstream-dial.ts'

/** How often the catalog is compared with the database: others change definitions as well. */
const PROBE_MILLISECONDS = 5000

/** Between two tries to read a catalog that cannot be read. */
const RETRY_MILLISECONDS = 250

/** How long statements wait for a catalog that cannot be read: then they are refused. */
const PATIENCE_MILLISECONDS = 5000

/** What is said to a statement when nobody can tell what its names mean. */
export const CATALOG_UNAVAILABLE: Refusal = gatewayRefusal(
  'CATALOG_UNAVAILABLE',
  'definitions',
  'definitions have changed, and the gateway cannot read them from the database, so what the names in this statement mean cannot be told',
  'Repeat the statement in a while; whoever runs the gateway finds the cause in its log.',
)

/** The database was reached, and its definitions could not be read to the end: as where others define without pause. */
export class CatalogUnsettled extends UpstreamUnavailable {}

/** Keeps the catalog of one target fresh: reads it one read at a time, again when it may have changed, and every few seconds. */
export class CatalogFreshness {
  readonly #target: string
  readonly #load: () => Promise<void>
  readonly #log: Logger
  #loaded = false
  #refreshing: Promise<void> | null = null
  #stale = false
  #readAt = -Infinity
  /** When the first of the reads that failed since the last good one ended; null: the last one was good. */
  #failingSince: number | null = null
  #probe: NodeJS.Timeout | null = null
  #closed = false

  /** `load` reads the catalog if it changed; it rejects when it cannot, and then leaves the older one in place. */
  constructor(target: string, load: () => Promise<void>, log: Logger) {
    this.#target = target
    this.#load = load
    this.#log = log
  }

  /** Resolves when there is a catalog. Rejects with `UpstreamUnavailable` when there is none yet and it cannot be read; one that is unsettled is tried for some seconds. */
  async ready(): Promise<void> {
    const begun = performance.now()
    while (!this.#loaded) {
      try {
        await this.#read()
      } catch (error) {
        const unsettled = error instanceof CatalogUnsettled && performance.now() - begun < PATIENCE_MILLISECONDS
        if (!unsettled) throw error
        this.#log.warn({ target: this.#target, error: error.detail }, 'the catalog could not be read yet')
        await sleep(RETRY_MILLISECONDS)
      }
    }
  }

  /** Definitions were changed through the gateway: nothing may be resolved before the next `refresh`. */
  get stale(): boolean {
    return this.#stale
  }

  /** Stale, and not to be read for a while now: waiting for it does not help. */
  get unreadable(): boolean {
    return this.#stale && this.#failingSince !== null && performance.now() - this.#failingSince >= PATIENCE_MILLISECONDS
  }

  markStale(): void {
    this.#stale = true
  }

  /** How old the look at the database is. */
  get ageMilliseconds(): number {
    return performance.now() - this.#readAt
  }

  /** Reads the catalog again if it changed. Never rejects: when it cannot be read, the older one stays, and stale stays stale. */
  async refresh(): Promise<void> {
    try {
      await this.#read()
    } catch (error) {
      const detail = error instanceof UpstreamUnavailable ? error.detail : messageOf(error)
      this.#log.warn({ target: this.#target, error: detail }, 'the catalog could not be read again')
      // Whoever waits for it would try again at once.
      await sleep(RETRY_MILLISECONDS, undefined, { ref: false })
    }
  }

  close(): void {
    this.#closed = true
    if (this.#probe !== null) clearTimeout(this.#probe)
  }

  /** One read at a time. A read that began before a change was marked does not count as having seen it. */
  async #read(): Promise<void> {
    while (this.#refreshing !== null) {
      const before = this.#refreshing
      await before
      if (!this.#stale && this.ageMilliseconds < 50) return
    }
    this.#refreshing = this.#loadOnce().finally(() => {
      this.#refreshing = null
    })
    await this.#refreshing
  }

  async #loadOnce(): Promise<void> {
    this.#stale = false
    try {
      await this.#load()
      this.#loaded = true
      this.#readAt = performance.now()
      this.#failingSince = null
    } catch (error) {
      this.#failingSince ??= performance.now()
      this.#stale = this.#loaded
      throw error
    } finally {
      this.#probeLater()
    }
  }

  #probeLater(): void {
    if (this.#closed || !this.#loaded) return
    if (this.#probe !== null) clearTimeout(this.#probe)
    this.#probe = setTimeout(() => void this.refresh(), PROBE_MILLISECONDS).unref()
  }
}
