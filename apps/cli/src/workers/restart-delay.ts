/** A worker that lived for so long, and then crashed, has crashed for the first time. */
const STEADY_MILLISECONDS = 60_000
const FIRST_MILLISECONDS = 500
const LONGEST_MILLISECONDS = 30_000

/** How long a crashed worker is waited with: not at all the first time, then twice as long each time it crashes again soon. */
export class RestartDelay {
  #crashes = 0

  /** Milliseconds until it is started again. `lived`: how long it did, in milliseconds; null: it never listened. */
  after(lived: number | null): number {
    if (lived !== null && lived >= STEADY_MILLISECONDS) this.#crashes = 0
    const delay = this.#crashes === 0 ? 0 : FIRST_MILLISECONDS * 2 ** (this.#crashes - 1)
    this.#crashes++
    return Math.min(delay, LONGEST_MILLISECONDS)
  }
}
