import type { Counters, Taken } from '../counters.ts'

/** Windows kept before those that are over are forgotten. */
const KEPT_WINDOWS = 10_000
/** How often they are looked for. */
const SWEEP_MILLISECONDS = 1000
/** Windows kept, over or not. */
const MOST_WINDOWS = 100_000

/** Counters in the memory of one process. */
export class MemoryCounters implements Counters {
  readonly #now: () => number
  readonly #windows = new Map<string, MemoryWindow>()
  #sweepAt = 0

  constructor(now: () => number) {
    this.#now = now
  }

  take(key: string, amount: number, limit: number, windowSeconds: number): Promise<Taken> {
    const now = this.#now()
    const length = windowSeconds * 1000
    const windowEndsAt = (Math.floor(now / length) + 1) * length
    const there = this.#windows.get(key)
    const taken = there?.endsAt === windowEndsAt ? there.taken : 0
    const granted = Math.max(0, Math.min(amount, limit - taken))
    if (granted > 0) this.#keep(key, { endsAt: windowEndsAt, taken: taken + granted }, now)
    return Promise.resolve({
      granted,
      left: Math.max(0, limit - taken - granted),
      retryAfterSeconds: Math.max(1, Math.ceil((windowEndsAt - now) / 1000)),
      windowEndsAt,
    })
  }

  /** The oldest goes where too many have not ended: who asks chooses the keys, but not how much memory they take. */
  #keep(key: string, window: MemoryWindow, now: number): void {
    this.#windows.set(key, window)
    if (this.#windows.size <= KEPT_WINDOWS) return
    if (now >= this.#sweepAt) {
      for (const [other, { endsAt }] of this.#windows) if (endsAt <= now) this.#windows.delete(other)
      this.#sweepAt = now + SWEEP_MILLISECONDS
    }
    for (const other of this.#windows.keys()) {
      if (this.#windows.size <= MOST_WINDOWS) return
      this.#windows.delete(other)
    }
  }
}

interface MemoryWindow {
  /** Milliseconds since the epoch. */
  readonly endsAt: number
  readonly taken: number
}
