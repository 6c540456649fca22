import { type Admission, DETECTORS, type EngineName, type GateSession, type StatementObserver } from '@gatehouse/core'
import { DurationTally, FINE_BUCKETS, type Sample } from '@gatehouse/monitoring'
import { ACTION_LABELS, actionIndexOf } from './action-label.ts'
import { OUTCOME_LABELS, outcomeIndex, outcomeOf } from './outcome-label.ts'

/** What was decided: the label `decision`. */
const DECISION_LABELS = ['permit', 'approved', 'refused'] as const

const OUTCOMES = OUTCOME_LABELS.length
const DECISIONS = DECISION_LABELS.length
const REFUSED_OUTCOME = outcomeIndex('refused')
const OK_OUTCOME = outcomeIndex('ok')

/** What became of the statements of one engine, in numbers. */
class EngineTally {
  readonly engine: EngineName
  /** By action, decision and outcome. */
  readonly statements = new Float64Array(ACTION_LABELS.length * DECISIONS * OUTCOMES)
  readonly refusals = new Map<string, number>()
  readonly decided = new DurationTally(FINE_BUCKETS)
  readonly upstream = new DurationTally(FINE_BUCKETS)
  readonly duration = new DurationTally(FINE_BUCKETS)
  rows = 0
  bytes = 0
  maskedCells = 0
  readonly finds = new Float64Array(DETECTORS.length)

  constructor(engine: EngineName) {
    this.engine = engine
  }

  count(action: number, decision: number, outcome: number): void {
    const index = (action * DECISIONS + decision) * OUTCOMES + outcome
    this.statements[index] = (this.statements[index] ?? 0) + 1
  }
}

/** Counts statements. Nothing on their path makes an object: what Prometheus is told is made from the numbers when it asks. */
export class StatementTally implements StatementObserver {
  readonly traces = false
  readonly #postgres = new EngineTally('postgres')
  readonly #mysql = new EngineTally('mysql')
  /** Told what is thrown while statements are counted. */
  readonly failed: (error: unknown) => void

  constructor(failed: (error: unknown) => void) {
    this.failed = failed
  }

  judged(engine: EngineName, milliseconds: number): void {
    this.#of(engine).decided.add(milliseconds / 1000)
  }

  admitted({ engine }: GateSession, admission: Admission): void {
    if (admission.refusal !== null) this.#refused(this.#of(engine), admission, admission.refusal.code)
  }

  settled({ engine }: GateSession, admission: Admission, error: string | null, now: number): void {
    const tally = this.#of(engine)
    // Its record could not be made durable: it was taken back.
    if (admission.refusal !== null) return this.#refused(tally, admission, admission.refusal.code)
    const { judgement, startedAt, answeredAt, finds } = admission
    const outcome = error === null ? OK_OUTCOME : outcomeIndex(outcomeOf(engine, error))
    tally.count(actionIndexOf(judgement), judgement.approval === null ? 0 : 1, outcome)
    if (answeredAt > 0) tally.upstream.add((answeredAt - startedAt) / 1000)
    tally.duration.add((now - startedAt) / 1000)
    tally.rows += admission.rows
    tally.bytes += admission.bytes
    tally.maskedCells += admission.maskedCells
    if (finds !== null)
      for (let index = 0; index < finds.length; index++)
        tally.finds[index] = (tally.finds[index] ?? 0) + (finds[index] ?? 0)
  }

  /** Statements by engine, action, decision and outcome. */
  *statements(): Iterable<Sample> {
    for (const { engine, statements } of this.#both())
      for (const [index, count] of statements.entries()) {
        if (count === 0) continue
        const outcome = OUTCOME_LABELS[index % OUTCOMES] ?? ''
        const decision = DECISION_LABELS[Math.floor(index / OUTCOMES) % DECISIONS] ?? ''
        const action = ACTION_LABELS[Math.floor(index / OUTCOMES / DECISIONS)] ?? ''
        yield [{ engine, action, decision, outcome }, count]
      }
  }

  /** Refusals by engine and code. */
  *refusals(): Iterable<Sample> {
    for (const { engine, refusals } of this.#both())
      for (const [code, count] of refusals) yield [{ engine, code }, count]
  }

  /** What classify rules found and replaced, by detector. */
  *finds(): Iterable<Sample> {
    for (const { engine, finds } of this.#both())
      for (const [index, detector] of DETECTORS.entries()) {
        const count = finds[index] ?? 0
        if (count > 0) yield [{ engine, detector }, count]
      }
  }

  /** A number of each engine. */
  *numbers(of: 'rows' | 'bytes' | 'maskedCells'): Iterable<Sample> {
    for (const tally of this.#both()) yield [{ engine: tally.engine }, tally[of]]
  }

  /** Durations of each engine. */
  *durations(
    of: 'decided' | 'upstream' | 'duration',
  ): Iterable<readonly [{ readonly engine: EngineName }, DurationTally]> {
    for (const tally of this.#both()) yield [{ engine: tally.engine }, tally[of]]
  }

  #refused(tally: EngineTally, { judgement }: Admission, code: string): void {
    tally.count(actionIndexOf(judgement), 2, REFUSED_OUTCOME)
    tally.refusals.set(code, (tally.refusals.get(code) ?? 0) + 1)
  }

  #of(engine: EngineName): EngineTally {
    return engine === 'postgres' ? this.#postgres : this.#mysql
  }

  #both(): readonly EngineTally[] {
    return [this.#postgres, this.#mysql]
  }
}
