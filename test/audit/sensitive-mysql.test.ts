import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import { type Coordination, openRedisCoordination } from '@gatehouse/coordination'
import type { Connection } from 'mysql2/promise'
import { describe, expect, inject, test } from 'vitest'
import { People } from '../approvals/people.ts'
import { CommandClient } from '../mysql/command-client.ts'
import { openScene, type Scene, VERSIONS } from '../mysql/scene.ts'
import { Canaries, filesOf, keptIn } from './canaries.ts'

const { redis } = inject('servers')

const rules = `
rules:
  - { name: all, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - { name: ask, approve: { actions: [update], relations: ["*.orders"], by: { groups: [dba] }, holdTimeoutSeconds: 30 } }
  - { name: never, deny: { actions: [drop, truncate, clone, change_replication_source, start_replica, install_plugin] } }
`
const policy = (database: string): string => `${rules}
masks:
  - { columns: [${database}.people.ssn, ${database}.orders.card], with: redact, predicates: allow }
`
const SCHEMA = `
CREATE TABLE people (id int PRIMARY KEY, name text, ssn varchar(200) UNIQUE, pin int);
CREATE TABLE orders (id int PRIMARY KEY, card text);
CREATE TABLE notes (note text);
CREATE VIEW who AS SELECT id, ssn FROM people;
INSERT INTO orders VALUES (1, 'x'), (2, 'x');
`

/** Texts in which `CANARY` and `NUMBER` may be the value of a masked column. */
const MASKED: readonly string[] = [
  "SELECT id FROM people WHERE ssn = 'CANARY'",
  'SELECT id FROM people WHERE ssn = "CANARY"',
  "SELECT id FROM people WHERE ssn IN ('x', 'CANARY')",
  "SELECT id FROM people WHERE ssn LIKE 'CANARY%'",
  "SELECT id FROM people WHERE ssn = 'a\\'CANARY'",
  "SELECT id FROM people WHERE ssn = _utf8mb4'CANARY' OR ssn = N'CANARY'",
  'SELECT id FROM people WHERE ssn = NUMBER',
  "SELECT id, ssn = 'CANARY' FROM people",
  "SELECT id FROM who WHERE ssn = 'CANARY'",
  "WITH w AS (SELECT 'CANARY' AS s) SELECT id FROM people, w WHERE ssn = w.s",
  "/* CANARY */ SELECT id FROM people WHERE ssn = 'x' -- CANARY",
  "SELECT id FROM people WHERE /*!50000 ssn = 'CANARY' */",
  'SELECT id FROM people WHERE ssn = `CANARY`',
  "EXPLAIN SELECT id FROM people WHERE ssn = 'CANARY'",
  "INSERT INTO people (id, ssn) VALUES (100, 'CANARY')",
  "INSERT INTO people SET id = 101, ssn = 'CANARY'",
  "INSERT INTO people (id, ssn) VALUES (1, 'CANARY') ON DUPLICATE KEY UPDATE ssn = 'CANARY'",
  "REPLACE INTO people (id, ssn) VALUES (100, 'CANARY')",
  "UPDATE people SET ssn = 'CANARY' WHERE id = 1",
  "INSERT INTO people (id, ssn) SELECT 1, 'CANARY' FROM people",
  "DELETE FROM people WHERE ssn = 'CANARY'",
  "SELECT 1; SELECT id FROM people WHERE ssn = 'CANARY'",
  "SELECT CAST(ssn AS SIGNED) FROM people WHERE ssn = 'CANARY'",
  "SELECT id, none FROM people WHERE ssn = 'CANARY'",
  "SELECT no_function(ssn) FROM people WHERE ssn = 'CANARY'",
  "SELECT * FRM people WHERE ssn = 'CANARY'",
  'SELECT * FRM people WHERE ssn = NUMBER',
  "SELECT id FROM people WHERE ssn = 'CANARY",
  "SELECT id FROM people WHERE ssn = 'CANARY\u0000'",
  `SELECT id FROM people WHERE ssn = 'CANARY' OR ${'('.repeat(6000)}`,
  `SELECT id FROM people WHERE ssn = 'CANARY' /*${'x'.repeat(100_000)}*/ AND name = 'CANARY'`,
  `SELECT id FROM people WHERE ssn = '${'x'.repeat(1_100_000)}CANARY'`,
  "PREPARE p FROM 'SELECT id FROM people WHERE ssn = ''CANARY'''",
  "PREPARE q FROM 'SELECT id FROM people WHERE ssn = ?'",
  "SET @ssn = 'CANARY'",
  "SELECT 'CANARY' INTO @ssn",
  "SELECT @ssn := 'CANARY'",
  'EXECUTE q USING @ssn',
  "DROP TABLE people; SELECT id FROM people WHERE ssn = 'CANARY'",
  "ALTER TABLE people ALTER ssn SET DEFAULT 'CANARY'",
  "ALTER TABLE people ADD CHECK (ssn <> 'CANARY')",
  "CREATE VIEW one AS SELECT id FROM people WHERE ssn = 'CANARY'",
  "CREATE TABLE copied AS SELECT id FROM people WHERE ssn = 'CANARY'",
  "CREATE PROCEDURE look() SELECT id FROM people WHERE ssn = 'CANARY'",
  "LOAD DATA LOCAL INFILE '/tmp/f' INTO TABLE people SET ssn = 'CANARY'",
  "HANDLER people READ ssn = ('CANARY')",
]

/** Texts in which `CANARY` is a password or a key. */
const CREDENTIALS: readonly string[] = [
  "CREATE USER SELF IDENTIFIED BY 'CANARY'",
  'CREATE USER SELF IDENTIFIED BY "CANARY"',
  "ALTER USER SELF /* CANARY */ IDENTIFIED BY 'CANARY'",
  "ALTER USER SELF IDENTIFIED BY 'CANARY' REPLACE 'CANARY'",
  'ALTER USER SELF IDENTIFIED BY CANARY',
  "CREATE USER SELF IDENTIFIED WITH caching_sha2_password AS 'CANARY'",
  "CREATE USER SELF IDENTIFIED VIA mysql_native_password USING 'CANARY'",
  "SET PASSWORD FOR SELF = 'CANARY'",
  "SET PASSWORD FOR SELF = PASSWORD('CANARY')",
  "SET PASSWORD FOR SELF = 'CANARY' REPLACE 'CANARY'",
  "GRANT SELECT ON *.* TO SELF IDENTIFIED BY 'CANARY'",
  "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'h', SOURCE_PASSWORD = 'CANARY'",
  "CHANGE MASTER TO MASTER_HOST = 'h', MASTER_PASSWORD = 'CANARY'",
  "START REPLICA USER = 'u' PASSWORD = 'CANARY'",
  "CREATE SERVER SELF FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1', PASSWORD 'CANARY')",
  "CLONE INSTANCE FROM 'u'@'h':3306 IDENTIFIED BY 'CANARY'",
  "SELECT AES_ENCRYPT('x', 'CANARY')",
  "SELECT HEX(AES_DECRYPT('x', 'CANARY'))",
  "SELECT PASSWORD('CANARY')",
  "PREPARE p FROM 'ALTER USER SELF IDENTIFIED BY ''CANARY'''",
  "CREATE PROCEDURE SELF() ALTER USER x IDENTIFIED BY 'CANARY'",
  "CREATE EVENT SELF ON SCHEDULE EVERY 1 YEAR DISABLE DO SET PASSWORD FOR x = 'CANARY'",
  "SET @password = 'CANARY'",
]

describe.each(VERSIONS)('What is sensitive, on $version,', ({ shared }) => {
  test('stays out of every byte that is written', async (context) => {
    const server = 'absent' in shared ? context.skip(shared.absent) : shared.address
    const canaries = new Canaries()
    const log: string[] = []
    const keyPrefix = `sensitive_${randomBytes(6).toString('hex')}`
    const share = (): Promise<Coordination> => {
      if ('absent' in redis) throw new Error(redis.absent)
      return openRedisCoordination({ at: { kind: 'server', ...redis.address }, keyPrefix })
    }
    const people = 'absent' in redis ? await People.open() : await People.sharing(share)
    const scene = await openScene(server, (database) => ({
      sql: SCHEMA,
      policy: policy(database),
      logged: (line) => log.push(line),
      coordination: 'absent' in redis ? people.forGateway : share,
    }))
    try {
      await scene.admin(`INSERT INTO ${scene.database}.people VALUES (1, 'Ada', '${canaries.word('a masked row')}', 1)`)
      await texts(scene, canaries, [...MASKED, ...CREDENTIALS])
      await dialects(scene, canaries)
      await boundValues(scene, canaries)
      await killed(scene, canaries)
      await tokens(scene, canaries)
      await held(scene, people, canaries)
      const client = await scene.enter()
      await client.query("SELECT note FROM notes WHERE note = 'of no column that is masked'")
      client.end()
      const places = new Map([
        ...filesOf(dirname(scene.gateway.trailDirectory)),
        ['log', Buffer.from(log.join(''))] as const,
        ...('absent' in redis ? [] : await keptIn(redis.address, keyPrefix)),
      ])
      expect(canaries.foundIn(places)).toEqual([])
      // What is looked through is there, and looked through.
      const seen = new Canaries()
      seen.plant('an ordinary literal', 'of no column that is masked')
      expect(seen.foundIn(places)).toEqual(['an ordinary literal: plain in 000001.jsonl'])
      expect(places.size).toBeGreaterThan('absent' in redis ? 3 : 5)
      expect(log.length).toBeGreaterThan(3)
    } finally {
      await scene.close()
      await people.close()
    }
  }, 120_000)

  test('stays out where nothing is masked, as far as it is a password or a key', async (context) => {
    const server = 'absent' in shared ? context.skip(shared.absent) : shared.address
    const canaries = new Canaries()
    const scene = await openScene(server, { sql: SCHEMA, policy: rules })
    try {
      await texts(scene, canaries, CREDENTIALS)
      await tokens(scene, canaries)
      expect(canaries.foundIn(filesOf(scene.gateway.trailDirectory))).toEqual([])
      const redacted = await scene.records(({ statement }) => JSON.stringify(statement ?? '').includes('"credentials"'))
      expect(redacted.length).toBeGreaterThan(CREDENTIALS.length / 2)
    } finally {
      await scene.close()
    }
  })

  test('is every literal and bound value, where that is configured', async (context) => {
    const server = 'absent' in shared ? context.skip(shared.absent) : shared.address
    const canaries = new Canaries()
    const scene = await openScene(server, { sql: SCHEMA, policy: rules, audit: { literals: 'redact' } })
    try {
      await texts(scene, canaries, [...MASKED, "SELECT note FROM notes WHERE note = 'CANARY'"])
      await boundValues(scene, canaries)
      expect(canaries.foundIn(filesOf(scene.gateway.trailDirectory))).toEqual([])
    } finally {
      await scene.close()
    }
  })
})

async function texts(scene: Scene, canaries: Canaries, all: readonly string[]): Promise<void> {
  const driver = await scene.driver({ multipleStatements: true })
  const client = await scene.enter()
  const self = randomBytes(4).toString('hex')
  for (const [index, text] of all.entries()) {
    const sql = text
      .replaceAll('CANARY', () => canaries.word(text.slice(0, 100)))
      .replaceAll('NUMBER', () => canaries.number(text))
      .replaceAll('SELF', `u_${self}_${String(index)}`)
    await client.query(sql)
    await driver.execute(sql).catch(() => undefined)
  }
  client.end()
  await driver.end()
  for (const [index] of all.entries()) {
    await scene.admin(`DROP USER IF EXISTS u_${self}_${String(index)}`)
    await scene.admin(`DROP SERVER IF EXISTS u_${self}_${String(index)}`)
  }
}

/** What is a literal depends on the session's settings. */
async function dialects(scene: Scene, canaries: Canaries): Promise<void> {
  const client = await scene.enter()
  await client.query("SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'")
  await client.query(
    `SELECT id FROM people WHERE name = 'a\\' AND ssn = '${canaries.word('without escapes')}' OR name = '\\'`,
  )
  await client.query("SET SESSION sql_mode = 'ANSI_QUOTES'")
  await client.query(`SELECT id FROM people WHERE "name" = '"' AND ssn = '${canaries.word('in ANSI mode')}'`)
  await client.query(`SELECT id FROM people WHERE ssn = "${canaries.word('in the quotes of names')}"`)
  await client.query("SET SESSION sql_mode = ''")
  await client.query(
    `SELECT id FROM people WHERE name = 'a\\' AND \\'' AND ssn = '${canaries.word('with escapes again')}'`,
  )
  client.end()
}

async function boundValues(scene: Scene, canaries: Canaries): Promise<void> {
  const driver = await scene.driver()
  const execute = async (text: string, values: (string | number | Buffer)[]): Promise<void> => {
    await driver.execute(text, values).catch(() => undefined)
  }
  await execute('SELECT id FROM people WHERE ssn = ?', [canaries.word('a bound condition')])
  await execute('SELECT id FROM people WHERE ssn = ?', [Buffer.from(canaries.word('bound bytes'))])
  await execute('SELECT id FROM people WHERE ssn = ?', [Number(canaries.number('a bound number'))])
  await execute('INSERT INTO people (id, ssn) VALUES (1, ?)', [canaries.word('a key that is there')])
  await execute('SELECT id FROM people WHERE ssn = ?', [`${canaries.word('a long value')}${'x'.repeat(10_000)}`])
  await execute('SELECT id, ssn = ? FROM people', [canaries.word('an output')])
  await driver.end()
}

async function killed(scene: Scene, canaries: Canaries): Promise<void> {
  const driver: Connection = await scene.driver()
  const long = `SELECT COUNT(*) FROM information_schema.columns a, information_schema.columns b, information_schema.columns c, people WHERE ssn <> '${canaries.word('a statement that is killed')}'`
  const answer = driver.query(long).catch((error: unknown) => error)
  const running =
    "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'SELECT COUNT(*) FROM information_schema.columns a%'"
  await expect.poll(() => scene.admin(running)).not.toHaveLength(0)
  const other = await scene.driver()
  await other.query(`KILL QUERY ${String(driver.threadId)}`)
  await other.end()
  expect(await answer).toMatchObject({ errno: 1317 })
  await driver.end()
}

async function tokens(scene: Scene, canaries: Canaries): Promise<void> {
  const { host, port } = scene.gateway
  const token = async (what: string): Promise<string> => {
    const made = await scene.gateway.token()
    canaries.plant(`${what}: payload`, (made.split('.')[1] ?? '').slice(-40))
    canaries.plant(`${what}: signature`, made.split('.')[2] ?? '')
    return made
  }
  const login = async (
    user: string,
    password: string,
    attributes: Readonly<Record<string, string>> = {},
  ): Promise<void> => {
    const request = { database: 'shop', user, password, attributes, plugin: 'mysql_clear_password' } as const
    const client = await CommandClient.login({ host, port, ca: scene.ca }, request).catch(() => null)
    if (client === null) return
    await client.query(`SELECT note FROM notes WHERE note = '${await token('in a literal')}'`)
    await client.query(`SELECT 1 /* Bearer ${await token('in a comment')} */`)
    await client.changeUser({ ...request, password: await token('of another user') }).catch(() => undefined)
    client.end()
  }
  await login('agent', await token('the password'))
  await login('agent', await token('the password'), {
    program_name: await token('the name of the program'),
    other: canaries.word('an attribute of the connection'),
  })
  await login(await token('in place of the user'), canaries.word('a password that is none'))
  await login('agent', `eyJhbGciOiJub25lIn0.${canaries.word('a token of nobody')}.`)
  const driver = await scene.driver()
  await driver.execute('SELECT note FROM notes WHERE note = ?', [await token('in a bound value')])
  await driver.end()
}

async function held(scene: Scene, people: People, canaries: Canaries): Promise<void> {
  const driver = await scene.driver()
  const value = canaries.word('a bound value that people are asked about')
  for (const verdict of ['refuse', 'approve'] as const) {
    const id = verdict === 'refuse' ? '1' : '2'
    const answer = driver
      .execute(`UPDATE orders SET card = ? WHERE id = ${id}`, [value])
      .catch((error: unknown) => error)
    const { request } = await people.decide(verdict)
    expect(request.statement.parameters).toEqual(['[masked]'])
    await answer
  }
  await driver.end()
}
