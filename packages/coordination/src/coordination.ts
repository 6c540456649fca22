import type { Approvals } from './approval/approvals.ts'
import type { Counters } from './counters.ts'
import type { Credentials } from './credentials.ts'
import type { Deliveries } from './deliveries.ts'
import type { Grants } from './grants.ts'
import type { LegalHolds } from './legal-holds.ts'
import type { Messages } from './messages.ts'
import type { Revocations } from './revocations.ts'
import type { Sessions } from './sessions.ts'

/**
 * What gateways and admin services share. Two implementations, one behaviour: `openMemoryCoordination` (one process) and
 * `openRedisCoordination` (many). Every operation that must reach the others rejects with `CoordinationLost` when they cannot
 * be reached, after at most about a second. Nothing here holds a secret in clear.
 */
export interface Coordination {
  readonly approvals: Approvals
  readonly sessions: Sessions
  readonly messages: Messages
  readonly revocations: Revocations
  readonly grants: Grants
  readonly counters: Counters
  readonly credentials: Credentials
  readonly deliveries: Deliveries
  readonly legalHolds: LegalHolds
  readonly state: CoordinationState
  readonly traffic: CoordinationTraffic
  /** Tells every change of `state`. The function that comes back ends it. */
  onStateChange(listener: (state: CoordinationState) => void): () => void
  /**
   * Takes leave of the others: this process's sessions vanish from the list at once. `abruptly` says nothing to anybody, as a
   * process that is killed: the others notice by the missing heartbeat.
   */
  close(how?: { readonly abruptly: boolean }): Promise<void>
}

/** Questions to whatever keeps what is shared, since this process began; in memory there are none. */
export interface CoordinationTraffic {
  readonly operations: number
  /** Not answered, or with an error. */
  readonly failures: number
  /** That the answers took, together. */
  readonly seconds: number
}

/** Whether the others can be reached; `since` in milliseconds since the epoch, by this process's clock. */
export type CoordinationState = { readonly kind: 'connected' } | { readonly kind: 'lost'; readonly since: number }
