import { hostname } from 'node:os'
import {
  anyPath,
  coordinationSchema,
  existingFile,
  issuerListFaults,
  issuerSchema,
  listenAddress,
  listenerTls,
  otlpSettings,
  adminRetentionSettings,
  secret,
  shippingSettings,
  trailDatabase,
  trailProofSettings,
} from '@gatehouse/configuration'
import { isLoopbackHost } from '@gatehouse/core'
import { logCollectorSettings } from '@gatehouse/monitoring'
import * as z from 'zod'
import type { AdminConfig, LoginConfig, RoleMembers } from './admin-config.ts'
import { channelContradictions, channelSettings } from './channel-schema.ts'
import { credentialsContradictions, credentialsSchema } from './credentials-schema.ts'

/** The shortest key of session cookies, in characters. */
const MIN_SESSION_KEY_LENGTH = 32

/** The one schema of the admin service's configuration. Relative paths begin at `directory`. */
export function adminSchema(directory: string): z.ZodType<AdminConfig> {
  return z
    .strictObject({
      serviceId: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, {
          error: 'may hold letters, digits, dots, dashes and underscores',
        })
        .optional()
        .transform((given) => given ?? `${hostname()}-admin`)
        .describe('Names this service in its trail. Default: the host name with `-admin`.'),
      address: listenAddress()
        .prefault('127.0.0.1:18443')
        .describe('Host and port to listen on. Port 0: the system chooses.'),
      tls: listenerTls(directory)
        .nullable()
        .prefault(null)
        .describe('The certificate. Null: no TLS, on a loopback address or with `trustedProxies`.'),
      trustedProxies: z
        .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
        .default([])
        .describe('Addresses of proxies in front that speak TLS and say where a request comes from.'),
      publicUrl: z
        .url({ protocol: /^https?$/ })
        .refine((url) => new URL(url).pathname === '/' && !/[?#]/.test(url), { error: 'must have no path' })
        .transform((url) => new URL(url).origin)
        .describe('Where people reach the service, such as `https://gatehouse.example.com`.'),
      issuers: z.array(issuerSchema(directory)).min(1).describe('Whose tokens are accepted.'),
      roles: z
        .strictObject({
          approver: members.describe('May see and decide what is held, within what each rule says (`by`).'),
          operator: members.describe('May see and end sessions, and revoke.'),
          auditor: members.describe('May read everything, and change nothing.'),
        })
        .describe('Who may do what.'),
      login: login
        .nullable()
        .prefault(null)
        .describe('How people sign in to the page. Null: the API with tokens alone.'),
      coordination: coordinationSchema(directory)
        .prefault({ kind: 'memory' })
        .describe('Where what is shared with the gateways is kept.'),
      ...channelSettings,
      audit: z
        .strictObject({
          directory: anyPath(directory).describe('Where the trail of what is done here is written.'),
          syncMilliseconds: z.int().min(0).max(1000).default(0).describe('The longest time between two syncs to disk.'),
          ...trailProofSettings(directory),
          shipping: shippingSettings(directory),
          retention: adminRetentionSettings,
        })
        .describe("The service's own trail."),
      trails: z
        .array(anyPath(directory))
        .default([])
        .describe('Trails of gateways to search and verify: the `audit.directory` of each.'),
      trailDatabase: trailDatabase(directory)
        .nullable()
        .default(null)
        .describe(
          'The PostgreSQL database that trails are shipped to (`audit.shipping.postgres`): it is searched instead of `trails`. Null: trails are searched on this disk.',
        ),
      verifyingKeyFiles: z
        .array(existingFile(directory))
        .default([])
        .describe(
          'Public keys in PEM that these trails are sealed by; reports of sessions say what they prove, and `POST /v1/trail/verify` looks at them. Empty: signatures are not looked at.',
        ),
      policyFile: existingFile(directory)
        .nullable()
        .prefault(null)
        .describe('The policy that is shown and explained. Null: none.'),
      catalogsDirectory: anyPath(directory)
        .nullable()
        .prefault(null)
        .describe(
          'Where `gatehouse policy catalog` wrote what exists on each target, TARGET.catalog.json. Null: beside the policy.',
        ),
      maxGrantSeconds: z
        .int()
        .min(60)
        .max(2_592_000)
        .default(28_800)
        .describe('The longest grant that an approver may give.'),
      credentials: credentialsSchema(directory)
        .nullable()
        .prefault(null)
        .describe('How tokens for the gateway are swapped for session credentials. Null: they are not.'),
      backChannelLogout: z
        .strictObject({
          issuers: z
            .array(issuerSchema(directory))
            .min(1)
            .describe(
              "Whose logout tokens are taken; `audience` is the client that the issuer sends them to. A logout holds for `maxTokenLifetimeSeconds` (null: a day), which must be as long as the longest token's life.",
            ),
        })
        .nullable()
        .prefault(null)
        .describe(
          'Sessions at the gateways end when people log out at their issuer (`POST /v1/backchannel-logout`). Null: they do not.',
        ),
      requestsPerMinute: z.int().min(10).max(100_000).default(600).describe('Of one client address.'),
      log: z
        .strictObject({
          level: z
            .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
            .default('info')
            .describe('How much the service tells its operators.'),
          collector: logCollectorSettings(otlpSettings(directory, 'lines', '/v1/logs'))
            .nullable()
            .default(null)
            .describe('Where its lines are sent besides, by OTLP. Null: nowhere.'),
        })
        .prefault({})
        .describe('Operational log, on standard output.'),
    })
    .superRefine((config, context) => {
      for (const contradiction of contradictions(config)) context.addIssue({ code: 'custom', ...contradiction })
    })
}

const members: z.ZodType<RoleMembers> = z
  .strictObject({
    groups: z.array(z.string().min(1)).default([]).describe('Groups; `*` is any characters.'),
    subjects: z.array(z.string().min(1)).default([]).describe('Subjects; `*` is any characters.'),
  })
  .prefault({})

const login: z.ZodType<LoginConfig> = z.strictObject({
  issuer: z.string().describe('The issuer people sign in at: one of `issuers`.'),
  clientId: z.string().min(1).describe('This service, as the issuer knows it.'),
  clientSecret: secret.nullable().default(null).describe('Its secret, by reference. Null: a public client.'),
  scope: z.string().min(1).default('openid profile').describe('The scopes that are asked for.'),
  sessionSeconds: z.int().min(60).max(86_400).default(28_800).describe('How long one stays signed in.'),
  sessionKey: secret
    .refine((key) => key.expose().length >= MIN_SESSION_KEY_LENGTH, {
      error: `must be at least ${MIN_SESSION_KEY_LENGTH} characters long`,
    })
    .nullable()
    .default(null)
    .describe('What session cookies are encrypted with, the same on every replica. Null: a key of this process alone.'),
})

function contradictions(config: AdminConfig): { readonly path: (string | number)[]; readonly message: string }[] {
  const { address, tls, trustedProxies, publicUrl, issuers, login: signIn } = config
  const found: { readonly path: (string | number)[]; readonly message: string }[] = []
  if (tls === null && !isLoopbackHost(address.host) && trustedProxies.length === 0)
    found.push({ path: ['address'], message: 'is not a loopback address, so the service needs tls or trustedProxies' })
  const { protocol, hostname: host } = new URL(publicUrl)
  if (protocol === 'http:' && !isLoopbackHost(host))
    found.push({ path: ['publicUrl'], message: 'must be https:// (http:// only on a loopback address)' })
  for (const { path, message } of issuerListFaults(issuers)) found.push({ path: ['issuers', ...path], message })
  for (const { path, message } of issuerListFaults(config.backChannelLogout?.issuers ?? []))
    found.push({ path: ['backChannelLogout', 'issuers', ...path], message })
  if (signIn !== null && !issuers.some(({ issuer }) => issuer === signIn.issuer))
    found.push({ path: ['login', 'issuer'], message: 'is none of issuers' })
  const { retention, shipping } = config.audit
  if (retention.databaseDays !== null && shipping.postgres === null)
    found.push({
      path: ['audit', 'retention', 'databaseDays'],
      message: 'needs audit.shipping.postgres, which it is of',
    })
  return [...found, ...channelContradictions(config), ...credentialsContradictions(config)]
}
