import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeBackendMessage, MessageWriter } from '@gatehouse/postgres-wire'
import { afterAll, describe, expect, test, type TestContext } from 'vitest'
import { startTestGateway, type TestGateway, type TestTarget } from '../harness/start-gateway.ts'
import { makeAuthority } from '../servers/certificates.ts'
import { LOGINS, type PostgresAddress, type PostgresTls } from '../servers/postgres.ts'
import { ALLOW_ALL, eventually, present, recordsOf, scenePromises, SHARED, targetOf, VERSIONS } from './scene.ts'
import { ServerRefused, WireClient } from './wire-client.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-upstream-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(VERSIONS)('the gateway logs in at $version', ({ shared }) => {
  const place = (context: TestContext): { server: PostgresAddress; tls: PostgresTls } => {
    const server = present(shared, context)
    if (server.tls === null) context.skip('the server was started by somebody else, and has no certificates known here')
    else return { server, tls: server.tls }
    throw new Error('skipped')
  }

  test('by every way to authenticate, where the server takes it', async (context) => {
    const { server, tls } = place(context)
    const { scram, md5, clear, trust, cert } = LOGINS
    const clearText = undefined
    const verified = { mode: 'verify-full', caFile: tls.caFile }
    const mutual = { ...verified, clientCertificateFile: tls.client.certFile, clientKeyFile: tls.client.keyFile }
    type Way = { login: { user: string; password: string }; tls: Record<string, unknown> | undefined }
    const logins: Record<string, Way> = {
      scram: { login: scram, tls: clearText },
      'scram-plus': { login: scram, tls: verified },
      md5: { login: md5, tls: clearText },
      'md5-tls': { login: md5, tls: verified },
      'clear-tls': { login: clear, tls: verified },
      trust: { login: { ...trust, password: 'not asked for' }, tls: clearText },
      cert: { login: { ...cert, password: 'not asked for' }, tls: mutual },
    }
    const { host, port } = server
    await inGateway(
      Object.fromEntries(
        Object.entries(logins).map(([name, { login, tls }]) => [
          name,
          { host, port, database: 'postgres', ...login, ...(tls === undefined ? {} : { tls: { ...tls } }) },
        ]),
      ),
      async (gateway) => {
        for (const [name, { login, tls }] of Object.entries(logins)) {
          const client = await enter(gateway, name)
          expect(await client.rows('select current_user'), name).toEqual([[login.user]])
          const encrypted = await client.rows('select ssl from pg_stat_ssl where pid = pg_backend_pid()')
          expect(encrypted, name).toEqual([[tls === undefined ? 'f' : 't']])
          await client.end()
        }
      },
    )
  })

  test('with SCRAM bound to the channel where TLS allows it', async (context) => {
    const { server, tls } = place(context)
    const relay = await startTlsTerminatingRelay(server)
    try {
      // Somebody in the middle with a certificate of the same authority: the login is all that can notice.
      const { host, port } = { host: '127.0.0.1', port: relay.port }
      const { user, password } = LOGINS.scram
      const caFile = relay.caFile
      await inGateway(
        { shop: { host, port, database: 'postgres', user, password, tls: { mode: 'verify-full', caFile } } },
        async (gateway) => {
          const said = await refusal(gateway, 'shop')
          expect(said.get('C')).toBe('08006')
          expect([...said.values()].join('\n')).not.toContain(password)
        },
      )
      expect(tls.ca).not.toBe('')
    } finally {
      await relay.close()
    }
  })

  test('and refuses a server that cannot prove its name', async (context) => {
    const { server, tls } = place(context)
    const unknown = join(folder, 'unknown-ca.crt')
    writeFileSync(unknown, makeAuthority('Nobody knows me').certificate)
    const { user, password } = LOGINS.scram
    const target = (tls: Record<string, unknown>): TestTarget => ({
      host: server.host,
      port: server.port,
      database: 'postgres',
      user,
      password,
      tls,
    })
    await inGateway(
      {
        right: target({ mode: 'verify-full', caFile: tls.caFile }),
        'right-name': target({ mode: 'verify-full', caFile: tls.caFile, serverName: 'localhost' }),
        'wrong-name': target({ mode: 'verify-full', caFile: tls.caFile, serverName: 'db.example.com' }),
        'unknown-authority': target({ mode: 'verify-full', caFile: unknown }),
        'system-authorities': target({ mode: 'verify-full' }),
        'name-not-looked-at': target({ mode: 'verify-ca', caFile: tls.caFile, serverName: 'db.example.com' }),
      },
      async (gateway) => {
        for (const name of ['right', 'right-name', 'name-not-looked-at']) await (await enter(gateway, name)).end()
        for (const name of ['wrong-name', 'unknown-authority', 'system-authorities']) {
          const said = await refusal(gateway, name)
          expect(said.get('S'), name).toBe('FATAL')
          expect(said.get('C'), name).toBe('08006')
          expect(said.get('M'), name).toContain(name)
          for (const value of said.values()) {
            expect(value).not.toContain(password)
            expect(value).not.toContain(user)
          }
        }
        const records = await eventually('every refused login is recorded', async () => {
          const found = await recordsOf(gateway.trailDirectory, ({ kind }) => kind === 'login_refused')
          return found.length >= 3 ? found : []
        })
        expect(records).toHaveLength(3)
        expect(JSON.stringify(records)).not.toContain(password)
      },
    )
  })

  test('and passes on nothing but the SQLSTATE when the server refuses its credential', async (context) => {
    const { server } = place(context)
    const target = {
      host: server.host,
      port: server.port,
      database: 'postgres',
      user: LOGINS.scram.user,
      password: 'stale secret',
    }
    await inGateway({ shop: target }, async (gateway) => {
      const said = await refusal(gateway, 'shop')
      expect(said.get('C')).toBe('08006')
      expect(said.get('M')).toContain('28P01')
      expect([...said.values()].join('\n')).not.toMatch(/stale secret|scram_login/)
    })
  })
})

describe('an upstream', () => {
  test('that is down, hangs, breaks off or talks nonsense is 08006 within the timeout', async (context) => {
    const server = present(SHARED, context)
    const closed = await freePort()
    const ready = new MessageWriter()
    encodeBackendMessage({ kind: 'AuthenticationOk' }, ready)
    encodeBackendMessage({ kind: 'ReadyForQuery', status: 'I' }, ready)
    const welcome = ready.take()
    const fakes = {
      silent: await startFake(() => undefined),
      'breaks-off': await startFake((socket) => socket.destroy()),
      nonsense: await startFake((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
      'large-promise': await startFake((socket) => socket.write(Buffer.from('527fffffff', 'hex'))),
      'silent-after-login': await startFake((socket) => socket.write(welcome)),
      drips: await startFake((socket) => {
        const timer = setInterval(() => socket.write('R'), 100)
        socket.once('close', () => clearInterval(timer))
      }),
    }
    const base = { ...targetOf(server, 'postgres'), connectTimeoutSeconds: 1 }
    try {
      await inGateway(
        {
          down: { ...base, port: closed },
          ...Object.fromEntries(Object.entries(fakes).map(([name, { port }]) => [name, { ...base, port }])),
          'silent-tls': { ...base, port: fakes.silent.port, tls: { mode: 'require-unverified' } },
        },
        async (gateway) => {
          await Promise.all(
            ['down', ...Object.keys(fakes), 'silent-tls'].map(async (name) => {
              const begun = performance.now()
              const said = await Promise.race([refusal(gateway, name), sleep(6000, null)])
              expect(said, `${name} was answered`).not.toBeNull()
              expect(said?.get('C'), name).toBe('08006')
              expect(said?.get('M'), name).toContain(name)
              expect(performance.now() - begun, name).toBeLessThan(4000)
            }),
          )
          expect(gateway.gateway.sessions.size).toBe(0)
        },
      )
    } finally {
      for (const fake of Object.values(fakes)) await fake.close()
    }
  })

  const promise = scenePromises(SHARED)

  promise('that comes back is used again without a restart', async ({ server }) => {
    const port = await freePort()
    await inGateway({ shop: { ...targetOf(server, 'postgres'), port } }, async (gateway) => {
      expect((await refusal(gateway, 'shop')).get('C')).toBe('08006')
      const relay = await startRelay(server, port)
      const client = await enter(gateway, 'shop')
      expect(await client.rows('select 1')).toEqual([['1']])
      relay.cut()
      const messages = await client.untilReady()
      expect(
        messages.map((message) => (message.kind === 'ErrorResponse' ? message.fields.get('C') : message.kind)),
      ).toEqual(['08006'])
      expect(client.closed).toBe(true)
      const again = await enter(gateway, 'shop')
      expect(await again.rows('select 2')).toEqual([['2']])
      await again.end()
      await relay.close()
    })
  })

  promise(
    'sees who it is in application_name, whatever the client calls itself',
    async ({ gateway, admin, database, records }) => {
      const seen = async (): Promise<string[]> =>
        (
          await admin<{ application_name: string }>(
            `select application_name from pg_stat_activity where datname = '${database}' and application_name like 'gatehouse:%@%'`,
          )
        ).map(({ application_name }) => application_name)
      for (const [sub, shown] of [
        ['dana@example.com', 'dana@example.com'],
        [`${'x'.repeat(80)}@example.com`, 'x'.repeat(36)],
      ] as const) {
        const { host, port } = gateway
        const client = await WireClient.login(
          { host, port },
          { database: 'shop', password: await gateway.token({ sub }), parameters: { application_name: 'psql' } },
        )
        const start = (await records(({ kind }) => kind === 'session_start')).at(-1)
        const name = (await client.rows("select current_setting('application_name')"))[0]?.[0] ?? ''
        expect(name).toBe(`gatehouse:${shown} ${String(start?.session)}`)
        expect(name.length).toBeLessThanOrEqual(63)
        if (sub === 'dana@example.com') expect(await seen()).toEqual([name])
        expect(start).toMatchObject({ client: { application: 'psql' } })
        await client.end()
      }
    },
  )

  promise('has its server parameters reach the client as they are', async ({ enter, direct }) => {
    const [through, straight] = [await enter(), await direct()]
    const parameters = (client: WireClient): Record<string, string> =>
      Object.fromEntries(
        client.greeting.flatMap((message) =>
          message.kind === 'ParameterStatus' && message.name !== 'application_name'
            ? [[message.name, message.value]]
            : [],
        ),
      )
    expect(parameters(through)).toEqual({ ...parameters(straight), client_encoding: 'UTF8' })
    expect(Object.keys(parameters(through)).length).toBeGreaterThan(8)
    await through.end()
    await straight.end()
  })

  promise('loses its session when the client leaves', async ({ enter, admin, database, gateway }) => {
    const sessions = (): Promise<unknown[]> =>
      admin(
        `select 1 from pg_stat_activity where datname = '${database}' and application_name like 'gatehouse:alice %'`,
      )
    await eventually('earlier sessions are gone', async () => (await sessions()).length === 0)
    const [polite, rude] = [await enter(), await enter()]
    expect(await sessions()).toHaveLength(2)
    await polite.end()
    rude.destroy()
    await eventually('both are gone', async () => (await sessions()).length === 0)
    expect(gateway.gateway.sessions.size).toBe(0)
  })
})

async function inGateway(
  targets: Readonly<Record<string, TestTarget>>,
  body: (gateway: TestGateway) => Promise<void>,
): Promise<void> {
  const gateway = await startTestGateway({ targets, policy: ALLOW_ALL })
  try {
    await body(gateway)
  } finally {
    await gateway.close()
  }
}

async function enter(gateway: TestGateway, database: string): Promise<WireClient> {
  const { host, port } = gateway
  return WireClient.login({ host, port }, { database, password: await gateway.token() })
}

async function refusal(gateway: TestGateway, target: string): Promise<ReadonlyMap<string, string>> {
  try {
    await (await enter(gateway, target)).end()
  } catch (error) {
    if (error instanceof ServerRefused) return error.report.fields
    throw error
  }
  throw new Error(`target ${target} let the gateway in`)
}

interface Stand {
  readonly port: number
  readonly close: () => Promise<void>
}

async function startFake(greet: (socket: net.Socket) => void, onto = 0): Promise<Stand> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
    socket.resume()
    greet(socket)
  })
  server.listen(onto, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: portOf(server),
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function freePort(): Promise<number> {
  const fake = await startFake(() => undefined)
  await fake.close()
  return fake.port
}

async function startRelay(to: PostgresAddress, onto: number): Promise<Stand & { readonly cut: () => void }> {
  const pairs = new Set<net.Socket>()
  const stand = await startFake((socket) => {
    const upstream = net.connect({ host: to.host, port: to.port })
    upstream.on('error', () => undefined)
    pairs.add(socket)
    socket.pipe(upstream)
    upstream.pipe(socket)
    socket.once('close', () => upstream.destroy())
  }, onto)
  return {
    ...stand,
    cut: () => {
      for (const socket of pairs) socket.destroy()
      pairs.clear()
    },
  }
}

/** Ends TLS with a certificate of its own and speaks TLS to the server: what channel binding is there to notice. */
async function startTlsTerminatingRelay(to: PostgresAddress): Promise<Stand & { readonly caFile: string }> {
  const tls = await import('node:tls')
  const authority = makeAuthority('Somebody in the middle')
  const { certificate, key } = authority.forServer(['127.0.0.1', 'localhost'])
  const caFile = join(folder, 'middle-ca.crt')
  writeFileSync(caFile, authority.certificate)
  expect(readFileSync(caFile, 'utf8')).toContain('CERTIFICATE')
  const stand = await startFake((socket) => {
    socket.pause()
    socket.once('data', () => {
      socket.pause()
      socket.write('S')
      const near = new tls.TLSSocket(socket, { isServer: true, key, cert: certificate, ALPNProtocols: ['postgresql'] })
      near.on('error', () => undefined)
      const raw = net.connect({ host: to.host, port: to.port })
      raw.on('error', () => undefined)
      raw.write(Buffer.from('0000000804d2162f', 'hex'))
      raw.once('data', () => {
        const far = tls.connect({ socket: raw, rejectUnauthorized: false, ALPNProtocols: ['postgresql'] })
        far.on('error', () => near.destroy())
        near.pipe(far)
        far.pipe(near)
        near.once('close', () => far.destroy())
      })
    })
    socket.resume()
  })
  return { ...stand, caFile }
}

function portOf(server: net.Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
