import { createSelfSigned } from '@gatehouse/identity/testing/certificates'
import { MemoryHub, openMemoryCoordination, type Revoked } from '@gatehouse/coordination'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type { TestGateway } from '../harness/start-gateway.ts'
import { openScene, present, type Scene, SHARED } from '../postgres/scene.ts'
import { ServerRefused, WireClient, type LoginRequest } from '../postgres/wire-client.ts'
import { type CertificateShape, type KeyedCertificate, makeAuthority } from '../servers/certificates.ts'
import { type ListenerFiles, listenerFiles } from './tls-files.ts'

const POLICY = `
rules:
  - { name: agents, who: { issuers: ["x509:agents"] }, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - { name: tokens, who: { groups: [ai-agents] }, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
`
const YEAR = 365 * 86_400_000
const past = (milliseconds: number): Date => new Date(Date.now() - milliseconds)
const named = (commonName: string, more: Partial<CertificateShape> = {}): CertificateShape => ({
  subject: [['commonName', commonName]],
  ...more,
})

interface Place {
  readonly scene: Scene
  readonly files: ListenerFiles
  /** Lines of the gateway's log. */
  readonly lines: string[]
  readonly revoke: (what: Revoked) => Promise<unknown>
}

const open: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const close of open) await close()
})

async function place(skip: Parameters<typeof present>[1], settings: Record<string, unknown> = {}): Promise<Place> {
  const server = present(SHARED, skip)
  const files = listenerFiles()
  const lines: string[] = []
  const hub = new MemoryHub()
  const { tls, clientCertificates } = files
  const scene = await openScene(server, {
    policy: POLICY,
    listener: {
      tls,
      clientCertificates: { ...clientCertificates, ...settings },
      allowClearTextPasswordOnLoopback: false,
    },
    logged: (line) => lines.push(line),
    coordination: () => openMemoryCoordination(hub),
  })
  const others = await openMemoryCoordination(hub)
  open.push(async () => {
    await scene.close()
    await others.close()
    files.remove()
  })
  const by = { issuer: 'https://login.example.com', subject: 'sam', actor: null }
  return {
    scene,
    files,
    lines,
    revoke: (what) => others.revocations.revoke({ what, reason: 'a test', by, until: null }),
  }
}

function enter(
  { scene, files }: Place,
  shown: KeyedCertificate | null,
  request: Partial<LoginRequest> = {},
): Promise<WireClient> {
  const { host, port }: TestGateway = scene.gateway
  return WireClient.login(
    { host, port, tls: 'request', ca: files.servers.certificate, ...(shown === null ? {} : { shown }) },
    { database: 'shop', user: 'alice', password: 'no token', ...request },
  )
}

/** The certificate does not count: the client is asked for a token like everybody, and has none. */
async function notCounted(at: Place, shown: KeyedCertificate, user: string, why: string | RegExp): Promise<void> {
  const before = at.lines.length
  const error: unknown = await enter(at, shown, { user }).catch((cause: unknown) => cause)
  if (!(error instanceof ServerRefused)) throw new Error(`it was let in, or worse: ${String(error)}`, { cause: error })
  expect(error.report.fields.get('C')).toBe('28P01')
  const said = at.lines.slice(before).join('\n')
  expect(said).toMatch(why)
  // The client does not learn what was wrong with it.
  expect([...error.report.fields.values()].join(' ')).not.toMatch(/certificate/i)
}

test('a certificate logs in without a password; the session is its subject’s, ends with it, and the trail has all that', async (context) => {
  const at = await place(context)
  const notAfter = new Date(Math.trunc(Date.now() / 1000) * 1000 + YEAR)
  const shown = at.files.clients.issue(named('alice', { validity: { notAfter } }))
  const client = await enter(at, shown)
  expect(client.greeting.map(({ kind }) => kind)).not.toContain('AuthenticationCleartextPassword')
  expect(await client.rows('select 1')).toEqual([['1']])
  const [session] = at.scene.gateway.gateway.sessions.all()
  expect(session?.principal).toMatchObject({
    subject: 'alice',
    actor: null,
    groups: [],
    issuer: 'x509:agents',
    expiresAt: notAfter.getTime(),
    claims: { cn: 'alice', issued_by: 'CN=Gatehouse client authority' },
  })
  await client.end()
  const [start] = await at.scene.records(({ kind }) => kind === 'session_start')
  expect(start).toMatchObject({ principal: { subject: 'alice', issuer: 'x509:agents' }, login: 'certificate' })
})

describe('what does not count', () => {
  let shared: Promise<Place> | null = null
  const at = (context: Parameters<typeof present>[1]): Promise<Place> => (shared ??= place(context))

  type Attack = (files: ListenerFiles) => { shown: KeyedCertificate; user?: string }
  const attacks: readonly [string, Attack, string | RegExp][] = [
    [
      'one that has ended',
      ({ clients }) => ({
        shown: clients.issue(named('alice', { validity: { notBefore: past(2 * YEAR), notAfter: past(1000) } })),
      }),
      /CERT_HAS_EXPIRED/,
    ],
    [
      'one whose time has not come',
      ({ clients }) => ({
        shown: clients.issue(named('alice', { validity: { notBefore: new Date(Date.now() + 86_400_000) } })),
      }),
      /CERT_NOT_YET_VALID/,
    ],
    [
      'one of another authority, of the same name',
      () => ({ shown: makeAuthority('Gatehouse client authority').issue(named('alice')) }),
      /UNABLE_TO_|SIGNATURE/,
    ],
    ['one of the authority of servers', ({ servers }) => ({ shown: servers.issue(named('alice')) }), /UNABLE_TO_/],
    ['a self-signed one', () => ({ shown: createSelfSigned(), user: 'localhost' }), /SELF_SIGNED|UNABLE_TO_/],
    [
      'one that is for servers',
      ({ clients }) => ({ shown: clients.issue(named('alice', { purposes: ['serverAuth'] })) }),
      /INVALID_PURPOSE|clientAuth/,
    ],
    [
      'one that says nothing of its purpose',
      ({ clients }) => ({ shown: clients.issue(named('alice', { purposes: [] })) }),
      /lacks clientAuth/,
    ],
    [
      'one that may sign others',
      ({ clients }) => ({ shown: clients.issue(named('alice', { authority: true })) }),
      /one of an authority|INVALID_PURPOSE/,
    ],
    [
      'the authority itself',
      ({ clients }) => ({ shown: clients, user: 'Gatehouse client authority' }),
      /one of an authority|INVALID_PURPOSE/,
    ],
    [
      'one with two common names',
      ({ clients }) => ({
        shown: clients.issue({
          subject: [
            ['commonName', 'mallory'],
            ['commonName', 'alice'],
          ],
        }),
      }),
      /more than one common name/,
    ],
    [
      'one without a common name',
      ({ clients }) => ({ shown: clients.issue({ subject: [['organization', 'Acme']] }), user: '' }),
      /no common name/,
    ],
    [
      'one with a NUL in its name',
      ({ clients }) => ({ shown: clients.issue(named('alice\0.mallory')) }),
      /unprintable/,
    ],
    [
      'one with a line break in its name',
      ({ clients }) => ({ shown: clients.issue(named('mallory\nCN=alice')) }),
      /unprintable/,
    ],
    ['one with an empty name', ({ clients }) => ({ shown: clients.issue(named(' ')), user: ' ' }), /is empty/],
  ]
  for (const [what, attack, why] of attacks) {
    test(what, async (context) => {
      const place = await at(context)
      const { shown, user = 'alice' } = attack(place.files)
      await notCounted(place, shown, user, why)
    })
  }

  test('one under an authority that may sign others only of other names, and one whose authority has no list', async (context) => {
    const place = await at(context)
    const { files, scene } = place
    const below = files.clients.subordinate('For shop.example alone', [{ kind: 'email', value: 'shop.example' }])
    const withChain = (value: string): KeyedCertificate => {
      const leaf = below.issue(named('alice', { names: [{ kind: 'email', value }] }))
      return { ...leaf, certificate: leaf.certificate + below.certificate }
    }
    await notCounted(place, withChain('alice@shop.example'), 'alice', /UNABLE_TO_GET_CRL/)
    files.put('clients.crl', files.clients.revocationList([]) + below.revocationList([]))
    scene.gateway.gateway.reloadCertificates()
    await notCounted(place, withChain('alice@bank.example'), 'alice', /permitted subtree violation/)
    await (await enter(place, withChain('alice@shop.example'))).end()
  })

  test('one that was revoked, from the moment that the list says so; and no certificate once the list is out of date', async (context) => {
    const place = await at(context)
    const { clients, put } = place.files
    const shown = clients.issue(named('bob'))
    const other = clients.issue(named('carol'))
    await (await enter(place, shown, { user: 'bob' })).end()
    put('clients.crl', clients.revocationList([shown.certificate]))
    place.scene.gateway.gateway.reloadCertificates()
    await notCounted(place, shown, 'bob', /CERT_REVOKED/)
    await (await enter(place, other, { user: 'carol' })).end()
    put('clients.crl', clients.revocationList([], { notBefore: past(2 * YEAR), notAfter: past(YEAR) }))
    place.scene.gateway.gateway.reloadCertificates()
    await notCounted(place, other, 'carol', /CRL_HAS_EXPIRED/)
  })
})

test('a certificate logs in its own name alone, or the word for all; others are asked for a token, and may have one', async (context) => {
  const at = await place(context, { userName: 'certificate' })
  const shown = at.files.clients.issue(named('alice'))
  for (const user of ['bob', 'Alice', 'alice ', '', 'alice@shop'])
    await expect(enter(at, shown, { user }), user).rejects.toThrow('28P01')
  for (const [user, database] of [
    ['alice', 'shop'],
    ['certificate', 'shop'],
    ['alice+shop', 'anything'],
  ] as const) {
    const client = await enter(at, shown, { user, database })
    expect(await client.rows('select 1'), user).toEqual([['1']])
    await client.end()
  }
  // With a certificate or without: a token is a token.
  for (const certificate of [shown, null]) {
    const client = await enter(at, certificate, { user: 'copilot', password: await at.scene.gateway.token() })
    expect(await client.rows('select 1')).toEqual([['1']])
    await client.end()
  }
  const starts = await at.scene.records(({ kind }) => kind === 'session_start')
  expect(starts.map(({ login }) => login)).toEqual(['certificate', 'certificate', 'certificate', 'token', 'token'])
})

test('where a certificate is required, no token does without one', async (context) => {
  const at = await place(context, { required: true })
  const password = await at.scene.gateway.token()
  await expect(enter(at, null, { user: 'copilot', password })).rejects.toThrow('28000')
  const strange = makeAuthority().issue(named('copilot'))
  await expect(enter(at, strange, { user: 'copilot', password })).rejects.toThrow('28000')
  const good = at.files.clients.issue(named('alice'))
  await (await enter(at, good, { user: 'copilot', password })).end()
  await (await enter(at, good)).end()
})

test('who is behind an agent: subject by email, agent by SPIFFE ID, groups by organizational unit', async (context) => {
  const at = await place(context, {
    subject: 'email',
    actor: 'spiffe-id',
    trustDomain: 'shop.example',
    groups: 'organizational-units',
    maxLifetimeSeconds: 86_400 * 30,
  })
  const { clients } = at.files
  const email = { kind: 'email', value: 'alice@shop.example' } as const
  const agent = (value: string) => ({ kind: 'uri', value }) as const
  const copilot = agent('spiffe://shop.example/agent/copilot')
  const validity = { notAfter: new Date(Date.now() + 86_400_000) }
  const shape = (...names: NonNullable<CertificateShape['names']>): CertificateShape => ({
    subject: [
      ['organizationalUnit', 'ai-agents'],
      ['organizationalUnit', 'shop, O=Acme'],
      ['commonName', 'alice'],
    ],
    names,
    validity,
  })
  const user = 'alice@shop.example'
  await (await enter(at, clients.issue(shape(email, copilot)), { user })).end()
  const [start] = await at.scene.records(({ kind }) => kind === 'session_start')
  expect(start?.principal).toEqual({
    subject: 'alice@shop.example',
    actor: 'spiffe://shop.example/agent/copilot',
    groups: ['ai-agents', 'shop, O=Acme'],
    issuer: 'x509:agents',
  })
  const notThese: readonly [CertificateShape, RegExp][] = [
    [shape(email), /no URI/],
    [shape(copilot), /no email/],
    [shape(email, email, copilot), /more than one email/],
    [shape(email, copilot, agent('https://shop.example/')), /more than one URI/],
    [shape(email, agent('spiffe://bank.example/agent/copilot')), /another trust domain/],
    [shape(email, agent('spiffe://shop.example')), /no SPIFFE ID/],
    [shape(email, agent('spiffe://shop.example/agent/../admin')), /no SPIFFE ID/],
    [shape(email, agent('spiffe://shop.example@bank.example/agent')), /no SPIFFE ID/],
    [shape(email, agent('spiffe://shop.example/a, URI:spiffe://shop.example/b')), /no SPIFFE ID/],
    [shape({ kind: 'email', value: 'mallory@x, email:alice@shop.example' }, copilot), /./],
    [{ ...shape(email, copilot), validity: {} }, /issued for more than/],
  ]
  for (const [refusedShape, why] of notThese) await notCounted(at, clients.issue(refusedShape), user, why)
})

test('what is revoked by people ends sessions that began by certificate', async (context) => {
  const at = await place(context)
  const shown = at.files.clients.issue(named('alice'))
  const client = await enter(at, shown)
  await at.revoke({ kind: 'principal', issuer: 'x509:agents', subject: 'alice' })
  await vi.waitFor(() => expect(at.scene.gateway.gateway.sessions.size).toBe(0), 20_000)
  expect(client.closed || (await client.untilReady()).length > 0).toBe(true)
  await expect(enter(at, shown)).rejects.toThrow('42501')
  const bob = await enter(at, at.files.clients.issue(named('bob')), { user: 'bob' })
  await at.revoke({ kind: 'issuer', issuer: 'x509:agents' })
  await vi.waitFor(() => expect(at.scene.gateway.gateway.sessions.size).toBe(0), 20_000)
  bob.destroy()
  await expect(enter(at, at.files.clients.issue(named('carol')), { user: 'carol' })).rejects.toThrow('42501')
})

test('a session that began by certificate ends when the certificate does', async (context) => {
  const at = await place(context)
  const notAfter = new Date(Math.ceil(Date.now() / 1000) * 1000 + 2000)
  const client = await enter(at, at.files.clients.issue(named('alice', { validity: { notAfter } })))
  const last = (await client.untilReady()).at(-1)
  expect(last?.kind).toBe('ErrorResponse')
  if (last?.kind === 'ErrorResponse') expect(last.fields.get('C')).toBe('57P01')
  expect(Date.now()).toBeGreaterThanOrEqual(notAfter.getTime())
})
