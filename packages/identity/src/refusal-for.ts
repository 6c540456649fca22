import { errors } from 'jose'
import { refused } from './token-verdict.ts'
import type { TokenRefusal } from './token-verdict.ts'

/** The refusal that an error of the token library stands for. An error that is not known is a refusal too. */
export function refusalFor(cause: unknown): TokenRefusal {
  if (cause instanceof errors.JWTExpired) return refused('TOKEN_EXPIRED', 'the token is past its exp')
  if (cause instanceof errors.JWTClaimValidationFailed) return refusalForClaim(cause.claim, cause.reason)
  if (cause instanceof errors.JWSSignatureVerificationFailed) return refused('BAD_SIGNATURE', 'the signature is false')
  if (cause instanceof errors.JWKSNoMatchingKey) return refused('UNKNOWN_KEY', 'the issuer has no key that fits')
  if (cause instanceof errors.JOSEAlgNotAllowed) return refused('WRONG_ALGORITHM', 'the algorithm is not allowed')
  if (cause instanceof errors.JOSENotSupported) return refused('UNSUPPORTED_HEADER', 'the header is not supported')
  if (cause instanceof errors.JWTInvalid || cause instanceof errors.JWSInvalid) {
    return refused('NOT_A_TOKEN', 'the token is malformed')
  }
  // Such as a key too short to be trusted. The name alone: messages may quote.
  return refused('VERIFICATION_FAILED', `unexpected ${cause instanceof Error ? cause.name : 'failure'}`)
}

function refusalForClaim(claim: string, reason: string): TokenRefusal {
  switch (claim) {
    case 'iss':
      return refused('UNKNOWN_ISSUER', 'the verified issuer is not the one the key belongs to')
    case 'aud':
      return refused('WRONG_AUDIENCE', `the token is for another audience (${reason})`)
    case 'nbf':
      return reason === 'check_failed'
        ? refused('NOT_YET_VALID', 'the token is before its nbf')
        : refused('INVALID_CLAIM', 'its nbf is no date')
    case 'exp':
      return refused('INVALID_CLAIM', 'its exp is no date')
    case 'iat':
      return refused('INVALID_CLAIM', 'its iat is no date')
    default:
      return refused('VERIFICATION_FAILED', 'a claim was not as it should be')
  }
}
