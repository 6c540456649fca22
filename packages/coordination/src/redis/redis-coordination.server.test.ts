import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { startRedis, whyNoRedis } from '../../../../test/servers/redis.ts'
import type { Coordination } from '../coordination.ts'
import { CoordinationLost } from '../coordination-lost.ts'
import type { GatewayLease } from '../sessions.ts'
import { promiseApprovals } from '../testing/approval-promises.ts'
import { LIMITS, question, session, waiter, yes } from '../testing/scene.ts'
import { promiseDeliveries } from '../testing/delivery-promises.ts'
import { promiseSharing } from '../testing/sharing-promises.ts'
import { openRedisCoordination } from './redis-coordination.ts'
import type { RedisOptions } from './redis-options.ts'

const { redis } = inject('servers')
const absent = 'absent' in redis ? redis.absent : null
const quick = { heartbeat: 100, lostAfter: 500, tick: 50 }
const at = 'absent' in redis ? { host: '', port: 0 } : redis.address

describe.skipIf(absent !== null)('in Redis', () => {
  const options: RedisOptions = { at: { kind: 'server', ...at }, keyPrefix: `test-${String(Math.random())}` }
  let pair: readonly [Coordination, Coordination]
  let leases: readonly [GatewayLease, GatewayLease]

  describe('approvals', () => {
    beforeAll(async () => {
      const own = { ...options, keyPrefix: `${String(options.keyPrefix)}-approvals` }
      pair = [await openRedisCoordination(own), await openRedisCoordination(own)]
    })
    afterAll(async () => {
      for (const one of pair) await one.close()
    })
    promiseApprovals(() => pair)
  })

  describe('the rest', () => {
    beforeAll(async () => {
      pair = [await openRedisCoordination(options, quick), await openRedisCoordination(options, quick)]
      leases = [await pair[0].sessions.enlist('one'), await pair[1].sessions.enlist('other')]
    })
    afterAll(async () => {
      for (const one of pair) await one.close()
    })
    promiseSharing(
      () => pair,
      () => leases,
      () => openRedisCoordination(options, quick),
    )
    promiseDeliveries(() => pair)
  })
})

describe.skipIf((await whyNoRedis()) !== null)('a Redis of its own', () => {
  test('has nothing left of sessions that are over, nor of a gateway that left or was lost with some', async () => {
    const server = await startRedis({})
    const { host, port } = server
    const open = (): Promise<Coordination> => openRedisCoordination({ at: { kind: 'server', host, port } }, quick)
    const looks = new Redis({ host, port })
    const [one, leaves, lost] = await Promise.all([open(), open(), open()])
    const leases = await Promise.all([one, leaves, lost].map(({ sessions }, at) => sessions.enlist(String(at))))
    const { principal } = session()
    for (const lease of leases)
      for (let times = 0; times < 3; times++)
        expect(await lease.enter(session({ principal }), { sessionsPerPrincipal: 9 })).toEqual({ kind: 'entered' })
    expect(await one.sessions.count(principal)).toBe(9)
    await leaves.close()
    await lost.close({ abruptly: true })
    for (const { id } of await one.sessions.list({ gateway: leases[0]?.id ?? '' })) await leases[0]?.leave(id)
    const left = async (): Promise<readonly string[]> =>
      (await looks.keys('*:sessions}*')).map((key) => key.replace(/^.*sessions}/, '')).toSorted()
    await expect.poll(left, { timeout: 20_000 }).toEqual(['', ':descriptions'])
    expect(await looks.hlen('{gatehouse:sessions}:descriptions')).toBe(1)
    looks.disconnect()
    await one.close()
    await server.stop()
  })

  test('stopped: operations are refused within bounds, copies stay; started again: everything is back', async () => {
    const first = await startRedis({})
    const { host, port } = first
    const one = await openRedisCoordination({ at: { kind: 'server', host, port } }, quick)
    const lease = await one.sessions.enlist('one')
    const record = session()
    await lease.enter(record, { sessionsPerPrincipal: 5 })
    const by = { issuer: 'https://idp', subject: 'sam', actor: null }
    const what = { kind: 'target', target: 'shop' } as const
    await one.revocations.revoke({ what, reason: 'an incident', by, until: null })
    const states: string[] = []
    one.onStateChange(({ kind }) => states.push(kind))
    const events: string[] = []
    one.approvals.watch(({ kind }) => events.push(kind))
    await first.stop()
    await expect.poll(() => one.state.kind).toBe('lost')
    const began = performance.now()
    await expect(one.approvals.ask(question(), waiter(), LIMITS)).rejects.toThrow(CoordinationLost)
    await expect(one.approvals.claim('x', 's1')).rejects.toThrow(CoordinationLost)
    expect(performance.now() - began).toBeLessThan(2500)
    const own = { session: null, principal: record.principal, target: 'shop', credential: null }
    expect(one.revocations.matches(own)).not.toBe(null)
    const second = await startRedis({ port })
    await expect.poll(() => one.state.kind).toBe('connected')
    await expect.poll(() => one.sessions.get(record.id)).toMatchObject({ id: record.id })
    const other = await openRedisCoordination({ at: { kind: 'server', host, port } }, quick)
    await expect.poll(() => other.sessions.findByCancelKey(record.cancelKey.processId)).not.toBe(null)
    // The server came back empty: a revocation that one process knew holds in all again.
    await expect.poll(() => other.revocations.matches(own)).not.toBe(null)
    expect(await other.revocations.list()).toHaveLength(1)
    await expect.poll(() => events).toContain('resync')
    const toldBefore = events.length
    const asked = await other.approvals.ask(question(), waiter({ gateway: lease.id }), LIMITS)
    // Told of the change; where the server counted as lost just then, to look again.
    await expect.poll(() => events.slice(toldBefore)).not.toEqual([])
    // On a busy machine an answer may be late, and the server count as lost for a moment more: each time it is told, and told to be over.
    await expect.poll(() => states.join(' ')).toMatch(/^lost connected(?: lost connected)*$/)
    expect(await one.approvals.decide(asked.kind === 'asked' ? asked.id : '', yes())).toMatchObject({ kind: 'decided' })
    await Promise.all([one.close(), other.close()])
    await second.stop()
  })

  test('that hangs: what is asked of it is refused within about a second, and nothing waits behind it', async () => {
    const server = await startRedis({})
    const { host, port } = server
    const one = await openRedisCoordination({ at: { kind: 'server', host, port } })
    process.kill(server.pid, 'SIGSTOP')
    const began = performance.now()
    const { principal } = question()
    const asked = Array.from({ length: 100 }, () => one.approvals.ask(question({ principal }), waiter(), LIMITS))
    for (const { status } of await Promise.allSettled(asked)) expect(status).toBe('rejected')
    expect(performance.now() - began).toBeLessThan(2500)
    process.kill(server.pid, 'SIGCONT')
    await expect.poll(() => one.state.kind).toBe('connected')
    await one.close()
    await server.stop()
  })

  test('with a password and TLS lets in whoever has both, and nobody else', async () => {
    const server = await startRedis({ password: 'the password', tls: true })
    const { port, tls } = server
    const place = { kind: 'server', host: 'localhost', port } as const
    const ca = tls?.ca ?? ''
    const one = await openRedisCoordination({ at: place, password: 'the password', tls: { ca } })
    expect((await one.approvals.ask(question(), waiter(), LIMITS)).kind).toBe('asked')
    await one.close()
    for (const wrong of [{ password: 'another', tls: { ca } }, { tls: { ca } }, { password: 'the password', tls: {} }])
      await expect(openRedisCoordination({ at: place, ...wrong })).rejects.toThrow(CoordinationLost)
    await server.stop()
  })

  test('is found by its Sentinel', async () => {
    const server = await startRedis({})
    const sentinel = await startRedis({ sentinelOf: { name: 'shared', port: server.port } })
    const { host, port } = sentinel
    const at = { kind: 'sentinel', sentinels: [{ host, port }], name: 'shared' } as const
    const one = await openRedisCoordination({ at })
    expect((await one.approvals.ask(question(), waiter(), LIMITS)).kind).toBe('asked')
    const direct = await openRedisCoordination({ at: { kind: 'server', host, port: server.port } })
    expect(await direct.approvals.list()).toHaveLength(1)
    await expect(openRedisCoordination({ at: { ...at, name: 'another' } })).rejects.toThrow(CoordinationLost)
    await Promise.all([one.close(), direct.close()])
    await sentinel.stop()
    await server.stop()
  })

  test('that shows a wrong certificate lets nobody in, and ends no process: Sentinel, cluster, and what is told in it', async () => {
    const server = await startRedis({ tls: true })
    const sentinel = await startRedis({ tls: true, sentinelOf: { name: 'shared', port: server.port } })
    const cluster = await startRedis({ tls: true, cluster: true })
    const [behindSentinel, inCluster] = [
      { kind: 'sentinel', sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: 'shared' },
      { kind: 'cluster', nodes: [{ host: '127.0.0.1', port: cluster.port }] },
    ] as const
    const authorities = [server, sentinel, cluster].map(({ tls }) => tls?.ca ?? '')
    const ca = authorities.join('\n')
    for (const at of [behindSentinel, inCluster]) {
      for (const tls of [{}, { ca: authorities[0] ?? '' }]) {
        await expect(openRedisCoordination({ at, tls })).rejects.toThrow(CoordinationLost)
      }
    }
    const open = await Promise.all([behindSentinel, inCluster].map((at) => openRedisCoordination({ at, tls: { ca } })))
    for (const one of open) {
      one.approvals.watch(() => undefined)
      expect((await one.approvals.ask(question(), waiter(), LIMITS)).kind).toBe('asked')
    }
    // Others, with certificates of others, at the same places: both connections try again and again.
    for (const old of [server, sentinel, cluster]) await old.stop()
    const strangers = [
      await startRedis({ tls: true, port: server.port }),
      await startRedis({ tls: true, port: sentinel.port, sentinelOf: { name: 'shared', port: server.port } }),
      await startRedis({ tls: true, cluster: true, port: cluster.port }),
    ]
    for (const one of open) await expect.poll(() => one.state.kind).toBe('lost')
    await sleep(1000)
    for (const one of open) {
      await expect(one.approvals.ask(question(), waiter(), LIMITS)).rejects.toThrow(CoordinationLost)
      await one.close()
    }
    for (const stranger of strangers) await stranger.stop()
  })

  test('that is a cluster does all of it: the keys of each step share a slot', async () => {
    const server = await startRedis({ cluster: true })
    const { host, port } = server
    const place = { kind: 'cluster', nodes: [{ host, port }] } as const
    const one = await openRedisCoordination({ at: place }, quick)
    const lease = await one.sessions.enlist('one')
    const record = session()
    expect(await lease.enter(record, { sessionsPerPrincipal: 5 })).toEqual({ kind: 'entered' })
    expect(await one.sessions.get(record.id)).not.toBe(null)
    const asked = await one.approvals.ask(question(), waiter({ session: record.id, gateway: lease.id }), LIMITS)
    const id = asked.kind === 'asked' ? asked.id : ''
    const told: string[] = []
    one.approvals.watch((event) => told.push(event.kind))
    expect(await one.approvals.decide(id, yes())).toMatchObject({ kind: 'decided' })
    expect(await one.approvals.claim(id, record.id)).toMatchObject({ kind: 'run' })
    await expect.poll(() => told).toContain('changed')
    expect(await one.approvals.list()).toHaveLength(1)
    expect((await one.counters.take('k', 5, 3, 60)).granted).toBe(3)
    one.messages.receive(lease.id, () => true)
    await expect.poll(() => one.messages.send(lease.id, { kind: 'cancel', session: record.id })).toBe(true)
    await one.close()
    await server.stop()
  })
})
