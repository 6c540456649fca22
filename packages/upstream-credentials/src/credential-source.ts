import type { LeasedSecret } from './leased-secret.ts'

/**
 * Where the credential of a target comes from: a file, a command, a secret store, a cloud's identity service. One for each target, for
 * the life of the gateway. Made without asking for anything yet.
 */
export interface CredentialSource {
  /** A credential for one login. Rejects with `CredentialUnavailable` and nothing else, and as soon as `signal` is aborted. */
  lease(request: LeaseRequest, signal: AbortSignal): Promise<CredentialLease>
  /** How leases fare that are renewed while they are held; absent: its leases are not. */
  readonly renewals?: Readonly<LeaseRenewals>
  /** Gives back whatever is still leased, and asks for nothing more. Never rejects. */
  close(): Promise<void>
}

/** What came of renewing leases, counted from the start. */
export interface LeaseRenewals {
  renewed: number
  /** Tries that failed; each is tried again while the lease lasts. */
  failed: number
  /** Leases that ended while they were held: not renewed in time, at their longest, or revoked where they came from. */
  ended: number
}

/** Who a credential is for: nothing of it is a secret. */
export interface LeaseRequest {
  readonly target: string
  readonly engine: 'postgres' | 'mysql'
  /** The session's id; of a connection of the gateway's own, what it is for. */
  readonly session: string
  readonly host: string
  readonly port: number
  /** The user that is configured; null: the source says which. */
  readonly user: string | null
}

/** A credential as long as it is held. */
export interface CredentialLease {
  readonly user: string
  /** Null: the database asks for none. Whoever logs in with it overwrites it as soon as it is not needed any more. */
  readonly password: LeasedSecret | null
  /**
   * True: the user was made for this lease, and nobody else logs in as it. Then only a connection with this same lease may stop what it
   * runs (MySQL's KILL), and the lease is held to the end of the session.
   */
  readonly dedicated: boolean
  /**
   * Calls `listener` once when the database will not know the user any longer, though the lease is held (a dynamic user whose lease could
   * not be renewed); at once where that is so already. Never after `release`, nor for a credential that only a login needs. `reason` may
   * be shown to the client.
   */
  onEnd(listener: (reason: string) => void): void
  /**
   * Says that the database refused the login with it; absent where that changes nothing. True: it was read for an earlier login, and the
   * next lease is read anew, so that a password that was rotated meanwhile is found by trying once more.
   */
  refused?(): boolean
  /** Overwrites the password and gives the lease back where it came from. Never rejects; a second call does nothing. */
  release(): Promise<void>
}

/**
 * No credential could be had. The message may be shown to a client, behind the name of the target: it says what is wrong (`its password
 * cannot be read`) and never a secret, an address or a path.
 */
export class CredentialUnavailable extends Error {
  override readonly name = 'CredentialUnavailable'
  /** For the log: what the source said, without a secret. */
  readonly detail: string

  constructor(message: string, detail: string) {
    super(message)
    this.detail = detail
  }
}

/** What tells operators how sources fare. Nothing secret goes there. */
export interface SourceLog {
  info(details: object, message: string): void
  warn(details: object, message: string): void
}
