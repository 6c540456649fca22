import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Coordination, MemoryHub, openMemoryCoordination } from '@gatehouse/coordination'
import { makeCredentialName } from '@gatehouse/session-credentials'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, vi } from 'vitest'
import { findPsql } from '../drivers/find-psql.ts'
import { issueCredential } from '../harness/issue-credential.ts'
import { bindingTo, tryCredential } from './credential-client.ts'
import { listenerTls, type SceneTest, scenePromises, SHARED, VERSIONS } from './scene.ts'
import { errorOf, WireClient } from './wire-client.ts'

const run = promisify(execFile)
const psql = await findPsql(18)
const tlsFiles = listenerTls()
afterAll(() => tlsFiles.remove())

const POLICY = `
rules:
  - name: agents
    who: { groups: [ai-agents] }
    allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] }
`

/** Scenes with TLS and one without, and what both share with the test. */
function shared(
  server: (typeof VERSIONS)[number]['shared'],
  tls: boolean,
): { coordination: () => Coordination; promise: SceneTest } {
  const hub = new MemoryHub()
  let coordination: Coordination | null = null
  beforeAll(async () => {
    coordination = await openMemoryCoordination(hub)
  })
  afterAll(() => coordination?.close())
  const promise = scenePromises(server, {
    policy: POLICY,
    listener: { allowClearTextPasswordOnLoopback: false, ...(tls ? { tls: tlsFiles.files } : {}) },
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

describe.each(VERSIONS)('a login with a session credential to $version', (version) => {
  const { coordination, promise } = shared(version.shared, true)

  promise('is by SCRAM over TLS, for node-postgres with channel binding and without', async (scene) => {
    const { host, port } = scene.gateway
    const { name: user, secret: password } = await issueCredential(coordination().credentials)
    for (const enableChannelBinding of [true, false]) {
      const ssl = { ca: tlsFiles.ca }
      const client = new Client({ host, port, user, password, database: 'shop', ssl, enableChannelBinding })
      await client.connect()
      expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
      await client.end()
    }
    const starts = await scene.records(({ kind }) => kind === 'session_start')
    expect(starts).toHaveLength(2)
    for (const start of starts)
      expect(start).toMatchObject({ client: { credential: user }, principal: { subject: 'agent' }, target: 'shop' })
  })

  promise('is by SCRAM-SHA-256-PLUS for a psql that insists on channel binding', async ({ gateway }, { skip }) => {
    const { command, leading } = psql.kind === 'absent' ? skip(psql.reason) : psql.program
    const { name, secret } = await issueCredential(coordination().credentials)
    const words = [
      `host=localhost port=${String(gateway.port)} user=${name} dbname=shop sslmode=verify-full`,
      `sslrootcert=${tlsFiles.caFile} channel_binding=require require_auth=scram-sha-256`,
    ].join(' ')
    const env = { ...process.env, PGPASSWORD: secret, PSQLRC: '/dev/null' }
    const { stdout } = await run(command, [...leading, '-XAtc', 'select 40 + 2', words], { env })
    expect(stdout).toBe('42\n')
    const wrong = run(command, [...leading, '-XAtc', 'select 1', words], { env: { ...env, PGPASSWORD: `${secret}x` } })
    await expect(wrong).rejects.toThrow('the session credential is not accepted')
  })
})

describe('a session credential', () => {
  const { coordination, promise } = shared(SHARED, true)
  const bound = bindingTo(tlsFiles.files.certificateFile)
  const at = ({ host, port }: { host: string; port: number }) =>
    ({ host, port, tls: 'request', ca: tlsFiles.ca }) as const

  promise('is for its target, named as database, behind a plus, or not at all', async ({ gateway, records }) => {
    const credential = await issueCredential(coordination().credentials, { target: 'archive' })
    for (const asked of [{}, { database: 'archive' }, { plus: 'archive' }, { plus: 'archive', database: 'shop' }])
      expect((await tryCredential(at(gateway), credential, asked)).refusal, JSON.stringify(asked)).toBe(null)
    const started = await records(({ kind, target }) => kind === 'session_start' && target === 'archive')
    expect(started).toHaveLength(4)
  })

  promise('that will not do gets one answer whatever is wrong with it, and the trail has the reason', async (scene) => {
    const { credentials } = coordination()
    const issued = await issueCredential(credentials)
    const usedUp = await issueCredential(credentials, { uses: 1 })
    expect((await tryCredential(at(scene.gateway), usedUp)).refusal).toBe(null)
    const past = { issuer: 'i', subject: 's', actor: null, groups: [], claims: {}, expiresAt: Date.now() - 1 }
    const revoked = await issueCredential(credentials)
    await credentials.revoke(revoked.name)
    const here = await issueCredential(credentials, { address: '127.0.0.1/32' })
    expect((await tryCredential(at(scene.gateway), here)).refusal).toBe(null)
    const wrong = { ...issued, secret: 'correct horse battery staple' }
    const cases: Record<
      string,
      {
        readonly tried: Awaited<ReturnType<typeof tryCredential>>
        readonly reason: RegExp
        readonly genuine: string | null
      }
    > = {
      'a wrong secret': {
        tried: await tryCredential(at(scene.gateway), wrong),
        reason: /the password is wrong$/,
        genuine: null,
      },
      'no secret': {
        tried: await tryCredential(at(scene.gateway), { ...issued, secret: '' }),
        reason: /the password is wrong$/,
        genuine: null,
      },
      'an unknown name': {
        tried: await tryCredential(at(scene.gateway), { name: makeCredentialName(), secret: 'x' }),
        reason: /there is no such credential$/,
        genuine: null,
      },
      'another target': {
        tried: await tryCredential(at(scene.gateway), issued, { database: 'archive' }),
        reason: /for target shop, not for archive$/,
        genuine: issued.name,
      },
      'another target behind a plus': {
        tried: await tryCredential(at(scene.gateway), issued, { plus: 'archive', database: 'shop' }),
        reason: /for target shop, not for archive$/,
        genuine: issued.name,
      },
      'no target of anybody': {
        tried: await tryCredential(at(scene.gateway), issued, { database: 'nowhere' }),
        reason: /for target shop, not for nowhere$/,
        genuine: issued.name,
      },
      'a target elsewhere': {
        tried: await tryCredential(at(scene.gateway), await issueCredential(credentials, { target: 'moon' })),
        reason: /target moon, which is not to be had here$/,
        genuine: expect.stringMatching(/^gh-/) as string,
      },
      'another address': {
        tried: await tryCredential(at(scene.gateway), await issueCredential(credentials, { address: '10.0.0.0/8' })),
        reason: /for clients at 10\.0\.0\.0\/8, not at (::ffff:)?127\.0\.0\.1$/,
        genuine: expect.stringMatching(/^gh-/) as string,
      },
      'an address that is none': {
        tried: await tryCredential(at(scene.gateway), await issueCredential(credentials, { address: 'localhost' })),
        reason: /for clients at localhost/,
        genuine: expect.stringMatching(/^gh-/) as string,
      },
      'all uses taken': {
        tried: await tryCredential(at(scene.gateway), usedUp),
        reason: /used up$/,
        genuine: usedUp.name,
      },
      'its token at an end': {
        tried: await tryCredential(at(scene.gateway), await issueCredential(credentials, { principal: past })),
        reason: /has ended$/,
        genuine: expect.stringMatching(/^gh-/) as string,
      },
      'a revoked one': {
        tried: await tryCredential(at(scene.gateway), revoked),
        reason: /there is no such credential$/,
        genuine: null,
      },
    }
    const kinds = ['AuthenticationSASL', 'AuthenticationSASLContinue', 'ErrorResponse']
    const first = Object.values(cases)[0]?.tried.refusal
    expect(first).toMatchObject({ S: 'FATAL', C: '28P01', D: '{"code":"CREDENTIAL_REFUSED"}' })
    for (const [name, { tried }] of Object.entries(cases)) {
      expect(tried.kinds, name).toEqual(kinds)
      expect(tried.refusal, name).toEqual(first)
      expect(tried.challenge?.iterations, name).toBe(4096)
      expect(tried.challenge?.salt.length, name).toBe(16)
    }
    const records = await vi.waitFor(async () => {
      const found = await scene.records(({ kind }) => kind === 'login_refused')
      expect(found).toHaveLength(Object.keys(cases).length)
      return found
    }, 20_000)
    for (const [index, [name, { reason, genuine }]] of Object.entries(cases).entries()) {
      expect(records[index], name).toMatchObject({
        refusal: { code: 'CREDENTIAL_REFUSED', reason: expect.stringMatching(reason) as string },
        client: genuine === null ? {} : { credential: genuine },
      })
      if (genuine === null) expect(records[index]?.client, name).not.toHaveProperty('credential')
    }
    // None of these has taken a use, or done harm.
    expect((await tryCredential(at(scene.gateway), issued)).refusal).toBe(null)
    expect(JSON.stringify(records)).not.toContain(issued.secret)
  })

  promise('that there is not has the same salt each time, and its own', async ({ gateway }) => {
    const [one, other] = [makeCredentialName(), makeCredentialName()].map((name) => ({ name, secret: 'x' }))
    if (one === undefined || other === undefined) throw new Error('no names')
    const saltOf = async (who: typeof one): Promise<string | undefined> =>
      (await tryCredential(at(gateway), who)).challenge?.salt.toString('hex')
    const salt = await saltOf(one)
    expect(salt).toMatch(/^[0-9a-f]{32}$/)
    expect(await saltOf(one)).toBe(salt)
    expect(await saltOf(other)).not.toBe(salt)
  })

  promise(
    'is bound to the channel by whoever can; what is bound wrongly, or talked out of it, is refused',
    async (scene) => {
      const credential = await issueCredential(coordination().credentials)
      const PLUS = 'SCRAM-SHA-256-PLUS'
      const tryWith = (proof: Parameters<typeof tryCredential>[2]) =>
        tryCredential(at(scene.gateway), credential, proof)
      expect((await tryWith({ mechanism: PLUS, binding: bound })).refusal).toBe(null)
      // The gateway offers it: a client that says `y` was told otherwise by somebody in between.
      const talkedOut = await tryWith({ binding: { kind: 'not-offered' } })
      expect(talkedOut.refusal).toMatchObject({ C: '28P01' })
      const otherCertificate = { kind: 'tls-server-end-point', data: Buffer.alloc(32, 7) } as const
      expect((await tryWith({ mechanism: PLUS, binding: otherCertificate })).refusal).toMatchObject({ C: '28P01' })
      for (const proof of [
        { mechanism: PLUS, binding: { kind: 'unsupported' } },
        { mechanism: 'SCRAM-SHA-256', binding: bound },
        { mechanism: 'OAUTHBEARER' },
        { mechanism: 'scram-sha-256' },
      ] as const)
        expect((await tryWith(proof)).refusal, JSON.stringify(proof)).toMatchObject({ C: '08P01' })
    },
  )

  promise('is not let in by a proof of another exchange, a reflected nonce, or half a proof', async ({ gateway }) => {
    const credential = await issueCredential(coordination().credentials)
    const { final: replayed, refusal } = await tryCredential(at(gateway), credential)
    expect(refusal).toBe(null)
    const nonceOf = (final: string): string => /r=([^,]*)/.exec(final)?.[1] ?? ''
    const tampered: Record<string, (right: string) => string> = {
      'of another exchange': () => replayed,
      'of another exchange, under this nonce': (right) => replayed.replace(nonceOf(replayed), nonceOf(right)),
      'with the client’s nonce alone': (right) => right.replace(nonceOf(right), nonceOf(right).slice(0, 24)),
      'with the server’s nonce alone': (right) => right.replace(nonceOf(right), nonceOf(right).slice(24)),
      'with both swapped': (right) =>
        right.replace(nonceOf(right), nonceOf(right).slice(24) + nonceOf(right).slice(0, 24)),
      'of zeros': (right) => right.replace(/p=.*/, `p=${Buffer.alloc(32).toString('base64')}`),
      'with another header': (right) => right.replace('c=biws', 'c=eSws'),
    }
    for (const [name, final] of Object.entries(tampered))
      expect((await tryCredential(at(gateway), credential, { final })).refusal, name).toMatchObject({ C: '28P01' })
    for (const final of ['', 'p=', 'e=x', 'c=biws,r=,p='])
      expect((await tryCredential(at(gateway), credential, { final: () => final })).refusal).toMatchObject({
        C: '08P01',
      })
  })

  promise('is no token, and a token is no credential', async ({ gateway }) => {
    const { name, secret } = await issueCredential(coordination().credentials)
    expect((await tryCredential(at(gateway), { name, secret: await gateway.token() })).refusal).toMatchObject({
      C: '28P01',
    })
    const asToken = WireClient.login(at(gateway), { database: 'shop', user: 'agent', password: secret })
    await expect(asToken).rejects.toThrow('28P01')
  })

  promise('ends its session when it ends, which its token may outlive', async ({ gateway, records }) => {
    const { name: user, secret: password } = await issueCredential(coordination().credentials, {
      until: Date.now() + 6000,
      principal: {
        issuer: 'i',
        subject: 'brief',
        actor: null,
        groups: ['ai-agents'],
        claims: {},
        expiresAt: Date.now() + 3_600_000,
      },
    })
    const client = await WireClient.login(at(gateway), { user, password, database: 'shop' })
    client.send({ kind: 'Query', text: 'select pg_sleep(60)' })
    expect(errorOf(await client.untilReady())?.fields.get('D')).toBe('{"code":"TOKEN_EXPIRED"}')
    await vi.waitFor(async () => {
      const ends = await records(
        ({ kind, principal }) => kind === 'session_end' && JSON.stringify(principal).includes('brief'),
      )
      expect(ends).toMatchObject([{ end: { reason: 'token_expired' } }])
    }, 20_000)
  })
})

describe('a session credential without TLS, on loopback', () => {
  const { coordination, promise } = shared(SHARED, false)

  promise('is taken by SCRAM without channel binding, since nothing secret is sent', async ({ gateway }) => {
    const { host, port } = gateway
    const credential = await issueCredential(coordination().credentials)
    expect((await tryCredential({ host, port }, credential)).refusal).toBe(null)
    // Who would have bound, and was rightly told that there is nothing to bind to.
    const able = { binding: { kind: 'not-offered' } } as const
    expect((await tryCredential({ host, port }, credential, able)).refusal).toBe(null)
    const binding = { kind: 'tls-server-end-point', data: Buffer.alloc(32) } as const
    const plus = await tryCredential({ host, port }, credential, { mechanism: 'SCRAM-SHA-256-PLUS', binding })
    expect(plus.refusal).toMatchObject({ C: '08P01' })
  })
})
