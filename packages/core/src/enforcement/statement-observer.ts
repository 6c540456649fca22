import type { AuditedParameter } from '../audit/record.ts'
import type { Admission } from './admission.ts'
import type { GateSession } from './gate-session.ts'

/**
 * Watches what becomes of statements: the gate calls it where the trail learns of them. It decides nothing; every
 * call is on the path of a statement, so it makes no promise and, unless `traces`, no object.
 */
export interface StatementObserver {
  /** The moments of each statement are kept for it in `Admission.moments`. */
  readonly traces: boolean
  /** A text was read and decided, in so many milliseconds. */
  judged(engine: GateSession['engine'], milliseconds: number): void
  /** A statement was decided and recorded. Where `admission.refusal` is not null it has ended with that. `text` and `parameters`: as the client sent them. */
  admitted(
    session: GateSession,
    admission: Admission,
    text: string,
    parameters: readonly AuditedParameter[] | null,
  ): void
  /** What came of an admitted statement: `error` is its code, null when it succeeded; `now` is the gate's monotonic clock, in milliseconds. */
  settled(session: GateSession, admission: Admission, error: string | null, now: number): void
  /** One of the above threw this. The statement goes on as if nobody watched it. */
  failed(error: unknown): void
}
