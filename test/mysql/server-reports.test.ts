import { Command, encodeBareCommand, encodePrepare, ResponseKind } from '@gatehouse/mysql-wire'
import { describe, expect } from 'vitest'
import type { Answer, CommandClient } from './command-client.ts'
import { scenePromises, type SceneOptions, VERSIONS } from './scene.ts'

const masked = (database: string): SceneOptions => ({
  sql: `
  CREATE TABLE people (id INT, ssn VARCHAR(20) NOT NULL) PARTITION BY RANGE (id)
    (PARTITION low VALUES LESS THAN (10), PARTITION high VALUES LESS THAN (100));
  INSERT INTO people VALUES (1, '987-65-4329');
  CREATE TABLE parts (id INT) PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (10));
  CREATE TABLE plain (id INT);
  CREATE TABLE kept (id INT);
  CREATE TRIGGER stamped BEFORE INSERT ON plain FOR EACH ROW SET NEW.id = 1;
  CREATE TRIGGER guarding BEFORE INSERT ON kept FOR EACH ROW SET NEW.id = 1;
`,
  policy: `
rules:
  - { name: everything, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - { name: guards, deny: { actions: [drop_trigger], relations: [${database}.kept] } }
masks:
  - { name: ssn, columns: [${database}.people.ssn], with: redact }
`,
})

/** Texts that show what earlier statements left. */
const LEFT = [
  'SHOW WARNINGS',
  'SHOW ERRORS',
  'SHOW COUNT(*) WARNINGS',
  'SELECT @@warning_count',
  'SELECT @@error_count + 1 AS n',
]

function prepare(client: CommandClient, sql: string): Promise<Answer> {
  return client.command(ResponseKind.Prepare, (writer) => encodePrepare(sql, writer))
}

function execute(client: CommandClient, { prepared }: Answer): Promise<Answer> {
  const id = prepared?.statementId ?? 0
  return client.command(
    ResponseKind.Binary,
    (w) => void w.begin(0).int1(Command.STMT_EXECUTE).int4(id).int1(0).int4(1).end(),
  )
}

describe.each(VERSIONS)('what $version reports of its own accord, under masks', ({ shared, version }) => {
  const promise = scenePromises(shared, masked)

  promise('on partitions passes, but where it may quote masked rows', async ({ enter }) => {
    const client = await enter()
    for (const verb of ['CHECK', 'ANALYZE', 'REPAIR', 'OPTIMIZE']) {
      const refused = await client.query(`ALTER TABLE people ${verb} PARTITION low`)
      expect(refused.error?.errorMessage, verb).toContain('MASK_NOT_POSSIBLE')
      const { error, rows } = await client.query(`ALTER TABLE parts ${verb} PARTITION low`)
      expect([verb, error, rows[0]?.length]).toEqual([verb, null, 4])
    }
    for (const verb of ['CHECK', 'REPAIR']) {
      const report = async (table: string): Promise<unknown> =>
        (await client.query(`${verb} TABLE ${table}`)).rows.map((row) => row[3])
      expect(await report('people')).toContain('[redacted]')
      expect(await report('parts')).not.toContain('[redacted]')
      expect(await report('plain')).not.toContain('[redacted]')
    }
    client.end()
  })

  promise('of a password that it makes up passes', async ({ enter }, context) => {
    if (!version.startsWith('MySQL')) context.skip('MariaDB makes up no passwords')
    const client = await enter()
    const user = `'made_up_${process.pid}'@'localhost'`
    const created = await client.query(`CREATE USER ${user} IDENTIFIED BY RANDOM PASSWORD`)
    expect([created.error, created.rows.length]).toEqual([null, 1])
    expect((await client.query(`ALTER USER ${user} IDENTIFIED BY RANDOM PASSWORD`)).rows).toHaveLength(1)
    expect((await client.query(`SET PASSWORD FOR ${user} TO RANDOM`)).rows).toHaveLength(1)
    expect((await client.query(`DROP USER ${user}`)).error).toBeNull()
    client.end()
  })

  promise('of no trigger hides which table it is on', async ({ enter }) => {
    const client = await enter()
    expect((await client.query('DROP TRIGGER guarding')).error?.errorMessage).toContain('DENIED_BY_RULE')
    expect((await client.query('DROP TRIGGER stamped')).error).toBeNull()
    client.end()
  })

  promise('in warnings shows until something masked was looked at, and again behind a reset', async ({ enter }) => {
    const client = await enter()
    const prepares = version.startsWith('MariaDB')
    const looks: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['rows', () => client.query('SELECT id, ssn FROM people')],
      ['a plan', () => client.query('EXPLAIN SELECT ssn FROM people')],
      ['a failure', () => client.query('SELECT ssn, (SELECT id FROM people UNION ALL SELECT 2) FROM people')],
      ['a write', () => client.query('INSERT INTO plain VALUES (1)')],
      ['a preparation', () => prepare(client, 'SELECT ssn FROM people')],
      ['an execution', async () => execute(client, await prepare(client, 'SELECT ssn FROM people'))],
    ]
    for (const [what, look] of looks) {
      await client.query("SELECT 'x' + 0")
      const [warning] = (await client.query('SHOW WARNINGS')).rows
      expect(warning?.[2], what).toMatch(/Truncated incorrect DOUBLE value: 'x'/)
      expect((await client.query('SELECT @@warning_count')).rows).toEqual([['1']])
      const before = await prepare(client, 'SELECT @@warning_count')
      // MySQL prepares no such text.
      expect(before.error?.errorCode, what).toBe(prepares ? undefined : 1295)
      if (prepares) expect((await execute(client, before)).error, what).toBeNull()
      await look()
      // MariaDB keeps messages while statements that touch no table run.
      await client.query('SET @x = 1')
      for (const sql of LEFT) {
        expect((await client.query(sql)).error?.errorMessage, `${sql} behind ${what}`).toMatch(
          /MASK_NOT_POSSIBLE.*reset/,
        )
        expect((await prepare(client, sql)).error?.errorMessage, `${sql} behind ${what}`).toContain('MASK_NOT_POSSIBLE')
      }
      if (prepares) expect((await execute(client, before)).error?.errorMessage, what).toContain('MASK_NOT_POSSIBLE')
      await client.command(ResponseKind.Status, (writer) => encodeBareCommand('RESET_CONNECTION', writer))
      expect((await client.query('SHOW WARNINGS')).rows, what).toEqual([])
    }
    client.end()
  })
})
