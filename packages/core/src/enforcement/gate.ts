import type { Approved } from '../approval/approved.ts'
import type { Principal } from '../auth/principal.ts'
import { appendIntent, oweOutcome } from '../audit/encode-record.ts'
import type { SessionPart } from '../audit/encode-record.ts'
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
import { type AuditTrail, type PolicySource, type StatementReader, TrailUnavailable } from './ports.ts'
import type { Rates, RateWindow } from './rate-limit.ts'
import { gatewayRefusal, type Refusal, refusalOfDenial, refusalOfUnreadable } from './refusal.ts'

/** What the gate must know of a session. */
export interface GateSession {
  readonly id: string
  readonly principal: Principal
  readonly target: string
  readonly engine: 'postgres' | 'mysql'
  /** The name of the session credential it logged in with; null: a token. */
  readonly credential: string | null
  /** It runs under a role of the database that no statement may change. Absent: it does not. */
  readonly rolePinned?: true
  /** The session's members of every record, encoded once (`encodeSessionPart`). */
  readonly encoded: SessionPart
}

let makeAdmission: (judgement: Judgement, intent: number, refusal: Refusal | null, startedAt: number) => Admission

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

/** Proof that a statement was read, decided and recorded: only `Gate.admit` makes one, only it may be forwarded. */
export class Admission {
  readonly judgement: Judgement
  /** Sequence number of the intent record; 0 when it could not be recorded. */
  intent: number
  /** Not null: it must not be forwarded, and this is what the client is told. */
  refusal: Refusal | null
  /** Milliseconds of a monotonic clock. */
  readonly startedAt: number
  /** Rows returned or changed, and bytes of rows, so far. */
  rows = 0
  bytes = 0
  /** How much was found in its rows and replaced, by the index of the detector in `DETECTORS`; null: nothing. */
  finds: Uint32Array | null = null
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
    makeAdmission = (judgement, intent, refusal, startedAt) => new Admission(judgement, intent, refusal, startedAt)
  }
}
export interface GateClock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds of a monotonic clock. */
  monotonic(): number
}

/**
 * The enforcement point of one session, and the one place where the order stands:
 * analyse, decide, record, and only then forward. Nothing here throws; a failure inside is a refusal.
 */
export class Gate<Names extends object> {
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
    try {
      return this.#decide(this.#reader.read(bytes, start, end, names), asksInClear(bytes, start, end))
    } catch (error) {
      return this.#failed(error)
    }
  }

  async judgeLarge(bytes: Buffer, names: Names): Promise<Judgement> {
    try {
      return this.#decide(await this.#reader.readLarge(bytes, names), asksInClear(bytes, 0, bytes.length))
    } catch (error) {
      return this.#failed(error)
    }
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
      return makeAdmission(judgement, intent, refusal, startedAt)
    } catch (error) {
      return makeAdmission(judgement, 0, refusal ?? unrecorded(error), startedAt)
    }
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
    if (admission.intent === 0 || admission.settled) return
    admission.settled = true
    const micros = (this.#clock.monotonic() - admission.startedAt) * 1000
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
    const now = this.#clock.now()
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
    const now = this.#clock.now()
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

function unrecorded(error: unknown): Refusal {
  const what = error instanceof TrailUnavailable ? error.message : 'the audit trail failed'
  return gatewayRefusal(
    'TRAIL_UNAVAILABLE',
    'audit trail',
    `the statement cannot be recorded, so it was not run: ${what}`,
    'Try again later; an operator has to mend the audit trail first.',
    5,
  )
}
