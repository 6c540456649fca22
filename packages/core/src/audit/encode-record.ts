/**
 * Records as text: the JSON members after `hash`, without the outer braces. What a session or a statement's shape
 * repeats is encoded once, as a *part*; what a record has of its own stands between two of them.
 */
import { DETECTORS } from '../classification/detector.ts'
import { withoutSecrets } from '../classification/secret-text.ts'
import type { AuditTrail } from '../enforcement/ports.ts'
import type { Observed } from '../policy/authority.ts'
import type { Decision } from '../policy/decision.ts'
import type { RelationName, TextFacts } from '../statement/facts.ts'
import { DEFAULT_RECORD_LIMITS, encodeStatementMembers } from './encode-statement.ts'
import type { RecordLimits } from './encode-statement.ts'
import { jsonText, jsonTexts } from './json-text.ts'
import { RecordPart } from './record-part.ts'
import type { RecordableStatement } from './record-redactor.ts'
import type { AuditedEngine, AuditedSession, LoginKind, RecordedChunk, RecordedRemoval } from './record.ts'
import { isPlain } from './redaction.ts'

/** What every record of one session repeats, encoded once by `encodeSessionPart`. */
export interface SessionPart {
  /** How an outcome begins: `"kind":"outcome","session":"…","statement":{"intent":`. */
  readonly outcome: RecordPart
  /** How an intent begins: `"kind":"intent","session":"…",…,"engine":"…","statement":{`. */
  readonly intent: RecordPart
  /** `"session":"…","principal":{…},"target":"…","engine":"…"`. */
  readonly whole: string
}

/** What every record of one fact sheet and decision repeats, encoded once by `encodeFactsPart`. */
export interface FactsPart {
  /** Ends the `statement` member: `,"fingerprint":"…"},"actions":[…],"relations":[…],"decision":{…},"masked":[…]`. */
  readonly intent: RecordPart
  /** `"masked":[…]` alone, for the outcome; behind it `,"unmasked":[…]` where masks were lifted. */
  readonly masked: RecordPart
}

/** How many relations one record names at most; the record says how many were left out. */
const MAX_RELATIONS = 1_000

/** Longest text of one name or code in a record, in UTF-16 units: identifiers of both engines are at most 64 characters. */
const MAX_NAME_UNITS = 256

/** A name or a code as JSON, cut where it is too long to be one. */
export const name = (text: string): string =>
  jsonText(text.length > MAX_NAME_UNITS ? `${text.slice(0, MAX_NAME_UNITS)}…` : text)

/** A count as JSON; null for what is not a number, so that no record can be broken by one. */
export const count = (value: number | null): string =>
  value === null || !Number.isFinite(value) ? 'null' : String(Math.round(value))

/** Who, as a JSON object. */
export function encodePrincipal({ subject, actor, priorActors, groups, issuer }: AuditedSession['principal']): string {
  const prior = priorActors === undefined ? '' : `,"priorActors":${jsonTexts(priorActors)}`
  return `{"subject":${jsonText(subject)},"actor":${actor === null ? 'null' : jsonText(actor)}${prior},"groups":${jsonTexts(groups)},"issuer":${jsonText(issuer)}}`
}

/** Encodes what all records of a session have in common. Once per session. */
export function encodeSessionPart(session: AuditedSession): SessionPart {
  const id = `"session":${jsonText(session.id)}`
  const principal = encodePrincipal(session.principal)
  const whole = `${id},"principal":${principal},"target":${jsonText(session.target)},"engine":"${session.engine}"`
  return {
    outcome: RecordPart.of(`"kind":"outcome",${id},"statement":{"intent":`),
    intent: RecordPart.of(`"kind":"intent",${whole},"statement":{`),
    whole,
  }
}

const relationText = (relation: RelationName): string =>
  relation.schema === null ? relation.name : `${relation.schema}.${relation.name}`

/** The base columns that the decisions mask, sorted, without duplicates. */
function maskedColumns(decisions: readonly Decision[]): string[] {
  const columns = new Set<string>()
  for (const decision of decisions) {
    if (decision.kind === 'deny') continue
    for (const mask of decision.obligations.outputs ?? []) {
      for (const column of mask?.columns ?? []) columns.add(column)
    }
  }
  return [...columns].toSorted()
}

const approvalMember = (approval: string | null): string =>
  `"approval":${approval === null ? 'null' : jsonText(approval)}`

const encodeDenial = (denial: RecordedRefusal, approval: string | null): string =>
  `{"effect":"deny","rule":${name(denial.rule)},${approvalMember(approval)},"code":${name(denial.code)},"object":${name(denial.object)}}`

/** The text is decided as a whole: one denial refuses all of it, and is the one that is recorded. */
function encodeDecision(decisions: readonly Decision[], approval: string | null): string {
  const rules = new Set<string>()
  for (const decision of decisions) {
    if (decision.kind === 'deny') return encodeDenial(decision, approval)
    for (const rule of decision.rules) rules.add(rule)
  }
  // An empty text has no statement and so no rule.
  const [first = 'default'] = rules
  const all = rules.size > 1 ? `,"rules":${jsonTexts(rules)}` : ''
  return `{"effect":"permit","rule":${name(first)}${all},${approvalMember(approval)}}`
}

/**
 * What a fact sheet says, and how it ends the `statement` member. Null where the text could not be read. `redacted`: its values are left
 * out, and so is a fingerprint that could be used to guess them: of what is not rows alone, it stands for more than the text without its literals.
 */
export function encodeFacts(facts: TextFacts | null, redacted: boolean): string {
  const actions = new Set<string>()
  const relations = new Set<string>()
  let complete = facts !== null
  for (const statement of facts?.statements ?? []) {
    complete &&= statement.complete
    actions.add(statement.action)
    for (const access of statement.accesses) {
      actions.add(access.action)
      if (access.relation !== null) relations.add(relationText(access.relation))
    }
  }
  const listed = [...relations].slice(0, MAX_RELATIONS)
  const omitted = relations.size > MAX_RELATIONS ? `,"relationsOmitted":${relations.size - MAX_RELATIONS}` : ''
  const fingerprint = `"fingerprint":${facts === null || (redacted && !isPlain(facts)) ? 'null' : jsonText(facts.fingerprint)}`
  return `,${fingerprint}${complete ? '' : ',"complete":false'}},"actions":${jsonTexts(actions)},"relations":${jsonTexts(listed)}${omitted}`
}

/**
 * Encodes what all statements of one fact sheet and decision have in common. Once per fact sheet and decision.
 * `decisions` has one entry per statement of the text. `approval` names the approval it runs under; null when none
 * was asked. `redacted`: see `encodeFacts`.
 */
export function encodeFactsPart(
  facts: TextFacts,
  decisions: readonly Decision[],
  approval: string | null = null,
  observed: readonly Observed[] = [],
  redacted = false,
): FactsPart {
  const unmasked = decisions.flatMap((decision) => (decision.kind === 'ask' ? decision.unmasked : []))
  const masked = jsonTexts(maskedColumns(decisions))
  return factsPart(
    encodeFacts(facts, redacted),
    encodeDecision(decisions, approval) + observedMember(observed),
    masked,
    unmasked,
  )
}

/** A "no" that no policy rule decided: an unreadable text, a spent limit, a refused feature. */
export interface RecordedRefusal {
  readonly code: string
  readonly rule: string
  readonly object: string
}

/** The part of a statement that is refused by the gateway itself. `facts` is null when the text could not be read. `redacted`: see `encodeFacts`. */
export function encodeRefusedPart(
  facts: TextFacts | null,
  refusal: RecordedRefusal,
  observed: readonly Observed[] = [],
  redacted = false,
): FactsPart {
  return factsPart(encodeFacts(facts, redacted), encodeDenial(refusal, null) + observedMember(observed), '[]')
}

/** Behind the member `decision`. */
function observedMember(observed: readonly Observed[]): string {
  if (observed.length === 0) return ''
  return `,"observed":[${observed.map(({ rule, effect }) => `{"rule":${name(rule)},"effect":"${effect}"}`).join(',')}]`
}

function factsPart(facts: string, decision: string, maskedList: string, unmasked: readonly string[] = []): FactsPart {
  const clear = unmasked.length === 0 ? '' : `,"unmasked":${jsonTexts(unmasked)}`
  const masked = `"masked":${maskedList}${clear}`
  return { intent: RecordPart.of(`${facts},"decision":${decision},${masked}`), masked: RecordPart.of(masked) }
}

/**
 * Appends the record of a statement that was decided, before it is forwarded or refused; returns its number.
 * Throws what `AuditTrail.append` throws.
 */
export function appendIntent(
  trail: Pick<AuditTrail, 'append'>,
  session: SessionPart,
  statement: RecordableStatement,
  facts: FactsPart,
  limits: RecordLimits = DEFAULT_RECORD_LIMITS,
): number {
  return trail.append(encodeStatementMembers(statement, limits), session.intent, facts.intent)
}

/** Which classify rules looked through the rows of a statement, and how many finds were replaced, by detector. */
export interface ClassifiedRows {
  readonly rules: readonly string[]
  /** By the index of the detector in `DETECTORS`; null: none. */
  readonly finds: Uint32Array | null
}

function encodeClassified(classified: ClassifiedRows): string {
  const finds = DETECTORS.flatMap((detector, index) => {
    const found = classified.finds?.[index] ?? 0
    return found === 0 ? [] : [`"${detector}":${count(found)}`]
  })
  return `,"classified":{"rules":${jsonTexts(classified.rules)},"replaced":{${finds.join(',')}}}`
}

/**
 * Hands the trail what became of the intent with sequence number `intent`. `rows` and `bytes` null: cannot be told.
 * `error` is the code alone (SQLSTATE, MySQL number), never the server's text; null when it succeeded.
 */
export function oweOutcome(
  trail: Pick<AuditTrail, 'owe'>,
  session: SessionPart,
  intent: number,
  rows: number | null,
  bytes: number | null,
  error: string | null,
  durationMicroseconds: number,
  facts: FactsPart,
  classified: ClassifiedRows | null = null,
): void {
  const code = error === null ? 'null' : name(error)
  const members = `${intent}},"outcome":{"rows":${count(rows)},"bytes":${count(bytes)},"error":${code},"duration_us":${count(durationMicroseconds)}},`
  if (classified === null) trail.owe(members, session.outcome, facts.masked)
  else trail.owe(`${members}${facts.masked.text}${encodeClassified(classified)}`, session.outcome)
}

/**
 * A session began. `address` is the client's, `application` what its driver calls itself (null: it did not say), `credential`
 * the name of the session credential it logged in with (null: something else), `login` what it logged in with.
 */
export function encodeSessionStart(
  session: SessionPart,
  address: string,
  application: string | null,
  credential: string | null,
  login: LoginKind,
): string {
  const applicationText = application === null ? 'null' : name(withoutSecrets(application))
  return `"kind":"session_start",${session.whole},"client":{"address":${name(address)},"application":${applicationText}${credentialPart(credential)}},"login":"${login}"`
}

function credentialPart(credential: string | null): string {
  return credential === null ? '' : `,"credential":${name(credential)}`
}

function certificatePart(certificate: ShownCertificate | null): string {
  if (certificate === null) return ''
  const { subject, serialNumber, fingerprint256, fault } = certificate
  const why = fault === null ? 'null' : name(fault)
  return `,"certificate":{"subject":${name(subject)},"serial":${name(serialNumber)},"fingerprint256":${name(fingerprint256)},"fault":${why}}`
}

/**
 * A session ended: `reason` is a short fixed word (`client_closed`, `token_expired`, `killed`, …). `unknown`: the intents whose outcome nobody
 * will learn any more; default: there are none.
 */
export function encodeSessionEnd(
  session: SessionPart,
  reason: string,
  durationMicroseconds: number,
  statements: number,
  unknown: readonly number[] = [],
): string {
  const lost = unknown.length === 0 ? '' : `,"unknown":[${unknown.map(count).join(',')}]`
  return `"kind":"session_end",${session.whole},"end":{"reason":${name(reason)},"statements":${count(statements)},"duration_us":${count(durationMicroseconds)}${lost}}`
}

/** A piece of a session's recording was written, or could not be. */
export function encodeRecording(session: SessionPart, chunk: RecordedChunk): string {
  const { part, uncompressed, last } = chunk
  const where =
    'lost' in chunk
      ? `"lost":${jsonText(chunk.lost.slice(0, 1_024))}`
      : `"file":${name(chunk.file)},"offset":${count(chunk.offset)},"bytes":${count(chunk.bytes)},"sha256":${name(chunk.sha256)}`
  return `"kind":"recording",${session.whole},"recording":{"part":${count(part)},${where},"uncompressed":${count(uncompressed)},"last":${last}}`
}

/** Encodes that records from before this time (UTC) are removed from the database that trails are shipped to. */
export function encodeDatabaseRetention(before: string, why: string): string {
  return `"kind":"retention","retention":{"database":{"before":${name(before)}},"why":${name(why)}}`
}

/** Encodes that a file of the trail is removed. */
export function encodeRetention(removal: RecordedRemoval): string {
  const { file, bytes, newest, why } = removal
  const what =
    'segment' in removal
      ? `"segment":${count(removal.segment)},"first":${count(removal.first)},"last":${count(removal.last)},"prev":${name(removal.prev)},"hash":${name(removal.hash)}`
      : `"recording":${count(removal.recording)}`
  return `"kind":"retention","retention":{"file":${name(file)},${what},"bytes":${count(bytes)},"newest":${newest === null ? 'null' : name(newest)},"why":${name(why)}}`
}

/** A login that was refused. Nothing in it is verified but the address; never the token or any part of it. */
export interface RefusedLogin {
  /** The refusal's stable code. */
  readonly code: string
  /** The operator's reason, without anything secret. */
  readonly reason: string
  /** The user name the client sent: a label, not an identity. */
  readonly user: string | null
  readonly target: string | null
  readonly address: string
  readonly engine: AuditedEngine
  /** The name of a session credential whose secret was right, and that was refused all the same; null: none. */
  readonly credential: string | null
  /** The certificate that the client showed where certificates count; null: none. */
  readonly certificate: ShownCertificate | null
}

/** A certificate that a client showed. Its names are only those that it claims where it has a fault. */
export interface ShownCertificate {
  readonly subject: string
  /** Hexadecimal digits. */
  readonly serialNumber: string
  readonly fingerprint256: string
  /** Why it does not count; null: it does. */
  readonly fault: string | null
}

/** Encodes a refused login. */
export function encodeLoginRefused(login: RefusedLogin): string {
  // A client may send its token where the name belongs.
  const user = login.user === null ? 'null' : name(withoutSecrets(login.user))
  const target = login.target === null ? 'null' : name(withoutSecrets(login.target))
  return `"kind":"login_refused","target":${target},"engine":"${login.engine}","client":{"address":${name(login.address)},"user":${user}${credentialPart(login.credential)}${certificatePart(login.certificate)}},"refusal":{"code":${name(login.code)},"reason":${name(withoutSecrets(login.reason))}}`
}

/** A policy took effect: `version` is its content's identity, `source` where it was read from. */
export function encodePolicyLoaded(version: string, source: string, rules: number): string {
  return `"kind":"policy_loaded","policy":{"version":${name(version)},"source":${name(source)},"rules":${count(rules)}}`
}

/** Something an operator must look at. `session` null when it concerns no session. `message` holds no value of a row. */
export function encodeAlarm(session: SessionPart | null, code: string, message: string): string {
  const who = session === null ? '' : `${session.whole},`
  return `"kind":"alarm",${who}"alarm":{"code":${name(code)},"message":${jsonText(message.slice(0, 4_096))}}`
}
