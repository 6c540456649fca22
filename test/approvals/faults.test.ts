import { setTimeout as sleep } from 'node:timers/promises'
import { type Coordination, openRedisCoordination } from '@gatehouse/coordination'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { startGatewayProcess } from '../harness/gateway-process.ts'
import { startTestGateway, type TestGateway } from '../harness/start-gateway.ts'
import { targetOf } from '../postgres/scene.ts'
import { errorOf, sqlstates, WireClient } from '../postgres/wire-client.ts'
import { createDatabase } from '../servers/postgres.ts'
import { freePort } from '../servers/local-tools.ts'
import { type RedisServer, startRedis, whyNoRedis } from '../servers/redis.ts'
import { DBA, People } from './people.ts'

const { postgres18 } = inject('servers')
const absent = 'absent' in postgres18 || (await whyNoRedis()) !== null

const SQL =
  'CREATE TABLE stock (id int PRIMARY KEY, amount int); INSERT INTO stock SELECT i, 10 FROM generate_series(1, 100) i'
const POLICY = `
rules:
  - { name: read, allow: { actions: [select], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - name: writes-need-a-human
    approve: { actions: [update], relations: [public.*], by: { groups: [dba] }, holdTimeoutSeconds: 60, graceSeconds: 60 }
`

describe.skipIf(absent)('What is held', () => {
  let redis: RedisServer
  let database: Awaited<ReturnType<typeof createDatabase>>
  let redisPort: number
  const share = (): Promise<Coordination> =>
    openRedisCoordination({ at: { kind: 'server', host: '127.0.0.1', port: redisPort } })
  const settings = (graceSeconds: number): Readonly<Record<string, unknown>> => ({
    coordination: { kind: 'redis', server: { host: '127.0.0.1', port: redisPort } },
    coordinationOutageGraceSeconds: graceSeconds,
  })
  const enter = async ({ host, port, token }: Pick<TestGateway, 'host' | 'port' | 'token'>): Promise<WireClient> =>
    WireClient.login({ host, port }, { database: 'shop', password: await token() })
  const amount = async (id: number): Promise<string | null | undefined> => {
    if (!('address' in postgres18)) return undefined
    const { host, port, superuser: user, password } = postgres18.address
    const direct = await WireClient.login({ host, port }, { database: database.database, user, password })
    const [row] = await direct.rows(`SELECT amount FROM stock WHERE id = ${String(id)}`)
    await direct.end()
    return row?.[0]
  }

  beforeAll(async () => {
    if (!('address' in postgres18)) return
    redisPort = await freePort()
    redis = await startRedis({ port: redisPort })
    database = await createDatabase(postgres18.address, `faults_${String(Math.random()).slice(2, 12)}`, SQL)
  })
  afterAll(async () => {
    await redis.stop()
    await database.drop()
  })

  test('by a gateway that is killed is void within its heartbeat, and never runs', async () => {
    if (!('address' in postgres18)) return
    const gateway = await startGatewayProcess({
      targets: { shop: targetOf(postgres18.address, database.database) },
      policy: POLICY,
      shared: settings(60),
    })
    const people = await People.sharing(share)
    const client = await enter(gateway)
    client.send({ kind: 'Query', text: 'UPDATE stock SET amount = 0 WHERE id = 1' })
    const { id } = await people.pending()
    await gateway.kill()
    await expect.poll(() => people.stateOf(id), { timeout: 20_000, interval: 200 }).toBe('voided')
    expect((await people.coordination.approvals.get(id))?.endReason).toBe('gateway_lost')
    const late = { by: DBA, verdict: 'approve', reason: null, through: 'api' } as const
    expect((await people.coordination.approvals.decide(id, late)).kind).toBe('already')
    expect(await people.coordination.sessions.list({})).toEqual([])
    expect(await amount(1)).toBe('10')
    await people.close()
    await gateway.close()
  }, 60_000)

  test('of many sessions at once is all decided, and each runs once or not at all', async () => {
    if (!('address' in postgres18)) return
    const gateway = await startTestGateway({
      targets: { shop: targetOf(postgres18.address, database.database) },
      policy: POLICY,
      listener: { maxConnectionsPerPrincipal: 1000, maxConnectionsPerAddress: 1000 },
      approvals: { pendingPerPrincipal: 1000, coolDownSeconds: 0 },
      shared: settings(60),
    })
    const people = await People.sharing(share)
    const clients: WireClient[] = []
    for (let count = 0; count < 40; count++) clients.push(await enter(gateway))
    const answers = clients.map((client, at) =>
      client.query(`UPDATE stock SET amount = amount + 1 WHERE id = ${String(at + 10)}`),
    )
    await expect
      .poll(async () => (await people.coordination.approvals.list({ state: 'pending', limit: 500 })).length, {
        timeout: 20_000,
      })
      .toBe(40)
    const pending = await people.coordination.approvals.list({ state: 'pending', limit: 500 })
    await Promise.all(
      pending.map(({ id }, at) =>
        people.coordination.approvals.decide(id, {
          by: DBA,
          verdict: at % 2 === 0 ? 'approve' : 'refuse',
          reason: null,
          through: 'api',
        }),
      ),
    )
    const said = (await Promise.all(answers)).map((answer) => sqlstates(answer)[0] ?? 'ran')
    expect(said.filter((word) => word === 'ran')).toHaveLength(20)
    expect(said.filter((word) => word === '57014')).toHaveLength(20)
    const amounts = await Promise.all(Array.from({ length: 40 }, (_, at) => amount(at + 10)))
    expect(amounts.map((value) => (value === '11' ? 'ran' : '57014'))).toEqual(said)
    for (const client of clients) await client.end()
    await people.close()
    await gateway.close()
  }, 60_000)

  test('cannot begin while what gateways share is gone: sessions go on for their grace, new ones do not begin', async () => {
    if (!('address' in postgres18)) return
    const gateway = await startTestGateway({
      targets: { shop: targetOf(postgres18.address, database.database) },
      policy: POLICY,
      shared: settings(6),
    })
    const client = await enter(gateway)
    client.send({ kind: 'Query', text: 'UPDATE stock SET amount = 0 WHERE id = 3' })
    const people = await People.sharing(share)
    await people.pending()
    const other = await enter(gateway)
    await redis.stop()
    await expect.poll(async () => (await other.rows('SELECT amount FROM stock WHERE id = 2'))[0]).toEqual(['10'])
    const asked = await other.query('UPDATE stock SET amount = 0 WHERE id = 2')
    expect(sqlstates(asked)).toEqual(['57014'])
    expect(errorOf(asked)?.fields.get('D')).toContain('APPROVAL_UNAVAILABLE')
    await expect(enter(gateway)).rejects.toThrow(/cannot reach the others/)
    expect(sqlstates(await other.until('ErrorResponse'))).toEqual(['57P01'])
    expect(sqlstates(await client.until('ErrorResponse'))).toEqual(['57P01'])
    redis = await startRedis({ port: redisPort })
    await expect
      .poll(
        async () => {
          const again = await enter(gateway).catch(() => null)
          await again?.end()
          return again === null ? 'no' : 'yes'
        },
        { timeout: 20_000, interval: 500 },
      )
      .toBe('yes')
    await sleep(500)
    expect([await amount(2), await amount(3)]).toEqual(['10', '10'])
    await people.close()
    await gateway.close()
  }, 60_000)
})
