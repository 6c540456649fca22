import { randomBytes } from 'node:crypto'
import { Command, ResponseKind } from '@gatehouse/mysql-wire'
import type { RowDataPacket } from 'mysql2/promise'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import * as mysql from '../mysql/scene.ts'
import { bind, execute, parse, SYNC } from '../postgres/messages.ts'
import * as postgres from '../postgres/scene.ts'
import { errorOf, WireClient } from '../postgres/wire-client.ts'
import { createDatabase as createMysql, openConnection } from '../servers/mysql.ts'
import { createDatabase } from '../servers/postgres.ts'

const id = randomBytes(4).toString('hex')
/** Everything, but functions of the database's own. */
const POLICY = `
rules:
  - { name: most, allow: { actions: ["*"], relations: ["*"], settings: ["*"] } }
  - { name: functions, target: permitting, allow: { actions: ["*"], functions: ["*"] } }
`
/** Names that would be read otherwise if they were not quoted. */
const READER = `Reader "a'b ${id}`
const WRITER = `writer_${id}`
const LOGIN = `login_${id}`
const ROLES = { roles: { writers: WRITER, 'ai-agents': READER } }

describe.each(postgres.VERSIONS)('a session of $version under a role', ({ shared }) => {
  let scene: postgres.Scene
  let drop: () => Promise<void>
  const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
  beforeEach((context) => void postgres.present(shared, context))
  beforeAll(async () => {
    if ('absent' in shared) return
    const own = await createDatabase(
      shared.address,
      `role_${randomBytes(4).toString('hex')}`,
      `CREATE ROLE ${LOGIN} LOGIN NOINHERIT PASSWORD 'p'; CREATE ROLE ${quoted(READER)}; CREATE ROLE ${WRITER};
       GRANT ${quoted(READER)}, ${WRITER} TO ${LOGIN}; CREATE TABLE t AS SELECT 7 AS n;
       GRANT SELECT ON t TO ${quoted(READER)}; GRANT SELECT, INSERT ON t TO ${WRITER};
       CREATE FUNCTION leave() RETURNS text LANGUAGE plpgsql AS $$ BEGIN SET ROLE ${WRITER}; RETURN current_user; END $$;
       CREATE FUNCTION slip() RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'SET ROLE ${WRITER}'; RETURN current_user; END $$;
       CREATE FUNCTION for_now() RETURNS text LANGUAGE plpgsql AS $$ BEGIN SET LOCAL ROLE ${WRITER}; RETURN current_user; END $$;
       CREATE FUNCTION no_role() RETURNS text LANGUAGE plpgsql AS $$ BEGIN SET ROLE NONE; RETURN current_user; END $$;
       CREATE FUNCTION configured() RETURNS text LANGUAGE plpgsql AS
         $$ BEGIN PERFORM set_config('ro' || 'le', '${WRITER}', false); RETURN current_user; END $$;
       CREATE FUNCTION there_and_back() RETURNS text LANGUAGE plpgsql AS
         $$ DECLARE before text := current_setting('role'); BEGIN SET ROLE ${WRITER}; PERFORM set_config('role', before, false); RETURN 'back'; END $$;
       CREATE PROCEDURE call_me() LANGUAGE plpgsql AS $$ BEGIN SET ROLE ${WRITER}; END $$;
       CREATE TABLE watched (n int); GRANT SELECT, INSERT ON watched TO ${quoted(READER)};
       CREATE FUNCTION on_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN SET ROLE ${WRITER}; RETURN NEW; END $$;
       CREATE TRIGGER w AFTER INSERT ON watched FOR EACH ROW EXECUTE FUNCTION on_insert()`,
    )
    drop = own.drop
    const { host, port } = shared.address
    const target = { host, port, database: own.database, user: LOGIN, password: 'p' }
    scene = await postgres.openScene(shared.address, {
      policy: POLICY,
      targets: () => ({
        shop: { ...target, sessionRole: ROLES },
        fixed: { ...target, sessionRole: WRITER },
        foreign: { ...target, sessionRole: 'pg_signal_backend' },
        permitting: { ...target, sessionRole: ROLES },
        unpinned: target,
      }),
    })
  })
  afterAll(async () => {
    if ('absent' in shared) return
    await scene.gateway.close()
    await drop()
    await scene.admin(`DROP ROLE ${LOGIN}, ${quoted(READER)}, ${WRITER}`)
    await scene.close()
  })
  async function enter(target: string, claims: Readonly<Record<string, unknown>> = {}): Promise<Client> {
    const client = new Client({ connectionString: await scene.gateway.url(target, claims) })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  const roleOf = async (client: Client): Promise<unknown> =>
    (await client.query<{ current_user: string }>('SELECT current_user')).rows[0]?.current_user

  test('has the rights of the role that its groups give it, and no others', async () => {
    const reader = await enter('shop')
    expect(await roleOf(reader)).toBe(READER)
    expect((await reader.query('SELECT n FROM t')).rows).toEqual([{ n: 7 }])
    await expect(reader.query('INSERT INTO t VALUES (8)')).rejects.toMatchObject({ code: '42501' })
    await reader.end()
    const writer = await enter('shop', { groups: ['ai-agents', 'writers'] })
    expect((await writer.query('INSERT INTO t VALUES (8)')).rowCount).toBe(1)
    await writer.end()
    const fixed = await enter('fixed')
    expect(await roleOf(fixed)).toBe(WRITER)
    await fixed.end()
  })

  test('is not let in where no role is its own, or the database does not give it', async () => {
    await expect(enter('shop', { groups: ['others'] })).rejects.toThrow(/no role of the database is yours/)
    await expect(enter('foreign')).rejects.toThrow(/refused the gateway|did not complete the login/)
  })

  test.each([
    `SET ROLE ${WRITER}`,
    'SET ROLE NONE',
    `SET LOCAL ROLE ${WRITER}`,
    `SET SESSION ROLE TO '${WRITER}'`,
    `SET "role" = '${WRITER}'`,
    `SELECT set_config('role', '${WRITER}', false)`,
    `SELECT set_config('r' || 'ole', '${WRITER}', false)`,
    `SELECT pg_catalog.set_config(U&'\\0072ole', 'none', true)`,
    `UPDATE pg_settings SET setting = '${WRITER}' WHERE name = 'role'`,
    `SET SESSION AUTHORIZATION ${LOGIN}`,
    'SET SESSION AUTHORIZATION DEFAULT',
    'RESET SESSION AUTHORIZATION',
    'DISCARD ALL',
    `DO $$ BEGIN EXECUTE 'SET ROLE ${WRITER}'; END $$`,
    `BEGIN; SET LOCAL ROLE ${WRITER}; COMMIT`,
  ])('cannot leave its role by %s', async (sql) => {
    const client = await enter('shop')
    await client.query(sql).catch(() => undefined)
    await client.query('ROLLBACK')
    expect(await roleOf(client)).toBe(READER)
    await client.end()
  })

  test.each(['leave', 'slip'])('runs no function %s that changes the role, unless a rule names it', async (name) => {
    const client = await enter('shop', { groups: ['readers', 'ai-agents'] })
    await expect(client.query(`SELECT ${name}()`)).rejects.toMatchObject({ code: '42501' })
    expect(await roleOf(client)).toBe(READER)
    await client.end()
  })

  describe('where a rule names a function that changes it', () => {
    /** What writes as the role that was slipped into: it must never be done. */
    const WRITE = 'INSERT INTO t VALUES (99)'
    const written = async (client: Client): Promise<unknown> =>
      (await client.query<{ n: string }>('SELECT count(*) AS n FROM t WHERE n = 99')).rows[0]?.n

    async function afterwards(client: Client): Promise<void> {
      const error: unknown = await client.query(WRITE).catch((cause: unknown) => cause)
      expect(error).toMatchObject({ code: '57P01', message: expect.stringContaining('changed its role') })
      const other = await enter('permitting')
      expect(await written(other)).toBe('0')
      await other.end()
      await client.end().catch(() => undefined)
    }

    test.each([
      'SELECT leave()',
      'SELECT slip()',
      'SELECT no_role()',
      'SELECT configured()',
      'SELECT n, leave() FROM t',
      'SELECT n FROM t WHERE leave() IS NOT NULL',
      'CALL call_me()',
      'INSERT INTO watched VALUES (1)',
      'BEGIN; SELECT for_now()',
      'BEGIN; DECLARE c CURSOR FOR SELECT leave() FROM t; FETCH 1 FROM c',
      'PREPARE p AS SELECT leave(); EXECUTE p',
    ])('the session ends behind %s, and nothing more has run', async (sql) => {
      const client = await enter('permitting')
      for (const statement of sql.split('; ')) await client.query(statement)
      await afterwards(client)
    })

    test('nothing that was sent with it, or in its text, runs behind it', async () => {
      const prepared = (name: string, text: string) => ({ name, text })
      const client = await enter('permitting')
      // Both are on their way before the first is answered.
      const first = client.query(prepared('leaves', 'SELECT leave()'))
      const second = client.query(prepared('writes', WRITE)).catch((cause: unknown) => cause)
      await first
      expect(await second).toMatchObject({ code: '57P01' })
      await client.end().catch(() => undefined)
      const other = await enter('permitting')
      await other.query(`SELECT leave(); ${WRITE}`).catch(() => undefined)
      await other.query('SELECT 1').catch(() => undefined)
      await other.end().catch(() => undefined)
      const last = await enter('permitting')
      expect(await written(last)).toBe('0')
      await last.end()
    })

    test('nor does a portal that was bound before it', async () => {
      const { host, port } = scene.gateway
      const login = { database: 'permitting', password: await scene.gateway.token() }
      const client = await WireClient.login({ host, port }, login)
      const bound = [parse('SELECT leave()', 'l'), bind([], 'l', 'leaves'), parse(WRITE, 'w'), bind([], 'w', 'writes')]
      client.send(...bound, execute(0, 'leaves'), execute(0, 'writes'), SYNC)
      expect(errorOf(await client.untilReady())?.fields.get('C')).toBe('57P01')
      const other = await enter('permitting')
      expect(await written(other)).toBe('0')
      await other.end()
    })

    test('a session whose function fails, or comes back to the role by itself, goes on', async () => {
      const client = await enter('permitting')
      await expect(client.query('SELECT leave(), 1 / (n - 7) FROM t')).rejects.toMatchObject({ code: '22012' })
      expect(await roleOf(client)).toBe(READER)
      await client.query('SELECT there_and_back()')
      expect(await roleOf(client)).toBe(READER)
      await client.end()
    })

    test('a session without a role of its own may change it, as far as the policy permits', async () => {
      const client = await enter('unpinned')
      await client.query(`SET ROLE ${WRITER}`)
      expect(await roleOf(client)).toBe(WRITER)
      await client.end()
    })
  })

  test('comes back to it by RESET ROLE and RESET ALL', async () => {
    const client = await enter('shop')
    for (const sql of ['RESET ROLE', 'RESET ALL', 'DISCARD TEMP']) await client.query(sql)
    expect(await roleOf(client)).toBe(READER)
    await client.end()
  })
})

describe.each(mysql.VERSIONS)('a session of $version under a role', ({ version, shared }) => {
  let scene: mysql.Scene
  let drop: () => Promise<void>
  const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``
  const reader = `rd-r ${id}`
  beforeEach((context) => ('absent' in shared ? context.skip(shared.absent) : undefined))
  beforeAll(async () => {
    if ('absent' in shared) return
    const name = `role_${randomBytes(4).toString('hex')}`
    const own = await createMysql(shared.address, name, 'CREATE TABLE t AS SELECT 7 AS n')
    drop = own.drop
    const connection = await openConnection(own.url)
    for (const sql of [
      `CREATE USER ${LOGIN}@'%' IDENTIFIED BY 'p'`,
      `CREATE ROLE ${quoted(reader)}`,
      `CREATE ROLE ${WRITER}`,
      `GRANT SELECT ON ${own.database}.* TO ${quoted(reader)}`,
      `GRANT SELECT, INSERT ON ${own.database}.* TO ${WRITER}`,
      `GRANT ${quoted(reader)} TO ${LOGIN}@'%'`,
      `GRANT ${WRITER} TO ${LOGIN}@'%'`,
    ])
      await connection.rows(sql)
    await connection.close()
    const { host, port } = shared.address
    // A user without rights cannot begin in the schema: the client chooses it later.
    const target = { engine: 'mysql', host, port, database: own.database, user: LOGIN, password: 'p' } as const
    scene = await mysql.openScene(shared.address, {
      targets: () => ({
        shop: { ...target, sessionRole: { roles: { writers: WRITER, 'ai-agents': reader } } },
      }),
    })
  })
  afterAll(async () => {
    if ('absent' in shared) return
    await scene.gateway.close()
    await drop()
    await scene.admin(`DROP USER ${LOGIN}@'%'`)
    await scene.admin(`DROP ROLE ${quoted(reader)}`)
    await scene.admin(`DROP ROLE ${WRITER}`)
    await scene.close()
  })
  type Driver = Awaited<ReturnType<mysql.Scene['driver']>>
  const roleOf = async (connection: Driver): Promise<string> =>
    String((await connection.query<RowDataPacket[]>('SELECT CURRENT_ROLE() AS r'))[0][0]?.['r'])
  const expected = (role: string): string => (version.startsWith('MySQL') ? `\`${role}\`@\`%\`` : role)

  test('has the rights of the role that its groups give it, and no others', async () => {
    const connection = await scene.driver()
    expect(await roleOf(connection)).toBe(expected(reader))
    expect((await connection.query('SELECT n FROM t'))[0]).toEqual([{ n: 7 }])
    await expect(connection.query('INSERT INTO t VALUES (8)')).rejects.toThrow(/INSERT command denied/)
    await connection.end()
    const writer = await scene.driver({ password: await scene.gateway.token({ groups: ['writers'] }) })
    await writer.query('INSERT INTO t VALUES (8)')
    await writer.end()
    await expect(scene.driver({ password: await scene.gateway.token({ groups: ['others'] }) })).rejects.toThrow(
      /no role of the database is yours/,
    )
  })

  test.each([
    `SET ROLE ${WRITER}`,
    'SET ROLE NONE',
    'SET ROLE ALL',
    'SET ROLE DEFAULT',
    `/*!80000 SET ROLE ${WRITER} */`,
    `PREPARE s FROM 'SET ROLE ${WRITER}'`,
    `SET @a = 'SET ROLE NONE'`,
    'EXECUTE IMMEDIATE @a',
  ])('cannot leave its role by %s', async (sql) => {
    const connection = await scene.driver()
    await connection.query(sql).catch(() => undefined)
    await connection.query('EXECUTE s').catch(() => undefined)
    expect(await roleOf(connection)).toBe(expected(reader))
    await connection.end()
  })

  test('has it again after it was reset', async () => {
    const client = await scene.enter()
    await client.command(ResponseKind.Status, (w) => void w.begin(0).int1(Command.RESET_CONNECTION).end())
    expect((await client.query('SELECT CURRENT_ROLE()')).rows).toEqual([[expected(reader)]])
    client.end()
  })
})
