import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatProblems } from '@gatehouse/configuration'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { makeAuthority } from '../../../../test/servers/certificates.ts'
import { checkGatewayConfig } from './check-config.ts'

// What docs/reload.md says of `--check-config` is held here.

/** Settings with which nothing is wrong. */
const GOOD = {
  listeners: { postgres: { address: '127.0.0.1:0', tls: { certificateFile: 'good.crt', keyFile: 'good.key' } } },
  issuers: [{ issuer: 'https://login.example.com', audience: 'gatehouse' }],
  targets: {
    shop: { engine: 'postgres', host: 'db.example.com', database: 'shop', user: 'g', password: '${PASSWORD}' },
  },
  policyFile: 'policy.yaml',
  maskingKey: '${MASKING_KEY}',
  audit: { directory: 'audit' },
}
type Change = (settings: typeof GOOD) => object
const withTls = (certificateFile: string, keyFile: string): object => ({
  listeners: { postgres: { address: '127.0.0.1:0', tls: { certificateFile, keyFile } } },
})

let folder: string
let taken: net.Server
let port: number

/** Each thing that may be wrong, alone, and what is said of it. */
const FAULTS: readonly (readonly [what: string, change: Change, said: RegExp])[] = [
  ['a name that nobody knows', (s) => ({ ...s, isuers: [] }), /\d+:1: isuers: .*did you mean issuers/],
  [
    'a value of another kind',
    (s) => ({ ...s, expiryWarningSeconds: 'soon' }),
    /expiryWarningSeconds: must be a number/,
  ],
  [
    'a variable that is not set',
    (s) => ({ ...s, maskingKey: '${NO_KEY}' }),
    /maskingKey: refers to the environment variable NO_KEY, which is not set/,
  ],
  ['a secret in a file that is not there', (s) => ({ ...s, maskingKey: 'file:nowhere' }), /maskingKey: .*nowhere/],
  [
    'a policy that is not there',
    (s) => ({ ...s, policyFile: 'nowhere.yaml' }),
    /policyFile: is not a file that can be read/,
  ],
  [
    'a policy that is wrong',
    (s) => ({ ...s, policyFile: 'bad.yaml' }),
    /policyFile: bad\.yaml:2:\d+: .*\n.*policyFile: bad\.yaml:3:\d+: /,
  ],
  [
    'a policy that names a key there is not',
    (s) => ({ ...s, policyFile: 'keyed.yaml' }),
    /policyFile: keyed\.yaml:\d+:\d+: .*k2031/,
  ],
  [
    'a certificate that has ended',
    (s) => ({ ...s, ...withTls('old.crt', 'old.key') }),
    /listeners\.postgres\.tls\.certificateFile: holds a certificate that ended on 20/,
  ],
  [
    'a certificate that has not begun',
    (s) => ({ ...s, ...withTls('early.crt', 'early.key') }),
    /listeners\.postgres\.tls\.certificateFile: holds a certificate that begins on 20/,
  ],
  [
    'a key of another certificate',
    (s) => ({ ...s, ...withTls('good.crt', 'old.key') }),
    /listeners\.postgres\.tls\.keyFile: the private key does not belong to the certificate/,
  ],
  [
    'a certificate that is none',
    (s) => ({ ...s, ...withTls('policy.yaml', 'good.key') }),
    /listeners\.postgres\.tls\.\w+: the certificate and the private key cannot be used/,
  ],
  [
    'a trail below a file',
    (s) => ({ ...s, audit: { directory: 'policy.yaml/audit' } }),
    /audit\.directory: .*make that one/,
  ],
  [
    'a trail in place of a file',
    (s) => ({ ...s, audit: { directory: 'policy.yaml' } }),
    /audit\.directory: .*which is no directory/,
  ],
  [
    'a trail on a volume that was not mounted',
    (s) => ({ ...s, audit: { directory: 'volume/audit' } }),
    /audit\.directory: .*there is no directory .*volume to make it in/,
  ],
  [
    'a port that is in use',
    (s) => ({ ...s, listeners: { postgres: { address: `127.0.0.1:${String(port)}` } } }),
    /listeners\.postgres\.address: cannot be listened on: another process has port \d+/,
  ],
  [
    'an address of another host',
    (s) => ({ ...s, listeners: { postgres: { ...s.listeners.postgres, address: '192.0.2.1:15432' } } }),
    /listeners\.postgres\.address: cannot be listened on: this host has no such address/,
  ],
  [
    'workers without coordination',
    (s) => ({ ...s, workers: 2 }),
    /workers: is 2, and workers share nothing but coordination/,
  ],
]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-check-'))
  mkdirSync(join(folder, 'audit'))
  const put = (name: string, text: string): void => writeFileSync(join(folder, name), text)
  put('policy.yaml', 'rules:\n  - { name: read, allow: { actions: [select], relations: ["*"] } }\n')
  put('bad.yaml', 'rules:\n  - { name: a, alow: { actions: [select] } }\n  - { name: b, deny: { actions: [dropp] } }\n')
  put('keyed.yaml', 'masks:\n  - { name: m, columns: [public.c.ssn], with: { hash: { key: k2031 } } }\n')
  const authority = makeAuthority('Tests')
  const day = 86_400_000
  const shown = (name: string, from: number, to: number): void => {
    const { certificate, key } = authority.issue({
      subject: [['commonName', 'gateway']],
      names: [{ kind: 'ip', value: '127.0.0.1' }],
      purposes: ['serverAuth'],
      validity: { notBefore: new Date(Date.now() + from * day), notAfter: new Date(Date.now() + to * day) },
    })
    put(`${name}.crt`, certificate)
    put(`${name}.key`, key)
  }
  shown('good', -1, 30)
  shown('old', -30, -1)
  shown('early', 1, 30)
  taken = net.createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  ;({ port } = taken.address() as net.AddressInfo)
})
afterAll(() => {
  taken.close()
  rmSync(folder, { recursive: true })
})

async function said(settings: object, listening = true): Promise<string> {
  const file = join(folder, 'gateway.yaml')
  writeFileSync(file, stringify(settings))
  const environment = { PASSWORD: 'hunter2-hunter2', MASKING_KEY: 'a masking key for tests, 32 characters' }
  const loading = await checkGatewayConfig(file, environment, { listening })
  return loading.kind === 'config' ? '' : formatProblems(file, loading.problems)
}

describe('A gateway does not start', () => {
  test('nothing is said where nothing is wrong', async () => {
    expect(await said(GOOD)).toBe('')
  })

  test.each(FAULTS)('with %s, and says what is wrong and where', async (_, change, expected) => {
    const text = await said(change(GOOD))
    expect(text).toMatch(expected)
    expect(text).toMatch(/gateway\.yaml:\d+:\d+: /)
    expect(text).not.toContain('hunter2')
  })

  test('and says all of it at once, each with its line', async () => {
    const text = await said({
      ...GOOD,
      isuers: [],
      expiryWarningSeconds: 'soon',
      maskingKey: '${NO_KEY}',
      policyFile: 'bad.yaml',
      audit: { directory: 'volume/audit' },
      listeners: {
        postgres: { address: `127.0.0.1:${String(port)}`, tls: { certificateFile: 'old.crt', keyFile: 'old.key' } },
        mysql: { address: `127.0.0.1:${String(port)}`, tls: { certificateFile: 'good.crt', keyFile: 'old.key' } },
      },
    })
    const settings = [...text.matchAll(/gateway\.yaml:[1-9]\d*:[1-9]\d*: ([\w.]+): /g)].map(([, setting]) =>
      String(setting),
    )
    expect(new Set(settings)).toEqual(
      new Set([
        'audit.directory',
        'expiryWarningSeconds',
        'isuers',
        'listeners.mysql.address',
        'listeners.mysql.tls.keyFile',
        'listeners.postgres.address',
        'listeners.postgres.tls.certificateFile',
        'maskingKey',
        'policyFile',
      ]),
    )
  })

  test('where it is only checked, what listens already does not matter', async () => {
    const settings = { ...GOOD, listeners: { postgres: { address: `127.0.0.1:${String(port)}` } } }
    expect(await said(settings, false)).toBe('')
  })
})
