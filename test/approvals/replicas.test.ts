import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { AdminApi, LiveSession } from '../harness/admin-api.ts'
import { type Balancer, startBalancer } from '../harness/balancer.ts'
import { type Installation, startInstallation } from '../harness/installation.ts'
import { targetOf as mysqlTarget } from '../mysql/scene.ts'
import { ask, targetOf } from '../postgres/scene.ts'
import { encoded, errorOf, sqlstates, WireClient } from '../postgres/wire-client.ts'
import { whyNoHaproxy } from '../servers/haproxy.ts'
import { createDatabase as createMysqlDatabase, openConnection } from '../servers/mysql.ts'
import { createDatabase } from '../servers/postgres.ts'

const { postgres18, mysql9, redis } = inject('servers')
const missing = [postgres18, mysql9, redis].flatMap((server) => ('absent' in server ? [server.absent] : []))
const absent = missing[0] ?? (await whyNoHaproxy())
const SQL =
  'CREATE TABLE stock (id int PRIMARY KEY, amount int); INSERT INTO stock VALUES (1, 10), (2, 10), (3, 10), (4, 10);'
const policy = (database: string): string => `
rules:
  - { name: read, allow: { actions: [select, begin, commit, rollback, use], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - name: writes-need-a-human
    approve:
      actions: [update]
      relations: [public.*, "${database}.*"]
      by: { groups: [dba] }
      holdTimeoutSeconds: 60
      graceSeconds: 60
limits:
  - { name: few, who: { groups: [counted] }, statementsPerMinute: 30 }
`

describe.skipIf(absent !== null)(
  `Two gateways and two admin services on one Redis, behind a balancer${absent === null ? '' : ` (skipped: ${absent})`}`,
  () => {
    let installation: Installation
    let balancer: Balancer
    let databases: { readonly url: string; readonly drop: () => Promise<void> }[]
    /** At the first and the second admin service, and at whichever the balancer chooses. */
    let [first, second, any]: AdminApi[] = []
    const at = (api: AdminApi | undefined): AdminApi => {
      if (api === undefined) throw new Error('the people are not there')
      return api
    }

    beforeAll(async () => {
      if ('absent' in postgres18 || 'absent' in mysql9 || 'absent' in redis) return
      const name = `replicas_${String(Math.random()).slice(2, 12)}`
      databases = [
        await createDatabase(postgres18.address, name, SQL),
        await createMysqlDatabase(mysql9.address, name, SQL),
      ]
      installation = await startInstallation({
        redis: redis.address,
        targets: { shop: targetOf(postgres18.address, name), orders: mysqlTarget(mysql9.address, name) },
        policy: policy(name),
        gateways: 2,
        admins: 2,
        settings: { approvals: { coolDownSeconds: 0 } },
      })
      balancer = await startBalancer(installation)
      const [one, two] = installation.admins
      first = await installation.person('dana', one?.ports['http'])
      second = await installation.person('erin', two?.ports['http'])
      any = await installation.person('frida', balancer.ports.admin)
    }, 120_000)
    afterAll(async () => {
      await balancer.stop()
      await installation.close()
      for (const { drop } of databases) await drop()
    })

    const enter = async (port: number, claims: Readonly<Record<string, unknown>> = {}): Promise<WireClient> =>
      WireClient.login({ host: '127.0.0.1', port }, { database: 'shop', password: await installation.token(claims) })
    const enterMysql = async (port: number): Promise<Connection> => {
      const token = await installation.token()
      return createConnection({
        host: '127.0.0.1',
        port,
        user: 'agent',
        database: 'orders',
        password: token,
        authPlugins: { mysql_clear_password: () => () => Buffer.from(`${token}\0`) },
      })
    }
    const sessionThat = async (state: string): Promise<LiveSession> => {
      const found = async (): Promise<LiveSession | undefined> =>
        (await at(second).sessions()).find((session) => session.state === state)
      await expect.poll(found).toBeDefined()
      return (await found()) ?? { id: '', gateway: '', state }
    }
    const postgresRuns = async (text: string): Promise<number> => {
      const like = `query LIKE '%${text}%' AND query NOT LIKE '%pg_stat_activity%' AND state = 'active'`
      const [row] = await ask<{ runs: number }>(
        databases[0]?.url ?? '',
        `SELECT count(*)::int AS runs FROM pg_stat_activity WHERE ${like}`,
      )
      return row?.runs ?? -1
    }
    const mysqlRuns = async (text: string): Promise<number> => {
      const connection = await openConnection(databases[1]?.url ?? '')
      const rows = await connection.rows('SELECT info FROM information_schema.processlist WHERE info IS NOT NULL')
      await connection.close()
      return rows.filter(([info]) => info?.startsWith(text)).length
    }

    test('sessions through the balancer live on both, and every admin service shows all of them', async () => {
      const clients = [await enter(balancer.ports.postgres), await enter(balancer.ports.postgres)]
      for (const api of [first, second, any]) {
        const gateways = (await at(api).sessions()).map(({ gateway }) => gateway)
        expect(new Set(gateways).size).toBe(2)
      }
      for (const client of clients) await client.end()
    })

    test('what is held on the first gateway is told and approved, or refused, at the second admin service', async () => {
      const client = await enter(balancer.only(0).postgres)
      const mysql = await enterMysql(balancer.only(0).mysql)
      const watch = await at(second).watch()
      const update = 'UPDATE stock SET amount = 7 WHERE id = 1'
      const yes = client.query(update)
      const asked = await at(second).held()
      expect(asked.request.statement.text).toBe(update)
      await expect.poll(() => watch.approvals()).toContain(asked.id)
      expect((await at(second).approve(asked.id)).body).toMatchObject({ kind: 'decided' })
      const done = await yes
      expect(done.find(({ kind }) => kind === 'CommandComplete')).toMatchObject({ commandTag: 'UPDATE 1' })
      const no = client.query(update)
      await at(second).refuse((await at(first).held()).id, 'not on a Friday')
      expect(errorOf(await no)?.fields.get('M')).toContain('not on a Friday')
      const mysqlYes = mysql.query<ResultSetHeader>(update)
      await at(second).approve((await at(second).held()).id)
      expect((await mysqlYes)[0].affectedRows).toBe(1)
      const mysqlNo = mysql.query(update).catch((error: unknown) => error)
      await at(second).refuse((await at(first).held()).id, 'nor on a Monday')
      expect(String(await mysqlNo)).toContain('nor on a Monday')
      expect(await client.rows('SELECT amount FROM stock WHERE id = 1')).toEqual([['7']])
      await watch.stop()
      await client.end()
      await mysql.end()
    })

    test('a session on the first gateway is ended through the second admin service, with what it runs', async () => {
      const client = await enter(balancer.only(0).postgres)
      client.send({ kind: 'Query', text: 'SELECT pg_sleep(61)' })
      const running = await sessionThat('running')
      await expect.poll(() => postgresRuns('pg_sleep(61)')).toBe(1)
      expect((await at(second).call('POST', `/v1/sessions/${running.id}/end`, { reason: 'enough' })).status).toBe(200)
      const ended = errorOf(await client.until('ErrorResponse'))
      expect(ended?.fields.get('C')).toBe('57P01')
      await expect.poll(() => postgresRuns('pg_sleep(61)')).toBe(0)

      const mysql = await enterMysql(balancer.only(0).mysql)
      mysql.on('error', () => undefined)
      const sleeping = mysql.query('SELECT SLEEP(62)').catch((error: unknown) => error)
      const other = await sessionThat('running')
      await expect.poll(() => mysqlRuns('SELECT SLEEP(62)')).toBe(1)
      expect((await at(second).call('POST', `/v1/sessions/${other.id}/end`, { reason: 'enough' })).status).toBe(200)
      expect(String(await sleeping)).toContain('enough')
      await expect.poll(() => mysqlRuns('SELECT SLEEP(62)')).toBe(0)
      mysql.destroy()
    })

    test('a CancelRequest that comes to the other gateway reaches the session, running or held', async () => {
      const client = await enter(balancer.only(0).postgres)
      const key = client.greeting.find((message) => message.kind === 'BackendKeyData')
      if (key === undefined) throw new Error('no key came')
      const cancel = async (): Promise<void> => {
        const socket = net.connect(balancer.only(1).postgres, '127.0.0.1')
        socket.end(encoded({ ...key, kind: 'CancelRequest' }))
        await once(socket.resume(), 'close')
      }
      client.send({ kind: 'Query', text: 'SELECT pg_sleep(63)' })
      await expect.poll(() => postgresRuns('pg_sleep(63)')).toBe(1)
      await cancel()
      expect(sqlstates(await client.untilReady())).toEqual(['57014'])
      await expect.poll(() => postgresRuns('pg_sleep(63)')).toBe(0)
      client.send({ kind: 'Query', text: 'UPDATE stock SET amount = 0 WHERE id = 2' })
      const { id } = await at(any).held()
      await cancel()
      expect(sqlstates(await client.untilReady())).toEqual(['57014'])
      await expect.poll(async () => (await at(any).approval(id))?.state).toBe('voided')
      expect(await client.rows('SELECT amount FROM stock WHERE id = 2')).toEqual([['10']])
      await client.end()
    })

    test('KILL QUERY that comes to the other gateway reaches the session, running or held', async () => {
      const client = await enterMysql(balancer.only(0).mysql)
      const other = await enterMysql(balancer.only(1).mysql)
      const sleeping = client.query<RowDataPacket[]>('SELECT SLEEP(64) AS interrupted').catch((error: unknown) => error)
      await expect.poll(() => mysqlRuns('SELECT SLEEP(64)')).toBe(1)
      await other.query(`KILL QUERY ${String(client.threadId)}`)
      const answer = await sleeping
      expect(Array.isArray(answer) ? answer[0] : answer).toMatchObject(
        Array.isArray(answer) ? [{ interrupted: 1 }] : { errno: 1317 },
      )
      await expect.poll(() => mysqlRuns('SELECT SLEEP(64)')).toBe(0)
      const held = client.query('UPDATE stock SET amount = 0 WHERE id = 2').catch((error: unknown) => error)
      const { id } = await at(any).held()
      await other.query(`KILL QUERY ${String(client.threadId)}`)
      expect(await held).toMatchObject({ errno: 1317 })
      await expect.poll(async () => (await at(any).approval(id))?.state).toBe('voided')
      expect((await client.query('SELECT amount FROM stock WHERE id = 2'))[0]).toEqual([{ amount: 10 }])
      await client.end()
      await other.end()
    })

    test('a grant that was given at one holds on both, until it is revoked at the other', async () => {
      const clients = [await enter(balancer.only(0).postgres), await enter(balancer.only(1).postgres)]
      const asked = clients[0]?.query('UPDATE stock SET amount = 1 WHERE id = 3')
      const { id } = await at(first).held()
      const given = await at(first).approve(id, { grant: { covers: 'fingerprint', seconds: 600 } })
      expect(sqlstates((await asked) ?? [])).toEqual([])
      const grant = (given.body['grant'] as { readonly id: string }).id
      // Each gateway has heard of it within a second.
      await sleep(1000)
      for (const client of clients)
        expect(sqlstates(await client.query('UPDATE stock SET amount = 2 WHERE id = 3'))).toEqual([])
      expect((await at(second).call('DELETE', `/v1/grants/${grant}`)).status).toBe(204)
      await sleep(1000)
      for (const client of clients) {
        const answer = client.query('UPDATE stock SET amount = 3 WHERE id = 3')
        await at(any).refuse((await at(any).held()).id, 'no more')
        expect(sqlstates(await answer)).toEqual(['57014'])
        expect(await client.rows('SELECT amount FROM stock WHERE id = 3')).toEqual([['2']])
        await client.end()
      }
    })

    test('a limit of statements per minute holds over both together', async () => {
      const claims = { sub: 'counted', groups: ['ai-agents', 'counted'] }
      const clients = [await enter(balancer.only(0).postgres, claims), await enter(balancer.only(1).postgres, claims)]
      // Not over the turn of a minute: what is left begins anew there.
      while (Date.now() % 60_000 > 50_000) await sleep(500)
      const said: string[] = []
      for (let count = 0; count < 25; count++)
        for (const client of clients) said.push(sqlstates(await client.query('SELECT 1'))[0] ?? 'ran')
      const ran = said.filter((word) => word === 'ran').length
      expect(ran).toBeLessThanOrEqual(30)
      expect(ran).toBeGreaterThanOrEqual(28)
      expect(said.filter((word) => word === '53400')).toHaveLength(50 - ran)
      for (const client of clients) await client.end()
    }, 60_000)

    test('whoever is revoked at one is put out of both, and let in by neither', async () => {
      const claims = { sub: 'leaver' }
      const clients = [await enter(balancer.only(0).postgres, claims), await enter(balancer.only(1).postgres, claims)]
      const issuer = JSON.parse(
        Buffer.from((await installation.token()).split('.')[1] ?? '', 'base64url').toString(),
      ) as { readonly iss: string }
      const what = { kind: 'principal', issuer: issuer.iss, subject: 'leaver' }
      const { body } = await at(second).call('POST', '/v1/revocations', { what, reason: 'left the company' })
      for (const client of clients) expect(sqlstates(await client.until('ErrorResponse'))).toEqual(['57P01'])
      for (const gateway of [0, 1] as const)
        await expect(enter(balancer.only(gateway).postgres, claims)).rejects.toThrow(/left the company/)
      const { id } = body['revocation'] as { readonly id: string }
      expect((await at(first).call('DELETE', `/v1/revocations/${id}`)).status).toBe(204)
      await expect
        .poll(async () => {
          const again = await enter(balancer.ports.postgres, claims).catch(() => null)
          await again?.end()
          return again !== null
        })
        .toBe(true)
    })

    // The last one: it ends a gateway.
    test('a gateway that is killed while it holds: void, shown at every admin service, and the balancer has the other', async () => {
      const client = await enter(balancer.only(0).postgres)
      const mysql = await enterMysql(balancer.only(0).mysql)
      mysql.on('error', () => undefined)
      client.send({ kind: 'Query', text: 'UPDATE stock SET amount = 0 WHERE id = 4' })
      const lost = mysql.query('UPDATE stock SET amount = 0 WHERE id = 4').catch((error: unknown) => error)
      await expect.poll(async () => (await at(any).pending()).length).toBe(2)
      const ids = (await at(any).pending()).map(({ id }) => id)
      await installation.gateways[0]?.kill()
      for (const id of ids)
        for (const api of [first, second]) {
          await expect.poll(async () => (await at(api).approval(id))?.state).toBe('voided')
          expect((await at(api).approval(id))?.endReason).toBe('gateway_lost')
          expect((await at(api).approve(id)).body).toMatchObject({ kind: 'already' })
        }
      expect(await lost).toBeInstanceOf(Error)
      const again = await enter(balancer.ports.postgres)
      const mysqlAgain = await enterMysql(balancer.ports.mysql)
      expect(await again.rows('SELECT amount FROM stock WHERE id = 4')).toEqual([['10']])
      expect((await mysqlAgain.query('SELECT amount FROM stock WHERE id = 4'))[0]).toEqual([{ amount: 10 }])
      await again.end()
      await mysqlAgain.end()
    }, 60_000)
  },
)
