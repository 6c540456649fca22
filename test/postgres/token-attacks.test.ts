import { createHmac, createPublicKey } from 'node:crypto'
import { MemoryHub, openMemoryCoordination } from '@gatehouse/coordination'
import { createSigningKey, LoopbackIssuer } from '@gatehouse/identity/testing'
import { encodePasswordMessage } from '@gatehouse/postgres-wire'
import { describe, expect, vi } from 'vitest'
import { ALLOW_ALL, scenePromises, SHARED } from './scene.ts'
import type { Scene } from './scene.ts'
import { errorOf, WireClient } from './wire-client.ts'

// Every way in packages/identity/src/token-attacks.test.ts, the telling ones here through the real gateway.
const lines: string[] = []
const hub = new MemoryHub()
const share = (): ReturnType<typeof openMemoryCoordination> => openMemoryCoordination(hub)

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const seconds = (): number => Math.floor(Date.now() / 1000)

describe('a forged token', () => {
  const promise = scenePromises(SHARED, { policy: ALLOW_ALL, logged: (line) => lines.push(line) })

  promise(
    'gets nobody in; log and trail have the true reason, and the client one and the same sentence',
    async (scene) => {
      const { issuer } = scene.gateway
      const [key] = issuer.keys
      if (key === undefined) throw new Error('no key')
      const stranger = await createSigningKey('test', 'ES256')
      const good = await issuer.token()
      const [header = '', body = '', signature = ''] = good.split('.')
      const pem = createPublicKey({ key: key.publicJwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
      const confused = `${part({ alg: 'HS256', kid: key.kid })}.${body}`
      const twice = `${header}.${Buffer.from(`{"sub":"root",${Buffer.from(body, 'base64url').toString().slice(1)}`).toString('base64url')}`
      const forgeries: Readonly<Record<string, string>> = {
        [`${part({ alg: 'none' })}.${body}.`]: 'WRONG_ALGORITHM',
        [`${part({ alg: 'nOnE', kid: key.kid })}.${body}.${signature}`]: 'WRONG_ALGORITHM',
        [`${confused}.${createHmac('sha256', pem).update(confused).digest('base64url')}`]: 'WRONG_ALGORITHM',
        [await issuer.token({ sub: 'root' }, {}, stranger)]: 'BAD_SIGNATURE',
        [await issuer.token({ sub: 'root' }, { jwk: stranger.publicJwk }, stranger)]: 'BAD_SIGNATURE',
        [await issuer.token({ exp: seconds() - 1000 }, {}, stranger)]: 'BAD_SIGNATURE',
        [await issuer.token({ aud: 'another' }, {}, stranger)]: 'BAD_SIGNATURE',
        [await issuer.token({}, { kid: '../../dev/null' })]: 'UNKNOWN_KEY',
        [await issuer.token({}, { kid: "x' or 1=1 --" })]: 'UNKNOWN_KEY',
        [await issuer.token({}, { b64: false })]: 'UNSUPPORTED_HEADER',
        [await issuer.token({}, { typ: 'logout+jwt' })]: 'WRONG_TYPE',
        [await issuer.token({ aud: 'another' })]: 'WRONG_AUDIENCE',
        [await issuer.token({ iss: `${issuer.url}/` })]: 'UNKNOWN_ISSUER',
        [`${twice}.${signature}`]: 'AMBIGUOUS_TOKEN',
      }
      lines.length = 0
      const heard = new Set<string>()
      for (const token of Object.keys(forgeries)) heard.add(await saidTo(scene, token))
      expect([...heard]).toEqual([expect.stringMatching(/was not accepted by this gateway/)])

      const reasons = Object.values(forgeries)
      const logged = lines.filter((line) => line.includes('login refused')).map((line) => detailIn(line))
      expect(logged.map((detail) => detail.split(':')[0])).toEqual(reasons)
      const recorded = await vi.waitFor(
        async () => {
          const found = await scene.records(({ kind }) => kind === 'login_refused')
          expect(found.length).toBe(reasons.length)
          return found
        },
        { timeout: 20_000 },
      )
      expect(recorded.map(({ refusal }) => String(Object(refusal).reason).split(':')[0])).toEqual(reasons)
      for (const token of Object.keys(forgeries)) {
        for (const piece of token.split('.').filter(({ length }) => length > 30)) {
          expect(lines.join('\n')).not.toContain(piece)
          expect(JSON.stringify(recorded)).not.toContain(piece)
        }
      }
    },
  )
})

describe('a token that was good', () => {
  const promise = scenePromises(SHARED, { policy: ALLOW_ALL, coordination: share })

  promise('is good no more once its principal is revoked, and its session ends', async (scene) => {
    const { gateway } = scene
    const { host, port } = gateway
    const password = await gateway.token({ sub: 'mallory' })
    const client = await WireClient.login({ host, port }, { database: 'shop', password })
    const coordination = await share()
    const what = { kind: 'principal', issuer: gateway.issuer.url, subject: 'mallory' } as const
    const by = { issuer: 'https://people.example', subject: 'dana', actor: null }
    await coordination.revocations.revoke({ what, reason: 'stolen', by, until: null })
    const ended = await client.next()
    expect(ended?.kind).toBe('ErrorResponse')
    // Replayed, byte for byte and with another label.
    for (const user of ['agent', 'mallory', 'root']) expect(await saidTo(scene, password, user)).toContain('revoked')
    await expect(saidTo(scene, await gateway.token({ sub: 'mallory' }))).resolves.toContain('revoked')
    const other = await scene.enter({ sub: 'somebody-else' })
    expect(await other.rows('select 1')).toEqual([['1']])
    await other.end()
    await coordination.close()
  })
})

describe('keys that change, and an issuer that is down', () => {
  const promise = scenePromises(SHARED, { policy: ALLOW_ALL })

  promise(
    'a session goes on when its key is replaced; the new key logs in at once, and others while the issuer is down',
    async (scene) => {
      const { gateway } = scene
      const { issuer, host, port } = gateway
      const before = await scene.enter({ sub: 'early' })
      const next = await createSigningKey('next', 'ES256')
      issuer.keys = [next]
      // The first unknown key id comes behind the first fetch by less than the floor between two: it is tried again.
      const after = await vi.waitFor(
        async () =>
          WireClient.login(
            { host, port },
            { database: 'shop', password: await issuer.token({ sub: 'late' }, {}, next) },
          ),
        { timeout: 20_000, interval: 500 },
      )
      expect(await before.rows('select 1')).toEqual([['1']])
      expect(await after.rows('select 2')).toEqual([['2']])

      issuer.metadataAnswer = (_, response) => response.writeHead(503).end()
      issuer.keysAnswer = (_, response) => response.writeHead(503).end()
      const meanwhile = await scene.enter({ sub: 'meanwhile' })
      expect(await meanwhile.rows('select 3')).toEqual([['3']])
      // What the old key signed is not taken on the outage’s account.
      const old = await LoopbackIssuer.start([await createSigningKey('test', 'ES256')])
      expect(await saidTo(scene, await old.token({ iss: issuer.url }))).toMatch(/was not accepted by this gateway/)
      await old.close()
      for (const client of [before, after, meanwhile]) await client.end()
    },
    60_000,
  )
})

/** What a client is told that logs in with this token. */
async function saidTo({ gateway: { host, port } }: Scene, token: string, user = 'agent'): Promise<string> {
  const client = await WireClient.open({ host, port })
  client.start({ user, database: 'shop' })
  await client.until('AuthenticationCleartextPassword')
  client.write((writer) => encodePasswordMessage(token, writer))
  const report = errorOf(await client.untilReady())
  if (report === null) throw new Error('the login was not refused')
  return [...report.fields].map(([field, text]) => `${field} ${text}`).join('\n')
}

function detailIn(line: string): string {
  const logged: unknown = JSON.parse(line)
  return typeof logged === 'object' && logged !== null && 'detail' in logged ? String(logged.detail) : ''
}
