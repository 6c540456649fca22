import type { Principal } from '../auth/principal.ts'
import { encodeFactsPart, encodeIntent, encodeOutcome, encodeRefusedPart } from '../audit/encode-record.ts'
import type { FactsPart, SessionPart } from '../audit/encode-record.ts'
import type { RecordLimits } from '../audit/encode-statement.ts'
import type { AuditedParameter } from '../audit/record.ts'
import { isWrite } from '../policy/action-words.ts'
import type { Authority } from '../policy/authority.ts'
import type { Decision, Denial, Obligations } from '../policy/decision.ts'
import type { StatementFacts, TextFacts } from '../statement/facts.ts'
import type { Reading } from '../statement/reading.ts'
import { type AuditTrail, type PolicySource, type StatementReader, TrailUnavailable } from './ports.ts'
import type { RateLimiter, RateWindow } from './rate-limit.ts'
import { gatewayRefusal, type Refusal, refusalOfDenial, refusalOfUnreadable } from './refusal.ts'

/** What the gate must know of a session. */
export interface GateSession {
  readonly id: string
  readonly principal: Principal
  readonly target: string
  readonly engine: 'postgres' | 'mysql'
  /** The session's members of every record, encoded once (`encodeSessionPart`). */
  readonly encoded: SessionPart
}

/**
 * What was decided about one text, before anything of it ran. Shared by all texts of one shape under one authority.
 * `refusal` is null when every statement of the text is permitted; then `obligations` has one entry per statement.
 */
export interface Judgement {
  readonly facts: TextFacts | null
  readonly forwardText: string | null
  readonly refusal: Refusal | null
  readonly obligations: readonly Obligations[]
  /** True when the statements touch masked columns: what the server says about them is redacted. */
  readonly redactReports: boolean
  /** True when any output is masked. */
  readonly masksOutput: boolean
  /** True when names may mean something else after it. */
  readonly changesNames: boolean
  /** True when SQL in it makes or removes prepared statements or cursors, whose names the protocol shares. */
  readonly takesNames: boolean
  /** True when a statement in it ends a transaction, and with it what the transaction did to names. */
  readonly endsTransaction: boolean
  /** True when a relation or function it names is not known. */
  readonly namesUnknown: boolean
  readonly authority: Authority
  /** The members of the records that depend on text shape and decision, encoded once. */
  readonly encoded: FactsPart
}

let makeAdmission: (judgement: Judgement, intent: number, refusal: Refusal | null, startedAt: number) => Admission

/** Judgements by reading, for every authority: sessions with the same rights share them. */
const judgementsByAuthority = new WeakMap<Authority, WeakMap<Reading, Judgement>>()

function judgementsUnder(authority: Authority): WeakMap<Reading, Judgement> {
  let judgements = judgementsByAuthority.get(authority)
  if (judgements === undefined) judgementsByAuthority.set(authority, (judgements = new WeakMap()))
  return judgements
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
  /** Its outcome is recorded. */
  settled = false

  private constructor(judgement: Judgement, intent: number, refusal: Refusal | null, startedAt: number) {
    this.judgement = judgement
    this.intent = intent
    this.refusal = refusal
    this.startedAt = startedAt
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
  readonly #rates: RateLimiter
  readonly #clock: GateClock
  readonly #rateKey: string
  readonly #recordLimits: RecordLimits
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
      readonly rates: RateLimiter
      readonly clock: GateClock
      readonly recordLimits: RecordLimits
    },
  ) {
    this.#session = session
    this.#reader = ports.reader
    this.#policy = ports.policy
    this.#trail = ports.trail
    this.#rates = ports.rates
    this.#clock = ports.clock
    this.#recordLimits = ports.recordLimits
    const { issuer, subject, actor } = session.principal
    this.#rateKey = JSON.stringify([issuer, subject, actor, session.target])
    this.#policyVersion = ports.policy.current.version
    this.#authority = ports.policy.current.authorityFor(session.principal, session.target, session.engine)
    this.#judgements = judgementsUnder(this.#authority)
  }

  /** The rules that hold for this session now; another object after the policy changed. */
  get authority(): Authority {
    const policy = this.#policy.current
    if (policy.version !== this.#policyVersion) {
      this.#policyVersion = policy.version
      this.#authority = policy.authorityFor(this.#session.principal, this.#session.target, this.#session.engine)
      this.#judgements = judgementsUnder(this.#authority)
    }
    return this.#authority
  }

  /** Analyse and decide. Null: the text is too large to be read inline, use `judgeLarge`. */
  judge(bytes: Buffer, start: number, end: number, names: Names): Judgement | null {
    if (end - start > this.#reader.inlineLimitBytes) return null
    try {
      return this.#decide(this.#reader.read(bytes, start, end, names))
    } catch (error) {
      return this.#failed(error)
    }
  }

  async judgeLarge(bytes: Buffer, names: Names): Promise<Judgement> {
    try {
      return this.#decide(await this.#reader.readLarge(bytes, names))
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

  /** Decides on facts that no text was read for: a setting in the start-up message. */
  judgeFacts(facts: TextFacts): Judgement {
    return this.#decide({ kind: 'read', facts, forwardText: null })
  }

  /**
   * Records the intent to run a judged text, and what was decided. INVARIANT: what is forwarded has an Admission whose
   * `refusal` is null, and its bytes are written only after `AuditTrail.commit` (see the gateway's turn).
   */
  admit(judgement: Judgement, text: string, parameters: readonly AuditedParameter[] | null): Admission {
    const startedAt = this.#clock.monotonic()
    let refusal = judgement.refusal
    try {
      let encoded = judgement.encoded
      if (refusal === null) {
        refusal = this.#spend(judgement.authority)
        if (refusal !== null) encoded = encodeRefusedPart(judgement.facts, refusal)
      }
      const intent = this.#trail.append(
        encodeIntent(this.#session.encoded, text, parameters, encoded, this.#recordLimits),
      )
      return makeAdmission(judgement, intent, refusal, startedAt)
    } catch (error) {
      return makeAdmission(judgement, 0, refusal ?? unrecorded(error), startedAt)
    }
  }

  /** Records what came of an admitted statement: `error` is its code, null when it succeeded. Never throws. */
  outcome(admission: Admission, error: string | null): void {
    if (admission.intent === 0 || admission.settled) return
    admission.settled = true
    const micros = (this.#clock.monotonic() - admission.startedAt) * 1000
    const { rows, bytes, intent, judgement } = admission
    this.#trail.owe(encodeOutcome(this.#session.encoded, intent, rows, bytes, error, micros, judgement.encoded))
  }

  #spend(authority: Authority): Refusal | null {
    const limit = authority.statementsPerMinute
    if (limit === null) return null
    const now = this.#clock.now()
    let window = this.#window
    if (window === null || window.forgotten || this.#windowRule !== limit.rule) {
      window = this.#rates.window(`${this.#rateKey} ${limit.rule}`, now)
      this.#window = window
      this.#windowRule = limit.rule
    }
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
    }
  }

  #decide(reading: Reading): Judgement {
    const authority = this.authority
    if (reading.kind === 'unreadable') return refused(authority, null, refusalOfUnreadable(reading))
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

function judgeStatements(authority: Authority, reading: Reading & { kind: 'read' }): Judgement {
  const decisions: Decision[] = []
  const obligations: Obligations[] = []
  let denial: Denial | null = null
  for (const statement of reading.facts.statements) {
    const decision = authority.decide(statement)
    decisions.push(decision)
    if (decision.kind === 'permit') {
      obligations.push(decision.obligations)
      denial ??= unmaskable(statement, decision.obligations)
    } else denial ??= decision
  }
  if (denial !== null) return refused(authority, reading.facts, refusalOfDenial(denial))
  if (mixesLimitedRowsAndWrites(reading.facts, obligations)) return refused(authority, reading.facts, SEND_APART)
  return {
    facts: reading.facts,
    forwardText: reading.forwardText,
    refusal: null,
    obligations,
    redactReports: obligations.some((obligation) => obligation.redactReports),
    masksOutput: obligations.some((obligation) => obligation.outputs !== null),
    changesNames: reading.facts.statements.some((statement) => statement.changesNames),
    endsTransaction: reading.facts.statements.some(({ action }) => TRANSACTION_ENDS.has(action)),
    takesNames: reading.facts.statements.some(({ action }) => namingActions.has(action)),
    namesUnknown: reading.facts.statements.some(namesUnknown),
    authority,
    encoded: encodeFactsPart(reading.facts, decisions),
  }
}

/**
 * A result that is cut at its limit ends in an error. Beside a write in the same text that error would say that nothing
 * was written, where the server may have finished by then.
 */
function mixesLimitedRowsAndWrites({ statements }: TextFacts, obligations: readonly Obligations[]): boolean {
  if (statements.length < 2) return false
  const limited = statements.some(({ output }, index) => output !== null && obligations[index]?.rowLimit !== null)
  return (
    limited &&
    statements.some(({ accesses, action }) => isWrite(action) || accesses.some((access) => isWrite(access.action)))
  )
}

const SEND_APART = gatewayRefusal(
  'FEATURE_REFUSED',
  'statements',
  'a statement whose rows are limited and one that writes cannot be sent in one text: rows over the limit end in an error that the write may survive',
  'Send the statements one at a time.',
)

const namingActions: ReadonlySet<string> = new Set([
  'prepare',
  'deallocate',
  'declare_cursor',
  'close_cursor',
  'discard',
])

const TRANSACTION_ENDS: ReadonlySet<string> = new Set(['commit', 'rollback', 'rollback_to', 'prepare_transaction'])

function namesUnknown(statement: StatementFacts): boolean {
  return (
    statement.accesses.some((access) => access.relation !== null && access.relation.schema === null) ||
    statement.functions.some((used) => used.trust === 'unknown')
  )
}

/** COPY sends its rows as one stream that is not masked yet: a masked column may not leave by it. */
function unmaskable(statement: StatementFacts, obligations: Obligations): Denial | null {
  if (statement.action !== 'copy_to') return null
  const mask = obligations.outputs?.find((output) => output !== null)
  if (mask === undefined || mask === null) return null
  return {
    kind: 'deny',
    code: 'MASK_NOT_POSSIBLE',
    rule: mask.rule,
    object: mask.columns.join(', '),
    reason: 'COPY would send masked columns in a form that cannot be masked',
    hint: 'Use SELECT for these columns, or name only unmasked columns in COPY.',
  }
}

function refused(authority: Authority, facts: TextFacts | null, refusal: Refusal): Judgement {
  return {
    facts,
    forwardText: null,
    refusal,
    obligations: [],
    redactReports: false,
    masksOutput: false,
    changesNames: false,
    endsTransaction: false,
    takesNames: false,
    namesUnknown: facts?.statements.some(namesUnknown) ?? false,
    authority,
    encoded: encodeRefusedPart(facts, refusal),
  }
}

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
