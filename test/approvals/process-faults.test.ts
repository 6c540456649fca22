import { setTimeout as sleep } from 'node:timers/promises'
import { openRedisCoordination } from '@gatehouse/coordination'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { AdminApi } from '../harness/admin-api.ts'
import { startGatewayProcess } from '../harness/gateway-process.ts'
import { type Installation, startInstallation } from '../harness/installation.ts'
import { startTestAdmin } from '../harness/start-admin.ts'
import { ask, targetOf } from '../postgres/scene.ts'
import { errorOf, sqlstates, WireClient } from '../postgres/wire-client.ts'
import { freePort } from '../servers/local-tools.ts'
import { createDatabase, startPostgres, whyAbsent } from '../servers/postgres.ts'
import { type RedisServer, startRedis, whyNoRedis } from '../servers/redis.ts'

const { postgres18 } = inject('servers')
const noRedis = await whyNoRedis()
const SQL =
  'CREATE TABLE stock (id int PRIMARY KEY, amount int); INSERT INTO stock SELECT i, 0 FROM generate_series(1, 2000) i'
const policy = (approvals: number): string => `
rules:
  - { name: read, allow: { actions: [select], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - name: writes-need-humans
    approve:
      actions: [update]
      relations: [public.*]
      by: { groups: [dba] }
      approvals: ${String(approvals)}
      holdTimeoutSeconds: 300
      graceSeconds: 0
`
/** Adds one to a row: how often it ran is what the row says. */
const add = (id: number): string => `UPDATE stock SET amount = amount + 1 WHERE id = ${String(id)}`
const enter = async ({ gateways, token }: Installation): Promise<WireClient> =>
  WireClient.login(
    { host: '127.0.0.1', port: gateways[0]?.ports['postgres'] ?? 0 },
    { database: 'shop', password: await token() },
  )
/** Sends a statement, and gives the id of its request once it is held; one of a thousand may wait for its turn. */
const hold = async (client: WireClient, text: string): Promise<string> => {
  client.send({ kind: 'Query', text })
  const said = await client.next(120_000)
  if (said?.kind !== 'NoticeResponse') throw new Error(`it was not held: ${String(said?.kind)}`)
  return (JSON.parse(said.fields.get('D') ?? '{}') as { readonly approval: string }).approval
}

describe.skipIf('absent' in postgres18 || noRedis !== null)('What is held', () => {
  let redis: RedisServer
  let redisPort: number
  let database: Awaited<ReturnType<typeof createDatabase>>
  /** One approval is enough, or two are wanted: a gateway and an admin service each. */
  let [one, two]: Installation[] = []
  const amounts = async (ids: readonly number[]): Promise<number[]> => {
    const wanted = ids.map(String).join(', ')
    const rows = await ask<{ amount: number }>(
      database.url,
      `SELECT amount FROM stock WHERE id IN (${wanted}) ORDER BY id`,
    )
    return rows.map(({ amount }) => amount)
  }
  const running = (installation: Installation | undefined): Installation => {
    if (installation === undefined) throw new Error('it was not started')
    return installation
  }
  const person = (installation: Installation, subject: string): Promise<AdminApi> =>
    installation.person(subject, installation.admins[0]?.ports['http'])

  beforeAll(async () => {
    if ('absent' in postgres18) return
    redisPort = await freePort()
    redis = await startRedis({ port: redisPort })
    database = await createDatabase(postgres18.address, `faults_${String(Math.random()).slice(2, 12)}`, SQL)
    const options = {
      redis,
      targets: { shop: targetOf(postgres18.address, database.database) },
      gateways: 1,
      admins: 1,
      settings: { approvals: { coolDownSeconds: 0 }, coordinationOutageGraceSeconds: 60 },
    }
    ;[one, two] = await Promise.all([1, 2].map((needed) => startInstallation({ ...options, policy: policy(needed) })))
  }, 120_000)
  afterAll(async () => {
    await one?.close()
    await two?.close()
    await redis.stop()
    await database.drop()
  })

  test('keeps its first yes when the admin service dies, and wants the second of somebody else', async () => {
    const installation = running(two)
    const dana = await person(installation, 'dana')
    const client = await enter(installation)
    const id = await hold(client, add(1))
    expect((await dana.approve(id)).body).toMatchObject({ kind: 'counted', have: 1, need: 2 })
    await installation.admins[0]?.kill()
    expect(await amounts([1])).toEqual([0])
    await installation.admins[0]?.start()
    expect(await dana.approval(id)).toMatchObject({ state: 'pending', decisions: [{ by: { subject: 'dana' } }] })
    expect((await dana.approve(id)).body).toMatchObject({ kind: 'same_approver' })
    const erin = await person(installation, 'erin')
    expect((await erin.approve(id)).body).toMatchObject({ kind: 'decided' })
    expect(sqlstates(await client.untilReady())).toEqual([])
    expect(await amounts([1])).toEqual([1])
    await client.end()
  })

  test('runs once when the admin service dies while somebody says yes, whenever it does', async () => {
    const installation = running(one)
    const dana = await person(installation, 'dana')
    const client = await enter(installation)
    const delays = fc.sample(fc.nat(12), { numRuns: 3, seed: 7 })
    for (const [at, delay] of delays.entries()) {
      const row = at + 10
      const id = await hold(client, add(row))
      const said = dana.approve(id).catch(() => null)
      await sleep(delay)
      await installation.admins[0]?.kill()
      const answer = await said
      await installation.admins[0]?.start()
      const state = (await dana.approval(id))?.state
      // What was said to be decided is.
      if (answer?.status === 200) expect(state).toBe('approved')
      if (state === 'pending') expect((await dana.approve(id)).body).toMatchObject({ kind: 'decided' })
      expect(sqlstates(await client.untilReady()), `${String(delay)} ms`).toEqual([])
      expect((await dana.approve(id)).body).toMatchObject({ kind: 'already' })
      expect(await amounts([row])).toEqual([1])
    }
    await client.end()
  }, 120_000)

  test('never runs when Redis is lost and comes back empty, whatever was said; sessions go on and are held again', async () => {
    const installation = running(one)
    const dana = await person(installation, 'dana')
    const clients = [await enter(installation), await enter(installation), await enter(installation)] as const
    const [decided, undecided, idle] = clients
    const ids = [await hold(decided, add(20)), await hold(undecided, add(21))]
    await redis.stop()
    const said = await dana.approve(ids[0] ?? '')
    expect(said).toMatchObject({ status: 503, body: { error: { code: 'COORDINATION_LOST' } } })
    expect(errorOf(await idle.query(add(22)))?.fields.get('D')).toContain('APPROVAL_UNAVAILABLE')
    expect(await idle.rows('SELECT 1')).toEqual([['1']])
    redis = await startRedis({ port: redisPort })
    for (const client of [decided, undecided]) expect(sqlstates(await client.untilReady())).toEqual(['57014'])
    for (const id of ids)
      await expect.poll(async () => (await dana.call('GET', `/v1/approvals/${id}`)).status).toBe(404)
    expect(await amounts([20, 21, 22])).toEqual([0, 0, 0])
    for (const [at, client] of clients.entries()) {
      const row = 23 + at
      const id = await hold(client, add(row))
      expect((await dana.approve(id)).body).toMatchObject({ kind: 'decided' })
      expect(sqlstates(await client.untilReady())).toEqual([])
      await client.end()
    }
    expect(await amounts([20, 21, 22, 23, 24, 25])).toEqual([0, 0, 0, 1, 1, 1])
  }, 120_000)
})

/** Held at once; `GATEHOUSE_HELD` may ask for more, up to 1,000. */
const HELD = Number(process.env['GATEHOUSE_HELD'] ?? 100)
const noPostgres = await whyAbsent(18)

describe.skipIf(noPostgres !== null || noRedis !== null)(`${String(HELD)} statements that are held at once`, () => {
  test('by one gateway are all decided, each runs once or not at all, in bounded memory', async () => {
    const { port: redisPort, stop: stopRedis } = await startRedis({})
    const postgres = await startPostgres({ version: 18, settings: { max_connections: HELD + 20 } })
    const database = await createDatabase(postgres, 'held', SQL)
    const server = { host: '127.0.0.1', port: redisPort }
    const gateway = await startGatewayProcess({
      targets: { shop: targetOf(postgres, 'held') },
      policy: policy(1),
      approvals: { coolDownSeconds: 0 },
      listener: { maxConnectionsPerAddress: HELD + 10 },
      shared: { coordination: { kind: 'redis', server } },
    })
    const admin = await startTestAdmin(() => openRedisCoordination({ at: { kind: 'server', ...server } }))
    const { dana } = admin
    /** For all, twenty at a time. */
    const each = async <Result>(of: (at: number) => Promise<Result>): Promise<Result[]> => {
      const results: Result[] = []
      while (results.length < HELD) {
        const from = results.length
        results.push(
          ...(await Promise.all(Array.from({ length: Math.min(20, HELD - from) }, (_, at) => of(from + at)))),
        )
      }
      return results
    }
    // Twenty of each principal, which is as many as may wait unless it is said otherwise.
    const clients = await each(async (at) => {
      const password = await gateway.token({ sub: `agent-${String(Math.floor(at / 20))}` })
      return WireClient.login(gateway, { database: 'shop', password })
    })
    // What a session needs for its first statement is no matter of holding.
    for (const client of clients) await client.rows('SELECT amount FROM stock WHERE id = 1')
    const idle = await gateway.memory()
    const ids = await Promise.all(clients.map((client, at) => hold(client, add(at + 1))))
    const held = await gateway.memory()
    const grown = (what: 'rss' | 'heapUsed'): number => Math.round((held[what] - idle[what]) / HELD / 1024)
    // Asked for by name: somebody wants to read it.
    if (process.env['GATEHOUSE_HELD'] !== undefined)
      console.log(
        `held: ${String(HELD)}; KiB for each: ${String(grown('rss'))} of RSS, ${String(grown('heapUsed'))} of heap`,
      )
    expect(held.heapUsed + held.arrayBuffers - idle.heapUsed - idle.arrayBuffers).toBeLessThan(HELD * 100 * 1024)
    expect(new Set(ids).size).toBe(HELD)
    await each(async (at) => {
      const { body } = await (at % 2 === 0 ? dana.approve(ids[at] ?? '') : dana.refuse(ids[at] ?? '', 'an odd one'))
      expect(body).toMatchObject({ kind: 'decided' })
    })
    const said = await Promise.all(clients.map(async (client) => sqlstates(await client.untilReady())[0] ?? 'ran'))
    expect(said).toEqual(Array.from({ length: HELD }, (_, at) => (at % 2 === 0 ? 'ran' : '57014')))
    const rows = await ask<{ amount: number }>(
      database.url,
      `SELECT amount FROM stock WHERE id <= ${String(HELD)} ORDER BY id`,
    )
    expect(rows.map(({ amount }) => amount)).toEqual(Array.from({ length: HELD }, (_, at) => (at % 2 === 0 ? 1 : 0)))
    expect(await dana.pending()).toEqual([])
    for (const client of clients) client.destroy()
    await admin.close()
    await gateway.close()
    await postgres.stop()
    await stopRedis()
  }, 300_000)
})
