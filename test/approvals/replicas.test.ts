import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Coordination, openRedisCoordination } from '@gatehouse/coordination'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { startTestGateway, type TestGateway } from '../harness/start-gateway.ts'
import { targetOf as mysqlTarget } from '../mysql/scene.ts'
import { targetOf } from '../postgres/scene.ts'
import { encoded, sqlstates, WireClient } from '../postgres/wire-client.ts'
import { createDatabase as createMysqlDatabase } from '../servers/mysql.ts'
import { createDatabase } from '../servers/postgres.ts'
import { DBA, People } from './people.ts'

const { postgres18, mysql9, redis } = inject('servers')
const absent = [postgres18, mysql9, redis].find((server) => 'absent' in server)
const SQL = 'CREATE TABLE stock (id int PRIMARY KEY, amount int); INSERT INTO stock VALUES (1, 10), (2, 10), (3, 10)'
const policy = (schema: string): string => `
rules:
  - { name: read, allow: { actions: [select, begin, commit, rollback, do], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - name: writes-need-a-human
    approve: { actions: [insert, update, delete], relations: ["${schema}.*"], by: { groups: [dba] }, holdTimeoutSeconds: 30, graceSeconds: 60 }
`

/** Two gateways in front of one database, and people elsewhere, who share a Redis alone. */
interface Replicas {
  readonly first: TestGateway
  readonly second: TestGateway
  readonly people: People
  readonly close: () => Promise<void>
}

async function openReplicas(engine: 'postgres' | 'mysql'): Promise<Replicas> {
  if ('absent' in redis || 'absent' in postgres18 || 'absent' in mysql9) throw new Error('skipped')
  const keyPrefix = `test_${engine}_${String(Math.random()).slice(2)}`
  const share = (): Promise<Coordination> =>
    openRedisCoordination({ at: { kind: 'server', ...redis.address }, keyPrefix })
  const name = `replicas_${String(Math.random()).slice(2, 12)}`
  const made =
    engine === 'postgres'
      ? await createDatabase(postgres18.address, name, SQL)
      : await createMysqlDatabase(mysql9.address, name, SQL)
  const { database, drop } = made
  const target = engine === 'postgres' ? targetOf(postgres18.address, database) : mysqlTarget(mysql9.address, database)
  const options = {
    targets: { shop: target },
    policy: policy(engine === 'postgres' ? 'public' : database),
    coordination: share,
    approvals: { coolDownSeconds: 0 },
  }
  const first = await startTestGateway(options)
  const second = await startTestGateway({ ...options, issuer: first.issuer })
  const people = await People.sharing(share)
  return {
    first,
    second,
    people,
    close: async () => {
      await people.close()
      await second.close()
      await first.close()
      await drop()
    },
  }
}

describe.skipIf(absent !== undefined)('Two gateways that share a Redis, in front of PostgreSQL', () => {
  let replicas: Replicas
  beforeAll(async () => {
    replicas = await openReplicas('postgres')
  })
  afterAll(() => replicas.close())
  const enter = async ({ host, port, token }: TestGateway): Promise<WireClient> =>
    WireClient.login({ host, port }, { database: 'shop', password: await token() })

  test('hold a statement on one, and it runs when people elsewhere say yes', async () => {
    const { first, people } = replicas
    const client = await enter(first)
    const answer = client.query('UPDATE stock SET amount = 7 WHERE id = 1')
    await people.decide('approve')
    expect(sqlstates(await answer)).toEqual([])
    await client.end()
  })

  test('show the sessions of both, and end one from anywhere within a second, with what it runs', async () => {
    const { first, second, people } = replicas
    const [client, other] = [await enter(first), await enter(second)]
    client.send({ kind: 'Query', text: 'SELECT pg_sleep(60)' })
    await expect.poll(async () => (await people.coordination.sessions.list({})).length).toBe(2)
    await expect
      .poll(async () => (await people.coordination.sessions.list({})).map(({ state }) => state).sort())
      .toEqual(['idle', 'running'])
    const running = (await people.coordination.sessions.list({})).find(({ state }) => state === 'running')
    const message = { kind: 'end_session', session: running?.id ?? '', reason: 'enough', by: 'oscar' } as const
    const since = performance.now()
    expect(await people.coordination.messages.send(running?.gateway ?? '', message)).toBe(true)
    expect(sqlstates(await client.until('ErrorResponse'))).toEqual(['57P01'])
    expect(performance.now() - since).toBeLessThan(1000)
    await expect
      .poll(
        async () =>
          (
            await other.rows(
              "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' AND state = 'active'",
            )
          )[0],
      )
      .toEqual(['0'])
    await other.end()
  })

  test('pass a CancelRequest on to the gateway that has the session, running or held', async () => {
    const { first, second, people } = replicas
    const client = await enter(first)
    const key = client.greeting.find((message) => message.kind === 'BackendKeyData')
    if (key?.kind !== 'BackendKeyData') throw new Error('no key came')
    const cancel = async (): Promise<void> => {
      const socket = net.connect(second.port, second.host)
      socket.end(encoded({ kind: 'CancelRequest', processId: key.processId, secretKey: key.secretKey }))
      await once(socket.resume(), 'close')
    }
    client.send({ kind: 'Query', text: 'SELECT pg_sleep(60)' })
    await expect
      .poll(async () => (await people.coordination.sessions.list({})).map(({ state }) => state))
      .toEqual(['running'])
    await cancel()
    expect(sqlstates(await client.untilReady())).toEqual(['57014'])
    client.send({ kind: 'Query', text: 'UPDATE stock SET amount = 0 WHERE id = 2' })
    const { id } = await people.pending()
    await cancel()
    expect(sqlstates(await client.untilReady())).toEqual(['57014'])
    expect(await people.stateOf(id)).toBe('voided')
    await client.end()
  })

  test('honour a grant on both, and its revocation', async () => {
    const { first, second, people } = replicas
    const clients = [await enter(first), await enter(second)]
    const [one] = clients
    const asked = one?.query('UPDATE stock SET amount = 1 WHERE id = 1')
    const { request } = await people.decide('approve')
    await asked
    const { statement, principal, rules } = request
    const grant = await people.coordination.grants.give({
      principal,
      target: 'shop',
      covers: {
        kind: 'fingerprint',
        fingerprint: statement.fingerprint,
        actions: statement.doings,
        relations: statement.relations,
        settings: statement.settings,
      },
      rules,
      unmask: [],
      until: Date.now() + 60_000,
      uses: null,
      by: DBA,
      approval: null,
      reason: null,
    })
    // Each gateway has heard of it within a second.
    await sleep(1000)
    for (const client of clients)
      expect(sqlstates(await client.query('UPDATE stock SET amount = 2 WHERE id = 3'))).toEqual([])
    await people.coordination.grants.revoke(grant.id)
    await sleep(1000)
    for (const client of clients) {
      const answer = client.query('UPDATE stock SET amount = 3 WHERE id = 3')
      await people.decide('refuse')
      expect(sqlstates(await answer)).toEqual(['57014'])
      await client.end()
    }
  })

  test('end the sessions of whom is revoked, on both, and let them in no more', async () => {
    const { first, second, people } = replicas
    const clients = [await enter(first), await enter(second)]
    const [session] = await people.coordination.sessions.list({})
    const { issuer = '', subject = '' } = session?.principal ?? {}
    const revocation = await people.coordination.revocations.revoke({
      what: { kind: 'principal', issuer, subject },
      reason: 'left the company',
      by: DBA,
      until: null,
    })
    for (const client of clients) expect(sqlstates(await client.until('ErrorResponse'))).toEqual(['57P01'])
    await expect(enter(second)).rejects.toThrow(/left the company/)
    await people.coordination.revocations.lift(revocation.id)
    await expect.poll(async () => (await enter(first)).end()).toBe(undefined)
  })
})

describe.skipIf(absent !== undefined)('Two gateways that share a Redis, in front of MySQL', () => {
  let replicas: Replicas
  beforeAll(async () => {
    replicas = await openReplicas('mysql')
  })
  afterAll(() => replicas.close())

  test('pass KILL QUERY on to the gateway that has the session, running or held', async () => {
    const { first, second, people } = replicas
    const enter = async ({ host, port, token }: TestGateway): Promise<Awaited<ReturnType<typeof createConnection>>> =>
      createConnection({
        host,
        port,
        user: 'agent',
        database: 'shop',
        password: await token(),
        authPlugins: { mysql_clear_password: () => async () => Buffer.from(`${await token()}\0`) },
      })
    const [client, other] = [await enter(first), await enter(second)]
    const sleeping = client.query('SELECT SLEEP(60) AS interrupted').catch((error: unknown) => error)
    await expect
      .poll(async () => (await people.coordination.sessions.list({})).map(({ state }) => state).sort())
      .toEqual(['idle', 'running'])
    await other.query(`KILL QUERY ${String(client.threadId)}`)
    const answer = await sleeping
    expect(Array.isArray(answer) ? answer[0] : answer).toMatchObject(
      Array.isArray(answer) ? [{ interrupted: 1 }] : { errno: 1317 },
    )
    const held = client.query('UPDATE stock SET amount = 0 WHERE id = 2').catch((error: unknown) => error)
    const { id } = await people.pending()
    await other.query(`KILL QUERY ${String(client.threadId)}`)
    expect(await held).toMatchObject({ errno: 1317 })
    expect(await people.stateOf(id)).toBe('voided')
    await client.end()
    await other.end()
  })
})

describe.skipIf(absent !== undefined)('A limit of statements per minute', () => {
  test('holds over both gateways together', async () => {
    if ('absent' in redis || 'absent' in postgres18) return
    const keyPrefix = `test_limit_${String(Math.random()).slice(2)}`
    const { database, drop } = await createDatabase(
      postgres18.address,
      `limits_${String(Math.random()).slice(2, 12)}`,
      SQL,
    )
    const options = {
      targets: { shop: targetOf(postgres18.address, database) },
      policy: `${policy('public')}limits:\n  - { name: few, statementsPerMinute: 30 }\n`,
      coordination: () => openRedisCoordination({ at: { kind: 'server', ...redis.address }, keyPrefix }),
    }
    const first = await startTestGateway(options)
    const second = await startTestGateway({ ...options, issuer: first.issuer })
    const clients = await Promise.all(
      [first, second].map(async ({ host, port, token }) =>
        WireClient.login({ host, port }, { database: 'shop', password: await token() }),
      ),
    )
    // Not over the turn of a minute: what is left begins anew there.
    while (Date.now() % 60_000 > 45_000) await sleep(500)
    const said: string[] = []
    for (let count = 0; count < 25; count++)
      for (const client of clients) said.push(sqlstates(await client.query('SELECT 1'))[0] ?? 'ran')
    const ran = said.filter((word) => word === 'ran').length
    expect(ran).toBeLessThanOrEqual(30)
    expect(ran).toBeGreaterThanOrEqual(28)
    expect(said.filter((word) => word === '53400')).toHaveLength(50 - ran)
    for (const client of clients) await client.end()
    await second.close()
    await first.close()
    await drop()
  }, 60_000)
})
