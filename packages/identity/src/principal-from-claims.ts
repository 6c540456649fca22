import type { Principal } from '@gatehouse/core'
import { actorChainIn } from './actor-chain.ts'
import { claimAt, claimName, claimSteps } from './claim-path.ts'
import type { ClaimPath } from './claim-path.ts'
import { nameAt } from './claimed-name.ts'
import type { IssuerConfig, RequiredClaim } from './issuer-config.ts'
import { refused } from './token-verdict.ts'
import type { TokenRefusal, TokenVerdict } from './token-verdict.ts'

/** The last second of the year 9999: a number beyond it is no date (RFC 7519 section 2, NumericDate). */
const LAST_DATE = 253_402_300_799

type Claims = Readonly<Record<string, unknown>>

/**
 * The principal that verified claims stand for, or why they stand for none. `now` is in milliseconds since the epoch.
 * The right ends at `exp`; for a token let in only by the allowed clock skew, it ends with the skew.
 */
export function principalFromClaims(config: IssuerConfig, claims: Claims, now: number): TokenVerdict {
  // A Security Event Token, such as a logout token, has the issuer, audience and subject of a token that lets in (RFC 8417 section 4).
  if (claims['events'] !== undefined) return refused('WRONG_TYPE', 'the token tells of events, and lets nobody in')
  const times = checkTimes(config, claims, now)
  if (typeof times !== 'number') return times
  // RFC 7800: whoever presents it must prove to have a key, which no password can. Taken as it is, it would be good for a thief.
  if (claims['cnf'] !== undefined)
    return refused('INVALID_CLAIM', 'it is bound to a key (cnf), and this gateway takes bearer tokens')
  for (const required of config.requiredClaims) {
    const refusal = checkRequired(claims, required)
    if (refusal !== null) return refusal
  }
  const party = checkParty(claims, config.authorizedParties)
  if (party !== null) return party
  const subject = nameAt(claims, config.subjectClaim)
  if (subject === null) return refused('MISSING_CLAIM', `it lacks the claim ${claimName(config.subjectClaim)}`)
  if (typeof subject !== 'string') return subject
  if (claimName(config.subjectClaim) === 'email' && isUnverifiedEmail(claims)) {
    return refused('INVALID_CLAIM', 'its email is not a verified one')
  }
  const actors = actorChainIn(claims, config.actorClaims)
  if ('kind' in actors) return actors
  const groups = groupsAt(claims, config.groupsClaim)
  if ('kind' in groups) return groups
  const { actor, prior } = actors
  const priorActors = prior.length === 0 ? {} : { priorActors: prior }
  const principal: Principal = {
    subject,
    actor,
    ...priorActors,
    groups,
    issuer: config.issuer,
    claims,
    expiresAt: times,
  }
  return { kind: 'principal', principal: deepFreeze(principal) }
}

// Answers with the end of the right, in milliseconds since the epoch.
function checkTimes(config: IssuerConfig, claims: Claims, now: number): number | TokenRefusal {
  const { exp, iat, nbf } = claims
  if (exp === undefined) return refused('MISSING_CLAIM', 'it lacks the claim exp')
  if (typeof exp !== 'number' || !(exp >= 0 && exp <= LAST_DATE)) return refused('INVALID_CLAIM', 'its exp is no date')
  if (iat !== undefined && (typeof iat !== 'number' || !(iat >= 0 && iat <= LAST_DATE))) {
    return refused('INVALID_CLAIM', 'its iat is no date')
  }
  if (iat !== undefined && iat * 1000 > now + config.clockSkewSeconds * 1000) {
    return refused('NOT_YET_VALID', 'the token says it was issued in the future')
  }
  if (nbf !== undefined && (typeof nbf !== 'number' || !(nbf >= 0 && nbf <= LAST_DATE))) {
    return refused('INVALID_CLAIM', 'its nbf is no date')
  }
  if (config.maxTokenLifetimeSeconds !== null) {
    if (iat === undefined) return refused('MISSING_CLAIM', 'it lacks the claim iat')
    if (exp - iat > config.maxTokenLifetimeSeconds) {
      return refused('LIFETIME_TOO_LONG', `it was issued for more than ${config.maxTokenLifetimeSeconds} seconds`)
    }
  }
  return now < exp * 1000 ? exp * 1000 : (exp + config.clockSkewSeconds) * 1000
}

function checkRequired(claims: Claims, required: RequiredClaim): TokenRefusal | null {
  const name = claimName(required.claim)
  const value = claimAt(claims, required.claim)
  if (value === undefined || value === null) return refused('MISSING_CLAIM', `it lacks the claim ${name}`)
  if (required.oneOf.length === 0) return null
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  const matches = required.oneOf.some((wanted) => values.includes(wanted))
  return matches ? null : refused('CLAIM_MISMATCH', `its claim ${name} has none of the values asked for`)
}

// RFC 9068 section 2.2 has the client in `client_id`, OpenID Connect Core section 2 in `azp`: a token with both must fit by both.
function checkParty(claims: Claims, accepted: readonly string[]): TokenRefusal | null {
  if (accepted.length === 0) return null
  const parties = [claims['azp'], claims['client_id']].filter((party) => party !== undefined && party !== null)
  if (parties.length === 0) return refused('MISSING_CLAIM', 'it lacks the claim azp or client_id')
  const fits = parties.every((party) => typeof party === 'string' && accepted.includes(party))
  return fits ? null : refused('CLAIM_MISMATCH', 'it was issued to a client that is none of the authorized parties')
}

function groupsAt(claims: Claims, path: ClaimPath): readonly string[] | TokenRefusal {
  const value = claimAt(claims, path)
  const name = claimName(path)
  if (value === undefined || value === null) {
    // Groups kept elsewhere (OpenID Connect Core section 5.6.2) are groups unknown: a rule that denies one would not bite.
    const elsewhere = claimAt(claims, ['_claim_names', claimSteps(path)[0] ?? ''])
    // Entra ID's `hasgroups` says the same where a token came by way of a URL.
    const unsaid = elsewhere !== undefined || (claims['hasgroups'] === true && name === 'groups')
    return unsaid ? refused('INVALID_CLAIM', `it has too many ${name} to carry them (groups overage)`) : []
  }
  const groups: readonly unknown[] = Array.isArray(value) ? value : [value]
  const names = groups.filter((group) => typeof group === 'string' && group !== '')
  if (names.length !== groups.length) return refused('INVALID_CLAIM', `its claim ${name} is not a list of names`)
  return names.filter((group) => typeof group === 'string')
}

function isUnverifiedEmail(claims: Claims): boolean {
  const verified = claims['email_verified']
  return verified !== undefined && verified !== true && verified !== 'true'
}

// One principal is shared by every session of its token. Depth is bounded by the strict JSON reader.
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const member of Object.values(value)) deepFreeze(member)
  return value
}
