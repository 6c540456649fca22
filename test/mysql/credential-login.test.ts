import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { type Coordination, MemoryHub, openMemoryCoordination } from '@gatehouse/coordination'
import {
  AuthenticationPlugin,
  type AuthenticationPluginName,
  Capability,
  CLIENT_RANDOM_BYTES,
  ClientAuthentication,
  decodeErr,
  PayloadReader,
} from '@gatehouse/mysql-wire'
import { makeCredentialName } from '@gatehouse/session-credentials'
import { createConnection } from 'mariadb'
import { afterAll, beforeAll, describe, expect, vi } from 'vitest'
import { findMysqlClient } from '../drivers/find-mysql-client.ts'
import { type IssuedCredential, issueCredential } from '../harness/issue-credential.ts'
import { CommandClient, type LoginRequest, ServerRefused } from './command-client.ts'
import { type Scene, type SceneTest, scenePromises, VERSIONS } from './scene.ts'

const run = promisify(execFile)
const { CACHING_SHA2, NATIVE, CLEAR, SHA256, OPENID_CONNECT } = AuthenticationPlugin
const clients = await Promise.all(
  (['mysql', 'mariadb'] as const).map(async (flavour) => ({ flavour, found: await findMysqlClient(flavour) })),
)

const POLICY = `
rules:
  - name: agents
    who: { groups: [ai-agents] }
    allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] }
`

/** Scenes with TLS or without, and what they share with the test. */
function shared(
  server: (typeof VERSIONS)[number]['shared'],
  listener: Readonly<Record<string, unknown>>,
): { coordination: () => Coordination; promise: SceneTest } {
  const hub = new MemoryHub()
  let coordination: Coordination | null = null
  beforeAll(async () => {
    coordination = await openMemoryCoordination(hub)
  })
  afterAll(() => coordination?.close())
  const promise = scenePromises(server, {
    policy: POLICY,
    listener: { allowClearTextPasswordOnLoopback: false, ...listener },
    // What is refused here on purpose is not to wait.
    login: { failuresPerName: 1000 },
    targets: (target) => ({ shop: target, archive: target }),
    coordination: () => openMemoryCoordination(hub),
  })
  return {
    coordination: () => {
      if (coordination === null) throw new Error('what is shared was not opened')
      return coordination
    },
    promise,
  }
}

interface Tried {
  /** Null: it got in. */
  readonly refusal: { readonly number: number; readonly state: string; readonly text: string } | null
  /** What the server said on the way. */
  readonly path: readonly string[]
}

function proofOf(plugin: AuthenticationPluginName, password: Buffer, scramble: Buffer): Buffer {
  const random = randomBytes(CLIENT_RANDOM_BYTES)
  return new ClientAuthentication({ password, secure: true, plugins: [plugin], random }).begin(plugin, scramble)
    .authResponse
}

/** Tries to log in, and closes the connection. */
async function tryLogin(
  { gateway: { host, port }, ca }: Scene,
  { name: user, secret: password }: IssuedCredential,
  { clear = false, ...request }: Partial<LoginRequest> & { readonly clear?: boolean } = {},
): Promise<Tried> {
  const client = await CommandClient.connect({ host, port, ...(clear ? {} : { ca }) })
  try {
    await client.logIn({ user, password, ...request })
    return { refusal: null, path: client.path }
  } catch (error) {
    if (!(error instanceof ServerRefused)) throw error
    const { errorCode: number, sqlState: state, errorMessage: text } = error.error
    return { refusal: { number, state, text }, path: client.path }
  } finally {
    client.socket.destroy()
  }
}

describe.each(VERSIONS)('a login with a session credential to $version', (version) => {
  const { coordination, promise } = shared(version.shared, {})

  promise('is by the plugin that the client begins with, over TLS', async (scene) => {
    const credential = await issueCredential(coordination().credentials)
    const ways: readonly (readonly [AuthenticationPluginName, readonly string[]])[] = [
      [CACHING_SHA2, ['more 3', 'OK']],
      [NATIVE, ['OK']],
      [CLEAR, ['OK']],
    ]
    for (const [plugin, path] of ways)
      expect(await tryLogin(scene, credential, { plugin }), plugin).toEqual({ refusal: null, path })
    // One whose plugin the gateway has not, or that waits to be asked, is switched.
    for (const plugin of [SHA256, NATIVE]) {
      const says = (scramble: Buffer) => [
        Buffer.alloc(0),
        proofOf(CACHING_SHA2, Buffer.from(credential.secret), scramble),
      ]
      const path = [CACHING_SHA2, 'more 3', 'OK']
      expect(await tryLogin(scene, credential, { plugin, says }), plugin).toEqual({ refusal: null, path })
    }
    // A client of before plugins had names.
    const old = await tryLogin(scene, credential, { plugin: NATIVE, without: Capability.PLUGIN_AUTH })
    expect(old).toEqual({ refusal: null, path: ['OK'] })
  })

  promise('is taken from mysql2 and MariaDB’s driver, which change to a token and back', async (scene) => {
    const { name: user, secret: password } = await issueCredential(coordination().credentials)
    const one = await scene.driver({ user, password })
    const { host, port } = scene.gateway
    const ssl = { ca: scene.ca }
    const other = await createConnection({ host, port, user, password, database: 'shop', ssl, bigIntAsNumber: true })
    // Against a MySQL, MariaDB's driver has no change of user.
    const changing = version.version.startsWith('MariaDB') ? [one, other] : [one]
    const token = await scene.gateway.token({ sub: 'with a token' })
    const ones = async (): Promise<void> => {
      expect((await one.query('select 1 as one'))[0]).toEqual([{ one: 1 }])
      expect(await other.query('select 1 as one')).toEqual([{ one: 1 }])
    }
    await ones()
    for (const each of changing) await each.changeUser({ user: 'copilot', password: token, database: 'shop' })
    await ones()
    for (const each of changing) await each.changeUser({ user, password, database: 'shop' })
    await ones()
    await one.end()
    await other.end()
    const starts = await scene.records(({ kind }) => kind === 'session_start')
    const withTokens = starts.filter(({ principal }) => JSON.stringify(principal).includes('with a token'))
    expect(withTokens).toHaveLength(changing.length)
    for (const start of withTokens) expect(start.client).not.toHaveProperty('credential')
    const own = starts.filter(({ client }) => (client as { credential?: string }).credential === user)
    expect(own).toHaveLength(2 + changing.length)
    // A change of user with a wrong secret ends the connection, as any that fails.
    const third = await scene.enter({ user, password })
    const changed = third.changeUser({ user, password: 'wrong', database: 'shop' })
    await expect(changed).rejects.toThrow('1045 (28000): gatehouse: CREDENTIAL_REFUSED')
  })

  for (const { flavour, found } of clients)
    promise(`is taken from the client of ${flavour}`, async (scene, { skip }) => {
      const client = found.kind === 'absent' ? skip(found.reason) : found.program
      const { name, secret } = await issueCredential(coordination().credentials)
      const tls =
        flavour === 'mysql'
          ? ['--ssl-mode=VERIFY_IDENTITY', `--ssl-ca=${scene.caFile}`]
          : ['--ssl-verify-server-cert', `--ssl-ca=${scene.caFile}`]
      const args = ['--protocol=tcp', '--host=localhost', `--port=${String(scene.gateway.port)}`, ...tls]
      const query = [`--user=${name}`, '--batch', '--skip-column-names', '-e', 'select 40 + 2', 'shop']
      const { command, leading } = client.program('client')
      const said = (password: string) =>
        run(command, [...leading, ...args, ...query], { env: { ...process.env, MYSQL_PWD: password } })
      expect((await said(secret)).stdout).toBe('42\n')
      await expect(said(`${secret}x`)).rejects.toThrow('CREDENTIAL_REFUSED: the session credential is not accepted')
    })
})

describe('a session credential', () => {
  const mysql = VERSIONS[0]
  if (mysql === undefined) throw new Error('no server')
  const { coordination, promise } = shared(mysql.shared, {})

  promise('is for its target; a database that is none is a schema of it', async (scene) => {
    const credential = await issueCredential(coordination().credentials, { target: 'archive' })
    const { name, secret } = credential
    for (const asked of [{}, { database: 'archive' }, { user: `${name}+archive` }, { database: 'information_schema' }])
      expect((await tryLogin(scene, credential, asked)).refusal, JSON.stringify(asked)).toBe(null)
    const client = await scene.enter({ user: `${name}+archive`, password: secret, database: 'information_schema' })
    expect((await client.query('select database()')).rows).toEqual([['information_schema']])
    const starts = await scene.records(({ kind, target }) => kind === 'session_start' && target === 'archive')
    expect(starts).toHaveLength(5)
  })

  promise('that will not do gets one answer whatever is wrong with it, and the trail has the reason', async (scene) => {
    const { credentials } = coordination()
    const issued = await issueCredential(credentials)
    const usedUp = await issueCredential(credentials, { uses: 1 })
    expect((await tryLogin(scene, usedUp)).refusal).toBe(null)
    const past = { issuer: 'i', subject: 's', actor: null, groups: [], claims: {}, expiresAt: Date.now() - 1 }
    const far = await issueCredential(credentials, { address: '10.0.0.0/8' })
    const ended = await issueCredential(credentials, { principal: past })
    const elsewhere = await issueCredential(credentials, { target: 'moon' })
    const cases: readonly (readonly [IssuedCredential, Partial<LoginRequest>, RegExp])[] = [
      [{ ...issued, secret: 'correct horse battery staple' }, {}, /the secret is wrong$/],
      [{ name: makeCredentialName(), secret: 'x' }, {}, /the secret is wrong; there is no such credential$/],
      [issued, { database: 'archive' }, /for target shop, not for archive$/],
      [issued, { user: `${issued.name}+archive` }, /for target shop, not for archive$/],
      [issued, { user: `${issued.name}+nowhere` }, /for target shop, not for nowhere$/],
      [far, {}, /for clients at 10\.0\.0\.0\/8/],
      [usedUp, {}, /used up$/],
      [ended, {}, /has ended$/],
      [elsewhere, {}, /target moon, which is not to be had here$/],
    ]
    const refused = {
      number: 1045,
      state: '28000',
      text: expect.stringContaining('gatehouse: CREDENTIAL_REFUSED: the session credential is not accepted') as string,
    }
    // As with any account of MySQL whose scramble does not fit, the secret itself is asked for, under TLS.
    for (const [plugin, path] of [
      [CACHING_SHA2, ['more 4', 'ERR']],
      [NATIVE, [CACHING_SHA2, 'more 4', 'ERR']],
      [CLEAR, ['ERR']],
      [OPENID_CONNECT, ['ERR']],
    ] as const) {
      const texts = new Set<string | undefined>()
      for (const [credential, asked, reason] of cases) {
        const tried = await tryLogin(scene, credential, { ...asked, plugin })
        expect(tried, `${plugin} ${String(reason)}`).toEqual({ refusal: refused, path })
        texts.add(tried.refusal?.text)
      }
      expect(texts.size).toBe(1)
    }
    const records = await vi.waitFor(async () => {
      const found = await scene.records(({ kind }) => kind === 'login_refused')
      expect(found).toHaveLength(cases.length * 4)
      return found
    }, 20_000)
    for (const [index, [, , reason]] of cases.entries())
      expect(records[index]).toMatchObject({ refusal: { reason: expect.stringMatching(reason) as string } })
    expect(records.filter(({ client }) => Object.hasOwn(client as object, 'credential')).length).toBeGreaterThan(0)
    expect((await tryLogin(scene, issued)).refusal).toBe(null)
    expect(JSON.stringify(records)).not.toContain(issued.secret)
  })

  promise('is not got by a proof of another connection, or by switching plugins to and fro', async (scene) => {
    const { credentials } = coordination()
    const credential = await issueCredential(credentials)
    const password = Buffer.from(credential.secret)
    const proof = (plugin: AuthenticationPluginName, scramble: Buffer): Buffer => proofOf(plugin, password, scramble)
    const elsewhere = randomBytes(20)
    const [nothing, zeros, x] = [Buffer.alloc(0), Buffer.alloc(32), Buffer.from('x\0')]
    const games: Record<string, readonly [AuthenticationPluginName, LoginRequest['says'], number]> = {
      'a proof of another scramble': [CACHING_SHA2, () => [proof(CACHING_SHA2, elsewhere), x], 1045],
      'a native proof of another': [NATIVE, () => [proof(NATIVE, elsewhere), zeros, x], 1045],
      'the scramble itself as a proof': [NATIVE, (scramble) => [scramble, zeros, x], 1045],
      'nothing as a native proof': [NATIVE, () => [nothing, nothing], 1045],
      'zeros, and no secret': [CACHING_SHA2, () => [zeros, Buffer.from('\0')], 1045],
      nothing: [CACHING_SHA2, () => [nothing], 1045],
      'a plugin that the gateway has not': [SHA256, () => [Buffer.alloc(20), zeros, x], 1045],
      'the name as the secret': [CLEAR, () => [Buffer.from(`${credential.name}\0`)], 1045],
      'a caching_sha2 proof as a native one': [NATIVE, (scramble) => [proof(CACHING_SHA2, scramble)], 1835],
      'a native proof as a caching_sha2 one': [CACHING_SHA2, (scramble) => [proof(NATIVE, scramble)], 1835],
    }
    for (const [game, [plugin, says, number]] of Object.entries(games)) {
      const { refusal } = await tryLogin(scene, credential, { plugin, ...(says === undefined ? {} : { says }) })
      expect(refusal, game).toMatchObject({ number })
    }
    expect((await tryLogin(scene, credential)).refusal).toBe(null)
  })

  promise('is no token, and a token is no credential', async (scene) => {
    const { name, secret } = await issueCredential(coordination().credentials)
    expect((await tryLogin(scene, { name, secret: await scene.gateway.token() })).refusal).toMatchObject({
      number: 1045,
    })
    const asToken = await tryLogin(scene, { name: 'copilot', secret }, { database: 'shop' })
    expect(asToken.refusal?.text).toContain('TOKEN_REFUSED')
  })
})

describe('a session credential without TLS, on loopback', () => {
  const mysql = VERSIONS[0]
  if (mysql === undefined) throw new Error('no server')
  const { coordination, promise } = shared(mysql.shared, { tls: null })

  promise('is taken where its proof shows no secret, and nowhere else', async (scene) => {
    const credential = await issueCredential(coordination().credentials)
    const wrong = { ...credential, secret: 'wrong' }
    const unknown = { name: makeCredentialName(), secret: 'x' }
    for (const [plugin, way] of [
      [CACHING_SHA2, ['more 3', 'OK']],
      [NATIVE, ['OK']],
    ] as const) {
      expect(await tryLogin(scene, credential, { plugin, clear: true }), plugin).toEqual({ refusal: null, path: way })
      const refusals = [
        await tryLogin(scene, wrong, { plugin, clear: true }),
        await tryLogin(scene, unknown, { plugin, clear: true }),
        await tryLogin(scene, credential, { plugin, clear: true, database: 'archive' }),
      ]
      for (const tried of refusals) expect(tried, plugin).toEqual(refusals[0])
      expect(refusals[0]?.refusal).toMatchObject({ number: 1045 })
    }
    const clear = await tryLogin(scene, credential, { plugin: CLEAR, clear: true })
    expect(clear.refusal?.text).toContain('TLS_REQUIRED: a session credential may only be sent over TLS')
  })
})

describe('a session credential that is revoked', () => {
  const mysql = VERSIONS[0]
  if (mysql === undefined) throw new Error('no server')
  const { coordination, promise } = shared(mysql.shared, {})

  promise('ends its session, and no other', async ({ enter }) => {
    const { credentials } = coordination()
    const { name: user, secret: password } = await issueCredential(credentials)
    const [session, other] = [await enter({ user, password }), await enter()]
    await credentials.revoke(user)
    const said = await session.next()
    expect(decodeErr(new PayloadReader(said.payload))).toMatchObject({
      errorCode: 1053,
      errorMessage: expect.stringContaining('ACCESS_REVOKED') as string,
    })
    expect((await other.query('select 1')).rows).toEqual([['1']])
  })
})

/** A scene where two failed logins are enough. Its clock stands: what is counted does not end while the test runs. */
function shortTemper(): SceneTest {
  const moment = Math.floor(Date.now() / 60_000) * 60_000 + 30_000
  const mysql = VERSIONS[0]
  if (mysql === undefined) throw new Error('no server')
  return scenePromises(mysql.shared, {
    policy: POLICY,
    login: { failuresPerAddress: 2, sharedAddresses: [] },
    coordination: () => openMemoryCoordination(new MemoryHub(() => moment)),
  })
}

describe('an address whose logins fail', () => {
  const promise = shortTemper()

  promise('waits, and is told for how long', async (scene) => {
    const guess = { name: makeCredentialName(), secret: 'x' }
    for (const code of ['CREDENTIAL_REFUSED', 'CREDENTIAL_REFUSED'])
      expect((await tryLogin(scene, guess)).refusal?.text).toContain(code)
    expect((await tryLogin(scene, { name: 'copilot', secret: await scene.gateway.token() })).refusal).toEqual({
      number: 1129,
      state: 'HY000',
      text: 'gatehouse: LOGIN_BACK_OFF: too many logins from here have failed. Try again in 30 seconds.',
    })
  })
})

describe('an address that hangs up as soon as it knows that its proof does not fit', () => {
  const promise = shortTemper()

  promise('has failed like any other', async (scene) => {
    const { host, port } = scene.gateway
    const name = makeCredentialName()
    for (const plugin of [CACHING_SHA2, NATIVE]) {
      const client = await CommandClient.connect({ host, port, ca: scene.ca })
      // To the next packet it says nothing.
      const says = () => [Buffer.alloc(plugin === NATIVE ? 20 : 32)]
      const login = client.logIn({ user: name, password: 'x', plugin, says }).catch(() => undefined)
      await vi.waitFor(() => expect(client.path).toHaveLength(1), 20_000)
      client.socket.destroy()
      await login
    }
    await vi.waitFor(async () => {
      const left = await scene.records(({ refusal }) => JSON.stringify(refusal ?? null).includes('the client left'))
      expect(left).toHaveLength(2)
    }, 20_000)
    expect((await tryLogin(scene, { name, secret: 'x' })).refusal?.text).toContain('LOGIN_BACK_OFF')
  })
})
