import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { generateKeyPairSync } from 'node:crypto'
import { parseAdminConfig } from '@gatehouse/admin'
import { formatProblems } from '@gatehouse/configuration'
import { parsePolicy, parsePolicyTests } from '@gatehouse/core'
import { parseGatewayConfig } from '@gatehouse/gateway'
import { parse, stringify } from 'yaml'
import { makeAuthority } from '../servers/certificates.ts'

type Settings = Readonly<Record<string, unknown>>

/** As what a YAML block was read, and what is wrong with it. */
export interface SettingsVerdict {
  readonly as: 'policy' | 'policy tests' | 'gateway' | 'admin'
  /** Null: nothing is. */
  readonly problems: string | null
}

const POLICY_KEYS = ['rules', 'masks', 'classify', 'limits', 'functions']
/** What only a target's section of the gateway's file has. */
const TARGET_KEYS = ['credential', 'user', 'sessionRole', 'engine', 'host']
/** What only the admin service's file has. */
const ADMIN_KEYS = [
  'address',
  'backChannelLogout',
  'channels',
  'credentials',
  'linkKey',
  'login',
  'roles',
  'trailDatabase',
]

/** Reads YAML of a page by what reads it in the product; of a file's part, put into a whole one. `folder` holds the files that it names. */
export function checkSettings(text: string, folder: string): SettingsVerdict {
  const document: unknown = parse(text)
  if (Array.isArray(document)) {
    if (document.every((item) => isSettings(item) && 'expect' in item))
      return told('policy tests', parsePolicyTests(text))
    return told('policy', parsePolicy(stringify({ rules: document as unknown[] })))
  }
  if (!isSettings(document)) return { as: 'gateway', problems: 'is no list and no mapping' }
  const keys = Object.keys(document)
  if (keys.every((key) => POLICY_KEYS.includes(key))) return told('policy', parsePolicy(text))
  const kind = keys.some((key) => ADMIN_KEYS.includes(key)) ? 'admin' : 'gateway'
  const part = keys.every((key) => TARGET_KEYS.includes(key)) ? { targets: { shop: document } } : document
  const whole = inFolder(stringify(merged(kind === 'admin' ? ADMIN : gatewayFor(part), part)), folder)
  const loading = (kind === 'admin' ? parseAdminConfig : parseGatewayConfig)(whole, folder, environmentFor(whole))
  return { as: kind, problems: loading.kind === 'problems' ? formatProblems(kind, loading.problems) : null }
}

const ISSUERS = [{ issuer: 'https://login.example.com', audience: 'gatehouse' }]

const GATEWAY: Settings = {
  listeners: {
    postgres: { address: '127.0.0.1:15432', tls: { certificateFile: 'tls/server.crt', keyFile: 'tls/server.key' } },
  },
  issuers: ISSUERS,
  targets: {
    shop: {
      engine: 'postgres',
      host: 'db.example.com',
      database: 'shop',
      user: 'gatehouse',
      password: 'file:secrets/password',
    },
  },
  policyFile: 'policy.yaml',
  maskingKey: 'file:secrets/masking-key',
  audit: { directory: 'audit' },
}

const ADMIN: Settings = {
  address: '127.0.0.1:18443',
  tls: { certificateFile: 'tls/server.crt', keyFile: 'tls/server.key' },
  publicUrl: 'https://gatehouse.example.com',
  issuers: ISSUERS,
  roles: { approver: { groups: ['dba'] }, operator: { groups: ['sre'] }, auditor: { groups: ['security'] } },
  coordination: { kind: 'redis', server: { host: 'redis.example.com' }, tls: {} },
  audit: { directory: 'admin-audit' },
}

/** A whole file for a part of it: without what the part says in another way. */
function gatewayFor(part: Settings): Settings {
  const target: Record<string, unknown> = { ...(GATEWAY['targets'] as { shop: Settings }).shop }
  const given = isSettings(part['targets']) ? part['targets']['shop'] : undefined
  if (isSettings(given) && 'credential' in given) delete target['password']
  const source = isSettings(given) && isSettings(given['credential']) ? given['credential']['source'] : null
  // These name the account, or bring it with them.
  if (source === 'vault' || source === 'aws-secrets-manager') delete target['user']
  const whole: Record<string, unknown> = { ...GATEWAY, targets: { shop: target } }
  if ('maskingKeys' in part) delete whole['maskingKey']
  return whole
}

function merged(base: Settings, part: Settings): Settings {
  const own = Object.entries(part).map(([key, value]) => {
    const under = base[key]
    return [key, isSettings(under) && isSettings(value) ? merged(under, value) : value] as const
  })
  return { ...base, ...Object.fromEntries(own) }
}

/** The same with the places of the examples in `folder`, where what it names is made. */
function inFolder(text: string, folder: string): string {
  const moved = text.replaceAll(/\/(?:run\/secrets|var\/lib\/gatehouse|etc\/gatehouse|usr\/local\/bin)\b/g, (path) =>
    join(folder, path),
  )
  const named = moved.matchAll(/(?<how>file:|\w*File: |command:\s+- )"?(?<path>[\w./-]+)/g)
  for (const { groups } of named) {
    const { how = '', path = '' } = groups ?? {}
    const file = isAbsolute(path) ? path : join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, how === 'file:' ? secretNamed(file) : contentNamed(file), {
      mode: how.startsWith('c') ? 0o700 : 0o600,
    })
  }
  return moved
}

const authority = makeAuthority()
const server = authority.forServer(['localhost'])
const trailKey = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()

/** What a secret of this name could be. No two are the same. */
function secretNamed(file: string): string {
  if (file.endsWith('trail.key')) return trailKey
  return file.endsWith('-url') ? 'https://hooks.example.com/one' : `a secret of some length, for ${file}`
}

function contentNamed(file: string): string {
  if (file.endsWith('.key')) return server.key
  if (file.endsWith('.crl')) return authority.revocationList([])
  return /-ca\.|bundle|ca\.(?:crt|pem)$/.test(file) ? authority.certificate : server.certificate
}

function environmentFor(text: string): Readonly<Record<string, string>> {
  const names = Array.from(text.matchAll(/\$\{(\w+)\}/g), ([, name = '']) => name)
  return Object.fromEntries(
    names.map((name) => [
      name,
      /DATABASE/.test(name)
        ? 'postgres://gatehouse_writer:secret@audit.example.com/audit?sslmode=verify-full'
        : name.endsWith('URL')
          ? 'https://hooks.example.com/one'
          : 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH',
    ]),
  )
}

function told(
  as: SettingsVerdict['as'],
  parsed: { readonly ok: true } | { readonly ok: false; readonly problems?: unknown },
): SettingsVerdict {
  return { as, problems: parsed.ok ? null : JSON.stringify(parsed) }
}

function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
