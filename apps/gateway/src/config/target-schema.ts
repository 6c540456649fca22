import * as z from 'zod'
import { isLoopbackHost } from '@gatehouse/core'
import { readPin } from '@gatehouse/certificates'
import {
  authoritiesFile,
  crlFile,
  existingFile,
  keyPairFault,
  secretReference,
  tlsMinVersion,
} from '@gatehouse/configuration'
import { credentialSchema, targetFault } from '@gatehouse/upstream-credentials'
import type { SessionRoleConfig, TargetConfig, UpstreamTlsConfig, UpstreamTlsMode } from './gateway-config.ts'
import { keepAliveSeconds } from './keep-alive-schema.ts'

const TLS_MODES = [
  'verify-full',
  'verify-ca',
  'pinned',
  'require-unverified',
  'disable',
  'clear-text-over-network',
] as const satisfies readonly UpstreamTlsMode[]

/** The schema of one target. Relative paths begin at `directory`. */
export function targetSchema(directory: string): z.ZodType<TargetConfig> {
  return z
    .strictObject({
      engine: z
        .enum(['postgres', 'mysql'])
        .describe('The protocol the upstream speaks; `mysql` for MySQL and MariaDB.'),
      host: z
        .string()
        .regex(/^[^\s/]+$/, { error: 'must be a host name or an address' })
        .describe('The upstream host.'),
      port: z
        .int()
        .min(1)
        .max(65_535)
        .optional()
        .describe('The upstream port. Default: 5432 with engine `postgres`, 3306 with `mysql`.'),
      database: shortName.describe("The database's own name at the upstream."),
      user: shortName
        .nullable()
        .default(null)
        .describe('The user the gateway logs in as. Clients never see it. Null: `credential` says which.'),
      password: secretReference
        .nullable()
        .default(null)
        .describe(
          'Its password, by reference; a file is read again for each login. Null: there is a `credential`, or the upstream asks for none.',
        ),
      credential: credentialSchema(directory)
        .nullable()
        .prefault(null)
        .describe('Where user and password come from, in place of `password`: docs/upstream-credentials.md.'),
      sessionRole: sessionRole
        .nullable()
        .prefault(null)
        .describe(
          'The role of the database that sessions run under, by name or by group or claim; no statement may change it. Null: the rights are the user’s.',
        ),
      tls: upstreamTls(directory).describe('How the way to the upstream is secured.'),
      connectTimeoutSeconds: z
        .int()
        .min(1)
        .max(300)
        .default(10)
        .describe('From dialling to the end of the upstream login.'),
      keepAliveSeconds: keepAliveSeconds.describe(
        'An upstream that sends nothing for so long is probed; one that does not answer within ten seconds more is gone.',
      ),
    })
    .superRefine(({ user, password, credential }, context) => {
      if (password !== null && credential !== null)
        context.addIssue({
          code: 'custom',
          path: ['credential'],
          message: 'and password contradict each other: one of the two',
        })
      if (user === null && (credential === null || NEEDS_USER.has(credential.source)))
        context.addIssue({
          code: 'custom',
          path: ['user'],
          message: 'is missing: this credential does not say the user',
        })
    })
    .superRefine((target, context) => {
      const fault = targetFault(target)
      if (fault !== null) context.addIssue({ code: 'custom', ...fault })
    })
    .superRefine(({ host, tls }, context) => {
      if (tls.mode === 'disable' && !isLoopbackHost(host)) {
        context.addIssue({
          code: 'custom',
          path: ['tls', 'mode'],
          message:
            'disable is for a loopback host; to send everything unprotected over a network, write clear-text-over-network',
        })
      }
    })
    .transform((target) => ({ ...target, port: target.port ?? DEFAULT_PORTS[target.engine] }))
}

/** Sources that never say the user. */
const NEEDS_USER: ReadonlySet<string> = new Set(['environment'])

const DEFAULT_PORTS = { postgres: 5432, mysql: 3306 } as const

// NUL would end the name early in a start-up message.
const shortName = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\0]*$/, { error: 'must not hold a NUL character' })

// The name NONE is the server's word for no role.
const roleName = shortName.refine((name) => name.toLowerCase() !== 'none', { error: 'must be the name of a role' })

const sessionRole: z.ZodType<SessionRoleConfig> = z
  .union(
    [
      roleName,
      z.strictObject({
        claim: z
          .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
          .nullable()
          .default(null)
          .describe('The claim whose value, or values, say the role. Null: the groups.'),
        roles: z
          .record(z.string(), roleName)
          .describe('Value to role; the first that the principal has counts, in the order of this file.'),
        otherwise: roleName.nullable().default(null).describe('The role of everybody else. Null: they are refused.'),
      }),
    ],
    { error: 'must be the name of a role, or a group of settings with roles' },
  )
  .transform((given) => (typeof given === 'string' ? { claim: null, roles: {}, otherwise: given } : given))

function upstreamTls(directory: string): z.ZodType<UpstreamTlsConfig> {
  return z
    .strictObject({
      mode: z
        .enum(TLS_MODES)
        .default('verify-full')
        .describe(
          '`verify-full`: certificate and host name. `verify-ca`: certificate only. `pinned`: nothing but `pinnedSha256`. Weaker choices: `require-unverified`: encrypted, with nobody knows whom; `disable`: no TLS, to a loopback host; `clear-text-over-network`: no TLS, to any host.',
        ),
      caFile: authoritiesFile(directory)
        .nullable()
        .prefault(null)
        .describe("Certificate authorities (PEM) that vouch for the upstream. Null: the system's."),
      serverName: shortName
        .nullable()
        .default(null)
        .describe('The name that is asked for and verified in place of `host`. Null: `host`.'),
      clientCertificateFile: existingFile(directory)
        .nullable()
        .prefault(null)
        .describe('A certificate (PEM) the gateway shows to the upstream.'),
      clientKeyFile: existingFile(directory)
        .nullable()
        .prefault(null)
        .describe('Its private key (PEM, not encrypted).'),
      crlFile: crlFile(directory)
        .nullable()
        .prefault(null)
        .describe(
          "Certificate revocation lists (PEM), one in date of each authority of the upstream's chain. Null: none is looked at.",
        ),
      pinnedSha256: z
        .array(pin)
        .max(16)
        .default([])
        .describe(
          "SHA-256 of the upstream's certificate, or of its public key, in hexadecimal or base64: it must be one of these, beside what `mode` verifies. Several: for the time of a change. Empty: none is pinned.",
        ),
      minVersion: tlsMinVersion(),
    })
    .superRefine((tls, context) => {
      for (const contradiction of tlsContradictions(tls)) context.addIssue({ code: 'custom', ...contradiction })
    })
    .prefault({})
}

const pin = z.string().transform((text, context) => {
  const read = readPin(text)
  if (read !== null) return read
  context.addIssue({ code: 'custom', message: 'must be a SHA-256 in hexadecimal or base64' })
  return z.NEVER
})

interface Contradiction {
  readonly path: string[]
  readonly message: string
}

function tlsContradictions(tls: UpstreamTlsConfig): Contradiction[] {
  const found: Contradiction[] = []
  const { mode, caFile, serverName, clientCertificateFile, clientKeyFile, pinnedSha256 } = tls
  const encrypted = mode !== 'disable' && mode !== 'clear-text-over-network'
  const verified = mode === 'verify-full' || mode === 'verify-ca'
  if (caFile !== null && !verified) {
    found.push({ path: ['caFile'], message: `would not be looked at: mode ${mode} verifies no certificate` })
  }
  if (tls.crlFile !== null && !verified) {
    found.push({ path: ['crlFile'], message: `would not be looked at: mode ${mode} verifies no certificate` })
  }
  if (mode === 'pinned' && pinnedSha256.length === 0) {
    found.push({ path: ['pinnedSha256'], message: 'is needed: mode pinned verifies nothing else' })
  }
  if (mode !== 'pinned' && !verified && pinnedSha256.length > 0) {
    found.push({
      path: ['pinnedSha256'],
      message: `contradicts mode ${mode}; with mode pinned nothing else is verified`,
    })
  }
  if (serverName !== null && !encrypted) {
    found.push({ path: ['serverName'], message: `would not be looked at: mode ${mode} uses no TLS` })
  }
  if (clientCertificateFile !== null && !encrypted) {
    found.push({ path: ['clientCertificateFile'], message: `would not be shown: mode ${mode} uses no TLS` })
  }
  if ((clientCertificateFile === null) !== (clientKeyFile === null)) {
    found.push({ path: [], message: 'clientCertificateFile and clientKeyFile go together' })
  }
  if (clientCertificateFile !== null && clientKeyFile !== null) {
    const fault = keyPairFault(clientCertificateFile, clientKeyFile)
    if (fault !== null) found.push({ path: ['clientKeyFile'], message: fault })
  }
  return found
}
