import type { Principal } from '@gatehouse/core'

/** Why a session ends before its client wants it to. */
export type EndReason =
  | 'token_expired'
  | 'shutdown'
  | 'upstream_closed'
  | 'protocol_violation'
  | 'result_mismatch'
  | 'setting_changed'
  | 'killed'

/** One client connection with its principal and target, from login to close. */
export interface Session {
  readonly id: string
  readonly principal: Principal
  readonly target: string
  readonly clientAddress: string
  /** Cancels what the session is running, if anything is. Resolves when the upstream was told; never rejects. */
  cancel(): Promise<void>
  /** Told the monotonic clock's milliseconds every second: ends a statement that runs for too long. */
  checkTime(now: number): void
  /** Ends it: what runs is cancelled, the client is told why in its own protocol. Later calls do nothing. */
  end(reason: EndReason, detail?: string): void
}

/** The key a client may cancel with. */
export interface CancelKey {
  readonly processId: number
  readonly secretKey: Buffer
}
