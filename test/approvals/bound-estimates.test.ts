import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { scenePromises as mysqlPromises, VERSIONS as MYSQL_VERSIONS } from '../mysql/scene.ts'
import { scenePromises, VERSIONS } from '../postgres/scene.ts'
import { sqlstates, type WireClient } from '../postgres/wire-client.ts'
import { People } from './people.ts'

let people: People
beforeAll(async () => {
  people = await People.open()
})
afterAll(() => people.close())

const policy = (relations: string): string => `
rules:
  - { name: all, allow: { actions: [select, update, delete, use, set_role, begin, commit, rollback], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - name: many-rows-need-a-human
    approve: { actions: [update, delete], relations: ["${relations}"], by: { groups: [dba] }, holdTimeoutSeconds: 30, estimatedRowsOver: 100 }
`

const SQL = `
  CREATE TYPE mood AS ENUM ('good', 'bad');
  CREATE FUNCTION watched(int) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN true; END';
  CREATE DOMAIN checked AS int CHECK (watched(VALUE));
  CREATE TABLE stock (id int PRIMARY KEY, amount int, day date, mood mood, checked checked);
  INSERT INTO stock SELECT i, 10, date '2020-01-01' + i % 366, CASE WHEN i = 7 THEN 'bad' ELSE 'good' END::mood, 1 FROM generate_series(1, 5000) i;
  ANALYZE stock
`

const int4 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

interface Bound {
  readonly text: string
  readonly values: readonly (string | Buffer | null)[]
  /** Object ids; none: left to the server. */
  readonly types?: readonly number[]
}

/** Sends one statement with its values: text as text, bytes as binary. */
function send(client: WireClient, { text, values, types = [] }: Bound): void {
  client.send(
    { kind: 'Parse', name: '', text, parameterTypes: types },
    {
      kind: 'Bind',
      portal: '',
      statement: '',
      parameterFormats: values.map((value) => (Buffer.isBuffer(value) ? 1 : 0)),
      parameters: values.map((value) => (typeof value === 'string' ? Buffer.from(value) : value)),
      resultFormats: [],
    },
    { kind: 'Execute', portal: '', maxRows: 0 },
    { kind: 'Sync' },
  )
}

/** What people are told of a statement, which they then refuse. */
async function asked(client: WireClient, bound: Bound): Promise<number | null> {
  send(client, bound)
  const { request } = await people.decide('refuse')
  expect(sqlstates(await client.untilReady())).toEqual(['57014'])
  return request.estimatedRows
}

describe.each(VERSIONS)('A change with bound values, on $version', ({ shared }) => {
  const promise = scenePromises(shared, () => ({
    sql: SQL,
    policy: policy('public.*'),
    coordination: people.forGateway,
    approvals: { coolDownSeconds: 0 },
  }))

  promise('runs without a question where the planner expects few rows for its values', async ({ enter }) => {
    const client = await enter()
    for (const bound of [
      { text: 'UPDATE stock SET amount = $1 WHERE id = $2', values: ['9', '12'] },
      { text: 'UPDATE stock SET amount = $1 WHERE id > $2', values: [int4(9), int4(4999)] },
      { text: 'UPDATE stock SET amount = 9 WHERE id = ANY ($1)', values: ['{1,2}'] },
      { text: 'UPDATE stock SET amount = 9 WHERE mood = $1', values: ['bad'] },
      { text: 'UPDATE stock SET amount = 9 WHERE id = $1', values: [null] },
      { text: 'UPDATE stock SET amount = 9 WHERE id = $1', values: ['12'], types: [20] },
    ]) {
      send(client, bound)
      expect(sqlstates(await client.untilReady()), bound.text).toEqual([])
    }
    await client.end()
  })

  promise('is shown with the rows that the planner expects for its values, text and binary', async ({ enter }) => {
    const client = await enter()
    for (const bound of [
      { text: 'UPDATE stock SET amount = $1 WHERE id > $2', values: ['9', '1000'] },
      { text: 'UPDATE stock SET amount = $1 WHERE id > $2', values: [int4(9), int4(1000)] },
      { text: 'DELETE FROM stock WHERE id > $1', values: ['1000'], types: [1700] },
    ]) {
      const rows = await asked(client, bound)
      expect(rows, bound.text).toBeGreaterThan(1500)
      expect(rows, bound.text).toBeLessThan(5000)
    }
    expect(
      await asked(client, { text: 'UPDATE stock SET amount = 9 WHERE mood = $1', values: ['good'] }),
    ).toBeGreaterThan(4000)
    await client.end()
  })

  promise('is estimated with its values read as its session reads them', async ({ enter }) => {
    const client = await enter()
    await client.query("SET DateStyle = 'SQL, DMY'")
    const december = await asked(client, { text: 'DELETE FROM stock WHERE day < $1', values: ['01/12/2020'] })
    expect(december).toBeGreaterThan(4000)
    await client.query("SET DateStyle = 'SQL, MDY'")
    const january = await asked(client, { text: 'DELETE FROM stock WHERE day < $1', values: ['01/12/2020'] })
    expect(january).toBeLessThan(500)
    await client.end()
  })

  promise(
    'is asked about without a number where reading a value would run code, or it cannot be told',
    async (scene) => {
      const { enter, admin, database } = scene
      await admin(`ALTER DATABASE ${database} SET track_functions = 'all'`)
      const [domain] = await admin<{ oid: number; array: number }>(
        `SELECT oid::int8::int AS oid, typarray::int8::int AS array FROM pg_type WHERE typname = 'checked'`,
      )
      const [row] = await admin<{ oid: number }>(
        `SELECT oid::int8::int AS oid FROM pg_type WHERE typname = 'stock' AND typtype = 'c'`,
      )
      const client = await enter()
      const few = 'UPDATE stock SET amount = 1 WHERE id = $1'
      for (const bound of [
        { text: few, values: ['1'], types: [domain?.oid ?? 0] },
        { text: few, values: [int4(1)], types: [domain?.oid ?? 0] },
        { text: 'UPDATE stock SET checked = $1 WHERE id = 1', values: ['1'] },
        { text: 'UPDATE stock SET amount = 1 WHERE id = ANY ($1)', values: ['{1}'], types: [domain?.array ?? 0] },
        { text: 'UPDATE stock SET amount = ($1).amount WHERE id = 1', values: ['(1,1,,,1)'], types: [row?.oid ?? 0] },
        { text: few, values: ['no number'] },
        { text: few, values: ['1', '2'] },
        { text: few, values: [] },
      ])
        expect(await asked(client, bound), JSON.stringify(bound)).toBe(null)
      expect(await admin(`SELECT calls FROM pg_stat_user_functions WHERE funcname = 'watched'`)).toEqual([])
      const plain = client.query('UPDATE stock SET amount = 1 WHERE id = $1')
      expect((await people.decide('refuse')).request.estimatedRows).toBe(null)
      await plain
      await client.end()
    },
  )

  promise('is estimated as the role sees rows that its session has taken', async ({ enter, admin, database }) => {
    const role = `${database}_clerk`
    await admin(`CREATE ROLE ${role}; GRANT ALL ON stock TO ${role}; ALTER TABLE stock ENABLE ROW LEVEL SECURITY;
      CREATE POLICY few ON stock TO ${role} USING (id < 10)`)
    try {
      const client = await enter()
      const bound = { text: 'UPDATE stock SET amount = 1 WHERE id < $1', values: ['4000'] }
      expect(await asked(client, bound)).toBeGreaterThan(3000)
      expect(sqlstates(await client.query(`SET ROLE ${role}`))).toEqual([])
      send(client, bound)
      expect(sqlstates(await client.untilReady())).toEqual([])
      await client.end()
    } finally {
      await admin(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })
})

describe.each(MYSQL_VERSIONS)('A change with bound values, on $version', ({ shared }) => {
  const promise = mysqlPromises(shared, (database) => ({
    sql: `
      CREATE TABLE stock (id INT PRIMARY KEY, amount INT, day DATETIME, KEY (day));
      INSERT INTO stock WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
        SELECT i, 10, TIMESTAMP('2020-01-01') + INTERVAL i DAY FROM n;
      ANALYZE TABLE stock;
    `,
    policy: policy(`${database}.*`),
    coordination: people.forGateway,
    approvals: { coolDownSeconds: 0 },
  }))

  promise('runs without a question where the optimizer expects few rows for its values', async ({ driver }) => {
    const client = await driver()
    for (const [text, values] of [
      ['UPDATE stock SET amount = ? WHERE id = ?', [9, 12]],
      ['UPDATE stock SET amount = ? WHERE id > ?', [9, 890]],
      ['UPDATE stock SET amount = ? WHERE id > ?', ['9', '890']],
      ['UPDATE stock SET amount = ? WHERE id > ?', [null, 890n]],
      ['UPDATE stock SET amount = 9 WHERE day < ?', [new Date('2020-01-20T00:00:00Z')]],
    ] as const)
      await client.execute(text, [...values])
    const [rows] = await client.query<RowDataPacket[]>('SELECT COUNT(*) AS n FROM stock WHERE amount = 9')
    expect(rows[0]?.['n']).toBeGreaterThan(10)
    await client.end()
  })

  promise('is shown with the rows that the optimizer expects for its values', async ({ driver }) => {
    const client = await driver()
    for (const [text, values] of [
      ['UPDATE stock SET amount = ? WHERE id > ?', [8, 300]],
      ['UPDATE stock SET amount = ? WHERE id > ?', ['8', '300']],
      ['DELETE FROM stock WHERE id > ?', [300n]],
      ['DELETE FROM stock WHERE day < ?', [new Date('2021-12-01T00:00:00Z')]],
    ] as const) {
      const answer = client.execute(text, [...values]).catch((error: unknown) => error)
      const { request } = await people.decide('refuse')
      expect(await answer).toMatchObject({ errno: 1317 })
      expect(request.estimatedRows, text).toBeGreaterThan(300)
      expect(request.estimatedRows, text).toBeLessThan(1000)
    }
    await client.end()
  })

  promise('is estimated in the schema it was prepared in', async ({ driver, admin, database }) => {
    const other = `${database}_other`
    await admin(`CREATE DATABASE ${other}`)
    try {
      await admin(`CREATE TABLE ${other}.stock (id INT PRIMARY KEY, amount INT)`)
      const client = await driver()
      const prepared = await client.prepare('DELETE FROM stock WHERE id > ?')
      await client.query(`USE ${other}`)
      const answer = prepared.execute([300]).catch((error: unknown) => error)
      const { request } = await people.decide('refuse')
      expect(await answer).toMatchObject({ errno: 1317 })
      expect(request.estimatedRows).toBeGreaterThan(300)
      await client.end()
    } finally {
      await admin(`DROP DATABASE ${other}`)
    }
  })

  promise('is estimated with its values read as its session reads them', async ({ driver }) => {
    const client = await driver()
    // Row 12.
    await client.execute("SET SESSION sql_mode = 'PIPES_AS_CONCAT'")
    const [joined] = await client.execute<ResultSetHeader>('UPDATE stock SET amount = 6 WHERE id = 1 || ?', ['2'])
    expect(joined.affectedRows).toBe(1)
    // Row 1, or whatever else.
    await client.execute("SET SESSION sql_mode = ''")
    const either = client
      .execute('UPDATE stock SET amount = 5 WHERE id = 1 || ?', ['2'])
      .catch((error: unknown) => error)
    const { request } = await people.decide('refuse')
    await either
    expect(request.estimatedRows).toBeGreaterThan(300)
    await client.end()
  })

  promise('is asked about without a number where a text has places for values but no values', async ({ enter }) => {
    const client = await enter()
    const answer = client.query('UPDATE stock SET amount = 1 WHERE id = ?')
    expect((await people.decide('refuse')).request.estimatedRows).toBe(null)
    await answer
    client.end()
  })
})
