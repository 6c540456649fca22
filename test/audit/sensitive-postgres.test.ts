import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import { type Coordination, openRedisCoordination } from '@gatehouse/coordination'
import { describe, expect, inject, test } from 'vitest'
import { People } from '../approvals/people.ts'
import { openScene, type Scene, type TrailRecord, VERSIONS } from '../postgres/scene.ts'
import { sqlstates, WireClient } from '../postgres/wire-client.ts'
import { Canaries, filesOf, keptIn } from './canaries.ts'

const { redis } = inject('servers')

const POLICY = `
rules:
  - { name: all, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - { name: ask, approve: { actions: [update], relations: [public.orders], by: { groups: [dba] }, holdTimeoutSeconds: 30 } }
  - { name: never, deny: { actions: [drop, truncate, alter_system] } }
masks:
  - { columns: [public.people.ssn, public.orders.card], with: redact, predicates: allow }
`
const SCHEMA = `
CREATE TABLE people (id int PRIMARY KEY, name text, ssn text UNIQUE, pin int);
CREATE TABLE orders (id int PRIMARY KEY, card text);
CREATE TABLE notes (note text);
CREATE VIEW who AS SELECT id, ssn FROM people;
CREATE FUNCTION by_ssn(text) RETURNS int LANGUAGE sql STABLE AS 'SELECT id FROM people WHERE ssn = $1';
CREATE FUNCTION by_code(text) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT id FROM people WHERE ssn = $1); END';
INSERT INTO orders VALUES (1, 'x'), (2, 'x');
`

/** Texts in which `CANARY` and `NUMBER` may be the value of a masked column. */
const MASKED: readonly string[] = [
  "SELECT id FROM people WHERE ssn = 'CANARY'",
  "SELECT id FROM people WHERE ssn IN ('x', 'CANARY')",
  "SELECT id FROM people WHERE ssn LIKE 'CANARY%'",
  'SELECT id FROM people WHERE ssn = $$CANARY$$',
  "SELECT id FROM people WHERE ssn = E'CAN\\u0041RY'||U&'CANARY'",
  'SELECT id FROM people WHERE ssn::int = NUMBER',
  "SELECT id, ssn = 'CANARY' FROM people",
  "SELECT CASE ssn WHEN 'CANARY' THEN 1 END FROM people",
  "SELECT id FROM who WHERE ssn = 'CANARY'",
  "WITH w AS (SELECT 'CANARY' AS s) SELECT id FROM people, w WHERE ssn = w.s",
  "SELECT by_ssn('CANARY')",
  "SELECT by_code('CANARY')",
  "/* CANARY */ SELECT id FROM people WHERE ssn = 'x' -- CANARY",
  'SELECT id FROM people WHERE ssn = "CANARY"',
  "EXPLAIN SELECT id FROM people WHERE ssn = 'CANARY'",
  "DECLARE c CURSOR FOR SELECT id FROM people WHERE ssn = 'CANARY'",
  "COPY (SELECT id FROM people WHERE ssn = 'CANARY') TO STDOUT",
  "INSERT INTO people VALUES (100, 'n', 'CANARY')",
  "INSERT INTO people VALUES (101, 'n', 'CANARY') RETURNING ssn",
  "INSERT INTO people (id, ssn) SELECT 1, 'CANARY' FROM people",
  "INSERT INTO people VALUES (1, 'n', 'CANARY')",
  "UPDATE people SET ssn = 'CANARY' WHERE id = 1",
  "DELETE FROM people WHERE ssn = 'CANARY'",
  "SELECT 1; SELECT id FROM people WHERE ssn = 'CANARY'",
  "BEGIN; SELECT id FROM people WHERE ssn = 'CANARY'; COMMIT",
  "SELECT id FROM people WHERE ssn = 'CANARY' AND 1 / 0 = 1",
  "SELECT id FROM people WHERE ssn = 'CANARY'::int::text",
  "SELECT id, none FROM people WHERE ssn = 'CANARY'",
  "SELECT no_function(ssn) FROM people WHERE ssn = 'CANARY'",
  "SELECT * FRM people WHERE ssn = 'CANARY'",
  'SELECT * FRM people WHERE ssn = NUMBER',
  "SELECT id FROM people WHERE ssn = 'CANARY",
  `SELECT id FROM people WHERE ssn = 'CANARY' OR ${'('.repeat(6000)}`,
  `SELECT id FROM people WHERE ssn = 'CANARY' /*${'x'.repeat(100_000)}*/ AND name = 'CANARY'`,
  `SELECT id FROM people WHERE ssn = '${'x'.repeat(1_100_000)}CANARY'`,
  "PREPARE p AS SELECT id FROM people WHERE ssn = 'CANARY'",
  'PREPARE q (text) AS SELECT id FROM people WHERE ssn = $1',
  "EXECUTE q('CANARY')",
  "SET app.ssn = 'CANARY'",
  "SELECT set_config('app.ssn', 'CANARY', false)",
  "DO $$ BEGIN PERFORM FROM people WHERE ssn = 'CANARY'; END $$",
  "DROP TABLE people; SELECT id FROM people WHERE ssn = 'CANARY'",
  "CREATE INDEX part ON people (id) WHERE ssn = 'CANARY'",
  "ALTER TABLE people ALTER ssn SET DEFAULT 'CANARY'",
  "ALTER TABLE people ADD CHECK (ssn <> 'CANARY')",
  "CREATE VIEW one AS SELECT id FROM people WHERE ssn = 'CANARY'",
  "CREATE TABLE copy AS SELECT id FROM people WHERE ssn = 'CANARY'",
  "MERGE INTO people USING notes ON ssn = 'CANARY' WHEN MATCHED THEN DELETE",
  "SELECT pg_sleep(0) FROM people WHERE ssn = 'CANARY'",
]

/** Texts in which `CANARY` is a password or a key. */
const CREDENTIALS: readonly string[] = [
  "CREATE ROLE r_SELF PASSWORD 'CANARY'",
  "CREATE USER r_SELF ENCRYPTED PASSWORD 'CANARY'",
  "ALTER ROLE r_SELF WITH /* CANARY */ PASSWORD 'CANARY' NOLOGIN",
  'ALTER ROLE r_SELF PASSWORD CANARY',
  "ALTER USER r_SELF SET app.secret = 'CANARY'",
  "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 password=CANARY' PUBLICATION p WITH (connect = false)",
  "CREATE SERVER s FOREIGN DATA WRAPPER none OPTIONS (host 'h', password 'CANARY')",
  "CREATE USER MAPPING FOR current_user SERVER s OPTIONS (user 'u', password 'CANARY')",
  "ALTER SYSTEM SET primary_conninfo = 'host=h password=CANARY'",
  "SELECT dblink_connect('host=h password=CANARY')",
  "SELECT * FROM dblink('password=CANARY', 'select 1') AS t (i int)",
  "SELECT crypt('CANARY', gen_salt('bf'))",
  "SELECT pgp_sym_encrypt('x', 'CANARY')",
  "DO $$ BEGIN EXECUTE 'ALTER ROLE r_SELF PASSWORD ''CANARY'''; END $$",
  "CREATE FUNCTION f_SELF() RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE r PASSWORD ''CANARY'''; END $$",
  "SET app.password = 'CANARY'",
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
    const scene = await openScene(server, {
      sql: SCHEMA,
      policy: POLICY,
      logged: (line) => log.push(line),
      coordination: 'absent' in redis ? people.forGateway : share,
    })
    try {
      await scene.admin(`INSERT INTO people VALUES (1, 'Ada', '${canaries.word('a masked row')}', 1)`)
      await texts(scene, canaries, [...MASKED, ...CREDENTIALS])
      await boundValues(scene, canaries)
      await streams(scene, canaries)
      await tokens(scene, canaries)
      await held(scene, people, canaries)
      const client = await scene.enter()
      await client.query("SELECT note FROM notes WHERE note = 'of no column that is masked'")
      await client.end()
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
      await records(scene)
    } finally {
      await scene.close()
      await people.close()
    }
  }, 120_000)

  test('stays out where nothing is masked, as far as it is a password or a key', async (context) => {
    const server = 'absent' in shared ? context.skip(shared.absent) : shared.address
    const canaries = new Canaries()
    const scene = await openScene(server, { sql: SCHEMA, policy: POLICY.slice(0, POLICY.indexOf('masks:')) })
    try {
      await texts(scene, canaries, CREDENTIALS)
      await tokens(scene, canaries)
      expect(canaries.foundIn(filesOf(scene.gateway.trailDirectory))).toEqual([])
      const redacted = await scene.records(({ statement }) => JSON.stringify(statement ?? '').includes('"credentials"'))
      expect(redacted.length).toBeGreaterThan(CREDENTIALS.length)
    } finally {
      await scene.close()
    }
  })

  test('is every literal and bound value, where that is configured', async (context) => {
    const server = 'absent' in shared ? context.skip(shared.absent) : shared.address
    const canaries = new Canaries()
    const scene = await openScene(server, {
      sql: SCHEMA,
      policy: POLICY.slice(0, POLICY.indexOf('masks:')),
      audit: { literals: 'redact' },
    })
    try {
      await texts(scene, canaries, [...MASKED, "SELECT note FROM notes WHERE note = 'CANARY'"])
      await boundValues(scene, canaries)
      expect(canaries.foundIn(filesOf(scene.gateway.trailDirectory))).toEqual([])
      const [found] = await scene.records(({ relations }) => JSON.stringify(relations) === '["public.notes"]')
      expect(found?.['statement']).toMatchObject({
        text: "SELECT note FROM notes WHERE note = '[redacted]'",
        redacted: 'all_literals',
      })
    } finally {
      await scene.close()
    }
  })
})

async function texts(scene: Scene, canaries: Canaries, all: readonly string[]): Promise<void> {
  const client = await scene.enter()
  const role = randomBytes(4).toString('hex')
  for (const [index, text] of all.entries()) {
    const sql = text
      .replaceAll('CANARY', () => canaries.word(text.slice(0, 100)))
      .replaceAll('NUMBER', () => canaries.number(text))
      .replaceAll('SELF', role + String(index))
    const parsed = [{ kind: 'Parse', name: '', text: sql, parameterTypes: [] }, { kind: 'Sync' }] as const
    await client.query(sql)
    await client.exchange(...parsed)
    await client.query('ROLLBACK')
  }
  await client.end()
  await scene.admin('DROP SUBSCRIPTION IF EXISTS s')
  for (const [index] of all.entries()) await scene.admin(`DROP ROLE IF EXISTS r_${role}${String(index)}`)
}

async function boundValues(scene: Scene, canaries: Canaries): Promise<void> {
  const client = await scene.enter()
  const bind = (text: string, values: readonly Buffer[], formats: readonly (0 | 1)[]): Promise<unknown> =>
    client.exchange(
      { kind: 'Parse', name: '', text, parameterTypes: [] },
      {
        kind: 'Bind',
        portal: '',
        statement: '',
        parameterFormats: [...formats],
        parameters: [...values],
        resultFormats: [],
      },
      { kind: 'Execute', portal: '', maxRows: 0 },
      { kind: 'Sync' },
    )
  for (const format of [0, 1] as const) {
    const value = (what: string): Buffer => Buffer.from(canaries.word(`${what}, bound in format ${String(format)}`))
    await bind('SELECT id FROM people WHERE ssn = $1', [value('a condition')], [format])
    await bind('INSERT INTO people (id, ssn) VALUES (1, $1)', [value('a key that is there')], [format])
    await bind(
      'SELECT id FROM people WHERE ssn = $1',
      [Buffer.from(`${canaries.word('a long value')}${'x'.repeat(10_000)}`)],
      [format],
    )
    await bind('SELECT id, ssn = $1 FROM people', [value('an output')], [format])
  }
  const integer = Buffer.alloc(4)
  integer.writeUInt32BE(Number(canaries.number('a binary integer')))
  await bind('SELECT id FROM people WHERE ssn::int = $1::int4', [integer], [1])
  await client.end()
}

async function streams(scene: Scene, canaries: Canaries): Promise<void> {
  const client = await scene.enter()
  client.send({ kind: 'Query', text: 'COPY people (id, ssn) FROM STDIN' })
  await client.next()
  client.send({ kind: 'CopyData', data: Buffer.from(`1\t${canaries.word('COPY data')}\n`) }, { kind: 'CopyDone' })
  await client.untilReady()
  const long = `SELECT count(*) FROM generate_series(1, 300000000), people WHERE ssn <> '${canaries.word('a statement that is left')}'`
  client.send({ kind: 'Query', text: long })
  await expect
    .poll(() =>
      scene.admin(
        "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT count(*) FROM generate_series(1, 300000000)%'",
      ),
    )
    .toHaveLength(1)
  client.destroy()
  await expect.poll(() => scene.records(({ kind }) => kind === 'session_end')).not.toHaveLength(0)
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
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<void> => {
    const client = await WireClient.login({ host, port }, { database: 'shop', user, password, parameters }).catch(
      () => null,
    )
    if (client === null) return
    await client.query(`SELECT note FROM notes WHERE note = '${await token('in a literal')}'`)
    await client.query(`SELECT 1 -- Bearer ${await token('in a comment')}`)
    await client.exchange(
      { kind: 'Parse', name: '', text: 'SELECT note FROM notes WHERE note = $1', parameterTypes: [25] },
      {
        kind: 'Bind',
        portal: '',
        statement: '',
        parameterFormats: [1],
        parameters: [Buffer.from(await token('in a bound value'))],
        resultFormats: [],
      },
      { kind: 'Execute', portal: '', maxRows: 0 },
      { kind: 'Sync' },
    )
    await client.end()
  }
  await login('agent', await token('the password'))
  await login('agent', await token('the password'), { application_name: await token('the name of the application') })
  await login('agent', await token('the password'), { options: `-c app.ssn=${canaries.word('a start-up option')}` })
  await login(await token('in place of the user'), canaries.word('a password that is none'))
  await login('agent', `${await token('a token that is cut')}x`.slice(5))
  await login('agent', `eyJhbGciOiJub25lIn0.${canaries.word('a token of nobody')}.`)
}

async function held(scene: Scene, people: People, canaries: Canaries): Promise<void> {
  const client = await scene.enter()
  const value = canaries.word('a bound value that people are asked about')
  for (const verdict of ['refuse', 'approve'] as const) {
    client.send(
      {
        kind: 'Parse',
        name: '',
        text: `UPDATE orders SET card = $1 WHERE id = ${verdict === 'refuse' ? '1' : '2'}`,
        parameterTypes: [25],
      },
      {
        kind: 'Bind',
        portal: '',
        statement: '',
        parameterFormats: [],
        parameters: [Buffer.from(value)],
        resultFormats: [],
      },
      { kind: 'Execute', portal: '', maxRows: 0 },
      { kind: 'Sync' },
    )
    const { request } = await people.decide(verdict)
    expect(request.statement.parameters).toEqual(['[masked]'])
    expect(sqlstates(await client.untilReady())).toHaveLength(verdict === 'refuse' ? 1 : 0)
  }
  await client.end()
}

/** What is left out is said, and what decides stays. */
async function records(scene: Scene): Promise<void> {
  const texts = async (match: (record: TrailRecord) => boolean): Promise<readonly unknown[]> =>
    (await scene.records(match)).map(({ statement }) => statement)
  const [masked] = await texts(({ kind, statement }) => kind === 'intent' && JSON.stringify(statement).includes('LIKE'))
  expect(masked).toMatchObject({
    text: "SELECT id FROM people WHERE ssn LIKE '[redacted]'",
    redacted: 'masked_columns',
    fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
  })
  const [role] = await texts(({ actions }) => Array.isArray(actions) && actions.includes('alter_role'))
  expect(role).toMatchObject({ redacted: 'credentials', fingerprint: null })
  const [asked] = await texts(({ kind }) => kind === 'approval_asked')
  expect(asked).toMatchObject({
    text: 'UPDATE orders SET card = $1 WHERE id = [redacted]',
    parameters: [{ redacted: true }],
    redacted: 'masked_columns',
  })
}
