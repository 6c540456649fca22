import type { Principal } from '../auth/principal.ts'
import { approversText } from '../policy/approvers-text.ts'
import { anyMatches } from '../policy/principal-match.ts'

/** Who may decide by one rule: in one of the groups and of one of the subjects; an empty list is no condition. `*` is any characters. */
export interface ApproverRequirement {
  readonly rule: string
  readonly groups: readonly string[]
  readonly subjects: readonly string[]
}

/** A request, as far as it matters who may decide on it. */
export interface DecidableRequest {
  readonly principal: Pick<Principal, 'issuer' | 'subject' | 'actor'>
  /** One per rule that asks. */
  readonly by: readonly ApproverRequirement[]
}

/** Why somebody may not decide. */
export interface NotAnApprover {
  readonly code: 'OWN_REQUEST' | 'NOT_AN_APPROVER'
  /** In words for the one who may not. */
  readonly reason: string
}

/**
 * Null: the approver may decide on the request. Nobody decides on their own, neither as the one for whom the statement would run nor
 * as the agent that sent it, whichever issuer vouches for them; all else is each rule's `by`, and every rule must be satisfied.
 */
export function mayDecide(
  approver: Pick<Principal, 'issuer' | 'subject' | 'actor' | 'groups'>,
  request: DecidableRequest,
): NotAnApprover | null {
  const own = namesOf(request.principal)
  if (namesOf(approver).some((name) => own.includes(name))) {
    return {
      code: 'OWN_REQUEST',
      reason: 'nobody decides on their own request, nor on one of the agent that they act through',
    }
  }
  if (request.by.length === 0)
    return { code: 'NOT_AN_APPROVER', reason: 'the request does not say who may decide on it' }
  const missed = request.by.find((one) => !satisfies(approver, one))
  if (missed === undefined) return null
  return { code: 'NOT_AN_APPROVER', reason: `the rule ${missed.rule} wants ${approversText(missed)} to decide` }
}

/** In lower case: issuers differ in how they write one mail address. */
function namesOf({ subject, actor }: Pick<Principal, 'subject' | 'actor'>): readonly string[] {
  return [subject, ...(actor === null ? [] : [actor])].map((name) => name.normalize('NFKC').toLowerCase())
}

function satisfies(
  { subject, groups }: Pick<Principal, 'subject' | 'groups'>,
  wanted: Omit<ApproverRequirement, 'rule'>,
): boolean {
  // A requirement without any condition would be everybody.
  if (wanted.groups.length + wanted.subjects.length === 0) return false
  if (wanted.subjects.length > 0 && !anyMatches(wanted.subjects, subject)) return false
  return wanted.groups.length === 0 || groups.some((group) => anyMatches(wanted.groups, group))
}
