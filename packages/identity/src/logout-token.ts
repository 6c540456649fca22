import type { IssuerConfig } from './issuer-config.ts'
import { refused } from './token-verdict.ts'
import type { TokenRefusal } from './token-verdict.ts'

/** How old a logout token may be, in seconds, beside what clocks may differ by. */
export const MAX_LOGOUT_AGE_SECONDS = 600

/** The member of `events` that makes a token a logout token. */
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** The longest subject, session or token identifier. */
const MAX_ID_LENGTH = 255

/** Somebody has logged out at an issuer: all tokens that it issued until then, for the subject or in the session, are void. */
export interface Logout {
  readonly kind: 'logout'
  readonly issuer: string
  /** The `sub` of the tokens; null: only the session is named. */
  readonly subject: string | null
  /** The `sid` of the tokens; null: all sessions of the subject. */
  readonly sid: string | null
  /** Seconds since the epoch, by the issuer's clock. */
  readonly issuedAt: number
  /** Never the same for two logouts. */
  readonly jti: string
}

/** What verified claims log out, or why they are no logout token (OpenID Connect Back-Channel Logout 1.0 section 2.6). `now` in milliseconds. */
export function logoutFromClaims(
  config: IssuerConfig,
  claims: Readonly<Record<string, unknown>>,
  now: number,
): Logout | TokenRefusal {
  const { events, nonce, iat, jti, sub, sid } = claims
  if (!isRecord(events) || !isRecord(events[LOGOUT_EVENT])) {
    return refused('WRONG_TYPE', 'the token tells of no back-channel logout')
  }
  // So that an ID token can never pass for one.
  if (nonce !== undefined) return refused('INVALID_CLAIM', 'it has a nonce, which no logout token has')
  if (typeof iat !== 'number' || !(iat >= 0)) return refused('INVALID_CLAIM', 'its iat is no date')
  const age = now / 1000 - iat
  if (age < -config.clockSkewSeconds) return refused('NOT_YET_VALID', 'the token says it was issued in the future')
  if (age > MAX_LOGOUT_AGE_SECONDS + config.clockSkewSeconds) return refused('TOKEN_EXPIRED', 'the logout is too old')
  if (!isId(jti)) return refused('INVALID_CLAIM', 'its jti is not an identifier')
  if (sub !== undefined && !isId(sub)) return refused('INVALID_CLAIM', 'its sub is not an identifier')
  if (sid !== undefined && !isId(sid)) return refused('INVALID_CLAIM', 'its sid is not an identifier')
  if (sub === undefined && sid === undefined) return refused('MISSING_CLAIM', 'it names neither sub nor sid')
  return { kind: 'logout', issuer: config.issuer, subject: sub ?? null, sid: sid ?? null, issuedAt: iat, jti }
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID_LENGTH
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
