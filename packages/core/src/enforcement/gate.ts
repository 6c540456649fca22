import type { Approved } from '../approval/approved.ts'
import { appendIntent, oweOutcome } from '../audit/encode-record.ts'
import type { RecordLimits } from '../audit/encode-statement.ts'
import type { AuditedParameter } from '../audit/record.ts'
import type { Authority, Observed } from '../policy/authority.ts'
import { RecordRedactor, type RecordableStatement, type RedactionSettings } from '../audit/record-redactor.ts'
import { decisionAt } from '../policy/decision-at.ts'
import type { Decision, Denial, Obligations } from '../policy/decision.ts'
import type { TextFacts } from '../statement/facts.ts'
import { asksInClear } from '../statement/clear-wish.ts'
import type { Reading } from '../statement/reading.ts'
import { encodedPart, type Judgement, permitted, refused, unclassifiable, unmaskable } from './judgement.ts'
import { approvalUnavailable, approvalVoided } from './approval-refusals.ts'
import { type Admission, makeAdmission, unrecorded } from './admission.ts'
import type { GateClock, GateSession } from './gate-session.ts'
import type { AuditTrail, PolicySource, StatementReader } from './ports.ts'
import type { Rates, RateWindow } from './rate-limit.ts'
import { gatewayRefusal, type Refusal, refusalOfDenial, refusalOfUnreadable } from './refusal.ts'
import type { StatementObserver } from './statement-observer.ts'
import { StatementWatch } from './statement-watch.ts'

/** Judgements by reading, for every authority: sessions with the same rights share them. */
const judgementsByAuthority = new WeakMap<Authority, WeakMap<Reading, Judgement>>()

function judgementsUnder(authority: Authority): WeakMap<Reading, Judgement> {
  let judgements = judgementsByAuthority.get(authority)
  if (judgements === undefined) judgementsByAuthority.set(authority, (judgements = new WeakMap()))
  return judgements
}

function authorityIn(policy: PolicySource['current'], session: GateSession): Authority {
  const { principal, target, engine, rolePinned } = session
  return policy.authorityFor(principal, target, engine, rolePinned === true)
}

/**
 * The enforcement point of one session, and the one place where the order stands:
 * analyse, decide, record, and only then forward. Nothing here throws; a failure inside is a refusal.
 */
export class Gate<Names extends object> {
  /** Tells whoever watches statements what becomes of them. */
  readonly watch: StatementWatch
  readonly #session: GateSession
  readonly #reader: StatementReader<Names>
  readonly #policy: PolicySource
  readonly #trail: AuditTrail
  readonly #rates: Rates
  readonly #clock: GateClock
  readonly #rateKey: string
  readonly #recordLimits: RecordLimits
  readonly #redactor: RecordRedactor
  /** What a text shows that stands alone and shows nothing but diagnostics of earlier statements quotes no masked value. Default: it may. */
  diagnosticsHarmless = false
  #window: RateWindow | null = null
  #windowRule = ''
  #authority: Authority
  #judgements: WeakMap<Reading, Judgement>
  #policyVersion: string

  constructor(
    session: GateSession,
    ports: {
      readonly reader: StatementReader<Names>
      readonly policy: PolicySource
      readonly trail: AuditTrail
      readonly rates: Rates
      readonly clock: GateClock
      readonly recordLimits: RecordLimits
      readonly redaction: RedactionSettings
      /** Watches statements; null: nobody does. */
      readonly observer: StatementObserver | null
    },
  ) {
    this.#session = session
    this.#reader = ports.reader
    this.#policy = ports.policy
    this.#trail = ports.trail
    this.#rates = ports.rates
    this.#clock = ports.clock
    this.#recordLimits = ports.recordLimits
    this.#redactor = new RecordRedactor(ports.redaction, ports.reader)
    this.watch = new StatementWatch(session, ports.observer, ports.clock)
    const { issuer, subject, actor } = session.principal
    this.#rateKey = JSON.stringify([issuer, subject, actor, session.target])
    this.#policyVersion = ports.policy.current.version
    this.#authority = authorityIn(ports.policy.current, session)
    this.#judgements = judgementsUnder(this.#authority)
  }

  /** The rules that hold for this session now; another object after the policy changed. */
  get authority(): Authority {
    const policy = this.#policy.current
    if (policy.version !== this.#policyVersion) {
      this.#policyVersion = policy.version
      this.#authority = authorityIn(policy, this.#session)
      this.#judgements = judgementsUnder(this.#authority)
    }
    return this.#authority
  }

  /** Analyse and decide. Null: the text is too large to be read inline, use `judgeLarge`. */
  judge(bytes: Buffer, start: number, end: number, names: Names): Judgement | null {
    if (end - start > this.#reader.inlineLimitBytes) return null
    const begun = this.watch.begins()
    try {
      const reading = this.#reader.read(bytes, start, end, names)
      return this.#decideWatched(reading, asksInClear(bytes, start, end), begun)
    } catch (error) {
      return this.#failed(error)
    }
  }

  async judgeLarge(bytes: Buffer, names: Names): Promise<Judgement> {
    const begun = this.watch.begins()
    try {
      return this.#decideWatched(await this.#reader.readLarge(bytes, names), asksInClear(bytes, 0, bytes.length), begun)
    } catch (error) {
      return this.#failed(error)
    }
  }

  #decideWatched(reading: Reading, inClear: boolean, begun: number): Judgement {
    const read = this.watch.read()
    const judgement = this.#decide(reading, inClear)
    this.watch.judged(begun, read)
    return judgement
  }

  /** The same text under the rules that hold now. */
  judgeAgain(judgement: Judgement): Judgement {
    if (judgement.facts === null) return judgement
    return this.#decide({ kind: 'read', facts: judgement.facts, forwardText: judgement.forwardText })
  }

  /** A "no" that needs no reading: a protocol feature that is not carried. */
  decline(refusal: Refusal, facts: TextFacts | null = null): Judgement {
    return refused(this.authority, facts, refusal)
  }

  /** Decides on facts that are not those of one text as it was read: a setting in the start-up message, all that a text may mean. */
  judgeFacts(facts: TextFacts, forwardText: string | null = null): Judgement {
    return this.#decide({ kind: 'read', facts, forwardText })
  }

  /** Why what is not asked as a statement (a setting of the start-up message) may not be; null: it may. Nobody is asked for it. */
  refusalOf({ refusal, approval }: Judgement): Refusal | null {
    return refusal ?? (approval === null ? null : approvalUnavailable(approval, 'nobody can be asked here'))
  }

  /** The judgement when the planner expects `rows` rows (null: it cannot be told): rules ask that ask above a number of rows. */
  estimated(judgement: Judgement, rows: number | null): Judgement {
    const { approval, facts, forwardText, authority, decisions, obligations, observed } = judgement
    if (approval === null || !approval.estimateMatters || facts === null) return judgement
    const settled = decisions.map((decision) => decisionAt(decision, rows))
    return permitted(authority, { kind: 'read', facts, forwardText }, settled, obligations, observed)
  }

  /**
   * Records the intent to run a judged text, and what was decided. INVARIANT: what is forwarded has an Admission whose
   * `refusal` is null, and its bytes are written only after `AuditTrail.commit` (see the gateway's turn). A text that needs
   * approval is refused unless `clearance` is for this very text with these values under this judgement.
   */
  admit(
    judgement: Judgement,
    text: string,
    parameters: readonly AuditedParameter[] | null,
    clearance: Approved | null = null,
  ): Admission {
    const startedAt = this.#clock.monotonic()
    let { refusal } = judgement
    try {
      if (refusal === null)
        refusal = this.#unapproved(judgement, text, parameters, clearance) ?? this.#spend(judgement.authority)
      const statement = this.#redactor.recordable(judgement, text, parameters)
      const encoded = encodedPart(judgement, refusal, clearance, statement.redacted !== null)
      const intent = appendIntent(this.#trail, this.#session.encoded, statement, encoded, this.#recordLimits)
      return this.#admitted(makeAdmission(judgement, intent, refusal, startedAt), text, parameters, clearance)
    } catch (error) {
      return this.#admitted(
        makeAdmission(judgement, 0, refusal ?? unrecorded(error), startedAt),
        text,
        parameters,
        clearance,
      )
    }
  }

  #admitted(
    admission: Admission,
    text: string,
    parameters: readonly AuditedParameter[] | null,
    clearance: Approved | null,
  ): Admission {
    if (clearance !== null) admission.approval = clearance.id
    this.watch.admitted(admission, text, parameters)
    return admission
  }

  /** A judged text as it may be recorded: without what records may not hold. */
  recordable(judgement: Judgement, text: string, parameters: readonly AuditedParameter[] | null): RecordableStatement {
    return this.#redactor.recordable(judgement, text, parameters)
  }

  /** Why a text that needs approval may not run; null: it needs none, or was approved. */
  #unapproved(
    { approval, facts, unmasked }: Judgement,
    text: string,
    parameters: readonly AuditedParameter[] | null,
    clearance: Approved | null,
  ): Refusal | null {
    if (approval === null) return null
    if (clearance === null || facts === null) return approvalUnavailable(approval, 'nobody can be asked here')
    const { principal, target, engine } = this.#session
    if (clearance.useFor({ principal, target, engine, text, parameters, facts, need: approval, unmasked })) return null
    return approvalVoided(approval, clearance.id, 'it is for another statement, other values or other rules')
  }

  /** Records what came of an admitted statement: `error` is its code, null when it succeeded. Never throws. */
  outcome(admission: Admission, error: string | null): void {
    if (admission.settled) return
    admission.settled = true
    const now = this.#clock.monotonic()
    this.watch.settled(admission, error, now)
    if (admission.intent === 0) return
    const micros = (now - admission.startedAt) * 1000
    const { rows, bytes, intent, judgement, finds } = admission
    const rules = judgement.classifies ? (judgement.authority.classifier?.rules ?? null) : null
    const classified = rules === null && finds === null ? null : { rules: rules ?? [], finds }
    const { encoded } = this.#session
    oweOutcome(this.#trail, encoded, intent, rows, bytes, error, micros, judgement.encoded, classified)
  }

  /** Finds out how much of the limits is left, where that is not known; null: it is. `admit` is to be called after it. Never rejects. */
  limitsKnown({ authority }: Judgement): Promise<void> | null {
    const limit = authority.statementsPerMinute
    if (limit === null) return null
    const now = this.#clock.monotonic()
    return this.#windowOf(limit.rule, now).prepare(limit.limit, now)
  }

  #windowOf(rule: string, now: number): RateWindow {
    let window = this.#window
    if (window === null || window.forgotten || this.#windowRule !== rule) {
      window = this.#rates.window(`${this.#rateKey} ${rule}`, now)
      this.#window = window
      this.#windowRule = rule
    }
    return window
  }

  #spend(authority: Authority): Refusal | null {
    const limit = authority.statementsPerMinute
    if (limit === null) return null
    const now = this.#clock.monotonic()
    const window = this.#windowOf(limit.rule, now)
    const wait = window.spend(limit.limit, now)
    if (wait === 0) return null
    return {
      code: 'RATE_LIMIT',
      rule: limit.rule,
      object: `${limit.limit} statements per minute`,
      message: `the limit of ${limit.limit} statements per minute is spent`,
      hint: `Wait ${wait} seconds; then the limit is whole again.`,
      retryAfterSeconds: wait,
      position: null,
      approval: null,
    }
  }

  #decide(reading: Reading, inClear = false): Judgement {
    const authority = this.authority
    if (reading.kind === 'unreadable') return refused(authority, null, refusalOfUnreadable(reading))
    if (this.diagnosticsHarmless && asksDiagnostics(reading.facts))
      return judgeStatements(authority, { ...reading, facts: withHarmless(reading.facts) })
    // Asked so seldom that nothing of it is kept.
    if (inClear) return judgeStatements(authority, reading, true)
    const known = this.#judgements.get(reading)
    if (known !== undefined) return known
    const judgement = judgeStatements(authority, reading)
    this.#judgements.set(reading, judgement)
    return judgement
  }

  #failed(error: unknown): Judgement {
    const what = error instanceof Error ? error.message : String(error)
    return refused(
      this.#authority,
      null,
      gatewayRefusal(
        'DECISION_FAILED',
        'statement',
        `the gateway could not decide on this statement: ${what}`,
        'Report this to the operator of the gateway.',
      ),
    )
  }
}

/** Beside others in one text it would show what these leave. */
function asksDiagnostics({ statements }: TextFacts): boolean {
  return statements.length === 1 && statements[0]?.diagnostics !== undefined
}

function withHarmless(facts: TextFacts): TextFacts {
  return { ...facts, statements: facts.statements.map((each) => ({ ...each, diagnostics: 'harmless' })) }
}

/** `inClear`: it asks for masked columns in clear. */
function judgeStatements(authority: Authority, reading: Reading & { kind: 'read' }, inClear = false): Judgement {
  if (inClear && reading.facts.statements.length !== 1) return refused(authority, reading.facts, CLEAR_ALONE)
  const decisions: Decision[] = []
  const obligations: Obligations[] = []
  const observed: Observed[] = []
  let denial: Denial | null = null
  for (const statement of reading.facts.statements) {
    const decision = inClear ? authority.decideInClear(statement) : authority.decide(statement)
    decisions.push(decision)
    observed.push(...authority.observed(statement, decision))
    if (decision.kind === 'deny') denial ??= decision
    else {
      obligations.push(decision.obligations)
      denial ??= unmaskable(statement, decision.obligations) ?? unclassifiable(authority, statement)
    }
  }
  if (denial !== null) return refused(authority, reading.facts, refusalOfDenial(denial), observed)
  return permitted(authority, reading, decisions, obligations, observed)
}

const CLEAR_ALONE = gatewayRefusal(
  'NOT_ALLOWED',
  'statements',
  'masked columns can be asked for in clear by one SELECT that stands alone',
  'Send the SELECT by itself, with the comment before it.',
)
