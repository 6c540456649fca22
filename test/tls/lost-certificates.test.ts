import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { openScene as openMysqlScene, type Scene as MysqlScene, VERSIONS } from '../mysql/scene.ts'
import { openScene, type Scene } from '../postgres/scene.ts'
import { WireClient } from '../postgres/wire-client.ts'
import type { KeyedCertificate } from '../servers/certificates.ts'
import { type ListenerFiles, listenerFiles } from './tls-files.ts'

const PATIENCE = { timeout: 20_000 }
const { postgres18 } = inject('servers')
const policy = (schema: string): string => `
rules:
  - { name: agents, who: { issuers: ["x509:agents"] }, allow: { actions: [select], relations: ["${schema}.*"] } }
  - { name: tokens, who: { groups: [ai-agents] }, allow: { actions: [select], relations: ["${schema}.*"] } }
`
const LOST = /the right to this session was revoked: its client certificate was revoked/

describe('PostgreSQL: a certificate that is good no more', () => {
  if ('absent' in postgres18) return test.skip(postgres18.absent, () => undefined)
  const { address } = postgres18
  const closers: (() => Promise<void>)[] = []
  afterAll(async () => {
    for (const close of closers) await close()
  })

  async function place(settings: object = {}): Promise<{ scene: Scene; files: ListenerFiles }> {
    const files = listenerFiles()
    const { tls, clientCertificates } = files
    const scene = await openScene(address, {
      policy: policy('public'),
      listener: {
        tls,
        clientCertificates: { ...clientCertificates, ...settings },
        allowClearTextPasswordOnLoopback: false,
      },
    })
    closers.push(async () => {
      await scene.close()
      files.remove()
    })
    return { scene, files }
  }

  function enter(
    { scene, files }: { scene: Scene; files: ListenerFiles },
    user: string,
    shown: KeyedCertificate | null,
    password = 'no token',
  ): Promise<WireClient> {
    const { host, port } = scene.gateway
    const tls = {
      host,
      port,
      tls: 'request',
      ca: files.servers.certificate,
      ...(shown === null ? {} : { shown }),
    } as const
    return WireClient.login(tls, { database: 'shop', user, password })
  }

  async function lastWord(client: WireClient): Promise<string> {
    const last = (await client.untilReady()).at(-1)
    if (last?.kind !== 'ErrorResponse') throw new Error(`not the end of a session: ${String(last?.kind)}`)
    return `${last.fields.get('C') ?? ''} ${last.fields.get('M') ?? ''}`
  }

  test('a list that revokes it ends its sessions, the client is told why, and no other session ends', async () => {
    const at = await place()
    const { clients, put } = at.files
    const [bobs, carols] = [clients.forClient('bob'), clients.forClient('carol')]
    const bob = await enter(at, 'bob', bobs)
    const carol = await enter(at, 'carol', carols)
    // By token: what it shows beside does not let it in.
    const byToken = await enter(at, 'copilot', bobs, await at.scene.gateway.token())
    put('clients.crl', clients.revocationList([bobs.certificate]))
    at.scene.gateway.gateway.reloadCertificates()
    expect(await lastWord(bob)).toMatch(/^57P01 /)
    expect(await carol.rows('select 1')).toEqual([['1']])
    expect(await byToken.rows('select 1')).toEqual([['1']])
    expect(at.scene.gateway.gateway.sessions.size).toBe(2)
    await expect(enter(at, 'bob', bobs)).rejects.toThrow('28P01')
    const ended = () => at.scene.records(({ kind }) => kind === 'session_end')
    await expect.poll(async () => (await ended()).length, PATIENCE).toBe(1)
    const ends = await ended()
    expect(ends[0]).toMatchObject({ principal: { subject: 'bob' }, end: { reason: 'revoked' } })
    await carol.end()
    await byToken.end()
  })

  test('nobody has to ask for it: it is enough to put the list there', async () => {
    const at = await place()
    const { clients, put } = at.files
    const shown = clients.forClient('bob')
    const bob = await enter(at, 'bob', shown)
    await expect(bob.rows('select 1')).resolves.toEqual([['1']])
    put('clients.crl', clients.revocationList([shown.certificate]))
    expect(await lastWord(bob)).toMatch(LOST)
  })

  test('a list that revokes an authority ends the sessions below it', async () => {
    const at = await place()
    const { clients, put } = at.files
    const below = clients.subordinate('Gatehouse subordinate')
    const leaf = below.forClient('bob')
    put('clients.crl', clients.revocationList([]) + below.revocationList([]))
    at.scene.gateway.gateway.reloadCertificates()
    const bob = await enter(at, 'bob', { ...leaf, certificate: leaf.certificate + below.certificate })
    const carol = await enter(at, 'carol', clients.forClient('carol'))
    put('clients.crl', clients.revocationList([below.certificate]) + below.revocationList([]))
    at.scene.gateway.gateway.reloadCertificates()
    expect(await lastWord(bob)).toMatch(/an authority of its client certificate was revoked/)
    expect(await carol.rows('select 1')).toEqual([['1']])
    await carol.end()
  })

  test('an authority that is taken out of the file ends the sessions of its certificates; a renewed one does not', async () => {
    const at = await place({ crlFile: null })
    const { clients, servers, put } = at.files
    const bob = await enter(at, 'bob', clients.forClient('bob'))
    put('clients.crt', servers.certificate + clients.certificate)
    at.scene.gateway.gateway.reloadCertificates()
    expect(await bob.rows('select 1')).toEqual([['1']])
    put('clients.crt', servers.certificate)
    at.scene.gateway.gateway.reloadCertificates()
    expect(await lastWord(bob)).toMatch(/the authority of its client certificate does not count any more/)
  })

  test('a list that is out of date stops logins, and ends no session', async () => {
    const at = await place()
    const { clients, put } = at.files
    const shown = clients.forClient('bob')
    const bob = await enter(at, 'bob', shown)
    const day = 86_400_000
    const over = { notBefore: new Date(Date.now() - 2 * day), notAfter: new Date(Date.now() - day) }
    put('clients.crl', clients.revocationList([], over))
    at.scene.gateway.gateway.reloadCertificates()
    await expect(enter(at, 'bob', shown)).rejects.toThrow('28P01')
    expect(await bob.rows('select 1')).toEqual([['1']])
    await bob.end()
  })

  test('where a certificate is required, it ends sessions by token too', async () => {
    const at = await place({ required: true })
    const { clients, put } = at.files
    const shown = clients.forClient('bob')
    const copilot = await enter(at, 'copilot', shown, await at.scene.gateway.token())
    put('clients.crl', clients.revocationList([shown.certificate]))
    at.scene.gateway.gateway.reloadCertificates()
    expect(await lastWord(copilot)).toMatch(LOST)
  })

  test('a list that a new configuration names ends sessions that began before it', async () => {
    const at = await place({ crlFile: null })
    const { clients, clientCertificates, tls, put } = at.files
    const [bobs, carols] = [clients.forClient('bob'), clients.forClient('carol')]
    const bob = await enter(at, 'bob', bobs)
    const carol = await enter(at, 'carol', carols)
    const crlFile = put('other.crl', clients.revocationList([bobs.certificate]))
    const reloaded = await at.scene.gateway.reload({ tls, clientCertificates: { ...clientCertificates, crlFile } })
    expect(reloaded.kind).toBe('taken over')
    expect(await lastWord(bob)).toMatch(LOST)
    expect(await carol.rows('select 1')).toEqual([['1']])
    await carol.end()
  })

  test('the record of a refused login names the certificate that was shown, and why it does not count', async () => {
    const at = await place()
    const { clients, put } = at.files
    const bobs = clients.forClient('bob')
    put('clients.crl', clients.revocationList([bobs.certificate]))
    at.scene.gateway.gateway.reloadCertificates()
    await expect(enter(at, 'bob', bobs)).rejects.toThrow('28P01')
    // It counts, and is another's.
    const carols = clients.forClient('carol')
    await expect(enter(at, 'bob', carols)).rejects.toThrow('28P01')
    await expect(enter(at, 'bob', null)).rejects.toThrow('28P01')
    const recorded = () => at.scene.records(({ kind }) => kind === 'login_refused')
    await expect.poll(async () => (await recorded()).length, PATIENCE).toBe(3)
    const refused = await recorded()
    const serial: unknown = expect.stringMatching(/^[0-9A-F]{32}$/)
    const fingerprint256: unknown = expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
    const fault: unknown = expect.stringContaining('CERT_REVOKED')
    const address: unknown = expect.any(String)
    expect(refused.map(({ client }) => client)).toEqual([
      { address, user: 'bob', certificate: { subject: 'CN=bob', serial, fingerprint256, fault } },
      { address, user: 'bob', certificate: { subject: 'CN=carol', serial, fingerprint256, fault: null } },
      { address, user: 'bob' },
    ])
  })
})

describe.each(VERSIONS)('$version: a certificate that is good no more', ({ shared }) => {
  if ('absent' in shared) return test.skip(shared.absent, () => undefined)
  const files = listenerFiles()
  let scene: MysqlScene
  beforeAll(async () => {
    const { tls, clientCertificates } = files
    scene = await openMysqlScene(shared.address, (schema) => ({
      policy: policy(schema),
      listener: { tls, clientCertificates, allowClearTextPasswordOnLoopback: false },
    }))
  })
  afterAll(async () => {
    await scene.close()
    files.remove()
  })

  test('a list that revokes it ends its sessions, also one that began by a change of user; a session that has changed to a token goes on', async () => {
    const { clients, put } = files
    const { host, port } = scene.gateway
    const [bobs, carols] = [clients.forClient('bob'), clients.forClient('carol')]
    const as = (user: string, { certificate, key }: KeyedCertificate) =>
      createConnection({
        host,
        port,
        user,
        database: 'shop',
        ssl: { ca: files.servers.certificate, cert: certificate, key },
      })
    const bob = await as('bob', bobs)
    const changed = await as('bob', bobs)
    await changed.changeUser({ user: 'bob', database: 'shop' })
    const toToken = await as('bob', bobs)
    await toToken.changeUser({ user: 'copilot', password: await scene.gateway.token(), database: 'shop' })
    const carol = await as('carol', carols)
    for (const gone of [bob, changed]) gone.on('error', () => undefined)
    put('clients.crl', clients.revocationList([bobs.certificate]))
    scene.gateway.gateway.reloadCertificates()
    await expect.poll(() => scene.gateway.gateway.sessions.size, PATIENCE).toBe(2)
    for (const gone of [bob, changed]) await expect(gone.query('select 1')).rejects.toThrow()
    for (const stays of [toToken, carol]) expect((await stays.query('select 1 as n'))[0]).toEqual([{ n: 1 }])
    // It cannot go back to what was revoked: the handshake was before it.
    Reflect.set(toToken.config, 'password', '')
    await expect(toToken.changeUser({ user: 'bob', database: 'shop' })).rejects.toMatchObject({ errno: 1045 })
    await carol.end()
    const ends = await scene.records(({ kind }) => kind === 'session_end')
    const revoked = { principal: { subject: 'bob' }, end: { reason: 'revoked' } }
    expect(ends.filter(({ end }) => JSON.stringify(end).includes('revoked'))).toMatchObject([revoked, revoked])
    const recorded = () => scene.records(({ kind }) => kind === 'login_refused')
    await expect.poll(async () => (await recorded()).length, PATIENCE).toBe(1)
    const [refused] = await recorded()
    const fault: unknown = expect.stringContaining('was revoked')
    expect(refused).toMatchObject({ client: { user: 'bob', certificate: { subject: 'CN=bob', fault } } })
  })
})
