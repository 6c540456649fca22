import { createHmac } from 'node:crypto'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminScene, ask, startAdminScene } from './testing/admin-scene.ts'

let scene: AdminScene
let approval: string

beforeAll(async () => {
  scene = await startAdminScene()
  approval = await ask(scene.coordination)
})
afterAll(() => scene.stop())

const REASON = { reason: 'because' }

/** Every route that is not public, who may call it, and a body that would do. */
const ROUTES: [method: string, path: string, roles: readonly (keyof AdminScene['tokens'])[], body?: object][] = [
  ['GET', '/v1/me', ['approver', 'operator', 'auditor', 'nobody']],
  ['GET', '/v1/approvals', ['approver', 'auditor']],
  ['GET', '/v1/approvals/none', ['approver', 'auditor']],
  ['POST', '/v1/approvals/none/approve', ['approver'], {}],
  ['POST', '/v1/approvals/none/refuse', ['approver'], REASON],
  ['GET', '/v1/grants', ['approver', 'operator', 'auditor']],
  ['DELETE', '/v1/grants/none', ['approver', 'operator']],
  ['GET', '/v1/sessions', ['operator', 'auditor']],
  ['GET', '/v1/sessions/none', ['operator', 'auditor']],
  ['POST', '/v1/sessions/none/end', ['operator'], REASON],
  ['GET', '/v1/targets', ['approver', 'operator', 'auditor', 'nobody']],
  ['GET', '/v1/credentials', ['approver', 'operator', 'auditor', 'nobody']],
  ['POST', '/v1/credentials', ['approver', 'operator', 'auditor', 'nobody'], {}],
  ['DELETE', '/v1/credentials/none', ['approver', 'operator', 'auditor', 'nobody']],
  ['GET', '/v1/revocations', ['operator', 'auditor']],
  ['POST', '/v1/revocations', ['operator'], {}],
  ['DELETE', '/v1/revocations/none', ['operator']],
  ['GET', '/v1/legal-holds', ['operator', 'auditor']],
  ['POST', '/v1/legal-holds', ['operator'], {}],
  ['DELETE', '/v1/legal-holds/none', ['operator']],
  ['GET', '/v1/policy', ['operator', 'auditor']],
  ['POST', '/v1/policy/explain', ['operator', 'auditor'], { claims: {}, target: 'shop', sql: 'select 1' }],
  ['GET', '/v1/trail/records', ['auditor']],
  ['GET', '/v1/trail/summary', ['auditor']],
  ['GET', '/v1/trail/sessions/none/timeline', ['auditor']],
  ['GET', '/v1/trail/sessions/none/replay', ['auditor']],
  ['GET', '/v1/trail/sessions/none/find?text=x', ['auditor']],
  ['GET', '/v1/trail/sessions/none/export?format=csv', ['auditor']],
  ['POST', '/v1/trail/verify', ['auditor']],
  ['POST', '/logout', ['approver', 'operator', 'auditor', 'nobody']],
]

describe('every route', () => {
  test('that is there stands in this test, or is public', async () => {
    const { body } = await scene.call('GET', '/openapi.json', null)
    const documented = Object.entries(body['paths'] as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('{name}', '{id}')}`),
    )
    const open = ['/healthz', '/readyz', '/metrics', '/openapi.json', '/login', '/callback', '/v1/device-login'].map(
      (path) => `GET ${path}`,
    )
    const tested = ROUTES.map(([method, path]) => `${method} ${path.replace('none', '{id}').replace(/\?.*/, '')}`)
    expect(documented.filter((route) => !route.startsWith('HEAD ')).sort()).toEqual(
      [...open, ...tested, 'GET /v1/events'].sort(),
    )
  })

  test.each(ROUTES)('%s %s wants a token that is good, for this service', async (method, path, _, body) => {
    const { issuer, call } = scene
    const good = { sub: 'dana@example.com', groups: ['dba', 'sre'], aud: 'gatehouse-admin' }
    const now = Math.floor(Date.now() / 1000)
    const bad = [
      null,
      '',
      'x',
      await issuer.token({ ...good, aud: 'gatehouse' }),
      await issuer.token({ ...good, exp: now - 3600, iat: now - 7200 }),
      await issuer.token({ ...good, iss: 'https://elsewhere.example' }),
      `${(await issuer.token(good)).slice(0, -8)}AAAAAAAA`,
      unsigned({ ...good, iss: issuer.url, exp: now + 60 }),
      keyedWithAGuess({ ...good, iss: issuer.url, exp: now + 60 }),
    ]
    for (const token of bad) {
      const said = await call(method, path, token, body)
      expect(said.status).toBe(401)
      expect(Object.keys(said.body)).toEqual(['error'])
    }
  })

  test.each(ROUTES)('%s %s is for its roles alone', async (method, path, permitted, body) => {
    for (const [who, token] of Object.entries(scene.tokens)) {
      const { status, body: said } = await scene.call(method, path, token, body)
      if (permitted.some((role) => who === role || who === `second${role[0]?.toUpperCase()}${role.slice(1)}`))
        expect([200, 204, 400, 404]).toContain(status)
      else expect({ status, code: said.error?.code }).toEqual({ status: 403, code: 'NOT_PERMITTED' })
    }
  })

  test('is closed to somebody whose right was revoked, at once', async () => {
    const token = await scene.issuer.token({ sub: 'gone@example.com', groups: ['dba'], aud: 'gatehouse-admin' })
    expect((await scene.call('GET', '/v1/approvals', token)).status).toBe(200)
    const made = await scene.call('POST', '/v1/revocations', scene.tokens.operator, {
      what: { kind: 'principal', subject: 'gone@example.com' },
      reason: 'left the company',
    })
    expect(made.status).toBe(201)
    expect(await scene.call('POST', `/v1/approvals/${approval}/approve`, token, {})).toMatchObject({
      status: 403,
      body: { error: { code: 'REVOKED' } },
    })
    expect(await scene.coordination.approvals.get(approval)).toMatchObject({ state: 'pending' })
  })
})

describe('what is sent', () => {
  test('may be any bytes: the answer is a kind no, and nothing is decided', async () => {
    const path = `/v1/approvals/${approval}/approve`
    const headers = { authorization: `Bearer ${scene.tokens.approver}` }
    const json = { ...headers, 'content-type': 'application/json' }
    const deep = '['.repeat(60_000)
    for (const [init, status] of [
      [{ headers: json, body: '{' }, 400],
      [{ headers: json, body: '{"__proto__":{"reason":"x"}}' }, 400],
      [{ headers: json, body: '{"constructor":{"prototype":{}}}' }, 400],
      [{ headers: json, body: deep }, 400],
      [{ headers: json, body: `{"reason":"${'x'.repeat(200_000)}"}` }, 413],
      [{ headers: json, body: new Uint8Array([0xff, 0xfe, 0]) }, 400],
      [{ headers: { ...headers, 'content-type': 'text/xml' }, body: '<a/>' }, 415],
      [{ headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body: 'reason=x' }, 415],
      [{ headers: json, body: '{"grant":{"covers":"all","seconds":1}}' }, 400],
      [{ headers: json, body: '{"grant":{"covers":"actions","seconds":1e99}}' }, 400],
    ] as const) {
      const response = await fetch(scene.url + path, { method: 'POST', ...init })
      expect({ init, status: response.status }).toEqual({ init, status })
      expect(await response.json()).toMatchObject({ error: { code: expect.any(String), hint: expect.any(String) } })
    }
    expect(await scene.coordination.approvals.get(approval)).toMatchObject({ state: 'pending' })
  })

  test.each([
    '/v1/approvals/..%2f..%2fetc',
    '/v1/approvals/%00',
    '/v1/approvals/a%0d%0ab',
    `/v1/approvals/${'a'.repeat(300)}`,
  ])('may be any path: %s', async (path) => {
    expect([400, 404, 414]).toContain((await scene.call('GET', path, scene.tokens.approver)).status)
  })

  test('cannot put a header into an answer', async () => {
    const said = await scene.call('GET', '/v1/approvals?target=a%0d%0aset-cookie:%20x=y', scene.tokens.approver)
    expect(said.status).toBe(200)
    expect(said.headers.get('set-cookie')).toBe(null)
  })

  test('half and never finished does not hold the service up', async () => {
    const { hostname, port } = new URL(scene.url)
    const sockets = Array.from({ length: 50 }, () => connect(Number(port), hostname, () => undefined))
    for (const socket of sockets)
      socket.on('error', () => undefined).write('POST /v1/approvals/x/approve HTTP/1.1\r\nHost: x\r\n')
    expect((await scene.call('GET', '/healthz', null)).status).toBe(200)
    for (const socket of sockets) socket.destroy()
  })
})

test('answers carry what keeps a browser from harm', async () => {
  const { headers } = await scene.call('GET', '/healthz', null)
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('referrer-policy')).toBe('no-referrer')
})

test('a flood of one address is cut off', async () => {
  const small = await startAdminScene({ requestsPerMinute: 20 })
  try {
    const statuses: number[] = []
    for (let count = 0; count < 25; count++) statuses.push((await small.call('GET', '/v1/me', null)).status)
    expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401))
    expect(statuses.slice(20)).toEqual(Array.from({ length: 5 }, () => 429))
  } finally {
    await small.stop()
  }
})

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function unsigned(claims: object): string {
  return `${encoded({ alg: 'none' })}.${encoded(claims)}.`
}

function keyedWithAGuess(claims: object): string {
  const text = `${encoded({ alg: 'HS256', kid: 'k1' })}.${encoded(claims)}`
  return `${text}.${createHmac('sha256', 'k1').update(text).digest('base64url')}`
}
