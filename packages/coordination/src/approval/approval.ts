import type { ApprovalRequest as AskedRequest } from '@gatehouse/core'
import type { Identity } from '../identity.ts'

/** What is asked, as approvers are shown it. A yes to one is a yes to the next of the same key and principal, within grace. */
export interface ApprovalRequest extends AskedRequest {
  /** What the session did before, latest last; short entries. */
  readonly history: readonly HistoryEntry[]
}

export interface HistoryEntry {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly text: string
  /** `ran`, `refused` or an error's code. */
  readonly outcome: string
}

export type ApprovalState = 'pending' | 'approved' | 'refused' | 'voided' | 'expired'

/** A request as it is stored: what is asked, and what became of it. Times in milliseconds since the epoch, by the store's clock. */
export interface Approval {
  readonly id: string
  readonly createdAt: number
  readonly request: ApprovalRequest
  readonly state: ApprovalState
  readonly decisions: readonly Decision[]
  readonly waiters: readonly Waiter[]
  /** Until when it stays pending with nobody waiting; null: it ends with its last waiter. */
  readonly openUntil: number | null
  /** When it was approved, refused, voided or expired; null while pending. */
  readonly endedAt: number | null
  /** Why it was refused or voided. */
  readonly endReason: string | null
  /** A yes that came with nobody waiting; null: there is none. */
  readonly ticket: Ticket | null
}

/** What one approver said. */
export interface Decision {
  readonly by: Identity
  readonly verdict: 'approve' | 'refuse'
  readonly reason: string | null
  readonly through: 'api' | 'page' | 'link' | 'cli'
  readonly at: number
}

/** A session that holds the statement until somebody decides. */
export interface Waiter {
  readonly session: string
  /** The gateway's process (`GatewayLease.id`). */
  readonly gateway: string
  readonly since: number
  /** When its hold is over, whether or not its gateway says so. */
  readonly until: number
  /** `waiting`: holds, or may still run; `ran`: took its one run; `left`: will never run. */
  readonly state: 'waiting' | 'ran' | 'left'
}

/** Good for one run of the same question by the same principal. */
export interface Ticket {
  readonly until: number
  /** When it was used; null: not yet. */
  readonly usedAt: number | null
}

/** Why a waiter goes. After `timeout` the question stays open for its grace; every other reason ends it with its last waiter. */
export type LeaveReason =
  | 'timeout'
  | 'disconnect'
  | 'killed'
  | 'expired'
  | 'policy_changed'
  | 'cancelled'
  | 'gateway_lost'
