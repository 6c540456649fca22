import type { Judgement } from './judgement.ts'
import { TrailUnavailable } from './ports.ts'
import { gatewayRefusal, type Refusal } from './refusal.ts'

let make: (judgement: Judgement, intent: number, refusal: Refusal | null, startedAt: number) => Admission

/** Moments in the life of a statement, in milliseconds of the gate's monotonic clock; 0: that did not happen to it alone. */
export class StatementMoments {
  /** Reading began. 0: it was read and decided when it was prepared. */
  begun = 0
  /** It was read, and decisions began. */
  read = 0
  decided = 0
  /** It began to wait: for people, or for what people are asked with. */
  held = 0
}

/** Proof that a statement was read, decided and recorded: only `Gate.admit` makes one, only it may be forwarded. */
export class Admission {
  readonly judgement: Judgement
  /** Sequence number of the intent record; 0 when it could not be recorded. */
  intent: number
  /** Not null: it must not be forwarded, and this is what the client is told. */
  refusal: Refusal | null
  /** Milliseconds of a monotonic clock. */
  readonly startedAt: number
  /** The approval, or the grant, that it runs under; null: none was needed, or had. */
  approval: string | null = null
  /** Rows returned or changed, and bytes of rows, so far. */
  rows = 0
  bytes = 0
  /** How much was found in its rows and replaced, by the index of the detector in `DETECTORS`; null: nothing. */
  finds: Uint32Array | null = null
  /** Cells of masked columns in its rows so far; those that were NULL count. */
  maskedCells = 0
  /** When the first of its answer came, in milliseconds of a monotonic clock; 0: nothing yet. */
  answeredAt = 0
  /** Null: nobody traces it. */
  moments: StatementMoments | null = null
  /** Its outcome is recorded. */
  settled = false

  private constructor(judgement: Judgement, intent: number, refusal: Refusal | null, startedAt: number) {
    this.judgement = judgement
    this.intent = intent
    this.refusal = refusal
    this.startedAt = startedAt
  }

  /** More was found and replaced: how much, by the index of its detector in `DETECTORS`. */
  found(counts: Uint32Array): void {
    const finds = (this.finds ??= new Uint32Array(counts.length))
    for (let index = 0; index < counts.length; index++) finds[index] = (finds[index] ?? 0) + (counts[index] ?? 0)
  }

  /** Its record could not be made durable: it counts as refused. */
  unrecord(reason: Error): void {
    this.intent = 0
    this.refusal = unrecorded(reason)
  }

  static {
    make = (judgement, intent, refusal, startedAt) => new Admission(judgement, intent, refusal, startedAt)
  }
}

/** INVARIANT: called by the gate alone. `intent`, `refusal` and `startedAt` as in `Admission`. */
export function makeAdmission(
  judgement: Judgement,
  intent: number,
  refusal: Refusal | null,
  startedAt: number,
): Admission {
  return make(judgement, intent, refusal, startedAt)
}

/** What is said of a statement whose record could not be made. */
export function unrecorded(error: unknown): Refusal {
  const what = error instanceof TrailUnavailable ? error.message : 'the audit trail failed'
  return gatewayRefusal(
    'TRAIL_UNAVAILABLE',
    'audit trail',
    `the statement cannot be recorded, so it was not run: ${what}`,
    'Try again later; an operator has to mend the audit trail first.',
    5,
  )
}
