import type { Counters, Taken } from '../counters.ts'

/** Windows kept before those that are over are forgotten. */
const KEPT_WINDOWS = 10_000

/** Counters in the memory of one process. */
export class MemoryCounters implements Counters {
  readonly #now: () => number
  readonly #windows = new Map<string, { readonly endsAt: number; taken: number }>()

  constructor(now: () => number) {
    this.#now = now
  }

  take(key: string, amount: number, limit: number, windowSeconds: number): Promise<Taken> {
    const now = this.#now()
    const length = windowSeconds * 1000
    const windowEndsAt = (Math.floor(now / length) + 1) * length
    let window = this.#windows.get(key)
    if (window?.endsAt !== windowEndsAt) {
      if (this.#windows.size >= KEPT_WINDOWS)
        for (const [other, { endsAt }] of this.#windows) if (endsAt <= now) this.#windows.delete(other)
      window = { endsAt: windowEndsAt, taken: 0 }
      this.#windows.set(key, window)
    }
    const granted = Math.max(0, Math.min(amount, limit - window.taken))
    window.taken += granted
    return Promise.resolve({
      granted,
      retryAfterSeconds: Math.max(1, Math.ceil((windowEndsAt - now) / 1000)),
      windowEndsAt,
    })
  }
}
