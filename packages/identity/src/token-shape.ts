import { readStrictJson } from './strict-json.ts'
import { refused } from './token-verdict.ts'
import type { TokenRefusal } from './token-verdict.ts'

/** The longest token that is looked at, in characters. Larger ones are refused unread. */
export const MAX_TOKEN_LENGTH: number = 16 * 1024

/** The longest key id that is looked up, in characters. */
const MAX_KEY_ID_LENGTH = 512

/** A text that has the shape of a signed JWT. Nothing in it is verified. */
export interface UnverifiedToken {
  readonly kind: 'unverified'
  readonly algorithm: string
  /** The `typ` header; null when there is none. */
  readonly type: string | null
  /** The issuer it claims to come from. */
  readonly issuer: string
}

const THREE_PARTS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/
const FIVE_PARTS = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){4}$/

// RFC 6750 section 2.1, b64token. Fewer characters than 22 cannot hold the 128 bits that RFC 6749 section 10.10 asks for.
const OPAQUE = /^[A-Za-z0-9._~+/-]{22,2048}={0,2}$/

/** Whether `text` may be a token that says nothing by itself. What looks like a JWT, signed or encrypted, never is. */
export function isOpaqueToken(text: string): boolean {
  return OPAQUE.test(text) && !THREE_PARTS.test(text) && !FIVE_PARTS.test(text)
}

/** Whether `text` has the shape of a signed JWT (RFC 7515 section 7.1, compact), and what it says of itself. */
export function readTokenShape(text: string): UnverifiedToken | TokenRefusal {
  if (text.length > MAX_TOKEN_LENGTH) {
    return refused('TOO_LONG', `the token has ${text.length} characters, the limit is ${MAX_TOKEN_LENGTH}`)
  }
  if (FIVE_PARTS.test(text)) return refused('ENCRYPTED_TOKEN', 'the token is a JWE')
  if (!THREE_PARTS.test(text)) return refused('NOT_A_TOKEN', 'the text is not three base64url parts joined by dots')
  const [headerPart = '', claimsPart = '', signaturePart = ''] = text.split('.')
  const headerBytes = strictBase64Url(headerPart)
  const claimsBytes = strictBase64Url(claimsPart)
  if (headerBytes === null || claimsBytes === null || strictBase64Url(signaturePart) === null) {
    return refused('NOT_A_TOKEN', 'a part of the token is not canonical base64url')
  }
  const header = readObject(headerBytes, 'header')
  if (header.kind === 'refused') return header
  const claims = readObject(claimsBytes, 'claims set')
  if (claims.kind === 'refused') return claims
  return describe(header.members, claims.members)
}

function describe(header: Members, claims: Members): UnverifiedToken | TokenRefusal {
  const { alg, typ, kid, crit, b64 } = header
  if (typeof alg !== 'string') return refused('NOT_A_TOKEN', 'the header names no algorithm')
  // No extension is understood here, so none that is critical may be (RFC 7515 section 4.1.11).
  if (crit !== undefined) return refused('UNSUPPORTED_HEADER', 'the header asks for a critical extension')
  // RFC 7797: another reading of the same bytes, and one that must be critical.
  if (b64 !== undefined) return refused('UNSUPPORTED_HEADER', 'the header asks for a payload that is not encoded')
  if (typ !== undefined && typeof typ !== 'string') return refused('NOT_A_TOKEN', 'the typ header is not a text')
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > MAX_KEY_ID_LENGTH)) {
    return refused('NOT_A_TOKEN', `the kid header is not a text of at most ${MAX_KEY_ID_LENGTH} characters`)
  }
  const { iss } = claims
  if (typeof iss !== 'string') return refused('UNKNOWN_ISSUER', 'the token names no issuer')
  return { kind: 'unverified', algorithm: alg, type: typ ?? null, issuer: iss }
}

type Members = Readonly<Record<string, unknown>>

function readObject(
  bytes: Uint8Array,
  part: string,
): { readonly kind: 'object'; readonly members: Members } | TokenRefusal {
  const reading = readStrictJson(bytes)
  if ('fault' in reading) {
    switch (reading.fault) {
      case 'not-json':
        return refused('NOT_A_TOKEN', `the ${part} is not JSON`)
      case 'duplicate-name':
        return refused('AMBIGUOUS_TOKEN', `the ${part} holds a name twice`)
      case 'too-deep':
        return refused('AMBIGUOUS_TOKEN', `the ${part} is nested too deeply`)
    }
  }
  const { value } = reading
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refused('NOT_A_TOKEN', `the ${part} is not an object`)
  }
  return { kind: 'object', members: { ...value } }
}

// Encoding back must give the same text: two spellings of one token would be two tokens to a cache or a revocation.
function strictBase64Url(part: string): Buffer | null {
  const bytes = Buffer.from(part, 'base64url')
  return bytes.toString('base64url') === part ? bytes : null
}
