import type {
  AuditTrail,
  GateClock,
  MaskingKeys,
  Policy,
  Rates,
  RecordLimits,
  RedactionSettings,
  Secret,
  StatementObserver,
} from '@gatehouse/core'
import type { Credentials } from '@gatehouse/coordination'
import type { Logger } from 'pino'
import type { Connection } from './connection.ts'
import type { TokenVerifier } from '@gatehouse/identity'
import type { ApprovalDesk } from './holding/approval-desk.ts'
import type { LoginBackOff } from './login-back-off.ts'
import type { ListenerTls } from './listener-tls.ts'
import type { SessionTally } from './monitoring/session-tally.ts'
import type { Recording } from './recording.ts'
import type { SessionRegistry } from './session-registry.ts'
import type { SharedSessions } from './shared-sessions.ts'
import type { Target } from './target.ts'
import type { Turn } from './turn.ts'

/** What speaks one protocol for one listener. */
export interface Engine {
  /** Serves one connection. Resolves when its login is over, one way or the other; until the deadline the client must have done its part. Never rejects. */
  serve(client: Connection, deadline: AbortSignal): Promise<void>
  /** Lets go of all that it holds beside the sessions: readers, looks at catalogs. */
  close(): Promise<void>
}

/** What the engines of a gateway share. */
export interface EnginePorts {
  readonly verifier: TokenVerifier
  readonly credentials: Credentials
  /** Makes the verifiers of session credentials that there are not. */
  readonly unknownNamesSeed: Secret<Buffer>
  readonly backOff: LoginBackOff
  readonly policy: { readonly current: Policy }
  readonly trail: AuditTrail
  readonly turn: Turn
  readonly recording: Recording
  readonly rates: Rates
  readonly clock: GateClock
  readonly recordLimits: RecordLimits
  readonly redaction: RedactionSettings
  readonly maskingKeys: MaskingKeys
  /** Watches statements; null: nobody does. */
  readonly observer: StatementObserver | null
  /** Counts logins and sessions. */
  readonly tally: SessionTally
  readonly sessions: SessionRegistry
  readonly desk: ApprovalDesk
  readonly shared: SharedSessions
  readonly log: Logger
  /** So long before a token expires its session says so; 0: it does not. */
  readonly expiryWarningSeconds: number
}

/** What one engine is told beside: its listener's settings, and the targets that speak its protocol. */
export interface EngineSettings<Listener> {
  readonly listener: Listener
  /** Null: the listener has no TLS. */
  readonly tls: ListenerTls | null
  readonly targets: ReadonlyMap<string, Target>
}
