/** What one principal may still spend of one rule's `statementsPerMinute`. */
export interface RateWindow {
  /**
   * Counts one statement against `limit` per minute at `now` (milliseconds of a clock that nobody sets).
   * Returns 0 when it is within the limit, else the seconds until the limit is whole again (at least 1).
   */
  spend(limit: number, now: number): number
  /** Finds out what `spend` has to know; null: it knows. Never rejects. */
  prepare(limit: number, now: number): Promise<void> | null
  /** Nobody finds it by its key any more. */
  readonly forgotten: boolean
}

/** The windows of all principals. */
export interface Rates {
  /** The window of a key; the same for all sessions that share the key. */
  window(key: string, now: number): RateWindow
}

/** The minute that began last, as this process counts it. */
class LocalWindow implements RateWindow {
  #startedAt = -Infinity
  #count = 0
  forgotten = false

  prepare(): null {
    return null
  }

  spend(limit: number, now: number): number {
    if (now - this.#startedAt >= WINDOW_MILLISECONDS || now < this.#startedAt) {
      this.#startedAt = now
      this.#count = 0
    }
    if (this.#count >= limit) return Math.max(1, Math.ceil((this.#startedAt + WINDOW_MILLISECONDS - now) / 1000))
    this.#count++
    return 0
  }

  /** True when forgetting it changes nothing. */
  isOver(now: number): boolean {
    return now - this.#startedAt >= WINDOW_MILLISECONDS
  }
}

const WINDOW_MILLISECONDS = 60_000
/** Windows kept before those that are over are forgotten. */
const KEPT_WINDOWS = 10_000

/** The windows of all principals of this process, as it counts them alone. */
export class RateLimiter implements Rates {
  readonly #windows = new Map<string, LocalWindow>()

  window(key: string, now: number): RateWindow {
    let window = this.#windows.get(key)
    if (window === undefined) {
      if (this.#windows.size >= KEPT_WINDOWS) this.#forget(now)
      window = new LocalWindow()
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
