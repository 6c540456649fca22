import { type Coordination, openRedisCoordination } from '@gatehouse/coordination'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RedisServer, startRedis, whyNoRedis } from '../../../test/servers/redis.ts'
import { type AdminScene, ask, question, startAdminScene } from './testing/admin-scene.ts'

describe.skipIf((await whyNoRedis()) !== null)('two admin services on one Redis', () => {
  let redis: RedisServer
  let first: AdminScene
  let second: AdminScene
  let gateway: Coordination

  beforeAll(async () => {
    redis = await startRedis({})
    const { host, port } = redis
    const open = (): Promise<Coordination> => openRedisCoordination({ at: { kind: 'server', host, port } })
    first = await startAdminScene({}, null, undefined, open)
    second = await startAdminScene({ serviceId: 'admin-2' }, null, undefined, open)
    gateway = await open()
  })
  afterAll(async () => {
    await gateway.close()
    await second.stop()
    await first.stop()
    await redis.stop().catch(() => undefined)
  })

  test('what is asked anywhere is decided at either, and shown by both', async () => {
    const id = await ask(gateway)
    const said = await second.call('POST', `/v1/approvals/${id}/approve`, second.tokens.approver, {})
    expect(said).toMatchObject({ status: 200, body: { kind: 'decided' } })
    expect(await gateway.approvals.get(id)).toMatchObject({ state: 'approved' })
    const shown = await first.call('GET', `/v1/approvals/${id}`, first.tokens.approver)
    expect(shown.body['approval']).toMatchObject({ state: 'approved' })
  })

  test('of a yes and a no at the same time, one comes first at both', async () => {
    for (let round = 0; round < 50; round++) {
      const id = await ask(gateway, question({ principal: { ...question().principal, subject: `alice-${round}` } }))
      const path = `/v1/approvals/${id}`
      const [yes, no] = await Promise.all([
        first.call('POST', `${path}/approve`, first.tokens.approver, {}),
        second.call('POST', `${path}/refuse`, second.tokens.secondApprover, { reason: 'no' }),
      ])
      const kinds = [yes.body['kind'], no.body['kind']]
      expect(kinds.map(String).sort()).toEqual(['already', 'decided'])
      const state = (await gateway.approvals.get(id))?.state
      expect(state).toBe(kinds[0] === 'decided' ? 'approved' : 'refused')
    }
  })

  test('an event of one is told by the other within a second', async () => {
    const stop = new AbortController()
    const response = await fetch(`${first.url}/v1/events`, {
      headers: { authorization: `Bearer ${first.tokens.approver}` },
      signal: stop.signal,
    })
    let told = ''
    const read = (async () => {
      for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) told += text
    })().catch(() => undefined)
    const id = await ask(gateway)
    await second.call('POST', `/v1/approvals/${id}/refuse`, second.tokens.approver, { reason: 'no' })
    await expect.poll(() => told.split(id).length - 1).toBeGreaterThanOrEqual(2)
    stop.abort()
    await read
  })

  // The last one: it ends the Redis.
  test('a Redis that is gone: a kind no within bounds, nobody is told yes, and the service is not ready', async () => {
    const id = await ask(gateway)
    await redis.stop()
    const began = performance.now()
    const said = await first.call('POST', `/v1/approvals/${id}/approve`, first.tokens.approver, {})
    expect(said).toMatchObject({ status: 503, body: { error: { code: 'COORDINATION_LOST' } } })
    expect(performance.now() - began).toBeLessThan(3000)
    await expect.poll(async () => (await first.call('GET', '/readyz', null)).status).toBe(503)
    expect((await first.call('GET', '/healthz', null)).status).toBe(200)
  })
})
