import type { Counters } from '@gatehouse/coordination'
import { RateLimiter, type Rates, type RateWindow } from '@gatehouse/core'
import type { Logger } from 'pino'

const WINDOW_SECONDS = 60
/** A gateway takes a limit in so many pieces: what it has taken and not spent is nobody else's. */
const PIECES = 20
/** Windows kept before those that are over are forgotten. */
const KEPT_WINDOWS = 10_000

/** Limits that hold over all gateways: each takes pieces of them in advance. Where the others cannot be reached, it counts alone. */
export class SharedRates implements Rates {
  readonly #counters: Counters
  readonly #alone = new RateLimiter()
  readonly #log: Logger
  readonly #windows = new Map<string, SharedWindow>()

  constructor(counters: Counters, log: Logger) {
    this.#counters = counters
    this.#log = log
  }

  window(key: string, now: number): RateWindow {
    let window = this.#windows.get(key)
    if (window === undefined) {
      if (this.#windows.size >= KEPT_WINDOWS) this.#forget(now)
      window = new SharedWindow(key, this.#counters, this.#alone.window(key, now), this.#log)
      this.#windows.set(key, window)
    }
    return window
  }

  #forget(now: number): void {
    for (const [key, window] of this.#windows) {
      if (!window.isOver(now)) continue
      window.forgotten = true
      this.#windows.delete(key)
    }
  }
}

class SharedWindow implements RateWindow {
  forgotten = false
  readonly #key: string
  readonly #counters: Counters
  readonly #alone: RateWindow
  readonly #log: Logger
  /** Taken and not spent, good until `#endsAt`. */
  #left = 0
  /** When the window ends that was asked about last, milliseconds since the epoch. */
  #endsAt = 0
  /** Spent before it was known what is left. */
  #owed = 0
  /** It was spent to its end, whoever spent it. */
  #spent = false
  #taking: Promise<void> | null = null
  /** The others cannot be reached. */
  #lost = false

  constructor(key: string, counters: Counters, alone: RateWindow, log: Logger) {
    this.#key = key
    this.#counters = counters
    this.#alone = alone
    this.#log = log
  }

  prepare(limit: number, now: number): Promise<void> | null {
    if (now < this.#endsAt && (this.#left > 0 || this.#spent || this.#lost)) return null
    this.#taking ??= this.#take(limit).finally(() => {
      this.#taking = null
    })
    return this.#taking
  }

  spend(limit: number, now: number): number {
    if (this.#lost) return this.#alone.spend(limit, now)
    const known = now < this.#endsAt
    if (known && this.#left > 0) {
      this.#left--
      return 0
    }
    // What could not wait, the KILL of one's own, is counted when it is known what is left.
    if (!known) {
      this.#owed++
      return 0
    }
    return Math.max(1, Math.ceil((this.#endsAt - now) / 1000))
  }

  isOver(now: number): boolean {
    return now >= this.#endsAt && this.#taking === null
  }

  async #take(limit: number): Promise<void> {
    try {
      const piece = Math.max(1, Math.ceil(limit / PIECES))
      const { granted, retryAfterSeconds } = await this.#counters.take(
        `rate ${this.#key}`,
        piece,
        limit,
        WINDOW_SECONDS,
      )
      this.#lost = false
      this.#left = Math.max(0, granted - this.#owed)
      this.#owed = 0
      this.#spent = granted === 0
      // By this process's clock, whatever the store's: a window that had ended already would be asked about without end.
      this.#endsAt = performance.now() + retryAfterSeconds * 1000
    } catch (error) {
      if (!this.#lost) this.#log.warn({ error }, 'a limit is counted by this gateway alone')
      this.#lost = true
      // Tried again then.
      this.#endsAt = performance.now() + 1000
    }
  }
}
