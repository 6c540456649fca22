import type { StoredApprovals } from './approval/stored-approvals.ts'
import type { CoordinationState } from './coordination.ts'
import type { Sessions } from './sessions.ts'
import type { Timing } from './timing.ts'

/** How many ticks go by at most between two looks for waiters of lost gateways. */
const TICKS_BETWEEN_LOOKS = 10
/** Requests that are settled in one tick. */
const SETTLED_AT_ONCE = 200

/** Does what nobody asks for: ends what is over, and what sessions of lost gateways waited for. Runs in every process; one has the duty at a time. */
export class Caretaker {
  readonly #approvals: StoredApprovals
  readonly #sessions: Sessions
  readonly #state: () => CoordinationState
  readonly #timing: Timing
  readonly #onDuty: () => Promise<boolean>
  readonly #timer: NodeJS.Timeout
  #busy = false
  #alive = new Set<string>()
  #ticks = 0
  /** When it looked last, milliseconds of a monotonic clock: what it knows of the others is as old. */
  #looked = Number.NEGATIVE_INFINITY
  /** Milliseconds of a monotonic clock: since when the others could be heard without a break. */
  #connectedSince: number | null = null

  /** `onDuty`: whether it is this process that looks now. */
  constructor(
    approvals: StoredApprovals,
    sessions: Sessions,
    state: () => CoordinationState,
    timing: Timing,
    onDuty: () => Promise<boolean>,
  ) {
    this.#approvals = approvals
    this.#sessions = sessions
    this.#state = state
    this.#timing = timing
    this.#onDuty = onDuty
    this.#timer = setInterval(() => {
      void this.#tick()
    }, timing.tick)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #tick(): Promise<void> {
    if (this.#busy) return
    if (this.#state().kind === 'lost') {
      this.#connectedSince = null
      return
    }
    this.#connectedSince ??= performance.now()
    this.#busy = true
    try {
      if (!(await this.#onDuty())) return
      await this.#approvals.settleDue(SETTLED_AT_ONCE)
      await this.#lookForLost(this.#connectedSince)
    } catch {
      // The others cannot be reached: nothing is done, and all of it is looked at again by the next tick.
      this.#connectedSince = null
    } finally {
      this.#busy = false
    }
  }

  async #lookForLost(connectedSince: number): Promise<void> {
    const alive = new Set((await this.#sessions.gateways()).map((gateway) => gateway.id))
    // After an outage every heart has to beat anew before one can be missed.
    if (performance.now() - connectedSince < this.#timing.lostAfter) return
    const now = performance.now()
    // Others had the duty meanwhile: who came and left since was never seen here.
    const missed = now - this.#looked > 2 * this.#timing.tick
    this.#looked = now
    const somebodyLeft = missed || [...this.#alive].some((id) => !alive.has(id))
    this.#alive = alive
    if (!somebodyLeft && this.#ticks++ % TICKS_BETWEEN_LOOKS !== 0) return
    await this.#approvals.leaveLost((waiter) => !alive.has(waiter.gateway))
  }
}
