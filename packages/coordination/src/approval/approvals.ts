import type { Approval, ApprovalRequest, ApprovalState, Decision, LeaveReason } from './approval.ts'

/**
 * Statements that are held until a human decides. Every operation is one atomic step: of two that meet, one comes first and
 * the other finds what it left (`docs/coordination.md` has the table). A request is kept for 24 hours after its end.
 */
export interface Approvals {
  /**
   * Puts the question. With a waiter its session holds; with null nobody waits and the question stays open for its grace.
   * A pending question of the same key and principal to which nobody has said yes yet is joined.
   */
  ask(request: ApprovalRequest, waiter: NewWaiter | null, limits: AskLimits): Promise<AskOutcome>
  /**
   * Says yes or no. Whether this approver may is not asked here; that they are different people is. With `expectWaiters`
   * nothing is decided when more sessions wait than that.
   */
  decide(id: string, decision: NewDecision, options?: { readonly expectWaiters?: number }): Promise<DecideOutcome>
  /** Takes a waiting session's one run of an approved request. Only `run` lets the statement run. */
  claim(id: string, session: string): Promise<ClaimOutcome>
  /** Ends a session's waiting. After `left` it can never run. */
  leave(id: string, session: string, why: LeaveReason): Promise<LeaveOutcome>
  /** Null: unknown, or ended more than 24 hours ago. */
  get(id: string): Promise<Approval | null>
  /** Newest first. At most 500 at once; `after`: go on behind this id. */
  list(filter?: ApprovalFilter): Promise<readonly Approval[]>
  /** Tells every change, whoever made it. The function that comes back ends it. */
  watch(listener: (event: ApprovalEvent) => void): () => void
}

export interface NewWaiter {
  readonly session: string
  /** The gateway's process (`GatewayLease.id`). */
  readonly gateway: string
  /** After this the waiter counts as gone, also when its gateway does not say so. */
  readonly holdSeconds: number
}

export interface AskLimits {
  /** Most pending requests of one principal. */
  readonly pendingPerPrincipal: number
  /** For how long the same question is not put again after a refusal. */
  readonly coolDownSeconds: number
}

export type AskOutcome =
  | { readonly kind: 'asked'; readonly id: string; readonly joined: boolean }
  /** An approved question that nobody has run: this call took its one run. */
  | { readonly kind: 'approved'; readonly approval: Approval }
  | {
      readonly kind: 'cooling_down'
      readonly id: string
      readonly retryAfterSeconds: number
      readonly reason: string | null
    }
  /** Too many pending requests of this principal, or sessions waiting for one. */
  | { readonly kind: 'too_many'; readonly limit: number }
  | { readonly kind: 'too_large'; readonly limitBytes: number }

export type NewDecision = Omit<Decision, 'at'>

export type DecideOutcome =
  | { readonly kind: 'decided'; readonly approval: Approval }
  /** A yes that is not yet enough. */
  | { readonly kind: 'counted'; readonly have: number; readonly need: number; readonly approval: Approval }
  /** It had ended before, as `approval` says. */
  | { readonly kind: 'already'; readonly approval: Approval }
  /** This approver has said yes before. */
  | { readonly kind: 'same_approver'; readonly approval: Approval }
  /** More sessions wait than the approver saw. */
  | { readonly kind: 'changed'; readonly waiters: number; readonly approval: Approval }
  | { readonly kind: 'unknown' }

export type ClaimOutcome =
  | { readonly kind: 'run'; readonly approval: Approval }
  /** Nobody has decided yet. */
  | { readonly kind: 'pending'; readonly approval: Approval }
  /** It ended without a yes, or this session ran or left before. */
  | { readonly kind: 'not_yours'; readonly approval: Approval }
  | { readonly kind: 'unknown' }

export type LeaveOutcome =
  | { readonly kind: 'left'; readonly approval: Approval }
  /** A yes came before the timeout: the session may still claim its run. Only after `timeout`. */
  | { readonly kind: 'approved'; readonly approval: Approval }
  /** It ended without a yes before: refused, voided or expired, as `approval` says. */
  | { readonly kind: 'ended'; readonly approval: Approval }
  | { readonly kind: 'unknown' }

export interface ApprovalFilter {
  readonly state?: ApprovalState
  readonly target?: string
  /** The principal's subject. */
  readonly subject?: string
  /** Default: 100. */
  readonly limit?: number
  readonly after?: string
}

export type ApprovalEvent =
  | { readonly kind: 'changed'; readonly id: string; readonly state: ApprovalState }
  /** Changes may have been missed: look again at what matters. */
  | { readonly kind: 'resync' }
