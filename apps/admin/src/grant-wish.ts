import type { Approval, Identity, NewGrant } from '@gatehouse/coordination'
import * as z from 'zod'
import { ApiError } from './errors.ts'

/** A permission that an approver gives beyond the one statement. */
export interface GrantWish {
  /** Statements of this shape, or these actions on these relations. */
  readonly covers: 'fingerprint' | 'actions'
  readonly seconds: number
  readonly uses?: number | undefined
}

export const grantWish: z.ZodType<GrantWish> = z.strictObject({
  covers: z.enum(['fingerprint', 'actions']),
  seconds: z.int().min(1),
  uses: z.int().min(1).max(1_000_000).optional(),
})

/** Throws `ApiError` when the wish goes beyond what one approver can give. */
export function checkWish({ covers, seconds }: GrantWish, { request }: Approval, maxSeconds: number): void {
  if (seconds > maxSeconds)
    throw notGrantable('GRANT_TOO_LONG', `A grant lasts at most ${maxSeconds} seconds.`, 'Give a shorter one.')
  // One person's grant would stand in for the second person every time after.
  if (request.approvalsNeeded > 1)
    throw notGrantable(
      'GRANT_NEEDS_ONE_APPROVER',
      `Each of these statements needs ${request.approvalsNeeded} people, so none can be granted in advance.`,
      'Approve this statement alone.',
    )
  if (request.statement.unmasked.length > 0)
    throw notGrantable('GRANT_UNMASKS', 'Masked columns are not granted in advance.', 'Approve this statement alone.')
  if (covers === 'actions' && (request.statement.relations.length === 0 || isUnbounded(request)))
    throw notGrantable(
      'GRANT_TOO_WIDE',
      'A statement without a WHERE that narrows it, or without relations, gives no measure for a grant of actions.',
      'Grant this shape of statement, or approve this statement alone.',
    )
}

/** The grant that the wish stands for, for the requester of the approval alone. */
export function grantFor(
  { id, request }: Approval,
  { covers, seconds, uses }: GrantWish,
  by: Identity,
  reason: string | null,
  now: number,
): NewGrant {
  const { principal, target, statement, rules } = request
  const { fingerprint, actions, doings, relations, settings } = statement
  return {
    principal: { issuer: principal.issuer, subject: principal.subject, actor: principal.actor },
    target,
    covers:
      covers === 'fingerprint'
        ? { kind: 'fingerprint', fingerprint, actions: doings, relations, settings }
        : { kind: 'actions', actions, relations },
    rules,
    until: now + seconds * 1000,
    unmask: [],
    uses: uses ?? null,
    by,
    approval: id,
    reason,
  }
}

function isUnbounded({ statement }: Approval['request']): boolean {
  return statement.doings.includes('unbounded write')
}

function notGrantable(code: string, message: string, hint: string): ApiError {
  return new ApiError(400, code, message, hint)
}
