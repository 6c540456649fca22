/** Limits that hold over all replicas together, in fixed windows by the store's clock. */
export interface Counters {
  /**
   * Takes up to `amount` of what is left of `limit` in the current window of `key`. All replicas must name the same limit
   * and window for a key. A gateway takes a piece in advance and spends it without asking again. To take 0 only looks.
   */
  take(key: string, amount: number, limit: number, windowSeconds: number): Promise<Taken>
}

export interface Taken {
  /** 0 to the amount asked for. */
  readonly granted: number
  /** What is left for others. */
  readonly left: number
  /** Seconds until the next window begins, at least 1. */
  readonly retryAfterSeconds: number
  /** When the window of what was granted ends, milliseconds since the epoch by the store's clock. */
  readonly windowEndsAt: number
}
