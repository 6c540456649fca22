/** How much of a rule's `statementsPerMinute` a principal has spent. Counts live in this process. */
export class RateLimiter {
  readonly #windows = new Map<string, { startedAt: number; count: number }>()

  /**
   * Counts one statement of `key` against `limit` per minute at `now` (milliseconds).
   * Returns 0 when it is within the limit, else the seconds until the limit is whole again (at least 1).
   */
  spend(key: string, limit: number, now: number): number {
    const window = this.#windows.get(key)
    if (window === undefined || now - window.startedAt >= 60_000 || now < window.startedAt) {
      if (this.#windows.size > 10_000) this.#forget(now)
      this.#windows.set(key, { startedAt: now, count: 1 })
      return limit >= 1 ? 0 : 60
    }
    if (window.count >= limit) return Math.max(1, Math.ceil((window.startedAt + 60_000 - now) / 1000))
    window.count++
    return 0
  }

  #forget(now: number): void {
    for (const [key, window] of this.#windows) if (now - window.startedAt >= 60_000) this.#windows.delete(key)
  }
}
