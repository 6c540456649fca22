import type { IssuerConfig } from './issuer-config.ts'
import { refused } from './token-verdict.ts'
import type { TokenRefusal } from './token-verdict.ts'

/**
 * Why an answer to introspection is of no use here, though it says `active`; null: it fits as far as a signed token's checks before its
 * claims go. `now` is in milliseconds since the epoch.
 */
export function introspectionFault(
  config: IssuerConfig,
  claims: Readonly<Record<string, unknown>>,
  now: number,
): TokenRefusal | null {
  const { iss, aud, token_type: type, nbf, exp } = claims
  if (iss !== undefined && iss !== config.issuer) {
    return refused('UNKNOWN_ISSUER', 'the issuer says that the token is of another issuer')
  }
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (!config.audience.some((ours) => audiences.includes(ours))) {
    return refused('WRONG_AUDIENCE', 'the issuer says that the token is for another audience, or for none')
  }
  // A refresh token may be active too. RFC 7662 section 2.2 has the type of RFC 6749 section 5.1; some issuers say `access_token`.
  if (type !== undefined && !(typeof type === 'string' && /^(?:bearer|access_token)$/i.test(type))) {
    return refused('WRONG_TYPE', 'the issuer says that the token is of another type than Bearer')
  }
  const skew = config.clockSkewSeconds
  if (typeof nbf === 'number' && nbf > now / 1000 + skew) return refused('NOT_YET_VALID', 'the token is before its nbf')
  if (typeof exp === 'number' && exp <= now / 1000 - skew) return refused('TOKEN_EXPIRED', 'the token is past its exp')
  return null
}
