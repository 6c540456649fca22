/** Refusals of a statement that needs approval: why it does not run, and what its sender can do about it. */
import type { ApprovalNeed } from '../policy/approval-need.ts'
import type { Refusal, RefusalCode } from './refusal.ts'

/** A person said no, for this reason (null: none given). */
export function approvalRefused(need: ApprovalNeed, approval: string, reason: string | null): Refusal {
  return refusal('APPROVAL_REFUSED', need, approval, {
    message: `a person has refused to approve this statement${because(reason)}`,
    hint: 'Do not retry it as it is: follow the reason, or ask for something else.',
  })
}

/** Nobody decided while it was held. */
export function approvalTimedOut(need: ApprovalNeed, approval: string): Refusal {
  const seconds = need.holdTimeoutSeconds
  return refusal('APPROVAL_TIMEOUT', need, approval, {
    message: `nobody has approved this statement within ${seconds} seconds, so it was not run${because(reasonOf(need))}`,
    hint: onceApproved(need),
  })
}

/** It is not held, and the request is with those who may approve it. */
export function approvalPending(need: ApprovalNeed, approval: string): Refusal {
  return refusal('APPROVAL_PENDING', need, approval, {
    message: `this statement needs approval by a person, who has been asked${because(reasonOf(need))}`,
    hint: onceApproved(need),
  })
}

/** What was asked for does not hold any more: `why`, as a clause. */
export function approvalVoided(need: ApprovalNeed, approval: string | null, why: string): Refusal {
  return refusal('APPROVAL_VOIDED', need, approval, {
    message: `the request to approve this statement is void: ${why}`,
    hint: 'Send the statement again to ask anew.',
  })
}

/** The same was refused a short time ago. */
export function approvalCoolingDown(
  need: ApprovalNeed,
  approval: string,
  retryAfterSeconds: number,
  reason: string | null,
): Refusal {
  return refusal('APPROVAL_COOL_DOWN', need, approval, {
    message: `a person has refused this very statement a short time ago${because(reason)}`,
    hint: `Ask for something else; this may be asked again in ${retryAfterSeconds} seconds.`,
    retryAfterSeconds,
  })
}

/** The principal has `limit` requests pending. */
export function tooManyApprovals(need: ApprovalNeed, limit: number): Refusal {
  return refusal('APPROVAL_TOO_MANY', need, null, {
    message: `${limit} of your statements wait for approval already`,
    hint: 'Wait until some are decided before asking for more.',
  })
}

/** Nobody can be asked, for this reason: a clause. */
export function approvalUnavailable(need: ApprovalNeed, why: string): Refusal {
  return refusal('APPROVAL_UNAVAILABLE', need, null, {
    message: `this statement needs approval by a person, and ${why}`,
    hint: 'Try again later, or do without this statement; what needs no approval goes on working.',
  })
}

function refusal(
  code: RefusalCode,
  need: ApprovalNeed,
  approval: string | null,
  words: { readonly message: string; readonly hint: string; readonly retryAfterSeconds?: number },
): Refusal {
  const { message, hint, retryAfterSeconds = null } = words
  const rule = need.rules.map((asking) => asking.rule).join(', ')
  return { code, rule, object: 'statement', message, hint, retryAfterSeconds, position: null, approval }
}

function onceApproved({ graceSeconds }: ApprovalNeed): string {
  return graceSeconds === 0
    ? 'It cannot be approved any more; send it again while somebody is there to decide.'
    : `Once it is approved, send exactly this statement again within ${graceSeconds} seconds; it then runs once.`
}

function reasonOf({ rules }: ApprovalNeed): string | null {
  return rules.find(({ reason }) => reason !== null)?.reason ?? null
}

function because(reason: string | null): string {
  return reason === null || reason === '' ? '' : `: ${reason}`
}
