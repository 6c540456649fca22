import * as z from 'zod'
import { isLoopbackHost } from '@gatehouse/core'
import { CLIENT_AUTHENTICATIONS, SIGNATURE_ALGORITHMS } from '@gatehouse/identity'
import type { ClaimPath, ClaimValue, IntrospectionConfig, IssuerConfig, RequiredClaim } from '@gatehouse/identity'
import { authoritiesFile } from './file-settings.ts'
import { secret } from './secret-setting.ts'

const MAX_SECONDS = 31_536_000

/** The schema of one issuer. Relative paths begin at `directory`. */
export function issuerSchema(directory: string): z.ZodType<IssuerConfig> {
  return z
    .strictObject({
      issuer: z
        .string()
        .refine(isIssuer, { error: 'must be an https:// URL without a query or fragment (RFC 8414 section 2)' })
        .describe('The issuer identifier, exactly as the tokens carry it in `iss`: a trailing slash counts.'),
      audience: z
        .union([name, z.array(name).min(1)], { error: 'must be a text, or a list of at least one' })
        .transform((value) => (typeof value === 'string' ? [value] : value))
        .describe('What the tokens must name in `aud`; of a list, at least one.'),
      jwksUri: z
        .string()
        .refine((text) => URL.canParse(text), { error: 'must be a URL' })
        .nullable()
        .default(null)
        .describe('Where the public keys are. Null: found by OpenID Connect Discovery.'),
      caFile: authoritiesFile(directory)
        .nullable()
        .prefault(null)
        .describe(
          "Certificate authorities (PEM) for the issuer's web server, in place of the system's. Null: the system's.",
        ),
      allowHttp: z
        .boolean()
        .default(false)
        .describe('Weaker choice, for development: an issuer on a loopback address may be reached without TLS.'),
      algorithms: z
        .array(z.enum(SIGNATURE_ALGORITHMS))
        .min(1)
        .default([...SIGNATURE_ALGORITHMS])
        .describe('The signature algorithms that are accepted.'),
      tokenTypes: z.array(name).default([]).describe('Accepted `typ` headers, such as `at+jwt`. Empty: any, or none.'),
      subjectClaim: claimPath.default('sub').describe('The claim that names on whose behalf the agent works.'),
      groupsClaim: claimPath
        .default('groups')
        .describe('The claim that lists the groups, such as `realm_access.roles`.'),
      actorClaims: z
        .array(claimPath)
        .default(['act.sub', 'azp', 'client_id'])
        .describe('The claims that may name the agent; the first that is there counts.'),
      authorizedParties: z
        .array(name)
        .default([])
        .describe(
          'The clients whose tokens are accepted (`azp`, `client_id`): of the two, what a token has must be listed, and one must be there. Empty: any client.',
        ),
      requiredClaims: requiredClaims
        .prefault([])
        .describe(
          'Claims that must be there: a list of names, or a map from name to the value (or values) it must have.',
        ),
      clockSkewSeconds: z.int().min(0).max(300).default(30).describe("How far the issuer's clock may be from ours."),
      maxTokenLifetimeSeconds: z
        .int()
        .min(1)
        .max(MAX_SECONDS)
        .nullable()
        .default(null)
        .describe('A token that was issued for longer is refused. Null: no limit.'),
      keysRefreshSeconds: z
        .int()
        .min(10)
        .max(86_400)
        .default(600)
        .describe('How often the public keys are fetched again.'),
      keysOutageGraceSeconds: z
        .int()
        .min(0)
        .max(86_400)
        .default(3600)
        .describe('How long fetched keys may serve past a refresh that was due, while the issuer does not answer.'),
      introspection: introspection
        .nullable()
        .prefault(null)
        .describe(
          'How the issuer is asked what a token is good for (RFC 7662), for tokens that say nothing by themselves. Null: it is not.',
        ),
      scope: name
        .default('openid')
        .describe('The scope that a client which asks for one (OAUTHBEARER) is told to request.'),
    })
    .superRefine((issuer, context) => {
      for (const [path, address] of [
        [['issuer'], issuer.issuer],
        [['jwksUri'], issuer.jwksUri],
        [['introspection', 'endpoint'], issuer.introspection?.endpoint ?? null],
      ] as const) {
        const url = address === null ? null : URL.parse(address)
        if (url === null || url.protocol === 'https:') continue
        const permitted = url.protocol === 'http:' && issuer.allowHttp && isLoopbackHost(url.hostname)
        if (permitted) continue
        context.addIssue({
          code: 'custom',
          path: [...path],
          message: 'must be https:// (http:// only on a loopback address, with allowHttp)',
        })
      }
    })
}

const name = z.string().min(1).max(2048)

const claimPath: z.ZodType<ClaimPath> = z.union([name, z.array(name).min(1).max(8)], {
  error: 'must be the name of a claim, or the list of names that leads to it',
})

const introspection: z.ZodType<IntrospectionConfig> = z.strictObject({
  endpoint: z
    .string()
    .refine((text) => URL.canParse(text), { error: 'must be a URL' })
    .nullable()
    .default(null)
    .describe('Where the issuer is asked. Null: found by OpenID Connect Discovery.'),
  clientId: name.describe('This gateway, as the issuer knows it.'),
  clientSecret: secret.describe('Its secret, by reference.'),
  authentication: z
    .enum(CLIENT_AUTHENTICATIONS)
    .default('client_secret_basic')
    .describe('How the issuer is shown the secret.'),
  opaqueTokens: z
    .boolean()
    .default(true)
    .describe(
      'A password that has no form of a JWT, but may be a token, is sent to this issuer. True for one issuer at most.',
    ),
  cacheSeconds: z
    .int()
    .min(0)
    .max(60)
    .default(30)
    .describe(
      'For how long a good answer serves for the next login with the same token, never past its `exp`. 0: not at all.',
    ),
  recheckSeconds: z
    .int()
    .min(10)
    .max(86_400)
    .nullable()
    .default(null)
    .describe('How often the issuer is asked again while a session goes on, for its JWTs too. Null: never.'),
  recheckGraceSeconds: z
    .int()
    .min(0)
    .max(86_400)
    .default(600)
    .describe('How long a session may go on past a re-check that was due, while the issuer does not answer.'),
})

const claimValue = z.union([z.string(), z.number(), z.boolean()])

const requiredClaims: z.ZodType<RequiredClaim[]> = z
  .union([z.array(claimPath), z.record(name, z.union([claimValue, z.array(claimValue).min(1)]))], {
    error: 'must be a list of claims, or a map from claim to value or values',
  })
  .transform((given) => (Array.isArray(given) ? given.map((claim) => ({ claim, oneOf: [] })) : fromMap(given)))

function fromMap(given: Readonly<Record<string, ClaimValue | ClaimValue[]>>): RequiredClaim[] {
  return Object.entries(given).map(([claim, value]) => ({ claim, oneOf: Array.isArray(value) ? value : [value] }))
}

// OpenID Connect Discovery 1.0 section 3: a URL with no query or fragment. Whether http will do is judged with the rest.
function isIssuer(text: string): boolean {
  const url = URL.parse(text)
  return (
    url !== null && /^https?:$/.test(url.protocol) && !/[?#]/.test(text) && url.username === '' && url.password === ''
  )
}
