import { setTimeout as sleep } from 'node:timers/promises'

const FIRST_MILLISECONDS = 250
const LONGEST_MILLISECONDS = 30_000

/** Waits, twice as long each time, up to about 30 seconds; by chance up to half as long, so that many do not come back at once. */
export class BackOff {
  #next = FIRST_MILLISECONDS
  #longest = LONGEST_MILLISECONDS
  #wake: AbortController | null = null

  /** Makes a try until one succeeds, and waits behind each that fails, of which `failed` is told. Never rejects. */
  async untilDone(attempt: () => Promise<void>, failed: (error: unknown) => void): Promise<void> {
    for (;;) {
      try {
        await attempt()
        return
      } catch (error) {
        failed(error)
        await this.wait()
      }
    }
  }

  /** It worked: the next wait is short. */
  reset(): void {
    this.#next = FIRST_MILLISECONDS
  }

  async wait(): Promise<void> {
    const milliseconds = Math.min(this.#next, this.#longest) * (0.5 + Math.random() / 2)
    this.#next = Math.min(LONGEST_MILLISECONDS, this.#next * 2)
    await this.pause(milliseconds)
  }

  /** Waits so long, or until there is no time. */
  async pause(milliseconds: number): Promise<void> {
    this.#wake = new AbortController()
    await sleep(Math.min(milliseconds, this.#longest), undefined, { signal: this.#wake.signal }).catch(() => undefined)
    this.#wake = null
  }

  /** There is no time: a wait that is under way ends, and those to come are short. */
  hurry(): void {
    this.#longest = FIRST_MILLISECONDS
    this.#wake?.abort()
  }
}
