import type { SessionPart } from '../audit/encode-record.ts'
import type { Principal } from '../auth/principal.ts'

/** What the gate must know of a session. */
export interface GateSession {
  readonly id: string
  readonly principal: Principal
  readonly target: string
  readonly engine: 'postgres' | 'mysql'
  /** The name of the session credential it logged in with; null: a token. */
  readonly credential: string | null
  /** What its client calls itself. Absent: it did not say. */
  readonly application?: string
  /** It runs under a role of the database that no statement may change. Absent: it does not. */
  readonly rolePinned?: true
  /** The session's members of every record, encoded once (`encodeSessionPart`). */
  readonly encoded: SessionPart
}

/** What the gate knows of time. */
export interface GateClock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds of a monotonic clock. */
  monotonic(): number
}
