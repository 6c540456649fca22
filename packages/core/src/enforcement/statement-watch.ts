import type { AuditedParameter } from '../audit/record.ts'
import { type Admission, StatementMoments } from './admission.ts'
import type { GateClock, GateSession } from './gate-session.ts'
import type { StatementObserver } from './statement-observer.ts'

/**
 * Tells the observer, if there is one, of the statements of one session. The gate decides; this only looks at the clock. INVARIANT: what an observer
 * throws stays here: what is decided, recorded and forwarded is the same with any observer.
 */
export class StatementWatch {
  readonly #session: GateSession
  readonly #observer: StatementObserver | null
  readonly #clock: Pick<GateClock, 'monotonic'>
  /** Of the text that was judged last, where statements are traced. */
  #moments: StatementMoments | null = null

  constructor(session: GateSession, observer: StatementObserver | null, clock: Pick<GateClock, 'monotonic'>) {
    this.#session = session
    this.#observer = observer
    this.#clock = clock
  }

  /** A text is about to be read: when, for `judged`. 0: nobody wants to know. */
  begins(): number {
    return this.#observer === null ? 0 : this.#clock.monotonic()
  }

  /** It was read. */
  read(): number {
    return this.#observer?.traces === true ? this.#clock.monotonic() : 0
  }

  /** And decided. */
  judged(begun: number, read: number): void {
    const observer = this.#observer
    if (observer === null) return
    const decided = this.#clock.monotonic()
    try {
      observer.judged(this.#session.engine, decided - begun)
    } catch (error) {
      failed(observer, error)
    }
    if (!observer.traces) return
    const moments = (this.#moments = new StatementMoments())
    moments.begun = begun
    moments.read = read
    moments.decided = decided
  }

  /** A statement comes that was prepared before: what was judged until now was another. */
  prepared(): void {
    this.#moments = null
  }

  /** The statement that was judged last begins to wait. Null: nobody traces it. */
  held(): StatementMoments | null {
    const moments = this.#take()
    if (moments !== null) moments.held = this.#clock.monotonic()
    return moments
  }

  /** It has waited, and is admitted or refused next. `moments`: what `held` gave. */
  heldUntilNow(moments: StatementMoments | null): void {
    if (moments !== null) this.#moments = moments
  }

  admitted(admission: Admission, text: string, parameters: readonly AuditedParameter[] | null): void {
    const observer = this.#observer
    if (observer === null) return
    if (observer.traces) admission.moments = this.#take() ?? new StatementMoments()
    try {
      observer.admitted(this.#session, admission, text, parameters)
    } catch (error) {
      failed(observer, error)
    }
  }

  /** The first of what the database answers to an admitted statement is there; later calls do nothing. Null: it answers something else. */
  answered(admission: Admission | null): void {
    if (admission === null || admission.answeredAt !== 0 || this.#observer === null) return
    admission.answeredAt = this.#clock.monotonic()
  }

  settled(admission: Admission, error: string | null, now: number): void {
    const observer = this.#observer
    if (observer === null) return
    try {
      observer.settled(this.#session, admission, error, now)
    } catch (fault) {
      failed(observer, fault)
    }
  }

  #take(): StatementMoments | null {
    const moments = this.#moments
    this.#moments = null
    return moments
  }
}

function failed(observer: StatementObserver, error: unknown): void {
  try {
    observer.failed(error)
  } catch {
    // Whoever cannot even say so has nobody to say it to.
  }
}
