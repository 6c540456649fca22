import type { LeaveReason } from '@gatehouse/coordination'
import type { Principal } from '@gatehouse/core'

/** Why a session ends before its client wants it to. */
export type EndReason =
  | 'token_expired'
  | 'shutdown'
  | 'upstream_closed'
  | 'protocol_violation'
  | 'result_mismatch'
  | 'setting_changed'
  | 'role_changed'
  | 'killed'
  | 'ended'
  | 'revoked'
  | 'coordination_lost'
  | 'recording_failed'
  | 'credential_ended'

/** One client connection with its principal and target, from login to close. */
export interface Session {
  readonly id: string
  readonly principal: Principal
  readonly target: string
  /** The name of the session credential it logged in with; null: a token. */
  readonly credential: string | null
  readonly clientAddress: string
  /** Cancels what the session is running, if anything is. Resolves when the upstream was told; never rejects. */
  cancel(): Promise<void>
  /** What it does now, for whoever looks at the sessions of all gateways. */
  activity(): SessionActivity
  /** Told the monotonic clock's milliseconds every second: ends a statement that runs for too long. */
  checkTime(now: number): void
  /** Ends it: what runs is cancelled, the client is told why in its own protocol. Later calls do nothing. */
  end(reason: EndReason, detail?: string): void
}

/** What a session does. */
export interface SessionActivity {
  readonly state: 'idle' | 'running' | 'held'
  /** The request that its statement is held for; null: it is not held. */
  readonly approval: string | null
  /** Statements that were forwarded so far. */
  readonly statements: number
}

/** The key a client may cancel with. */
export interface CancelKey {
  readonly processId: number
  readonly secretKey: Buffer
}

/** Why what a session holds ends with it. */
export function leaveReasonOf(reason: EndReason | 'client_closed' | 'change_user'): LeaveReason {
  if (reason === 'client_closed' || reason === 'change_user') return 'disconnect'
  return reason === 'token_expired' ? 'expired' : 'killed'
}
