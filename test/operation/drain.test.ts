import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { People } from '../approvals/people.ts'
import { startGatewayProcess } from '../harness/gateway-process.ts'
import { type Installation, startInstallation } from '../harness/installation.ts'
import { openScene as openMysqlScene } from '../mysql/scene.ts'
import { ALLOW_ALL, ask, openScene, recordsOf, targetOf, type TrailRecord } from '../postgres/scene.ts'
import { errorOf, WireClient } from '../postgres/wire-client.ts'
import { createDatabase } from '../servers/postgres.ts'
import { startTcpGate } from '../servers/tcp-gate.ts'

const { postgres18, mysql9, mariadb10, redis } = inject('servers')
const SQL = 'CREATE TABLE notes (id int)'
const POLICY = `
rules:
  - { name: read, allow: { actions: [select], relations: ["*"], functions: ["*"] } }
  - { name: asked, approve: { actions: [insert], relations: ["*.notes"], by: { groups: [dba] }, holdTimeoutSeconds: 600 } }
`
const INSERT = 'INSERT INTO notes VALUES (1)'

/** A gateway before one engine, with one session of it. */
interface Place {
  readonly drain: () => Promise<void>
  readonly rows: () => Promise<number>
  readonly records: () => Promise<readonly TrailRecord[]>
  /** Sends the statement, and says by what code it was answered. */
  readonly insert: () => Promise<string | undefined>
  readonly close: () => Promise<void>
}

/** Long enough for the question to be put, by any machine. */
const DRAIN = { drainSeconds: 8 }

const ENGINES: readonly {
  readonly engine: string
  readonly absent: boolean
  readonly code: string
  readonly open: (people: People) => Promise<Place>
}[] = [
  {
    engine: 'PostgreSQL 18',
    absent: 'absent' in postgres18,
    code: '57P01',
    open: async (people) => {
      if ('absent' in postgres18) throw new Error(postgres18.absent)
      const coordination = people.forGateway
      const scene = await openScene(postgres18.address, { sql: SQL, policy: POLICY, shared: DRAIN, coordination })
      const session = await scene.enter()
      return {
        drain: () => scene.gateway.gateway.drain(),
        rows: async () => (await scene.admin('SELECT id FROM notes')).length,
        records: () => scene.records(),
        insert: async () => {
          session.send({ kind: 'Query', text: INSERT })
          return errorOf(await session.until('ErrorResponse'))?.fields.get('C')
        },
        close: scene.close,
      }
    },
  },
  ...[mysql9, mariadb10].map((shared, at) => ({
    engine: at === 0 ? 'MySQL 9' : 'MariaDB 10.11',
    absent: 'absent' in shared,
    code: '1053',
    open: async (people: People): Promise<Place> => {
      if ('absent' in shared) throw new Error(shared.absent)
      const coordination = people.forGateway
      const scene = await openMysqlScene(shared.address, { sql: SQL, policy: POLICY, shared: DRAIN, coordination })
      const session = await scene.enter()
      return {
        drain: () => scene.gateway.gateway.drain(),
        rows: async () => (await scene.admin('SELECT id FROM notes')).length,
        records: () => scene.records(),
        insert: async () => String((await session.query(INSERT)).error?.errorCode),
        close: scene.close,
      }
    },
  })),
]

describe.each(ENGINES)(
  'What is held before $engine when the gateway has drained for long enough',
  ({ absent, code, open }) => {
    test.skipIf(absent)(
      'is void: it does not run, who sent it is told that the gateway ends, and no yes comes in time',
      async () => {
        const people = await People.open()
        const place = await open(people)
        const drained = place.drain()
        const answered = place.insert()
        const { id } = await people.pending()
        expect(await people.stateOf(id)).toBe('pending')
        expect(await answered).toBe(code)
        await drained
        await expect.poll(() => people.stateOf(id)).toBe('voided')
        const late = {
          by: { issuer: 'i', subject: 'dana', actor: null },
          verdict: 'approve',
          reason: null,
          through: 'api',
        } as const
        expect((await people.coordination.approvals.decide(id, late)).kind).toBe('already')
        const kinds = ['approval_ended', 'session_end']
        const told = async (): Promise<readonly TrailRecord[]> =>
          (await place.records()).filter(({ kind }) => kinds.includes(kind))
        await expect.poll(told).toMatchObject([
          { kind: 'approval_ended', approval: { id, state: 'voided', reason: 'killed' } },
          { kind: 'session_end', end: { reason: 'shutdown', statements: 0 } },
        ])
        expect((await place.records()).filter(({ kind }) => kind === 'intent')).toEqual([])
        expect(await place.rows()).toBe(0)
        await place.close()
        await people.close()
      },
      60_000,
    )
  },
)

describe.skipIf('absent' in postgres18 || 'absent' in redis)('A gateway that drains for an hour', () => {
  let installation: Installation
  let database: Awaited<ReturnType<typeof createDatabase>>
  beforeAll(async () => {
    if ('absent' in postgres18 || 'absent' in redis) return
    const name = `drain_${String(Math.random()).slice(2, 12)}`
    database = await createDatabase(postgres18.address, name, SQL)
    installation = await startInstallation({
      redis: redis.address,
      targets: { shop: targetOf(postgres18.address, name) },
      policy: POLICY,
      gateways: 1,
      admins: 0,
      settings: { drainSeconds: 3600 },
    })
  }, 60_000)
  afterAll(async () => {
    await installation.close()
    await database.drop()
  })

  test('ends at once when it is told to a second time: its session properly, its trail sealed', async () => {
    const [gateway] = installation.gateways
    if (gateway === undefined) throw new Error('there is no gateway')
    const session = await WireClient.login(
      { host: '127.0.0.1', port: gateway.ports['postgres'] ?? 0 },
      { database: 'shop', password: await installation.token() },
    )
    process.kill(gateway.pid(), 'SIGTERM')
    await expect.poll(() => gateway.log().map(({ msg }) => msg)).toContain('gateway drains')
    expect(await session.rows('SELECT 1')).toEqual([['1']])
    // The second. Resolves when the process has ended.
    const ended = gateway.tellToEnd()
    expect(errorOf(await session.until('ErrorResponse'))?.fields.get('C')).toBe('57P01')
    await ended
    expect(gateway.log().at(-1)).toMatchObject({ msg: 'gateway is closed' })
    const trail = installation.trails[0] ?? ''
    expect((await recordsOf(trail)).slice(-2)).toMatchObject([
      { kind: 'session_end', end: { reason: 'shutdown' } },
      { kind: 'segment_closed' },
    ])
    expect(JSON.parse(readFileSync(join(trail, 'head.json'), 'utf8'))).toMatchObject({ closed: true })
  }, 60_000)
})

describe.skipIf('absent' in postgres18)('A gateway that ends', () => {
  test('has what still runs cancelled in the database before its process is gone, however slow the network is', async () => {
    if ('absent' in postgres18) return
    const name = `slow_${String(Math.random()).slice(2, 12)}`
    const database = await createDatabase(postgres18.address, name, SQL)
    const gate = await startTcpGate(postgres18.address)
    const { tls } = postgres18.address
    if (tls === null) throw new Error('the server has no TLS')
    // With TLS: nothing of a cancel is sent before the server has answered, twice.
    const way = { host: '127.0.0.1', port: gate.port, tls: { mode: 'verify-full', caFile: tls.caFile } }
    const gateway = await startGatewayProcess({
      targets: { shop: { ...targetOf(postgres18.address, name), ...way } },
      policy: ALLOW_ALL,
    })
    const session = await WireClient.login(gateway, { database: 'shop', password: await gateway.token() })
    session.send({ kind: 'Query', text: 'SELECT pg_sleep(600)' })
    const running = (): Promise<unknown[]> =>
      ask(database.url, `SELECT 1 FROM pg_stat_activity WHERE datname = '${name}' AND query LIKE 'SELECT pg_sleep%'`)
    await expect.poll(running).toHaveLength(1)
    gate.slow(1500)
    await gateway.close()
    await expect.poll(running).toEqual([])
    await gate.close()
    await database.drop()
  }, 60_000)
})
