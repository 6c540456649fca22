import type { Gate, Judgement, Refusal } from '@gatehouse/core'
import type { ReplyQueue } from '@gatehouse/postgres-wire'
import type { NameEnvironment } from '@gatehouse/sql-analysis'
import type { Connection } from '../connection.ts'
import type { Asked, Portal, PreparedStatement } from './asked.ts'
import { CURSORS_CHANGED } from './refusal.ts'
import type { SessionNames } from './session-names.ts'
import type { StagedRequests } from './staged-requests.ts'

/**
 * What became of a try to judge a text:
 * - `judged`: `judgement` has it.
 * - `waits`: something has begun that calls `resume`; then the same message is to be tried again.
 * - `waits for replies`: every request under way has to be answered first.
 */
export type Judging = 'judged' | 'waits' | 'waits for replies'

const FAILED_TRANSACTION = 0x45 // E

/** Statements that mean the same under any search path. */
const NAMELESS = new Set([
  'begin',
  'commit',
  'rollback',
  'savepoint',
  'release',
  'rollback_to',
  'set_transaction',
  'set',
  'reset',
  'show',
])

/** Judges texts of one session when their names are settled; begins what has to come before. */
export class StatementJudge {
  readonly #gate: Gate<NameEnvironment>
  readonly #names: SessionNames
  readonly #queue: ReplyQueue<Asked>
  readonly #resume: () => void
  #judgement: Judgement | null = null
  /** What came of a wait for a judgement: the next try takes it. */
  #ready: Judgement | null = null

  constructor(gate: Gate<NameEnvironment>, names: SessionNames, queue: ReplyQueue<Asked>, resume: () => void) {
    this.#gate = gate
    this.#names = names
    this.#queue = queue
    this.#resume = resume
  }

  /** The last judgement; null before the first. */
  get judgement(): Judgement | null {
    return this.#judgement
  }

  /** True when a prepared statement was judged under the rules and names that hold now. */
  stillHolds(statement: PreparedStatement): boolean {
    return (
      this.#ready === null &&
      this.#names.settled &&
      statement.names === this.#names.environment &&
      statement.judgement.authority === this.#gate.authority &&
      // A refusal may have been for what the transaction had done until then.
      statement.judgement.refusal === null &&
      this.#names.objection(statement.judgement, this.#gate) === null
    )
  }

  /** The policy may have changed since Bind. Returns why the portal may not run any more; null: it may. */
  redecide(portal: Portal, staged: StagedRequests): Refusal | null {
    if (this.#names.otherCursors(portal)) return CURSORS_CHANGED
    if (portal.judgement.authority === this.#gate.authority) return null
    const judgement = this.#gate.judgeAgain(portal.judgement)
    if (judgement.refusal !== null)
      return this.#gate.admit(judgement, portal.statement.text, null).refusal ?? judgement.refusal
    portal.judgement = judgement
    portal.masks = undefined
    if ((judgement.masksOutput || judgement.classifies) && portal.statement.fields === null)
      staged.describeForMasks(portal.statement)
    return null
  }

  judge(bytes: Buffer, start: number, end: number, batchOpen: boolean, upstream: Connection): Judging {
    if (this.#ready !== null) {
      this.#finish(this.#ready)
      this.#ready = null
      return 'judged'
    }
    if (!this.#names.settled) {
      if (this.#needsNoNames(bytes, start, end)) return 'judged'
      const settling = this.#settle(batchOpen, upstream)
      if (settling !== null) return settling
    }
    const names = this.#names.environment
    const judgement = this.#gate.judge(bytes, start, end, names)
    if (judgement === null) {
      void this.#gate.judgeLarge(Buffer.from(bytes.subarray(start, end)), names).then((judged) => {
        this.#ready = judged
        this.#resume()
      })
      return 'waits'
    }
    if (judgement.namesUnknown && this.#names.mayKnowMore()) {
      void this.#names.refresh().then(this.#resume)
      return 'waits'
    }
    this.#finish(judgement)
    return 'judged'
  }

  /**
   * A text that names nothing is judged at once. Asking for names would also be a query before it, after which the
   * server takes no SET TRANSACTION any more.
   */
  #needsNoNames(bytes: Buffer, start: number, end: number): boolean {
    const judgement = this.#gate.judge(bytes, start, end, this.#names.environment)
    if (judgement === null) return false
    const nameless = judgement.facts?.statements.every(
      ({ action, accesses, functions, complete }) =>
        NAMELESS.has(action) &&
        complete &&
        functions.length === 0 &&
        accesses.every(({ relation }) => relation === null),
    )
    if (nameless === false) return false
    this.#finish(judgement)
    return true
  }

  #finish(judgement: Judgement): void {
    this.#judgement = this.#names.objection(judgement, this.#gate) ?? judgement
  }

  /** Begins to settle names; null: there is no need, or no way, now. */
  #settle(batchOpen: boolean, upstream: Connection): Judging | null {
    // The server will skip, or reject, whatever comes now.
    if (this.#queue.skipping || this.#queue.copyingIn) return null
    if (this.#queue.length > 0) return 'waits for replies'
    // A failed transaction runs nothing but its end; asking would fail as well.
    if (this.#names.transactionStatus === FAILED_TRANSACTION) return null
    this.#names.settle(upstream, this.#queue, batchOpen, this.#resume)
    return 'waits'
  }
}
