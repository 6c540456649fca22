/** What one principal has spent of one rule's `statementsPerMinute` in the minute that began last. */
export class RateWindow {
  #startedAt = -Infinity
  #count = 0
  /** Nobody finds it by its key any more. */
  forgotten = false

  /**
   * Counts one statement against `limit` per minute at `now` (milliseconds since the epoch).
   * Returns 0 when it is within the limit, else the seconds until the limit is whole again (at least 1).
   */
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

/** The windows of all principals of this process. */
export class RateLimiter {
  readonly #windows = new Map<string, RateWindow>()

  /** The window of a key; the same for all sessions that share the key. */
  window(key: string, now: number): RateWindow {
    let window = this.#windows.get(key)
    if (window === undefined) {
      if (this.#windows.size >= KEPT_WINDOWS) this.#forget(now)
      window = new RateWindow()
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
