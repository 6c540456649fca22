import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { SessionRegistry } from './session-registry.ts'

/** How a gateway leaves. */
export interface DrainConfig {
  /** So long after it began to drain its listeners still accept. At most `drainSeconds`. */
  readonly drainDelaySeconds: number
  /** So long after it began to drain its sessions may go on. */
  readonly drainSeconds: number
}

/** What is drained. */
export interface Drained {
  readonly sessions: SessionRegistry
  /** Closes the listeners to new connections. Resolves when none that they accepted is open. */
  readonly stopListening: () => Promise<void>
  readonly log: Logger
}

/** The end of a gateway's life, in order: not ready at once, then deaf, then without sessions. */
export class Drain {
  readonly #settings: DrainConfig
  readonly #drained: Drained
  readonly #hurry = new AbortController()
  #run: Promise<void> | null = null

  constructor(settings: DrainConfig, drained: Drained) {
    this.#settings = settings
    this.#drained = drained
  }

  get begun(): boolean {
    return this.#run !== null
  }

  /** Resolves when the sessions have ended, or were told to. Again: the same. Never rejects. */
  begin(): Promise<void> {
    this.#run ??= this.#drain()
    return this.#run
  }

  /** What is left of it is done at once. */
  async end(): Promise<void> {
    this.#hurry.abort()
    await this.begin()
  }

  async #drain(): Promise<void> {
    const { sessions, stopListening, log } = this.#drained
    const { drainDelaySeconds, drainSeconds } = this.#settings
    const atOnce = this.#hurry.signal.aborted
    if (!atOnce) log.info({ sessions: sessions.size, drainDelaySeconds, drainSeconds }, 'gateway drains')
    await this.#wait(drainDelaySeconds)
    const empty = stopListening()
    await Promise.race([empty, this.#wait(drainSeconds - drainDelaySeconds)])
    if (sessions.size > 0) log.info({ sessions: sessions.size }, 'sessions that are left end now')
    sessions.endAll('shutdown')
  }

  /** Until then, or until it has to hurry. */
  async #wait(seconds: number): Promise<void> {
    await sleep(seconds * 1000, undefined, { signal: this.#hurry.signal, ref: false }).catch(() => undefined)
  }
}
