import type { Gate, Judgement, Refusal } from '@gatehouse/core'
import type { ReplyQueue } from '@gatehouse/postgres-wire'
import type { NameEnvironment } from '@gatehouse/sql-analysis'
import { CATALOG_UNAVAILABLE } from '../catalog-freshness.ts'
import type { Connection } from '../connection.ts'
import type { Asked, Portal, PreparedStatement } from './asked.ts'
import { looksNamesUpLate, sameFacts } from './meanings.ts'
import { DEFINITIONS_IN_USE, MEANING_CHANGED, NAMES_CHANGED, SETTINGS_CHANGED } from './refusal.ts'
import { type SessionNames, STATUS_FAILED } from './session-names.ts'
import type { StagedRequests } from './staged-requests.ts'

/**
 * What became of a try to judge a text:
 * - `judged`: `judgement` has it.
 * - `waits`: something has begun that calls `resume`; then the same message is to be tried again.
 * - `waits for replies`: every request under way has to be answered first.
 */
export type Judging = 'judged' | 'waits' | 'waits for replies'

/** Longest wait for another session that is changing, or reading, the same names. */
const OTHERS_PATIENCE_MILLISECONDS = 10_000

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
  /** Since when the same message waits for other sessions; null: it does not. */
  #waitingSince: number | null = null
  /** The judgement of a masked COPY for which the catalog was looked at again. */
  #lookedAgain: Judgement | null = null

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
      !(statement.judgement.masksCopy && this.#names.mayKnowMore()) &&
      statement.names === this.#names.environment &&
      statement.judgement.authority === this.#gate.authority &&
      // A refusal may have been for what the transaction had done until then.
      statement.judgement.refusal === null &&
      this.#names.objection(statement.judgement, this.#gate) === null
    )
  }

  /**
   * The policy may have changed since Bind. Returns why the portal may not run any more; null: it may; a wait: as `judge`.
   */
  redecide(
    portal: Portal,
    staged: StagedRequests,
    batchOpen: boolean,
    upstream: Connection,
  ): Refusal | Exclude<Judging, 'judged'> | null {
    if (this.#names.roleInDoubt) {
      const settling = this.#settle(batchOpen, upstream)
      if (settling !== null) return settling
    }
    // What people approved at Bind was for the settings of that moment.
    if (portal.judgement.approval !== null && portal.changesBefore !== this.#names.changes) return SETTINGS_CHANGED
    const late = this.#namesSinceBind(portal, batchOpen, upstream)
    if (late !== null) return late
    // What it names was looked up, and locked, at Bind; what it changes is changed now.
    if (portal.judgement.changesNames) {
      const beside = this.besideOthers(portal.judgement, () => portal.statement.text)
      if (beside === null || beside.refusal !== null) return beside?.refusal ?? 'waits'
    }
    if (portal.judgement.authority === this.#gate.authority) return null
    const judgement = this.#gate.judgeAgain(portal.judgement)
    // A yes was for the rules at Bind: what needs one under those that hold now is refused.
    if (judgement.refusal !== null || judgement.approval !== null)
      return this.#gate.admit(judgement, portal.statement.text, null).refusal ?? NAMES_CHANGED
    portal.judgement = judgement
    portal.masks = undefined
    if ((judgement.masksOutput || judgement.classifies) && portal.statement.fields === null)
      staged.describeForMasks(portal.statement)
    return null
  }

  /** What the server looks up when it runs must mean what it meant at Bind. Null: it does. */
  #namesSinceBind(
    portal: Portal,
    batchOpen: boolean,
    upstream: Connection,
  ): Refusal | Exclude<Judging, 'judged'> | null {
    const facts = portal.judgement.facts?.statements
    if (facts === undefined || !facts.some(looksNamesUpLate)) return null
    if (this.#names.stillMean(portal.names)) return this.#names.objection(portal.judgement, this.#gate)?.refusal ?? null
    const text = Buffer.from(portal.statement.text)
    const judging = this.judge(text, 0, text.length, batchOpen, upstream)
    if (judging !== 'judged') return judging
    const judgement = this.#judgement
    portal.names = this.#names.environment
    return sameFacts(judgement?.facts?.statements ?? [], facts) ? (judgement?.refusal ?? null) : NAMES_CHANGED
  }

  /**
   * What becomes of a judged text beside other sessions: the judgement stands, it is refused, or null: it has to wait, and a wait
   * has begun.
   */
  besideOthers(judgement: Judgement, text: () => string): Judgement | null {
    if (judgement.refusal !== null || !this.#names.othersInTheWay(judgement, text)) {
      this.#waitingSince = null
      return judgement
    }
    this.#waitingSince ??= performance.now()
    if (performance.now() - this.#waitingSince < OTHERS_PATIENCE_MILLISECONDS) {
      this.#names.whenOthersMove(this.#resume)
      return null
    }
    this.#waitingSince = null
    return this.#gate.decline(DEFINITIONS_IN_USE, judgement.facts)
  }

  /** Judges a prepared statement again when rules or names changed since. */
  judgeAgain(statement: PreparedStatement, staged: StagedRequests, batchOpen: boolean, upstream: Connection): Judging {
    if (this.stillHolds(statement)) {
      const beside = this.besideOthers(statement.judgement, () => statement.text)
      if (beside !== null) statement.judgement = beside
      return beside === null ? 'waits' : 'judged'
    }
    const text = Buffer.from(statement.text)
    const judging = this.judge(text, 0, text.length, batchOpen, upstream)
    if (judging !== 'judged' || this.#judgement === null) return judging
    statement.judgement = this.underEveryMeaning(statement, this.#judgement)
    statement.names = this.#names.environment
    const { redactReports, classifies } = statement.judgement
    if ((redactReports || classifies) && statement.fields === null) staged.describeForMasks(statement)
    return 'judged'
  }

  /** The judgement of all that a prepared statement may mean to the server. `judgement`: of what its text means now. */
  underEveryMeaning({ meanings, read }: PreparedStatement, judgement: Judgement): Judgement {
    const { facts, forwardText } = judgement
    if (facts === null) return judgement
    if (facts.statements.some(looksNamesUpLate)) {
      // Masks go by the types of the columns, and those it was described with may be of other rows.
      const otherRows = judgement.masksOutput && !sameFacts(read, facts.statements)
      return otherRows ? this.#gate.decline(MEANING_CHANGED, facts) : judgement
    }
    const names = this.#names.environment
    meanings.add(names, facts.statements)
    const statements = meanings.under(names)
    if (statements === null) return this.#gate.decline(MEANING_CHANGED, facts)
    if (statements === facts.statements || judgement.refusal !== null || sameFacts(statements, facts.statements))
      return judgement
    return this.#gate.judgeFacts({ ...facts, statements }, forwardText)
  }

  judge(bytes: Buffer, start: number, end: number, batchOpen: boolean, upstream: Connection): Judging {
    const judging = this.#judgeAlone(bytes, start, end, batchOpen, upstream)
    if (judging !== 'judged' || this.#judgement === null) return judging
    const beside = this.besideOthers(this.#judgement, () => bytes.toString('utf8', start, end))
    if (beside === null) return 'waits'
    this.#judgement = beside
    return 'judged'
  }

  #judgeAlone(bytes: Buffer, start: number, end: number, batchOpen: boolean, upstream: Connection): Judging {
    if (this.#ready !== null) {
      this.#finish(this.#ready)
      this.#ready = null
      return 'judged'
    }
    if (!this.#names.settled) {
      if (this.#needsNoNames(bytes, start, end)) return 'judged'
      if (this.#names.unreadable) {
        this.#judgement = this.#gate.decline(CATALOG_UNAVAILABLE)
        return 'judged'
      }
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
    // What a COPY sends is told by the catalog alone, so that is looked at again, once.
    if (judgement.masksCopy && this.#lookedAgain !== judgement && this.#names.mayKnowMore()) {
      this.#lookedAgain = judgement
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
    this.#lookedAgain = null
    this.#judgement = this.#names.objection(judgement, this.#gate) ?? judgement
  }

  /** Begins to settle names; null: there is no need, or no way, now. */
  #settle(batchOpen: boolean, upstream: Connection): Exclude<Judging, 'judged'> | null {
    // The server will skip whatever comes now. What comes in the middle of COPY FROM STDIN it may reject, or run when the COPY has failed.
    if (this.#queue.skipping) return null
    if (this.#queue.length > 0) return 'waits for replies'
    // A failed transaction runs nothing but its end; asking would fail as well.
    if (this.#names.transactionStatus === STATUS_FAILED) return null
    this.#names.settle(upstream, this.#queue, batchOpen, this.#resume)
    return 'waits'
  }
}
