import type { Secret } from '@gatehouse/core'
import type { ClaimPath } from './claim-path.ts'

/** The signature algorithms a token may carry (RFC 7518, RFC 8037, RFC 9864). Symmetric ones and `none` have no place here. */
export const SIGNATURE_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const

/** One of the signature algorithms a token may carry. */
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number]

/** A value a required claim may be asked to have. */
export type ClaimValue = string | number | boolean

/** One OIDC issuer whose tokens are accepted, and how its claims are read. */
export interface IssuerConfig {
  /** The issuer identifier, compared with `iss` character by character: a trailing slash counts. */
  readonly issuer: string
  /** The token must name at least one of these in `aud`. Never empty. */
  readonly audience: readonly string[]
  /** Where the keys are; null: found by OpenID Connect Discovery. */
  readonly jwksUri: string | null
  /** Certificate authorities (PEM file) that vouch for the issuer's web server in place of the system's; null: the system's. */
  readonly caFile: string | null
  /** Plain `http://`, for a development issuer on a loopback address only. */
  readonly allowHttp: boolean
  /** The algorithms this issuer signs with. Never empty. */
  readonly algorithms: readonly SignatureAlgorithm[]
  /** Accepted `typ` headers, such as `at+jwt`; empty: any, or none at all. */
  readonly tokenTypes: readonly string[]
  /** Which claim names the subject. It must be there. */
  readonly subjectClaim: ClaimPath
  /** Which claim lists the groups; a token without it has none. */
  readonly groupsClaim: ClaimPath
  /** Which claims may name the actor, the first that is there wins; empty: no actor. */
  readonly actorClaims: readonly ClaimPath[]
  /** The clients whose tokens are taken (`azp`, `client_id`): what the token has of the two must be listed. Empty: any client's. */
  readonly authorizedParties: readonly string[]
  /** Claims that must be there, and, where the list is not empty, the values of which one must match. */
  readonly requiredClaims: readonly RequiredClaim[]
  /** How far the issuer's clock may be from ours, in seconds. */
  readonly clockSkewSeconds: number
  /** A token that was issued for longer than this is refused; null: no such limit. */
  readonly maxTokenLifetimeSeconds: number | null
  /** How often the keys are fetched again, in seconds. */
  readonly keysRefreshSeconds: number
  /** How long, past a refresh that was due, cached keys may serve while the issuer does not answer, in seconds. */
  readonly keysOutageGraceSeconds: number
  /** How the issuer is asked what a token is good for; null: it is not. */
  readonly introspection: IntrospectionConfig | null
  /** The scope named in the OAUTHBEARER challenge (RFC 7628 section 3.2.2). */
  readonly scope: string
}

/** A claim a token must carry. */
export interface RequiredClaim {
  readonly claim: ClaimPath
  /** One of these must be the claim's value, or an element of it; empty: it is enough that the claim is there. */
  readonly oneOf: readonly ClaimValue[]
}

/** How a client shows the introspection endpoint who it is (RFC 6749 section 2.3.1). */
export const CLIENT_AUTHENTICATIONS = ['client_secret_basic', 'client_secret_post'] as const

/** How an issuer is asked what a token is good for (RFC 7662). */
export interface IntrospectionConfig {
  /** Where; null: found by OpenID Connect Discovery (`introspection_endpoint`). */
  readonly endpoint: string | null
  /** This gateway, as the issuer knows it. */
  readonly clientId: string
  readonly clientSecret: Secret<string>
  readonly authentication: (typeof CLIENT_AUTHENTICATIONS)[number]
  /** Passwords that are no JWT are taken for tokens of this issuer, and sent to it. At most one issuer may have them. */
  readonly opaqueTokens: boolean
  /** For how long a good answer on an opaque token is taken for the next login with it, never past its `exp`; 0: not at all. */
  readonly cacheSeconds: number
  /** How often the issuer is asked again during a session, of its JWTs too; null: never. */
  readonly recheckSeconds: number | null
  /** How long a session may go on past a re-check that was due, while the issuer does not answer, in seconds. */
  readonly recheckGraceSeconds: number
}
