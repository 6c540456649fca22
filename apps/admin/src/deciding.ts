import type { Approval, DecideOutcome, Grant } from '@gatehouse/coordination'
import { mayDecide } from '@gatehouse/core'
import { identityOf, type Viewer } from './access/viewer.ts'
import type { SaidDecision } from './action-trail.ts'
import { type Shown, shownApproval, shownGrant } from './answers.ts'
import { ApiError } from './errors.ts'
import type { AdminPorts } from './ports.ts'
import { checkWish, type GrantWish, grantFor } from './grant-wish.ts'

/**
 * What somebody says to a request, with a grant or without, whatever the way it came. Rejects with `ApiError` where it is not theirs
 * to say, and with `TrailUnavailable` or `CoordinationLost`.
 */
export async function decide(
  ports: AdminPorts,
  viewer: Viewer,
  approvalId: string,
  decision: SaidDecision,
  expectWaiters: number | undefined,
  wish: GrantWish | null,
): Promise<Shown> {
  const { coordination, actions, metrics, config } = ports
  const asked = await known(ports, approvalId)
  const objection = mayDecide(viewer.principal, asked.request)
  if (objection !== null) {
    ports.log.warn(
      { approval: approvalId, by: identityOf(viewer), code: objection.code },
      'a decision was not admitted',
    )
    throw new ApiError(403, objection.code, `Not yours to decide: ${objection.reason}.`, 'Ask one of those people.')
  }
  if (wish !== null) checkWish(wish, asked, config.maxGrantSeconds)
  // INVARIANT: on record before it can let anything run.
  actions.begin(decision.verdict, viewer, approvalId, decision.reason)
  const outcome = await coordination.approvals.decide(
    approvalId,
    { by: identityOf(viewer), ...decision, through: viewer.through },
    expectWaiters === undefined ? {} : { expectWaiters },
  )
  metrics.decisions.inc({ verdict: decision.verdict, outcome: outcome.kind })
  if (outcome.kind === 'unknown') throw unknownApproval()
  if (outcome.kind === 'decided' || outcome.kind === 'counted') actions.decided(viewer, decision, outcome)
  const granted =
    wish === null || outcome.kind !== 'decided' ? null : await giveGrant(ports, viewer, outcome, wish, decision)
  return {
    ...outcome,
    approval: shownApproval(outcome.approval),
    ...(granted === null ? {} : { grant: shownGrant(granted) }),
  }
}

async function giveGrant(
  { coordination, actions, now }: AdminPorts,
  viewer: Viewer,
  { approval: asked }: DecideOutcome & { readonly approval: Approval },
  wish: GrantWish,
  { reason: said }: SaidDecision,
): Promise<Grant> {
  actions.begin('grant_given', viewer, asked.id, said)
  return await coordination.grants.give(grantFor(asked, wish, identityOf(viewer), said, now()))
}

/** Rejects with `ApiError` when there is none. */
export async function known({ coordination }: AdminPorts, approvalId: string): Promise<Approval> {
  const found = await coordination.approvals.get(approvalId)
  if (found === null) throw unknownApproval()
  return found
}

function unknownApproval(): ApiError {
  return new ApiError(
    404,
    'UNKNOWN_APPROVAL',
    'There is no such request.',
    'Requests are kept for a day after their end.',
  )
}
