/** Records of what people decide: requests for approval, from asking to end, and what is done in the admin service. */
import type { Principal } from '../auth/principal.ts'
import type { ApprovalNeed } from '../policy/approval-need.ts'
import type { TextFacts } from '../statement/facts.ts'
import { count, encodeFacts, encodePrincipal, name, type SessionPart } from './encode-record.ts'
import { DEFAULT_RECORD_LIMITS, encodeStatementMembers, type RecordLimits } from './encode-statement.ts'
import { jsonText, jsonTexts } from './json-text.ts'
import type { RecordableStatement } from './record-redactor.ts'
import type { AuditedEngine } from './record.ts'

/** Longest text of a person in a record, in UTF-16 units. */
const MAX_REASON_UNITS = 1_000

/** Who, without claims. */
export type RecordedPrincipal = Pick<Principal, 'subject' | 'actor' | 'groups' | 'issuer'>

/** A statement that was asked to be approved. */
export interface AskedApproval {
  /** The approval request's id. */
  readonly approval: string
  /** True when the same was pending already, and this session waits beside others. */
  readonly joined: boolean
  readonly need: ApprovalNeed
  /** Rows the planner expects; null: not known. */
  readonly estimatedRows: number | null
  /** Masked columns that it asks for in clear. */
  readonly unmasked: readonly string[]
}

/** Encodes that people were asked. Recorded before they are. */
export function encodeApprovalAsked(
  session: SessionPart,
  statement: RecordableStatement,
  facts: TextFacts,
  asked: AskedApproval,
  limits: RecordLimits = DEFAULT_RECORD_LIMITS,
): string {
  const { approval, joined, need, estimatedRows, unmasked } = asked
  const rules = jsonTexts(need.rules.map(({ rule }) => rule))
  const wanted = `"wanted":${count(need.approvals)},"holdSeconds":${count(need.holdTimeoutSeconds)}`
  return `"kind":"approval_asked",${session.whole},"statement":{${encodeStatementMembers(statement, limits)}${encodeFacts(facts, statement.redacted !== null)},"approval":{"id":${name(approval)},"joined":${joined},"rules":${rules},${wanted},"estimatedRows":${count(estimatedRows)}${unmasked.length === 0 ? '' : `,"unmasked":${jsonTexts(unmasked)}`}}`
}

/** What one person said about a request. */
export interface DecidedApproval {
  readonly approval: string
  readonly verdict: 'approve' | 'refuse'
  readonly by: RecordedPrincipal
  /** The approver's own words; null: none. */
  readonly reason: string | null
  /** By what way: `api`, `page`, `link`, `cli`. */
  readonly through: string
  /** How many have said yes by then, and how many must. */
  readonly have: number
  readonly wanted: number
  /** The request's state after it: `pending`, `approved`, `refused`. */
  readonly state: string
  /** Whose request it is. */
  readonly requester: RecordedPrincipal
  readonly target: string
  readonly engine: AuditedEngine
}

/** Encodes a decision of one person. */
export function encodeApprovalDecided(decided: DecidedApproval): string {
  const { approval, verdict, by, reason, through, have, wanted, state, requester, target, engine } = decided
  const who = `"principal":${encodePrincipal(requester)},"target":${jsonText(target)},"engine":"${engine}"`
  return `"kind":"approval_decided",${who},"approval":{"id":${name(approval)},"verdict":"${verdict}","by":${encodePrincipal(by)},"through":${name(through)},"reason":${words(reason)},"have":${count(have)},"wanted":${count(wanted)},"state":${name(state)}}`
}

/** What became of a session's waiting. */
export interface EndedApproval {
  readonly approval: string
  readonly state: 'approved' | 'refused' | 'timeout' | 'voided'
  /** Details of `voided`, as a short fixed word; null: none. */
  readonly why: string | null
  readonly heldMicroseconds: number
  /** What people said until then, oldest first; empty: nobody said anything that the session heard of. */
  readonly decisions: readonly {
    readonly verdict: 'approve' | 'refuse'
    readonly by: Pick<Principal, 'issuer' | 'subject' | 'actor'>
    readonly through: string
    readonly reason: string | null
  }[]
}

/** Encodes the end of a session's waiting. */
export function encodeApprovalEnded(session: SessionPart, ended: EndedApproval): string {
  const { approval, state, why, heldMicroseconds, decisions } = ended
  const reason = why === null ? 'null' : name(why)
  const said = decisions.map(
    ({ verdict, by, through, reason: own }) =>
      `{"verdict":"${verdict}","by":{"subject":${jsonText(by.subject)},"actor":${by.actor === null ? 'null' : jsonText(by.actor)},"issuer":${jsonText(by.issuer)}},"through":${name(through)},"reason":${words(own)}}`,
  )
  return `"kind":"approval_ended",${session.whole},"approval":{"id":${name(approval)},"state":"${state}","reason":${reason},"held_us":${count(heldMicroseconds)},"decisions":[${said.join(',')}]}`
}

/** Something a person did in the admin service. */
export interface AdminAction {
  /** A short fixed word: `grant_given`, `grant_revoked`, `session_ended`, `revoked`, `trail_read` … */
  readonly action: string
  readonly by: RecordedPrincipal
  /** What it was done to: an id or a name. */
  readonly object: string
  readonly reason: string | null
}

/** Encodes what a person did in the admin service. */
export function encodeAdminAction({ action, by, object, reason }: AdminAction): string {
  return `"kind":"admin_action","admin":{"action":${name(action)},"by":${encodePrincipal(by)},"object":${name(object)},"reason":${words(reason)}}`
}

function words(reason: string | null): string {
  return reason === null ? 'null' : jsonText(reason.slice(0, MAX_REASON_UNITS))
}
