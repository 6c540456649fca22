import { execFile } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, expect, test, vi } from 'vitest'
import { openScene, present, type Scene, SHARED } from '../postgres/scene.ts'
import { errorOf, WireClient } from '../postgres/wire-client.ts'
import { makeAuthority } from '../servers/certificates.ts'
import { listenerCertificate, type ListenerFiles, listenerFiles } from './tls-files.ts'

const PATIENCE = 20_000

interface Place {
  readonly scene: Scene
  readonly files: ListenerFiles
  readonly lines: string[]
  readonly enter: () => Promise<WireClient>
}

const open: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const close of open) await close()
})

async function place(
  context: Parameters<typeof present>[1],
  settings: Readonly<Record<string, unknown>> = {},
): Promise<Place> {
  const server = present(SHARED, context)
  const files = listenerFiles()
  const lines: string[] = []
  const scene = await openScene(server, {
    listener: { tls: { ...files.tls, ...settings } },
    logged: (line) => lines.push(line),
  })
  open.push(async () => {
    await scene.close()
    files.remove()
  })
  const { host, port } = scene.gateway
  const enter = async (): Promise<WireClient> =>
    WireClient.login(
      { host, port, tls: 'request', ca: files.servers.certificate },
      { database: 'shop', password: await scene.gateway.token() },
    )
  return { scene, files, lines, enter }
}

/** A handshake alone, after SSLRequest. Rejects with the TLS library's error. */
async function handshake(at: Place, options: tls.ConnectionOptions = {}): Promise<tls.TLSSocket> {
  const { host, port } = at.scene.gateway
  const clear = net.connect({ host, port })
  clear.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]))
  await once(clear, 'data')
  const secure = tls.connect({ socket: clear, host, ca: at.files.servers.certificate, ...options })
  await once(secure, 'secureConnect')
  return secure
}

async function shown(at: Place): Promise<string | undefined> {
  const socket = await handshake(at)
  const { fingerprint256 } = socket.getPeerX509Certificate() ?? {}
  socket.destroy()
  return fingerprint256
}

test('a new certificate is shown from the moment that its files are there; sessions go on', async (context) => {
  const at = await place(context)
  const client = await at.enter()
  expect(await client.rows('select 1')).toEqual([['1']])
  const before = await shown(at)
  const { certificate, key } = listenerCertificate(at.files.servers)
  // Between the two the files do not fit each other: what was in use stays.
  at.files.put('listener.key', key)
  await vi.waitFor(() => expect(at.lines.join('\n')).toContain('does not belong to the certificate'), PATIENCE)
  expect(await shown(at)).toBe(before)
  expect(await client.rows('select 2')).toEqual([['2']])
  at.files.put('listener.crt', certificate)
  await vi.waitFor(async () => expect(await shown(at)).not.toBe(before), PATIENCE)
  const said = at.lines.find((line) => line.includes('certificates read again'))
  expect(JSON.parse(said ?? '{}')).toMatchObject({
    setting: 'listeners.postgres.tls',
    subject: 'CN=localhost',
    ends: expect.stringMatching(/^20\d\d-/),
    fingerprint256: await shown(at),
  })
  expect(await client.rows('select 3')).toEqual([['3']])
  const second = await at.enter()
  expect(await second.rows('select 4')).toEqual([['4']])
  await Promise.all([client.end(), second.end()])
})

test('what cannot be used is passed over, and said once: no certificate, one that has ended, one of another key', async (context) => {
  const at = await place(context)
  const before = await shown(at)
  const { certificate, key } = listenerCertificate(at.files.servers)
  const ended = listenerCertificate(at.files.servers, new Date(Date.now() - 1000))
  const attempts: readonly [Readonly<Record<string, string>>, RegExp][] = [
    [{ 'listener.crt': 'no certificate' }, /cannot be used \(/],
    [{ 'listener.crt': certificate }, /does not belong to the certificate/],
    [{ 'listener.crt': ended.certificate, 'listener.key': ended.key }, /the certificate ended on/],
    [{ 'listener.key': '' }, /cannot be used/],
  ]
  for (const [texts, why] of attempts) {
    const seen = at.lines.length
    for (const [name, text] of Object.entries(texts)) at.files.put(name, text)
    at.scene.gateway.gateway.reloadCertificates()
    at.scene.gateway.gateway.reloadCertificates()
    const said = at.lines.slice(seen).filter((line) => line.includes('the last good ones stay in use'))
    expect(said).toHaveLength(1)
    expect(said[0]).toMatch(why)
    expect(said[0]).not.toContain('PRIVATE KEY')
    expect(await shown(at)).toBe(before)
  }
  at.files.put('listener.crt', certificate)
  at.files.put('listener.key', key)
  at.scene.gateway.gateway.reloadCertificates()
  expect(await shown(at)).not.toBe(before)
})

test('a certificate that ends soon is warned of at the start, and after a reload', async (context) => {
  const at = await place(context)
  const days = (count: number): Date => new Date(Date.now() + count * 86_400_000 - 60_000)
  for (const [left, words] of [
    [20, 'within 30 days'],
    [5, 'within 7 days'],
    [1, 'within a day'],
  ] as const) {
    const { certificate, key } = listenerCertificate(at.files.servers, days(left))
    at.files.put('listener.crt', certificate)
    at.files.put('listener.key', key)
    at.scene.gateway.gateway.reloadCertificates()
    expect(at.lines.filter((line) => line.includes(words))).toHaveLength(1)
  }
})

test('with minVersion TLSv1.3 nothing older is spoken; by default TLS 1.2 is the oldest', async (context) => {
  const newest = await place(context, { minVersion: 'TLSv1.3' })
  await expect(handshake(newest, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/)
  expect((await handshake(newest)).getProtocol()).toBe('TLSv1.3')
  const usual = await place(context)
  expect((await handshake(usual, { maxVersion: 'TLSv1.2' })).getProtocol()).toBe('TLSv1.2')
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
  await expect(handshake(usual, old)).rejects.toThrow(/protocol version/)
})

test('no client renegotiates, and no TLS session is resumed', async (context) => {
  const at = await place(context)
  const { port } = at.scene.gateway
  const caFile = at.files.put('servers.crt', at.files.servers.certificate)
  const asked = promisify(execFile)('openssl', [
    's_client',
    '-tls1_2',
    '-connect',
    `localhost:${String(port)}`,
    '-starttls',
    'postgres',
    '-CAfile',
    caFile,
  ])
  asked.child.stdin?.write('R\n')
  const said: unknown = await asked.catch((error: unknown) => error)
  const { stdout = '', stderr = '' } = said as { stdout?: string; stderr?: string }
  expect(stdout).toContain('Verify return code: 0 (ok)')
  expect(stdout + stderr).toMatch(/RENEGOTIATING[\s\S]*no renegotiation/)

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    let session: Buffer | undefined
    const first = await handshake(at, { maxVersion: version, minVersion: version })
    first.on('session', (ticket) => (session = ticket))
    // TLS 1.3: what it is sent comes behind the handshake, at the latest with an answer.
    first.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]))
    await once(first, 'data')
    session ??= first.getSession()
    first.destroy()
    const again = await handshake(at, {
      maxVersion: version,
      minVersion: version,
      ...(session === undefined ? {} : { session }),
    })
    expect(again.isSessionReused(), version).toBe(false)
    again.destroy()
  }
})

test('who is trusted may change as well: from one reload to the next another authority', async (context) => {
  const server = present(SHARED, context)
  const files = listenerFiles()
  const scene = await openScene(server, {
    listener: {
      tls: files.tls,
      clientCertificates: { ...files.clientCertificates, crlFile: null },
    },
  })
  open.push(async () => {
    await scene.close()
    files.remove()
  })
  const { host, port } = scene.gateway
  const others = makeAuthority('Another client authority')
  const enter = (shownCertificate: { certificate: string; key: string }): Promise<WireClient> =>
    WireClient.login(
      { host, port, tls: 'request', ca: files.servers.certificate, shown: shownCertificate },
      { database: 'shop', user: 'alice', password: 'none' },
    )
  const [ours, theirs] = [files.clients.forClient('alice'), others.forClient('alice')]
  const live = await enter(ours)
  await expect(enter(theirs)).rejects.toThrow('28P01')
  files.put('clients.crt', others.certificate)
  scene.gateway.gateway.reloadCertificates()
  await (await enter(theirs)).end()
  await expect(enter(ours)).rejects.toThrow('28P01')
  // The authority is gone, and with it what it let in.
  expect(errorOf(await live.untilReady())?.fields.get('C')).toBe('57P01')
})
