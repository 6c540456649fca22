import { type Connection, createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import type { AdminApi, LiveSession } from '../harness/admin-api.ts'
import { type Installation, startInstallation } from '../harness/installation.ts'
import { targetOf as mysqlTarget } from '../mysql/scene.ts'
import { ask, targetOf } from '../postgres/scene.ts'
import { sqlstates, WireClient } from '../postgres/wire-client.ts'
import { createDatabase as createMysqlDatabase, openConnection } from '../servers/mysql.ts'
import { createDatabase } from '../servers/postgres.ts'

const { postgres18, mysql9, redis } = inject('servers')
const missing = [postgres18, mysql9, redis].flatMap((server) => ('absent' in server ? [server.absent] : []))

const SQL = 'CREATE TABLE stock (id int PRIMARY KEY, amount int); INSERT INTO stock VALUES (1, 10);'
const policy = (database: string): string => `
rules:
  - { name: read, allow: { actions: [select], relations: ["*"], functions: ["*"] } }
  - name: writes-need-a-human
    approve: { actions: [update], relations: [public.*, "${database}.*"], by: { groups: [dba] }, holdTimeoutSeconds: 600 }
`
const HELD = 'UPDATE stock SET amount = 0 WHERE id = 1'

/** How a client learned that its session is over. */
interface End {
  readonly code: string | number | undefined
  readonly text: string
}

/** The sessions of one subject: on each gateway one of each engine, of which one runs a statement and one holds one. */
interface Four {
  readonly subject: string
  readonly ends: readonly Promise<End>[]
  readonly close: () => void
}

describe.skipIf(missing.length > 0)(
  `On two gateways over one Redis${missing.length > 0 ? ` (skipped: ${String(missing[0])})` : ''}`,
  () => {
    const name = `rights_${String(Math.random()).slice(2, 12)}`
    let installation: Installation
    let operator: AdminApi
    let databases: { readonly url: string; readonly drop: () => Promise<void> }[] = []
    beforeAll(async () => {
      if ('absent' in postgres18 || 'absent' in mysql9 || 'absent' in redis) return
      databases = [
        await createDatabase(postgres18.address, name, SQL),
        await createMysqlDatabase(mysql9.address, name, SQL),
      ]
      const targets = {
        shop: targetOf(postgres18.address, name),
        orders: mysqlTarget(mysql9.address, name),
      }
      installation = await startInstallation({
        redis: redis.address,
        targets: { ...targets, shop2: targets.shop },
        policy: policy(name),
        gateways: 2,
        admins: 1,
      })
      operator = await installation.person('dana', installation.admins[0]?.ports['http'])
    }, 120_000)
    afterAll(async () => {
      await installation.close()
      for (const { drop } of databases) await drop()
    })

    const port = (gateway: 0 | 1, engine: 'postgres' | 'mysql'): number =>
      installation.gateways[gateway]?.ports[engine] ?? 0
    const postgres = async (gateway: 0 | 1, claims: object, database = 'shop'): Promise<WireClient> =>
      WireClient.login(
        { host: '127.0.0.1', port: port(gateway, 'postgres') },
        { database, password: await installation.token({ ...claims }) },
      )
    const mysql = async (gateway: 0 | 1, claims: object): Promise<Connection> => {
      const token = await installation.token({ ...claims })
      const connection = await createConnection({
        host: '127.0.0.1',
        port: port(gateway, 'mysql'),
        user: 'agent',
        database: 'orders',
        password: token,
        authPlugins: { mysql_clear_password: () => () => Buffer.from(`${token}\0`) },
      })
      connection.on('error', () => undefined)
      return connection
    }
    const postgresEnd = async (client: WireClient, text: string): Promise<End> => {
      client.send({ kind: 'Query', text })
      for (;;) {
        const message = await client.next(100_000)
        if (message === null) return { code: undefined, text: 'closed' }
        if (message.kind !== 'ErrorResponse') continue
        return { code: sqlstates([message])[0], text: message.fields.get('D') ?? '' }
      }
    }
    const mysqlEnd = async (connection: Connection, text: string): Promise<End> => {
      const error: unknown = await connection.query(text).then(
        () => new Error('it ran'),
        (failed: unknown) => failed,
      )
      const { errno, message } = error as Error & { readonly errno?: number }
      return { code: errno, text: message }
    }
    const four = async (claims: { readonly sub: string }): Promise<Four> => {
      const [p1, p2, m1, m2] = await Promise.all([
        postgres(0, claims),
        postgres(1, claims),
        mysql(1, claims),
        mysql(0, claims),
      ])
      return {
        subject: claims.sub,
        ends: [
          postgresEnd(p1, 'select pg_sleep(600)'),
          postgresEnd(p2, HELD),
          mysqlEnd(m1, 'SELECT SLEEP(600)'),
          mysqlEnd(m2, HELD),
        ],
        close: () => {
          for (const client of [p1, p2]) client.destroy()
          for (const connection of [m1, m2]) connection.destroy()
        },
      }
    }
    const sessionsOf = async (subject: string): Promise<readonly LiveSession[]> =>
      (await operator.sessions()).filter((session) => JSON.stringify(session).includes(`"${subject}"`))
    /** As the servers' own lists have them: what runs of these tests. */
    const running = async (): Promise<number> => {
      const [row] = await ask<{ n: number }>(
        databases[0]?.url ?? '',
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = '${name}' AND state = 'active' AND query LIKE 'select pg_sleep%'`,
      )
      const connection = await openConnection(databases[1]?.url ?? '')
      const list = await connection.rows(
        `SELECT info FROM information_schema.processlist WHERE db = '${name}' AND info LIKE 'SELECT SLEEP%'`,
      )
      await connection.close()
      return (row?.n ?? 0) + list.length
    }
    const states = async (subject: string): Promise<readonly string[]> =>
      (await sessionsOf(subject)).map(({ state }) => state).toSorted()
    const untilBusy = async (subject: string): Promise<void> => {
      await vi.waitFor(
        async () => expect(await states(subject)).toEqual(['held', 'held', 'running', 'running']),
        20_000,
      )
    }
    const revoke = async (what: Readonly<Record<string, string>>): Promise<void> => {
      const { status } = await operator.call('POST', '/v1/revocations', {
        what,
        reason: `no more: ${String(what['kind'])}`,
      })
      expect(status).toBe(201)
    }
    const expectOver = async (ends: readonly Promise<End>[]): Promise<void> => {
      for (const end of await Promise.all(ends)) {
        expect([1053, '57P01']).toContain(end.code)
        expect(end.text).toContain('ACCESS_REVOKED')
      }
    }

    test.each([
      ['principal', { kind: 'principal', subject: 'by-principal' }, { sub: 'by-principal' }],
      ['actor', { kind: 'actor', actor: 'rogue-agent' }, { sub: 'by-actor', azp: 'rogue-agent' }],
    ])(
      'a revocation of the %s ends what runs and what is held, on both, and nobody else',
      async (kind, what, claims) => {
        const leaving = await four(claims)
        const staying = await four({ sub: `stays-${kind}` })
        try {
          await untilBusy(leaving.subject)
          await untilBusy(staying.subject)
          await revoke(what)
          await expectOver(leaving.ends)
          await vi.waitFor(async () => expect(await running()).toBe(2), 20_000)
          await vi.waitFor(async () => expect(await operator.pending()).toHaveLength(2), 20_000)
          expect(await states(staying.subject)).toEqual(['held', 'held', 'running', 'running'])
          await vi.waitFor(async () => expect(await sessionsOf(leaving.subject)).toEqual([]), 20_000)
        } finally {
          for (const { close } of [leaving, staying]) close()
        }
        await vi.waitFor(async () => expect(await operator.sessions()).toEqual([]), 20_000)
      },
      120_000,
    )

    test('a revocation of one session ends that one, wherever it is and whatever it does', async () => {
      const sessions = await four({ sub: 'by-session' })
      try {
        await untilBusy(sessions.subject)
        let left = 4
        for (const { id } of await sessionsOf(sessions.subject)) {
          await revoke({ kind: 'session', session: id })
          left--
          await vi.waitFor(async () => expect(await sessionsOf(sessions.subject)).toHaveLength(left), 20_000)
        }
        await expectOver(sessions.ends)
        await vi.waitFor(async () => expect(await running()).toBe(0), 20_000)
        await vi.waitFor(async () => expect(await operator.pending()).toEqual([]), 20_000)
      } finally {
        sessions.close()
      }
    }, 120_000)

    test('a revocation of the target ends the sessions on it, and none on another that leads to the same database', async () => {
      const [one, two, other] = await Promise.all([
        postgres(0, { sub: 'by-target' }, 'shop2'),
        postgres(1, { sub: 'by-target' }, 'shop2'),
        postgres(0, { sub: 'by-target' }),
      ])
      const ends = [postgresEnd(one, 'select pg_sleep(600)'), postgresEnd(two, HELD)]
      try {
        await vi.waitFor(async () => expect(await states('by-target')).toEqual(['held', 'idle', 'running']), 20_000)
        await revoke({ kind: 'target', target: 'shop2' })
        await expectOver(ends)
        await vi.waitFor(async () => expect(await running()).toBe(0), 20_000)
        await vi.waitFor(async () => expect(await operator.pending()).toEqual([]), 20_000)
        expect(await other.rows('select 1')).toEqual([['1']])
      } finally {
        for (const client of [one, two, other]) client.destroy()
      }
    }, 120_000)

    // The last one: nobody gets in behind it.
    test('a revocation of the issuer ends all that its tokens began', async () => {
      const all = [await four({ sub: 'one' }), await four({ sub: 'another' })]
      try {
        for (const { subject } of all) await untilBusy(subject)
        const { iss } = JSON.parse(
          Buffer.from((await installation.token()).split('.')[1] ?? '', 'base64url').toString(),
        ) as { readonly iss: string }
        await revoke({ kind: 'issuer', issuer: iss })
        await expectOver(all.flatMap(({ ends }) => ends))
        await vi.waitFor(async () => expect(await running()).toBe(0), 20_000)
        await expect(postgres(0, { sub: 'one' })).rejects.toThrow(/no more: issuer/)
        await expect(mysql(1, { sub: 'one' })).rejects.toThrow(/no more: issuer/)
      } finally {
        for (const { close } of all) close()
      }
      const [stock] = await ask<{ amount: number }>(databases[0]?.url ?? '', 'SELECT amount FROM stock WHERE id = 1')
      expect(stock).toEqual({ amount: 10 })
    }, 120_000)
  },
)
