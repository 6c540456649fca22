import type { Principal } from '@gatehouse/core'

/** Why a token was refused, for the log and the trail. */
export type TokenRefusalCode =
  | 'TOO_LONG'
  | 'NOT_A_TOKEN'
  | 'ENCRYPTED_TOKEN'
  | 'AMBIGUOUS_TOKEN'
  | 'UNSUPPORTED_HEADER'
  | 'WRONG_ALGORITHM'
  | 'WRONG_TYPE'
  | 'UNKNOWN_ISSUER'
  | 'ISSUER_UNREACHABLE'
  | 'UNKNOWN_KEY'
  | 'BAD_SIGNATURE'
  | 'TOKEN_INACTIVE'
  | 'WRONG_AUDIENCE'
  | 'TOKEN_EXPIRED'
  | 'NOT_YET_VALID'
  | 'LIFETIME_TOO_LONG'
  | 'MISSING_CLAIM'
  | 'CLAIM_MISMATCH'
  | 'INVALID_CLAIM'
  | 'VERIFICATION_FAILED'

/** A token that was not accepted. */
export interface TokenRefusal {
  readonly kind: 'refused'
  readonly code: TokenRefusalCode
  /** For operators. Never holds the token, nor any part of it but the issuer it named. */
  readonly detail: string
  /** What the client is told: the way on for an honest user, nothing a forger could steer by. */
  readonly message: string
}

/** What became of a token: the principal it proves, or a refusal. There is no third answer. */
export type TokenVerdict = { readonly kind: 'principal'; readonly principal: Principal } | TokenRefusal

/** A refusal, with the message that goes with its code. `detail` is for operators and must not quote the token. */
export function refused(code: TokenRefusalCode, detail: string): TokenRefusal {
  return { kind: 'refused', code, detail, message: messageFor(code, detail) }
}

// One message for everything a forger probes: which check failed is for the log alone.
const UNVERIFIED =
  'The token was not accepted by this gateway. Get a new token for this gateway from your identity provider and connect again; if that is refused too, ask the operator, who can see why.'

function messageFor(code: TokenRefusalCode, detail: string): string {
  switch (code) {
    case 'TOO_LONG':
      return 'The token is too long for this gateway. Ask for one with fewer claims, or use a session credential.'
    case 'NOT_A_TOKEN':
      return 'The password is not an OIDC token. Put the token itself, three parts joined by dots, where the password goes.'
    case 'ENCRYPTED_TOKEN':
      return 'The token is encrypted, and this gateway reads only signed ones. Ask your identity provider for a signed JWT.'
    case 'TOKEN_EXPIRED':
      return 'The token has expired. Get a new one from your identity provider and connect again.'
    case 'NOT_YET_VALID':
      return 'The token is not valid yet. Wait a moment and connect again; if it goes on, a clock is wrong.'
    case 'ISSUER_UNREACHABLE':
      return 'The gateway cannot reach the identity provider now, so it cannot check any token. Keep the token and try again in a few seconds.'
    // These are said only of a token whose signature, issuer and audience were found good.
    case 'LIFETIME_TOO_LONG':
    case 'MISSING_CLAIM':
    case 'CLAIM_MISMATCH':
    case 'INVALID_CLAIM':
      return `The token is genuine but does not fit this gateway: ${detail}. Ask whoever runs your identity provider.`
    default:
      return UNVERIFIED
  }
}
