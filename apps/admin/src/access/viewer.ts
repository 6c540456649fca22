import type { Identity } from '@gatehouse/coordination'
import type { Principal, RecordedPrincipal } from '@gatehouse/core'
import type { Role } from '../config/admin-config.ts'

/** Whoever asks, as verified for this request. */
export interface Viewer {
  readonly principal: RecordedPrincipal
  readonly roles: readonly Role[]
  readonly through: 'api' | 'page' | 'cli' | 'link'
  /** What writes from the page must carry; null: a token was shown, which no other site can make a browser do. */
  readonly csrfToken: string | null
  /** The page session, as revocations name it; null: a token was shown. */
  readonly pageSession: string | null
  /** Of the token: what a logout at the issuer is held against. Empty: no logout ends the right. */
  readonly claims: Readonly<Record<string, unknown>>
  /** Whom a gateway would take the token's bearer for, where that was asked (`token_holder`); null: it is no token for a gateway. */
  readonly gatewayPrincipal: Principal | null
  /** When the right ends, in milliseconds since the epoch. */
  readonly expiresAt: number
}

/** Who it is, for comparison and for what is stored. */
export function identityOf({ principal: { issuer, subject, actor } }: Viewer): Identity {
  return { issuer, subject, actor }
}
