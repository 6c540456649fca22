import { ProtocolError } from './protocol-error.ts'

/** The SASL mechanism's name (RFC 7628). */
export const OAUTHBEARER = 'OAUTHBEARER'
const SEPARATOR = '\x01'
const PAIR = /^([A-Za-z]+)=([\t\n\r\x20-\x7e]*)$/
/** RFC 6750, b64token, after a scheme whose case does not matter. */
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i

/**
 * What a client opens OAUTHBEARER with: a bearer token (a secret: wrap it at once), or, with no token, the question
 * where to get one: `encodeOAuthChallenge` answers it.
 */
export type OAuthBearerRequest = { readonly kind: 'token'; readonly token: string } | { readonly kind: 'discovery' }

/**
 * Reads the client's initial response, RFC 7628 section 3.1, with the rules of PostgreSQL 18: no authorization identity,
 * no channel binding, exactly one `auth`; other keys (host, port) are ignored. Throws `BAD_VALUE`.
 */
export function decodeOAuthBearer(data: Buffer): OAuthBearerRequest {
  const text = data.toString('latin1')
  if (!text.startsWith('n,') && !text.startsWith('y,')) throw bad('it wants channel binding, or is no OAUTHBEARER')
  if (text.startsWith('a=', 2)) throw bad('an authorization identity is not supported')
  if (text.slice(2, 4) !== `,${SEPARATOR}`) throw bad('its header has more than it may')
  if (!text.endsWith(SEPARATOR + SEPARATOR) && text.length !== 5) throw bad('it has no end')
  const pairs = text.slice(4, -2)
  let auth: string | undefined
  for (const pair of pairs.split(SEPARATOR)) {
    const [, key, value] = PAIR.exec(pair) ?? []
    if (key === undefined) throw bad('a key or value has characters that it may not')
    if (key !== 'auth') continue
    if (auth !== undefined) throw bad('it has more than one auth')
    auth = value
  }
  if (auth === undefined) throw bad('it has no auth')
  if (auth === '') return { kind: 'discovery' }
  const token = BEARER.exec(auth)?.[1]
  if (token === undefined) throw bad('its auth is no bearer token')
  return { kind: 'token', token }
}

/** The client's initial response; an empty token asks for discovery. */
export function encodeOAuthBearer(token: string): Buffer {
  const auth = token === '' ? '' : `Bearer ${token}`
  return Buffer.from(`n,,${SEPARATOR}auth=${auth}${SEPARATOR}${SEPARATOR}`, 'latin1')
}

/** Why a token is not accepted, and where to get one. */
export interface OAuthChallenge {
  readonly status: 'invalid_token' | 'insufficient_scope' | 'invalid_request'
  /** Address of the issuer's /.well-known/openid-configuration. */
  readonly openidConfiguration: string
  /** Scopes to ask for, separated by spaces; empty: none. */
  readonly scope: string
}

/**
 * The server's answer to a token that it does not accept, RFC 7628 section 3.2.2: the data of AuthenticationSASLContinue.
 * The client acknowledges it (`isOAuthAcknowledgement`); then the server ends the login with an ErrorResponse.
 */
export function encodeOAuthChallenge(challenge: OAuthChallenge): Buffer {
  const { status, openidConfiguration, scope } = challenge
  return Buffer.from(JSON.stringify({ status, 'openid-configuration': openidConfiguration, scope }))
}

/** True for the one byte by which a client acknowledges a challenge. */
export function isOAuthAcknowledgement(data: Buffer): boolean {
  return data.length === 1 && data[0] === 0x01
}

function bad(why: string): ProtocolError {
  return new ProtocolError('BAD_VALUE', `an OAUTHBEARER message is malformed: ${why}`)
}
