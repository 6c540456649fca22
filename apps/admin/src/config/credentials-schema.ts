import { isIP } from 'node:net'
import { authoritiesFault, existingFile, issuerSchema, listenAddress } from '@gatehouse/configuration'
import { isLoopbackHost } from '@gatehouse/core'
import * as z from 'zod'
import type { AdminConfig } from './admin-config.ts'
import type { CredentialsConfig, DeviceLoginConfig } from './credentials-config.ts'

const target: z.ZodType<CredentialsConfig['targets'][string]> = z.strictObject({
  engine: z.enum(['postgres', 'mysql']).describe('Which protocol is spoken there.'),
  address: listenAddress()
    // It goes into connection strings, where any other character could say something else.
    .refine(
      ({ host, port }) => port > 0 && (isIP(host) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(host)),
      {
        error: 'must be a host name or address and a port',
      },
    )
    .describe('Host and port where clients reach the gateway.'),
})

const parameter = z.string().min(1).max(2048)

const deviceLogin: z.ZodType<DeviceLoginConfig> = z.strictObject({
  issuer: z
    .string()
    .refine(isSafeIssuer, { error: 'must be https:// (http:// only on a loopback address)' })
    .describe('Where people sign in: one of `issuers`.'),
  clientId: z
    .string()
    .min(1)
    .describe('The command line, as the issuer knows it: a public client with the device flow.'),
  scope: z.string().min(1).default('openid offline_access').describe('The scopes that are asked for.'),
  parameters: z
    .record(z.string().regex(/^[a-z_]{1,64}$/, { error: 'is no name of a parameter' }), parameter)
    .default({})
    .describe('Parameters besides that make the token one for the gateway, such as `audience` or `resource`.'),
  token: z
    .enum(['access_token', 'id_token'])
    .default('access_token')
    .describe('Which token of the answer is for the gateway.'),
})

/** The schema of `credentials`. Relative paths begin at `directory`. */
export function credentialsSchema(directory: string): z.ZodType<CredentialsConfig> {
  return z.strictObject({
    issuers: z
      .array(issuerSchema(directory))
      .min(1)
      .nullable()
      .prefault(null)
      .describe("Whose tokens may be swapped: the gateways' own `issuers`. Null: the issuers of this service."),
    targets: z
      .record(
        z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/, {
          error: 'a target name may hold up to 63 letters, digits, dots, dashes and underscores',
        }),
        target,
      )
      .refine((targets) => Object.keys(targets).length > 0, { error: 'must hold at least one target' })
      .describe('What a credential can be for, by target name.'),
    caFile: existingFile(directory)
      .refine((file) => authoritiesFault(file) === null, { error: 'holds no usable certificate in PEM' })
      .nullable()
      .prefault(null)
      .describe("Certificate authorities (PEM) that clients are to trust for the gateways. Null: the system's."),
    maxLifetimeSeconds: z
      .int()
      .min(10)
      .max(86_400)
      .default(28_800)
      .describe('The longest life of a credential. The end of its token ends it too.'),
    maxPerPrincipal: z
      .int()
      .min(1)
      .max(1000)
      .default(20)
      .describe('How many that are still good for a login somebody may have at once.'),
    perMinute: z.int().min(1).max(10_000).default(60).describe('How many somebody may get in a minute.'),
    deviceLogin: deviceLogin
      .nullable()
      .prefault(null)
      .describe('How `gatehouse login` gets a token: the device flow (RFC 8628). Null: it has to be told.'),
  })
}

/** What is wrong with it beside the other settings. */
export function credentialsContradictions({
  credentials,
  issuers: own,
}: AdminConfig): { readonly path: (string | number)[]; readonly message: string }[] {
  if (credentials === null) return []
  const issuers = credentials.issuers ?? own
  const found: { readonly path: (string | number)[]; readonly message: string }[] = []
  for (const [index, { issuer }] of issuers.entries())
    if (credentials.issuers !== null && issuers.findIndex((other) => other.issuer === issuer) !== index)
      found.push({
        path: ['credentials', 'issuers', index, 'issuer'],
        message: 'is listed twice; one entry can hold several audiences',
      })
  const { deviceLogin: device } = credentials
  if (device !== null && !issuers.some(({ issuer }) => issuer === device.issuer))
    found.push({ path: ['credentials', 'deviceLogin', 'issuer'], message: 'is none whose tokens may be swapped' })
  return found
}

function isSafeIssuer(text: string): boolean {
  const url = URL.parse(text)
  if (url === null) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname))
}
