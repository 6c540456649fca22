import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { verifyTrail } from '@gatehouse/audit-trail'
import { createPool, type Pool as MysqlPool } from 'mysql2/promise'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { findMysqlClient } from '../drivers/find-mysql-client.ts'
import { findPsql, type Psql } from '../drivers/find-psql.ts'
import { type FleetBalancer, startFleetBalancer } from '../harness/fleet-balancer.ts'
import { type Installation, startInstallation } from '../harness/installation.ts'
import { CommandClient } from '../mysql/command-client.ts'
import { targetOf as mysqlTarget } from '../mysql/scene.ts'
import { listenerTls, recordsOf, targetOf } from '../postgres/scene.ts'
import { rowsOf, sqlstates, WireClient } from '../postgres/wire-client.ts'
import { whyNoHaproxy } from '../servers/haproxy.ts'
import { createDatabase as createMysqlDatabase, type MysqlServer, startMysql, whyAbsent } from '../servers/mysql.ts'
import { createDatabase, query } from '../servers/postgres.ts'
import { StatementAccount } from './statement-account.ts'

const run = promisify(execFile)
const { postgres18, redis } = inject('servers')
const missing = [postgres18, redis].flatMap((server) => ('absent' in server ? [server.absent] : []))
const absent = missing[0] ?? (await whyAbsent('mariadb-10.11')) ?? (await whyNoHaproxy())
const SQL = 'CREATE TABLE stock (id int PRIMARY KEY, amount int); INSERT INTO stock VALUES (1, 10), (2, 10);'
const POLICY = `
rules:
  - { name: all, allow: { actions: [select, update, begin, commit, rollback, use, set], relations: ["*"], functions: ["*"], settings: ["*"] } }
`
const DRAIN_SECONDS = 4
const MARK = `rolled_${String(Math.random()).slice(2, 10)}`

/** What befell one kind of client: how often it got what it asked for, and each time it did not. */
interface Told {
  answered: number
  readonly errors: string[]
}

describe.skipIf(absent !== null)(
  `Three gateways behind a balancer, restarted one after the other under load${absent === null ? '' : ` (skipped: ${absent})`}`,
  () => {
    let installation: Installation
    let balancer: FleetBalancer
    let mysql: MysqlServer
    let account: StatementAccount
    let programs: Record<'psql' | 'mysql', Psql> | null
    const tls = listenerTls()
    const drops: (() => Promise<void>)[] = []
    let over = false
    let tags = 0
    const tag = (): string => `${MARK}_${String(++tags)}`
    const told: Record<'psql' | 'mysql' | 'pg' | 'mysql2', Told> = {
      psql: { answered: 0, errors: [] },
      mysql: { answered: 0, errors: [] },
      pg: { answered: 0, errors: [] },
      mysql2: { answered: 0, errors: [] },
    }
    /** Asks again and again until it is over. */
    const keepAsking = async (kind: keyof typeof told, ask: (tag: string) => Promise<unknown>): Promise<void> => {
      // oxlint-disable-next-line no-unmodified-loop-condition -- the test ends it
      while (!over) {
        const wanted = tag()
        try {
          expect(JSON.stringify(await ask(wanted))).toContain(wanted)
          told[kind].answered++
        } catch (error) {
          told[kind].errors.push(codeOf(error))
        }
        await sleep(50)
      }
    }

    beforeAll(async () => {
      if ('absent' in postgres18 || 'absent' in redis) return
      const [psql, client] = [await findPsql(18), await findMysqlClient('mysql')]
      programs =
        psql.kind === 'absent' || client.kind === 'absent'
          ? null
          : { psql: psql.program, mysql: client.program.program('client') }
      mysql = await startMysql({
        version: 'mariadb-10.11',
        settings: { 'general-log': 1, 'general-log-file': 'statements.log' },
      })
      const database = await createDatabase(postgres18.address, MARK, SQL)
      drops.push(database.drop)
      await query(postgres18.address.url, `alter database ${MARK} set log_statement = 'all'`)
      await createMysqlDatabase(mysql, MARK, SQL)
      installation = await startInstallation({
        redis: redis.address,
        targets: { shop: targetOf(postgres18.address, MARK), orders: mysqlTarget(mysql, MARK) },
        policy: POLICY,
        gateways: 3,
        admins: 0,
        listener: { tls: tls.files, proxyProtocol: { trustedSenders: ['127.0.0.9'] } },
        settings: { drainSeconds: DRAIN_SECONDS },
      })
      balancer = await startFleetBalancer(installation)
      account = new StatementAccount(
        new RegExp(`${MARK}_\\d+`, 'g'),
        [postgres18.address.logFile ?? '', join(mysql.dataDirectory ?? '', 'statements.log')],
        installation.trails,
      )
    }, 180_000)
    afterAll(async () => {
      over = true
      await balancer?.stop()
      await installation?.close()
      for (const drop of drops) await drop()
      await mysql?.stop()
      tls.remove()
    })

    /** What each kind of client does all the time, through the balancer. */
    const load = (): Promise<unknown>[] => {
      const { ports } = balancer
      const at = { host: '127.0.0.1', user: 'agent' }
      const pool = new Pool({
        ...at,
        port: ports.postgres,
        database: 'shop',
        max: 3,
        ssl: { ca: tls.ca },
        password: () => installation.token(),
      })
      // An idle client that the gateway ended: the pool has let it go.
      pool.on('error', () => undefined)
      let mysqlPool: MysqlPool | null = null
      const all = [
        ...[1, 2, 3].map(() =>
          keepAsking('pg', async (wanted) => (await pool.query(`SELECT '${wanted}' AS tag`)).rows),
        ),
        ...[1, 2, 3].map(() =>
          keepAsking('mysql2', async (wanted) => {
            const password = await installation.token()
            mysqlPool ??= createPool({
              ...at,
              port: ports.mysql,
              database: 'orders',
              connectionLimit: 3,
              ssl: { ca: tls.ca },
              password,
            })
            return (await mysqlPool.query(`SELECT '${wanted}' AS tag`))[0]
          }),
        ),
      ]
      if (programs !== null) {
        const { psql, mysql: client } = programs
        all.push(
          keepAsking('psql', async (wanted) => {
            const url = `postgres://agent@127.0.0.1:${String(ports.postgres)}/shop?sslmode=require`
            const env = { PATH: process.env['PATH'], PGPASSWORD: await installation.token() }
            return (await run(psql.command, [...psql.leading, '-XAtd', url, '-c', `SELECT '${wanted}'`], { env }))
              .stdout
          }),
          keepAsking('mysql', async (wanted) => {
            const place = ['--protocol=tcp', '--host=127.0.0.1', `--port=${String(ports.mysql)}`, '--user=agent']
            const args = [...client.leading, ...place, '--ssl-mode=REQUIRED', 'orders', '-e', `SELECT '${wanted}'`]
            const env = { PATH: process.env['PATH'], MYSQL_PWD: await installation.token() }
            return (await run(client.command, args, { env })).stdout
          }),
        )
      }
      return [Promise.all(all).then(async () => Promise.all([pool.end(), mysqlPool?.end()]))]
    }

    test('nobody who connects anew is turned away, sessions end well or are told why, and all of it is on record', async () => {
      const asking = load()
      await vi.waitFor(() => expect(told.pg.answered + told.mysql2.answered).toBeGreaterThan(20), 20_000)
      for (const gateway of installation.gateways) {
        const enter = async (): Promise<WireClient> =>
          WireClient.login(
            { host: '127.0.0.1', port: gateway.ports['postgres'] ?? 0, tls: 'request', ca: tls.ca },
            { database: 'shop', password: await installation.token() },
          )
        const enterMysql = async (): Promise<CommandClient> =>
          CommandClient.login(
            { host: '127.0.0.1', port: gateway.ports['mysql'] ?? 0, ca: tls.ca },
            { database: 'orders', password: await installation.token() },
          )
        const [ending, idle, busy] = [await enter(), await enter(), await enter()]
        const [endingMysql, idleMysql] = [await enterMysql(), await enterMysql()]
        await ending.query('BEGIN')
        await endingMysql.query('BEGIN')
        const running = busy.query(`SELECT '${tag()}', pg_sleep(100)`)
        const rolled = gateway.tellToEnd()
        // It does not accept any more, and what was begun goes on.
        await vi.waitFor(() => expect(enter()).rejects.toThrow(), 20_000)
        expect(
          rowsOf(await ending.query(`UPDATE stock SET amount = amount + 1 WHERE id = 1 RETURNING '${tag()}'`)),
        ).toHaveLength(1)
        expect(sqlstates(await ending.query('COMMIT'))).toEqual([])
        expect(
          (await endingMysql.query(`UPDATE stock SET amount = amount + 1 WHERE id = 1 /* ${tag()} */`)).error,
        ).toBeNull()
        expect((await endingMysql.query('COMMIT')).error).toBeNull()
        await ending.end()
        endingMysql.end()
        // Who is left at the deadline is told.
        expect(sqlstates([await idle.next()].flatMap((message) => message ?? []))).toEqual(['57P01'])
        expect(sqlstates(await running)).toEqual(['57P01'])
        const farewell = (await idleMysql.next())?.payload
        expect([farewell?.[0], farewell?.readUInt16LE(1)]).toEqual([0xff, 1053])
        await rolled
        await gateway.start()
      }
      const before = { ...told.pg, ...told.mysql2 }
      await vi.waitFor(
        () => expect(told.pg.answered + told.mysql2.answered).toBeGreaterThan(before.answered + 10),
        20_000,
      )
      over = true
      await Promise.all(asking)

      expect(told.psql.errors).toEqual([])
      expect(told.mysql.errors).toEqual([])
      // A client of a pool may be used in the very moment in which its session is ended: mysql2 may write to a connection that is closed already.
      for (const error of told.pg.errors) expect(error).toBe('57P01')
      for (const error of told.mysql2.errors)
        expect(error).toMatch(/^(1053|PROTOCOL_CONNECTION_LOST|ER_SERVER_SHUTDOWN|EPIPE|ECONNRESET)$/)
      expect(account.read()).toEqual([])
      expect(account.ran).toBeGreaterThan(100)
      expect([...account.addresses.keys()]).toEqual(['127.0.0.1'])
      for (const trail of installation.trails) {
        expect(await verifyTrail(trail)).toMatchObject({ firstBreak: null })
        const starts = await recordsOf(trail, ({ kind }) => kind === 'session_start')
        const ends = await recordsOf(trail, ({ kind }) => kind === 'session_end')
        expect(starts.length).toBeGreaterThan(5)
        // All sessions of before the restart; some of those that began since still live.
        expect(ends.length).toBeGreaterThan(5)
        const outcomes = await recordsOf(trail, ({ kind }) => kind === 'outcome')
        // What was cancelled at the deadline.
        expect(JSON.stringify(outcomes)).toContain('unfinished')
      }
    }, 180_000)
  },
)

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error)
  const { code, errno } = error as { readonly code?: unknown; readonly errno?: unknown }
  if (errno === 1053) return '1053'
  return typeof code === 'string' ? code : JSON.stringify(error).slice(0, 300)
}
