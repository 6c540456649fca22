import { Secret } from '@gatehouse/core'
import { fitsSecret } from '@gatehouse/session-credentials'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminScene, startAdminScene } from './testing/admin-scene.ts'
import { type Given, given, namesSeenBy, somebody, swap, swapping } from './testing/swapping.ts'

let scene: AdminScene
let alice: string

beforeAll(async () => {
  scene = await startAdminScene(swapping())
  alice = await scene.issuer.token({ sub: 'alice', azp: 'copilot' })
})
afterAll(() => scene.stop())

describe('a token that a gateway would accept', () => {
  test('is swapped for a name and a secret, of which only verifiers are kept', async () => {
    const said = await swap(scene, alice, { target: 'shop', uses: null, lifetimeSeconds: 60, address: '10.0.0.0/8' })
    expect(said.status).toBe(201)
    expect(said.headers.get('cache-control')).toBe('no-store')
    const { credential, secret, dsns, connection } = said.body as unknown as Given
    const { name } = credential
    const kept = await scene.coordination.credentials.get(name)
    expect(kept).toMatchObject({ target: 'shop', uses: null, used: 0, address: '10.0.0.0/8' })
    // The gateway decides on all that the token says.
    expect(kept?.principal).toMatchObject({ subject: 'alice', actor: 'copilot', groups: ['ai-agents'] })
    expect(kept?.principal.claims).toMatchObject({ aud: 'gatehouse' })
    expect(fitsSecret(kept?.verifiers ?? {}, new Secret(secret))).toBe(true)
    expect(JSON.stringify(kept)).not.toContain(secret)
    expect(connection).toEqual({
      engine: 'postgres',
      host: 'gateway.example.com',
      port: 15_432,
      database: 'shop',
      ca: null,
    })
    expect(dsns.uri).toBe(`postgresql://${name}:${secret}@gateway.example.com:15432/shop?sslmode=verify-full`)
    const listed = await scene.call('GET', '/v1/credentials', alice)
    expect(JSON.stringify(listed.body)).toContain(name)
    for (const hidden of [secret, 'verifiers', 'claims', 'SCRAM'])
      expect(JSON.stringify(listed.body)).not.toContain(hidden)
  })

  test('gives connection strings that are read as they are meant', async () => {
    const { credential, secret, dsns } = await given(scene, await somebody(scene), { target: 'orders' })
    const uri = new URL(dsns.uri)
    expect([uri.username, uri.password, uri.hostname, uri.port, uri.pathname]).toEqual([
      credential.name,
      secret,
      '[2001:db8::1]',
      '13306',
      '/orders',
    ])
    expect(dsns.jdbc).toBe(
      `jdbc:mysql://[2001:db8::1]:13306/orders?user=${credential.name}&password=${secret}&sslMode=VERIFY_IDENTITY`,
    )
  })

  test('gives no longer life than its own, nor than is configured', async () => {
    const exp = Math.floor(Date.now() / 1000) + 100
    const short = await given(scene, await somebody(scene, { exp }), { target: 'shop', lifetimeSeconds: 3000 })
    expect(Date.parse(short.credential.until)).toBe(exp * 1000)
    const long = await somebody(scene, { exp: exp + 100_000 })
    const most = await given(scene, long, { target: 'shop', lifetimeSeconds: 90_000 })
    expect(Date.parse(most.credential.until)).toBeLessThanOrEqual(Date.now() + 3600_000)
    const asked = await given(scene, long, { target: 'shop', lifetimeSeconds: 20 })
    expect(Date.parse(asked.credential.until)).toBeLessThanOrEqual(Date.now() + 20_000)
  })

  test('opens nothing else here, whatever its groups', async () => {
    const mighty = await scene.issuer.token({ sub: 'mighty', groups: ['dba', 'sre'] })
    const { credential } = await given(scene, alice)
    for (const path of ['/v1/me', '/v1/approvals', '/v1/sessions', '/v1/revocations', '/v1/trail/records'])
      expect({ path, status: (await scene.call('GET', path, mighty)).status }).toEqual({ path, status: 401 })
    expect(await namesSeenBy(scene, mighty)).toEqual([])
    expect((await scene.call('DELETE', `/v1/credentials/${credential.name}`, mighty)).status).toBe(404)
    expect(await scene.coordination.credentials.get(credential.name)).not.toBe(null)
  })
})

describe('what is no token for a gateway', () => {
  test('gives no credential, and is told no target', async () => {
    const { issuer } = scene
    const now = Math.floor(Date.now() / 1000)
    const { credential, secret } = await given(scene, await somebody(scene))
    const before = (await scene.coordination.credentials.list()).length
    for (const [what, token, status] of [
      ['none', null, 401],
      ['no token', 'x', 401],
      ['another audience', await issuer.token({ aud: 'elsewhere' }), 401],
      ['another issuer', await issuer.token({ iss: 'https://elsewhere.example' }), 401],
      ['expired', await issuer.token({ iat: now - 7200, exp: now - 3600 }), 401],
      ['not yet valid', await issuer.token({ nbf: now + 3600 }), 401],
      ['a changed signature', `${(await issuer.token()).slice(0, -8)}AAAAAAAA`, 401],
      // No chains: what came of a swap is not swapped again.
      ['a secret', secret, 401],
      ['a name', credential.name, 401],
      ['name and secret', Buffer.from(`${credential.name}:${secret}`).toString('base64'), 401],
      // Theirs is for this service, and no gateway takes it.
      ["people's", scene.tokens.approver, 403],
      ["an operator's", scene.tokens.operator, 403],
    ] as const) {
      for (const target of ['shop', 'nothing']) {
        const said = await swap(scene, token, { target })
        expect({ what, status: said.status }).toEqual({ what, status })
        expect(JSON.stringify(said.body)).not.toMatch(/shop|orders|gateway\.example/)
      }
      if (status === 401) expect((await scene.call('GET', '/v1/targets', token)).status).toBe(401)
    }
    expect(await scene.coordination.credentials.list()).toHaveLength(before)
  })

  test('and is basic authentication neither', async () => {
    const { credential, secret } = await given(scene, await somebody(scene))
    const authorization = `Basic ${Buffer.from(`${credential.name}:${secret}`).toString('base64')}`
    const answer = await fetch(`${scene.url}/v1/credentials`, { headers: { authorization } })
    expect(answer.status).toBe(401)
  })
})

test.each([
  [{}, 400],
  [{ target: '' }, 400],
  [{ target: 'shop', uses: 0 }, 400],
  [{ target: 'shop', uses: -1 }, 400],
  [{ target: 'shop', uses: 1.5 }, 400],
  [{ target: 'shop', lifetimeSeconds: 0 }, 400],
  [{ target: 'shop', lifetimeSeconds: -5 }, 400],
  [{ target: 'shop', lifetimeSeconds: 1e99 }, 400],
  [{ target: 'shop', lifetimeSeconds: '60' }, 400],
  [{ target: 'shop', address: 'example.com' }, 400],
  [{ target: 'shop', address: '10.0.0.0/33' }, 400],
  [{ target: 'shop', address: '10.0.0.1\n' }, 400],
  [{ target: 'shop', principal: { subject: 'root' } }, 400],
  [{ target: 'shop', name: 'gh-aaaaaaaaaaaaaaaaaaaa' }, 400],
  [{ target: 'nothing' }, 404],
  [{ target: '__proto__' }, 404],
  [{ target: 'constructor' }, 404],
  [{ target: 'shop?sslmode=disable' }, 404],
])('a wish that is none gives nothing: %j', async (wish, status) => {
  const token = await somebody(scene)
  expect((await swap(scene, token, wish)).status).toBe(status)
  expect(await namesSeenBy(scene, token)).toEqual([])
})

describe('credentials that are there', () => {
  test('are seen and revoked by their own principal, and by whoever has the role', async () => {
    const { tokens } = scene
    const { credential } = await given(scene, alice)
    const path = `/v1/credentials/${credential.name}`
    const others = [
      await scene.issuer.token({ sub: 'bob' }),
      // The same subject by another agent is another.
      await scene.issuer.token({ sub: 'alice', azp: 'cursor' }),
      tokens.nobody,
      tokens.approver,
    ]
    for (const token of others) {
      expect(await namesSeenBy(scene, token)).not.toContain(credential.name)
      expect((await scene.call('DELETE', path, token)).body).toMatchObject({ error: { code: 'UNKNOWN_CREDENTIAL' } })
    }
    for (const token of [alice, tokens.operator, tokens.auditor])
      expect(await namesSeenBy(scene, token)).toContain(credential.name)
    expect((await scene.call('DELETE', path, tokens.auditor)).status).toBe(403)
    expect(await scene.coordination.credentials.get(credential.name)).not.toBe(null)
    expect((await scene.call('DELETE', path, alice)).status).toBe(204)
    expect(await scene.coordination.credentials.get(credential.name)).toBe(null)
    expect((await scene.call('DELETE', path, alice)).status).toBe(404)
    const next = await given(scene, alice)
    expect((await scene.call('DELETE', `/v1/credentials/${next.credential.name}`, tokens.operator)).status).toBe(204)
    expect(await scene.coordination.credentials.get(next.credential.name)).toBe(null)
  })

  test('are no page sessions, and no other names', async () => {
    for (const name of ['page:abc', 'gh-', 'gh-aaaaaaaaaaaaaaaaaaaa%2bshop', '..%2fsessions', '%00'])
      expect([400, 404]).toContain(
        (await scene.call('DELETE', `/v1/credentials/${name}`, scene.tokens.operator)).status,
      )
    const taken = await scene.coordination.revocations.list()
    expect(taken.some(({ what }) => what.kind === 'credential' && !what.credential.startsWith('gh-'))).toBe(false)
  })
})

test('where tokens are not swapped, none is, and it is said', async () => {
  const plain = await startAdminScene()
  try {
    for (const [method, path, body] of [
      ['POST', '/v1/credentials', { target: 'shop' }],
      ['GET', '/v1/targets', undefined],
    ] as const) {
      expect((await plain.call(method, path, await plain.issuer.token(), body)).status).toBe(401)
      const said = await plain.call(method, path, plain.tokens.approver, body)
      expect([403, 404]).toContain(said.status)
    }
    expect((await plain.call('GET', '/v1/device-login', null)).body.error?.code).toBe('NO_CREDENTIALS')
  } finally {
    await plain.stop()
  }
})

test("the service's own issuers are those of tokens to swap where no others are named", async () => {
  const plain = await startAdminScene((issuer) => ({
    ...swapping({ issuers: null })(issuer),
  }))
  try {
    expect((await swap(plain, await plain.issuer.token(), { target: 'shop' })).status).toBe(401)
    await given(plain, plain.tokens.nobody)
  } finally {
    await plain.stop()
  }
})
