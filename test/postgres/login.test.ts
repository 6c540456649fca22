import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSigningKey } from '@gatehouse/identity/testing'
import {
  type BackendMessage,
  encodeOAuthBearer,
  encodePasswordMessage,
  encodeSASLInitialResponse,
  encodeSASLResponse,
  OAUTHBEARER,
  type Report,
} from '@gatehouse/postgres-wire'
import { afterAll, describe, expect, test } from 'vitest'
import { startTestGateway, type TestGateway } from '../harness/start-gateway.ts'
import { eventually, listenerTls, ALLOW_ALL, present, scenePromises, SHARED, targetOf, VERSIONS } from './scene.ts'
import { encoded, errorOf, WireClient } from './wire-client.ts'

const OAUTH = { options: '-cgatehouse.login=oauthbearer' }
const tlsFiles = listenerTls()
afterAll(() => tlsFiles.remove())

const POLICY = `
rules:
  - name: agents
    who: { groups: [ai-agents] }
    allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] }
  - name: no-owners
    deny: { settings: [work_mem], actions: [set_role] }
`

describe.each(VERSIONS)('a login over TLS to $version', ({ shared }) => {
  const promise = scenePromises(shared, {
    policy: POLICY,
    listener: { allowClearTextPasswordOnLoopback: false, tls: tlsFiles.files },
  })

  promise('takes the token as a clear-text password, after SSLRequest and by direct TLS', async ({ gateway }) => {
    for (const tls of ['request', 'direct'] as const) {
      const { host, port } = gateway
      const alpn = tls === 'direct' ? ['postgresql'] : []
      const client = await WireClient.login(
        { host, port, tls, ca: tlsFiles.ca, alpn },
        { database: 'shop', password: await gateway.token() },
      )
      expect(await client.rows('select 1')).toEqual([['1']])
      await client.end()
    }
  })

  promise('closes direct TLS without ALPN postgresql', async ({ gateway: { host, port } }) => {
    const client = await WireClient.open({ host, port, tls: 'direct', ca: tlsFiles.ca }).catch(() => null)
    if (client === null) return
    client.start({ user: 'agent', database: 'shop' })
    expect(await client.next()).toBeNull()
  })

  promise('asks for no token in clear text', async ({ gateway }) => {
    const { host, port } = gateway
    for (const parameters of [{}, OAUTH]) {
      const client = await WireClient.open({ host, port })
      client.start({ user: 'agent', database: 'shop', ...parameters })
      const said = await client.next()
      expect(said?.kind).toBe('ErrorResponse')
      expect(fieldsOf(said)).toMatchObject({ S: 'FATAL', C: '28000' })
      expect(await client.next()).toBeNull()
    }
  })

  promise('answers GSSENCRequest by N and goes on', async ({ gateway }) => {
    const { host, port } = gateway
    const socket = net.connect({ host, port })
    socket.write(encoded({ kind: 'GSSENCRequest' }))
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toBe('N')
    socket.write(encoded({ kind: 'SSLRequest' }))
    const [second] = (await once(socket, 'data')) as [Buffer]
    expect(second.toString()).toBe('S')
    socket.destroy()
  })

  promise('closes when bytes are pipelined behind SSLRequest or GSSENCRequest', async ({ gateway: { host, port } }) => {
    for (const kind of ['SSLRequest', 'GSSENCRequest'] as const) {
      const socket = net.connect({ host, port })
      socket.on('error', () => undefined)
      const startup = encoded({
        kind: 'StartupMessage',
        minorVersion: 0,
        parameters: new Map([['user', 'agent']]),
      })
      socket.write(Buffer.concat([encoded({ kind }), startup]))
      const came: Buffer[] = []
      socket.on('data', (chunk: Buffer) => came.push(chunk))
      await once(socket, 'close')
      expect(Buffer.concat(came).toString()).not.toContain('S')
    }
  })
})

describe('a token', () => {
  const promise = scenePromises(SHARED, { policy: POLICY })

  promise('that is bad gets FATAL 28P01, and forgers learn nothing from the words', async (scene) => {
    const { gateway } = scene
    const now = Math.floor(Date.now() / 1000)
    const stranger = await createSigningKey('test', 'ES256')
    const good = await gateway.token()
    const [header = '', payload = '', signature = ''] = good.split('.')
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
    const forgeries: Record<string, string> = {
      'wrongly signed': await gateway.issuer.token({}, {}, stranger),
      'signature of another': `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
      'no signature': none,
      'another key': await gateway.issuer.token({}, { kid: 'unheard of' }, stranger),
      'another audience': await gateway.token({ aud: 'somebody else' }),
      'another issuer': await gateway.token({ iss: 'https://elsewhere.example' }),
      'expired and wrongly signed': await gateway.issuer.token({ exp: now - 1000 }, {}, stranger),
      'from the future and wrongly signed': await gateway.issuer.token({ nbf: now + 1000 }, {}, stranger),
    }
    const honest: Record<string, string> = {
      expired: await gateway.token({ iat: now - 2000, exp: now - 1000 }),
      future: await gateway.token({ nbf: now + 1000 }),
      garbage: 'correct horse battery staple',
      empty: '',
      oversized: `${header}.${'A'.repeat(30_000)}.${signature}`,
    }
    const before = (await scene.records(({ kind }) => kind === 'login_refused')).length
    const forgers = new Set<string>()
    for (const [name, token] of Object.entries(forgeries)) {
      const report = await refusedLogin(gateway, token)
      expect(report, name).toMatchObject({ S: 'FATAL', V: 'FATAL', C: '28P01' })
      forgers.add(JSON.stringify(report))
    }
    expect(forgers.size).toBe(1)
    for (const [name, token] of Object.entries(honest)) {
      expect(await refusedLogin(gateway, token), name).toMatchObject({ S: 'FATAL', C: '28P01' })
    }
    const tried = Object.keys(forgeries).length + Object.keys(honest).length
    const records = await eventually('every refused login is recorded', async () => {
      const found = await scene.records(({ kind }) => kind === 'login_refused')
      return found.length - before >= tried ? found : []
    })
    expect(records.length - before).toBe(tried)
    for (const record of records) expect(record).toMatchObject({ client: { user: 'agent' }, engine: 'postgres' })
    const trail = readTrail(gateway.trailDirectory)
    for (const token of [...Object.values(forgeries), ...Object.values(honest), good]) {
      if (token === '') continue
      expect(trail).not.toContain(token)
      for (const part of token.split('.')) if (part.length > 30) expect(trail).not.toContain(part)
    }
  })

  promise('that is longer than any password message is refused before it is read', async ({ gateway }) => {
    const { host, port } = gateway
    const client = await WireClient.open({ host, port })
    client.start({ user: 'agent', database: 'shop' })
    await client.until('AuthenticationCleartextPassword')
    client.write((writer) => encodePasswordMessage('A'.repeat(70_000), writer))
    expect(fieldsOf(await client.next())).toMatchObject({ S: 'FATAL', C: '08P01' })
    expect(await client.next()).toBeNull()
  })

  promise('ends its session when it expires', async ({ gateway, enter, records }) => {
    const client = await enter({ exp: Math.floor(Date.now() / 1000) + 2, sub: 'short-lived' })
    expect(await client.rows('select 1')).toEqual([['1']])
    const said = await client.until('ErrorResponse')
    expect(fieldsOf(said.at(-1))).toMatchObject({ S: 'FATAL', C: '57P01' })
    expect(await client.next()).toBeNull()
    const ends = await eventually('the end is recorded', () => records(({ kind }) => kind === 'session_end'))
    expect(ends.at(-1)).toMatchObject({ end: { reason: 'token_expired', statements: 1 } })
    expect(gateway.gateway.sessions.size).toBe(0)
  })

  promise('that expires in mid-statement cancels it upstream, and nothing of it is kept', async (scene) => {
    await scene.admin('create table ticks(n int)')
    const client = await scene.enter({ exp: Math.floor(Date.now() / 1000) + 2 })
    client.send({
      kind: 'Query',
      text: 'insert into ticks select 1 from pg_sleep(60)',
    })
    const messages = await client.untilReady()
    // It was warned at once.
    expect(messages.map(({ kind }) => kind)).toEqual(['NoticeResponse', 'ErrorResponse'])
    expect(fieldsOf(messages[1])).toMatchObject({ S: 'FATAL', C: '57P01' })
    await eventually('the statement no longer runs', async () => {
      const rows = await scene.admin(
        `select 1 from pg_stat_activity where datname = '${scene.database}' and query like '%pg_sleep(60)%' and pid <> pg_backend_pid()`,
      )
      return rows.length === 0
    })
    expect(await scene.admin('select n from ticks')).toEqual([])
  })
})

describe('OAUTHBEARER', () => {
  const promise = scenePromises(SHARED, { policy: POLICY })

  promise('takes a bearer token', async ({ gateway }) => {
    const { host, port } = gateway
    const client = await WireClient.login(
      { host, port },
      { database: 'shop', password: await gateway.token(), parameters: OAUTH },
    )
    expect(client.greeting[0]).toEqual({ kind: 'AuthenticationSASL', mechanisms: [OAUTHBEARER] })
    expect(await client.rows('select 1')).toEqual([['1']])
    await client.end()
  })

  promise('tells a client without a token where to get one, then refuses', async ({ gateway }) => {
    const client = await oauthClient(gateway)
    client.write((writer) => encodeSASLInitialResponse({ mechanism: OAUTHBEARER, data: encodeOAuthBearer('') }, writer))
    await expectChallengeAndRefusal(client, gateway, ['28000', '28P01'])
  })

  promise('answers a bad token by a challenge, then refuses', async ({ gateway }) => {
    const client = await oauthClient(gateway)
    const data = encodeOAuthBearer(await gateway.token({ aud: 'somebody else' }))
    client.write((writer) => encodeSASLInitialResponse({ mechanism: OAUTHBEARER, data }, writer))
    await expectChallengeAndRefusal(client, gateway, ['28P01'])
  })

  promise('is over when the client answers the challenge by anything but the acknowledgement', async ({ gateway }) => {
    const client = await oauthClient(gateway)
    const data = encodeOAuthBearer('not.a.token')
    client.write((writer) => encodeSASLInitialResponse({ mechanism: OAUTHBEARER, data }, writer))
    await client.until('AuthenticationSASLContinue')
    const good = encodeOAuthBearer(await gateway.token())
    client.write((writer) => encodeSASLResponse(good, writer))
    expect(fieldsOf(await client.next())).toMatchObject({ S: 'FATAL', C: '08P01' })
    expect(await client.next()).toBeNull()
  })
})

describe('a start-up message', () => {
  const promise = scenePromises(SHARED, { policy: POLICY })

  promise('of protocol 3.2 gets a long cancel key; 3.9 and unknown options are negotiated', async ({ gateway }) => {
    const { host, port } = gateway
    const as = async (minorVersion: number, parameters: Record<string, string>): Promise<WireClient> =>
      WireClient.login({ host, port }, { database: 'shop', password: await gateway.token(), minorVersion, parameters })
    for (const { minor, options, answer, key } of [
      { minor: 0, options: {}, answer: null, key: 4 },
      { minor: 2, options: {}, answer: null, key: 32 },
      { minor: 9, options: {}, answer: { version: 2, unknown: [] }, key: 32 },
      { minor: 0, options: { '_pq_.colour': 'blue' }, answer: { version: 0, unknown: ['_pq_.colour'] }, key: 4 },
      {
        minor: 2,
        options: { '_pq_.a': '1', '_pq_.b': '2' },
        answer: { version: 2, unknown: ['_pq_.a', '_pq_.b'] },
        key: 32,
      },
    ]) {
      const client = await as(minor, options)
      const negotiation = client.greeting.find((message) => message.kind === 'NegotiateProtocolVersion')
      expect(
        negotiation === undefined
          ? null
          : { version: negotiation.newestVersion & 0xffff, unknown: negotiation.unknownOptions },
      ).toEqual(answer)
      const keyData = client.greeting.find((message) => message.kind === 'BackendKeyData')
      expect(keyData?.secretKey.length).toBe(key)
      await client.end()
    }
  })

  promise('that asks for replication is refused', async ({ gateway }) => {
    for (const replication of ['true', 'on', 'yes', '1', 'database', 'TRUE', '']) {
      const report = await refusedLogin(gateway, await gateway.token(), { replication })
      expect(report, replication).toMatchObject({ S: 'FATAL', C: '0A000' })
    }
  })

  promise('with a client_encoding other than UTF8 is refused, by whatever road', async ({ gateway }) => {
    const token = await gateway.token()
    const asked: Record<string, string>[] = [
      { client_encoding: 'LATIN1' },
      { client_encoding: 'sjis' },
      { client_encoding: "'BIG5'" },
      { options: '-c client_encoding=LATIN1' },
      { options: '--client-encoding=LATIN1' },
      { options: '-c CLIENT_ENCODING=LATIN1' },
      { Client_Encoding: 'LATIN1' },
    ]
    for (const parameters of asked) {
      const report = await refusedLogin(gateway, token, parameters)
      expect(report, JSON.stringify(parameters)).toMatchObject({ S: 'FATAL' })
      expect(['0A000', '42501']).toContain(report.C)
    }
    for (const parameters of [
      ...['UTF8', 'utf-8', 'UNICODE', "'UTF8'"].map((client_encoding) => ({ client_encoding })),
      // As with the server, the parameter wins over the option.
      { client_encoding: 'UTF8', options: '-cclient_encoding=LATIN1' },
    ]) {
      const { host, port } = gateway
      const client = await WireClient.login({ host, port }, { database: 'shop', password: token, parameters })
      expect(await client.rows('show client_encoding')).toEqual([['UTF8']])
      await client.end()
    }
  })

  promise('has its settings decided by policy, and those permitted take effect', async ({ gateway }) => {
    const token = await gateway.token()
    const { host, port } = gateway
    const client = await WireClient.login(
      { host, port },
      {
        database: 'shop',
        password: token,
        parameters: { DateStyle: 'SQL, DMY', options: '-c statement_timeout=12345 -csearch_path=pg_catalog\\ ' },
      },
    )
    expect(await client.rows('show datestyle')).toEqual([['SQL, DMY']])
    expect(await client.rows('show statement_timeout')).toEqual([['12345ms']])
    await client.end()
    for (const parameters of [
      { options: '-c work_mem=1GB' },
      { work_mem: '1GB' },
      { options: '--work-mem=1GB' },
      { options: '-c role=pg_read_all_data' },
      { options: '-c standard_conforming_strings=off' },
      { standard_conforming_strings: 'off' },
    ]) {
      const report = await refusedLogin(gateway, token, parameters)
      expect(report, JSON.stringify(parameters)).toMatchObject({ S: 'FATAL', C: '42501' })
    }
  })

  promise('with options that are not settings is refused', async ({ gateway }) => {
    for (const options of ['-f s', '-o x', '-S 64', '-e', '-c', '-c nothing', '--', '-d 5']) {
      const report = await refusedLogin(gateway, await gateway.token(), { options })
      expect(report, options).toMatchObject({ S: 'FATAL', C: '0A000' })
    }
  })

  promise('for an unknown target is told so only to who is logged in', async ({ gateway }) => {
    const { host, port } = gateway
    const login = (database: string, password: string): Promise<unknown> =>
      WireClient.login({ host, port }, { database, password }).catch((error: unknown) => String(error))
    const stranger = await login('shop', 'no token')
    expect(await login('nowhere', 'no token')).toEqual(stranger)
    expect(await login('nowhere', await gateway.token())).toContain('3D000')
    const message = await refusedLogin(gateway, await gateway.token(), {}, 'nowhere')
    expect(message.H).toContain('shop')
  })

  promise('may name the target behind a plus in the user name', async ({ gateway }) => {
    const { host, port } = gateway
    const password = await gateway.token()
    const client = await WireClient.login({ host, port }, { database: 'whatever', user: 'copilot+shop', password })
    expect(await client.rows('select 1')).toEqual([['1']])
    await client.end()
  })

  promise('of a principal whom no rule allows anything is refused', async ({ gateway }) => {
    const report = await refusedLogin(gateway, await gateway.token({ groups: ['visitors'] }))
    expect(report).toMatchObject({ S: 'FATAL', C: '42501' })
  })

  promise('that gives a parameter twice, or is malformed, is refused', async ({ gateway: { host, port } }) => {
    const twice = Buffer.from('user\0agent\0user\0root\0database\0shop\0\0')
    const unended = Buffer.from('user\0agent')
    for (const body of [twice, unended]) {
      const head = Buffer.alloc(8)
      head.writeInt32BE(body.length + 8)
      head.writeInt32BE(3 << 16, 4)
      const client = await WireClient.open({ host, port })
      client.socket.write(Buffer.concat([head, body]))
      expect(fieldsOf(await client.next())).toMatchObject({ S: 'FATAL', C: '08P01' })
      expect(await client.next()).toBeNull()
    }
  })
})

describe('the handshake deadline', () => {
  const promise = scenePromises(SHARED, { listener: { handshakeTimeoutSeconds: 1, tls: tlsFiles.files } })

  promise('closes whoever sends slowly, or nothing, at any step', async ({ gateway }) => {
    const { host, port } = gateway
    const startup = encoded({
      kind: 'StartupMessage',
      minorVersion: 0,
      parameters: new Map([
        ['user', 'agent'],
        ['database', 'shop'],
      ]),
    })
    const steps: Record<string, Buffer> = {
      nothing: Buffer.alloc(0),
      'half a start-up message': startup.subarray(0, 10),
      'a start-up message and no password': startup,
      'SSLRequest and no handshake': encoded({ kind: 'SSLRequest' }),
      'half a ClientHello': Buffer.from('160301020001', 'hex'),
    }
    const begun = performance.now()
    await Promise.all(
      Object.entries(steps).map(async ([name, bytes]) => {
        const socket = net.connect({ host, port })
        socket.on('error', () => undefined)
        socket.resume()
        socket.write(bytes)
        const closed = once(socket, 'close')
        expect(await Promise.race([closed.then(() => 'closed'), sleep(5000, 'still open')]), name).toBe('closed')
        socket.destroy()
      }),
    )
    expect(performance.now() - begun).toBeGreaterThan(800)
  })

  promise('closes who sends one byte at a time', async ({ gateway: { host, port } }) => {
    const socket = net.connect({ host, port, noDelay: true })
    socket.on('error', () => undefined)
    socket.resume()
    const begun = performance.now()
    let open = true
    void once(socket, 'close').then(() => (open = false))
    const startup = encoded({
      kind: 'StartupMessage',
      minorVersion: 0,
      parameters: new Map([['user', 'x'.repeat(200)]]),
    })
    for (const byte of startup) {
      if (!open) break
      socket.write(Buffer.of(byte))
      await sleep(40)
    }
    expect(open).toBe(false)
    expect(performance.now() - begun).toBeLessThan(4000)
  })
})

describe('connection limits', () => {
  const open = async (
    gateway: TestGateway,
    claims: Record<string, unknown> = {},
    localAddress = '127.0.0.1',
  ): Promise<WireClient | string> =>
    WireClient.login(
      { host: gateway.host, port: gateway.port, localAddress },
      { database: 'shop', password: await gateway.token(claims) },
    ).catch((error: unknown) => String(error))

  const limited = async (
    context: Parameters<typeof present>[1],
    listener: Record<string, number>,
    body: (gateway: TestGateway) => Promise<void>,
  ): Promise<void> => {
    const server = present(SHARED, context)
    const gateway = await startTestGateway({
      targets: { shop: targetOf(server, 'postgres') },
      policy: ALLOW_ALL,
      listener,
    })
    try {
      await body(gateway)
    } finally {
      await gateway.close()
    }
  }

  test('hold for all clients together, and places come back', (context) =>
    limited(context, { maxConnections: 2 }, async (gateway) => {
      const clients = [await open(gateway), await open(gateway)]
      expect(clients.every((client) => client instanceof WireClient)).toBe(true)
      expect(await open(gateway, {}, '127.0.0.2')).not.toBeInstanceOf(WireClient)
      for (const client of clients) if (client instanceof WireClient) await client.end()
      await eventually('a place is free', async () => {
        const client = await open(gateway)
        if (!(client instanceof WireClient)) return false
        await client.end()
        return true
      })
    }))

  test('hold for each address', (context) =>
    limited(context, { maxConnectionsPerAddress: 1 }, async (gateway) => {
      const first = await open(gateway)
      expect(first).toBeInstanceOf(WireClient)
      expect(await open(gateway)).not.toBeInstanceOf(WireClient)
      const other = await open(gateway, {}, '127.0.0.2')
      expect(other).toBeInstanceOf(WireClient)
      for (const client of [first, other]) if (client instanceof WireClient) await client.end()
    }))

  test('hold for each principal, which is told so, and failed logins take no place', (context) =>
    limited(context, { maxConnectionsPerPrincipal: 2 }, async (gateway) => {
      for (let attempt = 0; attempt < 4; attempt++) await open(gateway, { aud: 'somebody else' })
      const clients = [await open(gateway), await open(gateway)]
      expect(clients.every((client) => client instanceof WireClient)).toBe(true)
      expect(await open(gateway)).toContain('53300')
      const other = await open(gateway, { sub: 'bob' })
      expect(other).toBeInstanceOf(WireClient)
      for (const client of [...clients, other]) if (client instanceof WireClient) await client.end()
      await eventually('a place is free', async () => {
        const client = await open(gateway)
        if (!(client instanceof WireClient)) return false
        await client.end()
        return true
      })
    }))
})

async function refusedLogin(
  { host, port }: TestGateway,
  token: string,
  parameters: Record<string, string> = {},
  database = 'shop',
): Promise<Record<string, string>> {
  const client = await WireClient.open({ host, port })
  client.start({ user: 'agent', database, ...parameters })
  const first = await client.next()
  if (first?.kind === 'AuthenticationCleartextPassword') {
    client.write((writer) => encodePasswordMessage(token, writer))
  }
  const messages = [...(first === null ? [] : [first]), ...(await client.untilReady())]
  const report = errorOf(messages)
  if (report === null) throw new Error(`the login was not refused: ${messages.map(({ kind }) => kind).join(' ')}`)
  expect(messages.at(-1)).toBe(report)
  expect(client.closed).toBe(true)
  return Object.fromEntries(report.fields)
}

async function oauthClient({ host, port }: TestGateway): Promise<WireClient> {
  const client = await WireClient.open({ host, port })
  client.start({ user: 'agent', database: 'shop', ...OAUTH })
  await client.until('AuthenticationSASL')
  return client
}

async function expectChallengeAndRefusal(
  client: WireClient,
  gateway: TestGateway,
  sqlstates: readonly string[],
): Promise<void> {
  const [challenge] = await client.until('AuthenticationSASLContinue')
  if (challenge?.kind !== 'AuthenticationSASLContinue') throw new Error('no challenge')
  expect(JSON.parse(challenge.data.toString())).toEqual({
    status: 'invalid_token',
    'openid-configuration': `${gateway.issuer.url}/.well-known/openid-configuration`,
    scope: 'openid',
  })
  client.write((writer) => encodeSASLResponse(Buffer.of(1), writer))
  const said = await client.next()
  expect(fieldsOf(said)).toMatchObject({ S: 'FATAL' })
  expect(sqlstates).toContain(fieldsOf(said).C)
  expect(await client.next()).toBeNull()
}

function fieldsOf(message: BackendMessage | null | undefined): Record<string, string> {
  if (message?.kind !== 'ErrorResponse') throw new Error(`not an ErrorResponse: ${message?.kind ?? 'the end'}`)
  return Object.fromEntries((message satisfies Report).fields)
}

function readTrail(directory: string): string {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => readFileSync(join(directory, name), 'utf8'))
    .join('')
}
