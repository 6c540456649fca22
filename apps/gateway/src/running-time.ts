import type { Admission, Refusal } from '@gatehouse/core'

/** How long the statement that a session runs has been seen to run. */
export class RunningTime {
  #running: Admission | null = null
  #since = 0

  /**
   * Why it must stop; null: it may go on. `running`: what runs now, null for nothing. `now`: milliseconds of a monotonic clock.
   * Behind another statement it waited: its time begins where it is first seen to be the one that runs.
   */
  check(
    running: Admission | null,
    now: number,
    { limit, rule }: { readonly limit: number; readonly rule: string },
  ): Refusal | null {
    if (running !== this.#running) {
      this.#running = running
      this.#since = now
    }
    if (running === null || now - this.#since < limit * 1000) return null
    return {
      code: 'TIME_LIMIT',
      rule,
      object: `${limit} seconds per statement`,
      message: `the statement runs for longer than ${limit} seconds, which is the limit`,
      hint: 'Ask for less at a time: narrow it with WHERE, or avoid joins without a condition. What was written beside it may stand: look before you repeat it.',
      retryAfterSeconds: null,
      position: null,
      approval: null,
    }
  }
}
