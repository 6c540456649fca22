import type { LeasedSecret } from './leased-secret.ts'

/**
 * Where the credential of a target comes from: a file, a command, a secret store, a cloud's identity service. One for each target, for
 * the life of the gateway.
 */
export interface CredentialSource {
  /** A credential for one session. Throws `CredentialUnavailable`, and within `signal` at the latest. */
  lease(request: LeaseRequest, signal: AbortSignal): Promise<CredentialLease>
  /** Gives back whatever is still leased, and asks for nothing more. */
  close(): Promise<void>
}

/** Who a credential is for: nothing of it is a secret. */
export interface LeaseRequest {
  readonly target: string
  /** The session's id. */
  readonly session: string
  readonly host: string
  readonly port: number
  /** The user that is configured; null: the source says which. */
  readonly user: string | null
}

/** A credential as long as it is held. */
export interface CredentialLease {
  readonly user: string
  /** Null: the database asks for none. */
  readonly password: LeasedSecret | null
  /**
   * Called once when the database will not know the credential any longer, though the session goes on (a dynamic user whose lease could
   * not be renewed). Never called after `release`, nor for a credential that only a login needs. Called with why.
   */
  onEnd(listener: (reason: string) => void): void
  /** Overwrites the password and gives the lease back where it came from. Never rejects; a second call does nothing. */
  release(): Promise<void>
}

/** No credential could be had. The message may be shown to a client: it names the target and what is wrong, never a secret or an address. */
export class CredentialUnavailable extends Error {
  override readonly name = 'CredentialUnavailable'
  /** For the log: what the source said, without a secret. */
  readonly detail: string

  constructor(message: string, detail: string) {
    super(message)
    this.detail = detail
  }
}
