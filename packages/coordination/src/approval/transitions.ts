/** The life of an approval request: each function takes it as it is and gives it as it becomes. No I/O, no clock. */
import { identityKey } from '../identity.ts'
import type { Approval, ApprovalRequest, LeaveReason, Waiter } from './approval.ts'
import type { ClaimOutcome, DecideOutcome, LeaveOutcome, NewDecision, NewWaiter } from './approvals.ts'

/** What became of a request, and what is told to whoever asked. */
export interface Step<Outcome> {
  readonly approval: Approval
  readonly outcome: Outcome
}

/** A gateway is given this long after a hold to say that it is over, before it is over by itself. */
export const HOLD_SLACK_MILLISECONDS = 5000

/** A new question at `now`; with no waiter it is open for its grace. */
export function newApproval(id: string, request: ApprovalRequest, waiter: NewWaiter | null, now: number): Approval {
  const empty: Approval = {
    id,
    createdAt: now,
    request,
    state: 'pending',
    decisions: [],
    waiters: [],
    openUntil: null,
    endedAt: null,
    endReason: null,
    ticket: null,
  }
  return join(empty, waiter, now)
}

/** Adds a session that waits for the same; null: nobody waits, the question stays open for its grace. */
export function join(approval: Approval, waiter: NewWaiter | null, now: number): Approval {
  if (waiter === null) return { ...approval, openUntil: openFrom(approval, now) }
  const { session, gateway } = waiter
  const joined: Waiter = { session, gateway, since: now, until: now + waiter.holdSeconds * 1000, state: 'waiting' }
  return { ...approval, waiters: [...approval.waiters.filter((other) => other.session !== session), joined] }
}

/** What time has done to it: holds that are over, and the end of a question nobody waits for. */
export function settle(approval: Approval, now: number): Approval {
  let settled = approval
  for (const waiter of waiting(approval)) {
    const over = waiter.until + HOLD_SLACK_MILLISECONDS
    if (over <= now) settled = gone(settled, waiter.session, 'timeout', over)
  }
  const { state, openUntil } = settled
  if (state !== 'pending' || waiting(settled).length > 0 || openUntil === null || openUntil > now) return settled
  return { ...settled, state: 'expired', endedAt: openUntil }
}

/** When time will do something to it next; null: never. */
export function nextChange(approval: Approval): number | null {
  if (approval.state !== 'pending') return null
  const holds = waiting(approval).map((waiter) => waiter.until + HOLD_SLACK_MILLISECONDS)
  if (holds.length > 0) return Math.min(...holds)
  return approval.openUntil
}

export function decide(
  approval: Approval,
  decision: NewDecision,
  expectWaiters: number | undefined,
  now: number,
): Step<DecideOutcome> {
  const settled = settle(approval, now)
  const unchanged = (outcome: DecideOutcome): Step<DecideOutcome> => ({ approval: settled, outcome })
  if (settled.state !== 'pending') return unchanged({ kind: 'already', approval: settled })
  const waiters = waiting(settled).length
  if (expectWaiters !== undefined && waiters > expectWaiters)
    return unchanged({ kind: 'changed', waiters, approval: settled })
  if (decision.verdict === 'approve' && settled.decisions.some((earlier) => isSameHuman(earlier, decision)))
    return unchanged({ kind: 'same_approver', approval: settled })
  const decided = { ...settled, decisions: [...settled.decisions, { ...decision, at: now }] }
  if (decision.verdict === 'refuse') {
    const refused = { ...decided, state: 'refused' as const, endedAt: now, endReason: decision.reason }
    return { approval: refused, outcome: { kind: 'decided', approval: refused } }
  }
  const have = decided.decisions.length
  const need = settled.request.approvalsNeeded
  if (have < need) return { approval: decided, outcome: { kind: 'counted', have, need, approval: decided } }
  const ticket = waiters > 0 ? null : { until: now + graceMilliseconds(decided), usedAt: null }
  const approved = { ...decided, state: 'approved' as const, endedAt: now, ticket }
  return { approval: approved, outcome: { kind: 'decided', approval: approved } }
}

export function claim(approval: Approval, session: string, now: number): Step<ClaimOutcome> {
  const settled = settle(approval, now)
  if (settled.state === 'pending') return { approval: settled, outcome: { kind: 'pending', approval: settled } }
  // INVARIANT: a run is given to a session that waits, of a request that was approved, and its waiting ends with it.
  if (settled.state !== 'approved' || !waiting(settled).some((waiter) => waiter.session === session))
    return { approval: settled, outcome: { kind: 'not_yours', approval: settled } }
  const ran = withWaiter(settled, session, 'ran')
  return { approval: ran, outcome: { kind: 'run', approval: ran } }
}

export function leave(approval: Approval, session: string, why: LeaveReason, now: number): Step<LeaveOutcome> {
  const settled = settle(approval, now)
  const isWaiting = waiting(settled).some((waiter) => waiter.session === session)
  if (settled.state === 'approved') {
    if (isWaiting && why === 'timeout') return { approval: settled, outcome: { kind: 'approved', approval: settled } }
    const left = withWaiter(settled, session, 'left')
    return { approval: left, outcome: { kind: 'left', approval: left } }
  }
  if (settled.state !== 'pending') return { approval: settled, outcome: { kind: 'ended', approval: settled } }
  const left = isWaiting ? gone(settled, session, why, now) : settled
  return { approval: left, outcome: { kind: 'left', approval: left } }
}

/** Takes the one run of a yes that came with nobody waiting; null when there is none that is good at `now`. */
export function useTicket(approval: Approval, now: number): Approval | null {
  const { state, ticket } = approval
  if (state !== 'approved' || ticket === null || ticket.usedAt !== null || ticket.until <= now) return null
  return { ...approval, ticket: { ...ticket, usedAt: now } }
}

/** Those who hold, or have been let run and have not yet. */
export function waiting(approval: Approval): readonly Waiter[] {
  return approval.waiters.filter((waiter) => waiter.state === 'waiting')
}

/** A waiter that waits goes: the question stays open for a time, or ends with its last waiter. */
function gone(approval: Approval, session: string, why: LeaveReason, now: number): Approval {
  const left = withWaiter(approval, session, 'left')
  if (approval.state !== 'pending') return left
  if (why === 'timeout') return settleOpen({ ...left, openUntil: openFrom(left, now) }, now)
  if (waiting(left).length > 0) return left
  // Whoever timed out before was told that the question stays open; only another policy breaks that word.
  if (why !== 'policy_changed' && left.openUntil !== null && left.openUntil > now) return left
  return { ...left, state: 'voided', endedAt: now, endReason: why }
}

function settleOpen(approval: Approval, now: number): Approval {
  const { openUntil } = approval
  if (openUntil === null || openUntil > now || waiting(approval).length > 0) return approval
  return { ...approval, state: 'expired', endedAt: now }
}

function withWaiter(approval: Approval, session: string, state: Waiter['state']): Approval {
  const waiters = approval.waiters.map((waiter) =>
    waiter.session === session && waiter.state === 'waiting' ? { ...waiter, state } : waiter,
  )
  return { ...approval, waiters }
}

function openFrom(approval: Approval, now: number): number {
  return Math.max(approval.openUntil ?? 0, now + graceMilliseconds(approval))
}

function graceMilliseconds(approval: Approval): number {
  return approval.request.graceSeconds * 1000
}

/** An approver is one human whatever they act through. */
function isSameHuman(one: Pick<NewDecision, 'by'>, other: Pick<NewDecision, 'by'>): boolean {
  return identityKey({ ...one.by, actor: null }) === identityKey({ ...other.by, actor: null })
}
