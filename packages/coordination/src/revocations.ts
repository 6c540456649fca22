import type { Principal } from '@gatehouse/core'
import type { Identity } from './identity.ts'

/** What may no longer be: seen by every process within a second, and asked without waiting. */
export interface Revocations {
  revoke(revocation: NewRevocation): Promise<Revocation>
  /** The same under an id of the caller's; null: there is one of that id already. */
  revokeOnce(id: string, revocation: NewRevocation): Promise<Revocation | null>
  /** False when it was not there. */
  lift(id: string): Promise<boolean>
  /** Those that hold, newest first. */
  list(): Promise<readonly Revocation[]>
  /** What ends this session's right, as far as this process knows; null: nothing does. */
  matches(session: RevocableSession): Revocation | null
  /** Tells that `matches` may answer otherwise than before. The function that comes back ends it. */
  onChange(listener: () => void): () => void
}

/** What is revoked; a null `issuer` stands for any. */
export type Revoked =
  | { readonly kind: 'session'; readonly session: string }
  | { readonly kind: 'principal'; readonly issuer: string | null; readonly subject: string }
  | { readonly kind: 'actor'; readonly issuer: string | null; readonly actor: string }
  | { readonly kind: 'target'; readonly target: string }
  | { readonly kind: 'credential'; readonly credential: string }
  | { readonly kind: 'issuer'; readonly issuer: string }
  | LogoutRevoked

/**
 * Tokens of somebody who logged out at the issuer: those of the session (`sid`) that say theirs, and those of the subject (`sub`) that say none, or
 * all of the subject's where no session is named. Tokens issued later are not meant.
 */
export interface LogoutRevoked {
  readonly kind: 'logout'
  readonly issuer: string
  /** As tokens have it in `sub`; null: only the session is named. */
  readonly subject: string | null
  readonly sid: string | null
  /** Seconds since the epoch, by the issuer's clock, as tokens have it in `iat`. A token without `iat` is meant. */
  readonly issuedUntil: number
}

export interface NewRevocation {
  readonly what: Revoked
  readonly reason: string
  readonly by: Identity
  /** When it ends by itself, milliseconds since the epoch; null: when it is lifted. */
  readonly until: number | null
}

export interface Revocation extends NewRevocation {
  readonly id: string
  readonly at: number
}

export interface RevocableSession {
  readonly session: string | null
  /** Without claims no logout ends it. */
  readonly principal: Identity & Partial<Pick<Principal, 'claims'>>
  readonly target: string
  /** The session credential it logged in with; null: none. */
  readonly credential: string | null
}
