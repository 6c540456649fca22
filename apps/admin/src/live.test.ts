import { chmodSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Coordination, GatewayLease, Message, SessionRecord } from '@gatehouse/coordination'
import { verifyTrail } from '@gatehouse/audit-trail'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminScene, ask, startAdminScene } from './testing/admin-scene.ts'

let scene: AdminScene
let lease: GatewayLease

beforeAll(async () => {
  scene = await startAdminScene()
  lease = await scene.coordination.sessions.enlist('gateway')
})
afterAll(() => scene.stop())

function session(id: string, changes: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id,
    gateway: lease.id,
    principal: { issuer: 'i', subject: 'alice@example.com', actor: 'copilot', groups: ['ai-agents'] },
    target: 'shop',
    engine: 'postgres',
    credential: null,
    clientAddress: '10.0.0.1',
    applicationName: 'psql',
    startedAt: Date.now(),
    state: 'idle',
    since: Date.now(),
    approval: null,
    statements: 0,
    cancelKey: { processId: Math.floor(Math.random() * 1e9), secretHash: 'abcd'.repeat(16) },
    ...changes,
  }
}

/** An open event stream, and what it has told. */
class Stream {
  readonly events: string[] = []
  readonly ended: Promise<void>
  readonly #abort = new AbortController()

  constructor(scene: AdminScene, token: string) {
    this.ended = this.#read(scene, token)
  }

  async #read({ url }: AdminScene, token: string): Promise<void> {
    try {
      const response = await fetch(`${url}/v1/events`, {
        headers: { authorization: `Bearer ${token}` },
        signal: this.#abort.signal,
      })
      if (response.body === null) return
      for await (const text of response.body.pipeThrough(new TextDecoderStream()))
        for (const [, event = '', data = ''] of text.matchAll(/^event: (\w+)\ndata: (.*)$/gm))
          this.events.push(`${event} ${data}`)
    } catch {
      // It was cut off, by either side.
    }
  }

  close(): void {
    this.#abort.abort()
  }
}

describe('the event stream', () => {
  test('tells an approver of requests within a second, and of no session', async () => {
    const approver = new Stream(scene, scene.tokens.approver)
    const operator = new Stream(scene, scene.tokens.operator)
    await expect.poll(() => [approver.events.length, operator.events.length]).toEqual([1, 1])
    // The first look at sessions is what later ones are held against.
    await new Promise((resolve) => setTimeout(resolve, 1500))
    const id = await ask(scene.coordination)
    const told = `approval ${JSON.stringify({ id })}`
    await expect.poll(() => approver.events).toContain(told)
    await lease.enter(session('s-events'), { sessionsPerPrincipal: 100 })
    const seen = `session ${JSON.stringify({ id: 's-events' })}`
    await expect.poll(() => operator.events).toContain(seen)
    expect(approver.events.filter((event) => event.startsWith('session'))).toEqual([])
    expect(operator.events.filter((event) => event.startsWith('approval'))).toEqual([])
    approver.close()
    operator.close()
  })

  test('ends when the right of whoever listens ends', async () => {
    const token = await scene.issuer.token({ sub: 'eve@example.com', groups: ['dba'], aud: 'gatehouse-admin' })
    const stream = new Stream(scene, token)
    await expect.poll(() => stream.events.length).toBe(1)
    await scene.call('POST', '/v1/revocations', scene.tokens.operator, {
      what: { kind: 'principal', subject: 'eve@example.com' },
      reason: 'gone',
    })
    await ask(scene.coordination)
    await stream.ended
    expect(stream.events.filter((event) => event.startsWith('approval'))).toEqual([])
  })

  test('is not opened without end by one person, and is there again for them later', async () => {
    const { tokens, url } = scene
    const open = (): Promise<Response> =>
      fetch(`${url}/v1/events`, { headers: { authorization: `Bearer ${tokens.secondApprover}` } })
    const responses = await Promise.all(Array.from({ length: 30 }, open))
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(10)
    expect(responses.filter(({ status }) => status === 429)).toHaveLength(20)
    for (const { body } of responses) await body?.cancel()
    await expect
      .poll(async () => {
        const again = await open()
        await again.body?.cancel()
        return again.status
      })
      .toBe(200)
  })
})

describe('a session', () => {
  test('is shown without what opens it', async () => {
    await lease.enter(session('s-shown'), { sessionsPerPrincipal: 100 })
    const { body } = await scene.call('GET', '/v1/sessions/s-shown', scene.tokens.auditor)
    expect(body['session']).toMatchObject({ id: 's-shown', state: 'idle', startedAt: expect.stringMatching(/Z$/) })
    expect(JSON.stringify(body)).not.toContain('abcd')
  })

  test('is ended by its gateway, which is told who and why', async () => {
    await lease.enter(session('s-end'), { sessionsPerPrincipal: 100 })
    const told: Message[] = []
    const stop = scene.coordination.messages.receive(lease.id, (message) => {
      told.push(message)
      return true
    })
    const said = await scene.call('POST', '/v1/sessions/s-end/end', scene.tokens.operator, { reason: 'runs wild' })
    stop()
    expect(said).toMatchObject({ status: 200, body: { ended: true } })
    expect(told).toEqual([{ kind: 'end_session', session: 's-end', reason: 'runs wild', by: 'sam@example.com' }])
  })

  test('whose gateway does not answer is revoked, so that it ends once the gateway is reached', async () => {
    await lease.enter(session('s-deaf'), { sessionsPerPrincipal: 100 })
    const said = await scene.call('POST', '/v1/sessions/s-deaf/end', scene.tokens.operator, { reason: 'runs wild' })
    expect(said).toMatchObject({ status: 200, body: { ended: false } })
    expect(matches(scene.coordination, 's-deaf')).toBe('runs wild')
  })
})

describe('a revocation', () => {
  test('holds at gateways at once, is listed, and is lifted', async () => {
    const { call, tokens, coordination } = scene
    const made = await call('POST', '/v1/revocations', tokens.operator, {
      what: { kind: 'session', session: 's-revoked' },
      reason: 'stolen token',
      until: '2099-01-01T00:00:00Z',
    })
    const { id } = made.body['revocation'] as { readonly id: string }
    expect(matches(coordination, 's-revoked')).toBe('stolen token')
    const listed = await call('GET', '/v1/revocations', tokens.auditor)
    expect(listed.body['revocations']).toContainEqual(
      expect.objectContaining({ id, until: '2099-01-01T00:00:00.000Z' }),
    )
    expect((await call('DELETE', `/v1/revocations/${id}`, tokens.operator)).status).toBe(204)
    expect(matches(coordination, 's-revoked')).toBe(null)
  })

  test.each([
    { what: { kind: 'everything' }, reason: 'x' },
    { what: { kind: 'session', session: 's', subject: 'x' }, reason: 'x' },
    { what: { kind: 'target', target: '' }, reason: 'x' },
    { what: { kind: 'target', target: 'shop' }, reason: 'x', until: 'tomorrow' },
    { what: { kind: 'target', target: 'shop' }, reason: 'x', until: '2001-01-01T00:00:00Z' },
    { what: { kind: 'target', target: 'shop' } },
  ])('of something that cannot be is none: %j', async (body) => {
    const before = await scene.coordination.revocations.list()
    expect(await scene.call('POST', '/v1/revocations', scene.tokens.operator, body)).toMatchObject({ status: 400 })
    expect(await scene.coordination.revocations.list()).toEqual(before)
  })
})

describe('the trail', () => {
  test('is searched and verified, and that it was read is in it', async () => {
    const { call, tokens } = scene
    const found = await call('GET', '/v1/trail/records?limit=1000', tokens.auditor)
    expect(found.body['records']).toContainEqual(
      expect.objectContaining({
        gateway: 'admin-1',
        record: expect.objectContaining({
          kind: 'admin_action',
          admin: expect.objectContaining({ action: 'session_ended' }),
        }),
      }),
    )
    const verified = await call('POST', '/v1/trail/verify', tokens.auditor)
    expect(verified.body['trails']).toMatchObject([{ firstBreak: null }])
    const again = await call('GET', '/v1/trail/records?limit=1000', tokens.auditor)
    expect(again.body['records']).toContainEqual(
      expect.objectContaining({
        record: expect.objectContaining({ admin: expect.objectContaining({ action: 'trail_verified' }) }),
      }),
    )
    expect((await verifyTrail(scene.trailDirectory)).firstBreak).toBe(null)
  })

  test('that cannot be written stops every action', async () => {
    const broken = await startAdminScene()
    try {
      const id = await ask(broken.coordination)
      // Its folder goes, and a file stands in its place: nothing can be written there, as root either.
      renameSync(broken.trailDirectory, `${broken.trailDirectory}-gone`)
      writeFileSync(broken.trailDirectory, '')
      chmodSync(broken.trailDirectory, 0)
      const { call, tokens } = broken
      for (const [path, token, body] of [
        [`/v1/approvals/${id}/approve`, tokens.approver, {}],
        [`/v1/approvals/${id}/refuse`, tokens.approver, { reason: 'no' }],
        ['/v1/revocations', tokens.operator, { what: { kind: 'target', target: 'shop' }, reason: 'x' }],
      ] as const)
        expect(await call('POST', path, token, body)).toMatchObject({
          status: 503,
          body: { error: { code: 'TRAIL_UNAVAILABLE' } },
        })
      expect(await broken.coordination.approvals.get(id)).toMatchObject({ state: 'pending', decisions: [] })
      expect(await broken.coordination.revocations.list()).toEqual([])
      expect((await call('GET', '/readyz', null)).status).toBe(503)
    } finally {
      await broken.stop().catch(() => undefined)
    }
  })
})

describe('the policy', () => {
  test('is shown as it stands, and statements are explained where there is who explains', async () => {
    const policyFile = join(import.meta.dirname, '../../cli/src/dev/shop-policy.yaml')
    const asked: unknown[] = []
    const own = await startAdminScene({ policyFile }, async (question) => {
      asked.push(question)
      if (question.sql === 'no sql') throw new Error('it cannot be parsed')
      return ['permit', 'by rule a']
    })
    try {
      const { call, tokens } = own
      const shown = await call('GET', '/v1/policy', tokens.operator)
      expect(shown.body).toMatchObject({
        text: expect.stringContaining('rules'),
        version: expect.stringMatching(/^[0-9a-f]{12}$/),
      })
      const question = { claims: { sub: 'alice' }, target: 'shop', sql: 'select 1' }
      expect((await call('POST', '/v1/policy/explain', tokens.auditor, question)).body).toEqual({
        explanation: 'permit\nby rule a',
      })
      expect(asked).toEqual([{ policyFile, catalogsDirectory: join(policyFile, '..'), ...question }])
      expect(await call('POST', '/v1/policy/explain', tokens.auditor, { ...question, sql: 'no sql' })).toMatchObject({
        status: 422,
        body: { error: { message: 'It cannot be explained: it cannot be parsed' } },
      })
      for (const target of ['../../etc', 'a/b', '', '.'])
        expect((await call('POST', '/v1/policy/explain', tokens.auditor, { ...question, target })).status).toBe(400)
    } finally {
      await own.stop()
    }
  })
})

test('health, readiness and metrics are told to whoever runs the service', async () => {
  const { call, url } = scene
  expect((await call('GET', '/readyz', null)).body).toEqual({ state: 'running', unready: [], warnings: [] })
  const metrics = await (await fetch(`${url}/metrics`)).text()
  expect(metrics).toContain('gatehouse_admin_request_seconds_count{route="/v1/sessions/:id/end",status="200"}')
})

function matches({ revocations }: Coordination, id: string): string | null {
  const principal = { issuer: 'i', subject: 'alice@example.com', actor: 'copilot' }
  return revocations.matches({ session: id, principal, target: 'shop', credential: null })?.reason ?? null
}
