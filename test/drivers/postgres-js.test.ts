import { setTimeout as sleep } from 'node:timers/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { isGatehouseRefusal, refusalOf, type ServerError } from './refused.ts'
import { HIDDEN, MASKED_ADA, openShop, type Shop } from './shop.ts'

const { postgres18, postgres15 } = inject('servers')

/** Names and types of the columns. */
function described(
  result: postgres.RowList<postgres.Row[]> | postgres.RawRowList<postgres.Row[]> | undefined,
): unknown {
  return result?.columns.map(({ name, type }) => ({ name, type }))
}

describe('postgres.js', () => {
  if ('absent' in postgres18) return test.skip(postgres18.absent, () => undefined)
  const { address } = postgres18
  let shop: Shop
  let open: postgres.Sql[] = []

  beforeAll(async () => {
    shop = await openShop('drivers_postgresjs', address, 'absent' in postgres15 ? undefined : postgres15.address)
  })
  afterAll(() => shop.close())

  function connect(target: string, more: postgres.Options<Record<string, never>> = {}): postgres.Sql {
    const { host, port } = shop.gateway
    const sql = postgres({
      host,
      port,
      user: 'agent',
      password: () => shop.gateway.token(),
      database: target,
      max: 1,
      onnotice: () => undefined,
      ...more,
    })
    open.push(sql)
    return sql
  }

  function withoutGateway(): postgres.Sql {
    const sql = postgres({ ...shop.direct, max: 1, onnotice: () => undefined })
    open.push(sql)
    return sql
  }

  function promise(what: string, body: (sql: postgres.Sql) => Promise<void>, target = 'shop'): void {
    test(what, async () => {
      try {
        await body(connect(target))
      } finally {
        await Promise.all(open.map((sql) => sql.end({ timeout: 0 })))
        open = []
      }
    })
  }

  promise('logs in with the token as password and reads', async (sql) => {
    expect([...(await sql`SELECT item, amount FROM orders ORDER BY id`)]).toEqual([
      { item: 'loom', amount: '12.50' },
      { item: 'cards', amount: '0.99' },
    ])
  })

  promise('logs in over TLS and verifies the certificate', async () => {
    const sql = connect('shop', { host: 'localhost', ssl: { ca: shop.ca } })
    expect([...(await sql`SELECT 1 AS one`)]).toEqual([{ one: 1 }])
    await expect(connect('shop', { host: 'localhost', ssl: 'verify-full' })`SELECT 1`).rejects.toThrow(/certificate/)
  })

  promise('is told when the token is wrong', async () => {
    const failed = await refusalOf(connect('shop', { password: 'not a token' })`SELECT 1`)
    expect(failed).toMatchObject({ code: '28P01', severity: 'FATAL' })
    expect(failed.message).toContain('gatehouse:')
  })

  promise('takes the target behind a plus in the user name, and works on two targets at once', async (sql) => {
    const plain = connect('another', { user: 'agent+plain15' })
    const [masked, open] = await Promise.all([
      sql`SELECT ssn FROM people WHERE id = ${1}`,
      plain`SELECT ssn FROM people WHERE id = ${1}`,
    ])
    expect([masked[0]?.ssn, open[0]?.ssn]).toEqual(['*******6789', '123-45-6789'])
  })

  promise(
    'gets the same rows and descriptions as without the gateway',
    async (sql) => {
      const direct = withoutGateway()
      for (const text of ['SELECT * FROM kinds ORDER BY id', 'SELECT * FROM people ORDER BY id']) {
        for (const prepare of [true, false]) {
          const [through, without] = await Promise.all(
            [sql, direct].map((one) => one.unsafe(text, [], { prepare }).raw()),
          )
          expect([...(through ?? [])]).toEqual([...(without ?? [])])
          expect(described(through)).toEqual(described(without))
        }
      }
    },
    'plain',
  )

  promise('carries parameters of many types', async (sql) => {
    const date = new Date('2024-02-29T12:34:56.789Z')
    const [row] = await sql`
      SELECT ${-7}::int AS i4, ${'9223372036854775807'}::int8 AS i8, ${0.1}::float8 AS f8, ${'it\'s "so" 🚪'} AS t, ${true}::bool AS b,
        ${null}::text AS nothing, ${date}::timestamptz AS tstz, ${Buffer.from([0, 255])}::bytea AS by,
        ${sql.json({ a: [1, null] })}::jsonb AS jb, ${[1, 2, 3]}::int[] AS ia, ${['a', 'b "c"']}::text[] AS ta`
    expect(row).toEqual({
      i4: -7,
      i8: '9223372036854775807',
      f8: 0.1,
      t: 'it\'s "so" 🚪',
      b: true,
      nothing: null,
      tstz: date,
      by: Buffer.from([0, 255]),
      jb: { a: [1, null] },
      ia: [1, 2, 3],
      ta: ['a', 'b "c"'],
    })
  })

  promise('prepares a statement once and runs it again and again', async (sql) => {
    for (let id = 1; id <= 20; id++) {
      expect([...(await sql`SELECT line, who FROM log WHERE id = ${id}`)]).toEqual([
        { line: `line ${String(id)}`, who: '[redacted]' },
      ])
    }
  })

  promise('answers queries sent in a pipeline, refused ones among them', async (sql) => {
    const queued = Array.from({ length: 60 }, async (_, index) => {
      if (index % 4 === 1)
        return sql`DROP TABLE ${sql(`t${String(index)}`)}`.then(
          () => 'ran',
          (error: ServerError) => error.code,
        )
      if (index % 4 === 2)
        return sql`SELECT 1 / ${0}::int`.then(
          () => 'ran',
          (error: ServerError) => error.code,
        )
      const [row] = await sql`SELECT ${index}::int AS n, who FROM log WHERE id = 1`
      return row
    })
    const wanted = Array.from({ length: 60 }, (_, index) =>
      index % 4 === 1 ? '42501' : index % 4 === 2 ? '22012' : { n: index, who: '[redacted]' },
    )
    expect(await Promise.all(queued)).toEqual(wanted)
  })

  promise('commits and rolls back transactions, and savepoints within', async (sql) => {
    await sql.begin(async (sql) => {
      await sql`INSERT INTO orders ${sql([{ id: 100, person_id: 2, item: 'kept', amount: '1' }])}`
      await sql
        .savepoint(async (sql) => {
          await sql`INSERT INTO orders VALUES (101, 2, 'lost', 1)`
          throw new Error('never mind')
        })
        .catch(() => undefined)
    })
    expect([...(await sql`DELETE FROM orders WHERE person_id = 2 RETURNING id`)]).toEqual([{ id: 100 }])
  })

  promise('goes on after a refusal within a transaction, of which nothing remains', async (sql) => {
    const refused = await refusalOf(
      sql.begin(async (sql) => {
        await sql`INSERT INTO orders VALUES (110, 2, 'undone', 1)`
        await sql`DROP TABLE orders`
      }),
    )
    isGatehouseRefusal(refused)
    expect([...(await sql`SELECT id FROM orders WHERE id = 110`)]).toEqual([])
  })

  promise('pipelines a transaction: a refusal in it undoes all, and the connection goes on', async (sql) => {
    const refused = await refusalOf(
      sql.begin((sql) => [
        sql`INSERT INTO orders VALUES (120, 2, 'undone', 1)`,
        sql`TRUNCATE orders`,
        sql`INSERT INTO orders VALUES (121, 2, 'undone', 1)`,
      ]),
    )
    isGatehouseRefusal(refused)
    expect([...(await sql`SELECT id FROM orders WHERE id >= 120`)]).toEqual([])
  })

  promise('goes on within a transaction after a refusal within a savepoint', async (sql) => {
    const rows = await sql.begin(async (sql) => {
      await sql`INSERT INTO orders VALUES (130, 2, 'kept', 1)`
      await sql.savepoint((sql) => sql`DROP TABLE orders`).catch(() => undefined)
      return sql`DELETE FROM orders WHERE id = 130 RETURNING item`
    })
    expect([...rows]).toEqual([{ item: 'kept' }])
  })

  promise('is told who refused, why, and what to do instead', async (sql) => {
    for (const refused of [await refusalOf(sql`DROP TABLE orders`), await refusalOf(sql.unsafe('DROP TABLE orders'))]) {
      isGatehouseRefusal(refused)
      expect(JSON.parse(refused.detail ?? '')).toMatchObject({ code: 'DENIED_BY_RULE', rule: 'never' })
    }
  })

  promise('sees every masked column masked, prepared or not, and nothing hidden', async (sql) => {
    const masked = await withoutGateway().unsafe(MASKED_ADA)
    const simple = await sql.unsafe('SELECT * FROM people WHERE id = 1')
    const prepared = await sql`SELECT * FROM people WHERE id = ${1}`
    expect([simple[0], prepared[0]]).toEqual([masked[0], masked[0]])
    const raw = await sql`SELECT * FROM people WHERE id = ${1}`.raw()
    const everything = Buffer.concat((raw[0] ?? []).map((value) => Buffer.from(value ?? ''))).toString('latin1')
    expect(HIDDEN.filter((piece) => everything.includes(piece))).toEqual([])
    const [nobody] = await sql`SELECT * FROM people WHERE id = ${2}`
    expect(Object.values(nobody ?? {}).filter((value) => value !== null)).toHaveLength(2)
  })

  promise('describes a statement without running it', async (sql) => {
    const { columns, types } = await sql`SELECT id, ssn FROM people WHERE id = ${1}::int`.describe()
    expect(columns.map(({ name }) => name)).toEqual(['id', 'ssn'])
    expect(types).toEqual([23])
  })

  promise('reads through a cursor, masked, and can leave it in the middle', async (sql) => {
    let seen: unknown[] = []
    await sql`SELECT id, who FROM log WHERE id <= 1000 ORDER BY id`.cursor(100, (rows) => {
      seen.push(...rows)
    })
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, index) => ({ id: index + 1, who: '[redacted]' })))
    seen = []
    for await (const rows of sql`SELECT id, who FROM log ORDER BY id`.cursor(2)) {
      seen.push(...rows)
      if (seen.length === 4) break
    }
    expect(seen).toHaveLength(4)
    expect([...(await sql`SELECT 1 AS one`)]).toEqual([{ one: 1 }])
  })

  promise('takes rows one by one as they come', async (sql) => {
    let count = 0
    await sql`SELECT id, who FROM log WHERE id <= 5000`.forEach((row) => {
      if (row.who === '[redacted]') count++
    })
    expect(count).toBe(5000)
  })

  promise('copies out and in', async (sql) => {
    const lines = Array.from({ length: 500 }, (_, index) => `${String(2000 + index)}\t2\titem\t1.00\n`)
    const writable = await sql`COPY orders FROM STDIN`.writable()
    await pipeline(Readable.from(lines), writable)
    const readable = await sql`COPY (SELECT * FROM orders WHERE id >= 2000 ORDER BY id) TO STDOUT`.readable()
    const out: Buffer[] = []
    for await (const piece of readable) out.push(piece as Buffer)
    expect(Buffer.concat(out).toString()).toBe(lines.join(''))
    expect((await sql`DELETE FROM orders WHERE id >= 2000`).count).toBe(500)
  })

  promise('copies masked columns out, masked; is refused where they cannot be, and goes on', async (sql) => {
    const out: Buffer[] = []
    const readable = await sql`COPY people (id, ssn, born, nick) TO STDOUT CSV HEADER`.readable()
    for await (const piece of readable) out.push(piece as Buffer)
    expect(Buffer.concat(out).toString()).toBe('id,ssn,born,nick\n1,*******6789,1990-01-01,[redacte\n2,,,\n')
    isGatehouseRefusal(await refusalOf(sql`COPY people TO STDOUT (NULL '123-45-6789')`.readable()))
    expect([...(await sql`SELECT 1 AS one`)]).toEqual([{ one: 1 }])
  })

  promise('cancels a running statement, in clear text and over TLS', async () => {
    for (const ssl of [false, { ca: shop.ca }] as const) {
      const sql = connect('plain', { host: 'localhost', ssl })
      await sql`SELECT 1`
      const started = performance.now()
      const running = sql`SELECT pg_sleep(20)`
      const ended = refusalOf(running)
      await sleep(150)
      running.cancel()
      expect((await ended).code).toBe('57014')
      expect(performance.now() - started).toBeLessThan(5000)
      expect([...(await sql`SELECT 1 AS one`)]).toEqual([{ one: 1 }])
    }
  })

  promise('keeps statement_timeout from the connection', async () => {
    const sql = connect('plain', { connection: { statement_timeout: 100 } })
    expect((await refusalOf(sql`SELECT pg_sleep(20)`)).code).toBe('57014')
  })

  promise('reads 100,000 rows, masked', async (sql) => {
    const rows = await sql`SELECT id, line, who FROM log ORDER BY id`.values()
    expect(rows).toHaveLength(100_000)
    expect(rows[99_999]).toEqual([100_000, 'line 100000', '[redacted]'])
    expect(rows.every((row) => row[2] === '[redacted]')).toBe(true)
  })

  promise('writes and reads one value of 20 MiB', async (sql) => {
    const body = 'ä'.repeat(10 * 1024 * 1024)
    await sql`INSERT INTO documents VALUES (1, ${body})`
    const [row] = await sql`DELETE FROM documents WHERE id = 1 RETURNING body`
    expect(row?.body === body).toBe(true)
  })

  promise(
    'gets the errors of the server unchanged where nothing is masked',
    async (sql) => {
      const direct = withoutGateway()
      for (const text of [
        "INSERT INTO orders VALUES (1, 1, 'twice', 1)",
        "INSERT INTO orders VALUES (7, 1, 'x', -1)",
        "INSERT INTO orders VALUES (7, 99, 'x', 1)",
      ]) {
        const [through, without] = await Promise.all([sql, direct].map((one) => refusalOf(one.unsafe(text))))
        expect({ ...through }).toEqual({ ...without })
      }
    },
    'plain',
  )

  promise('gets notices and notifications where policy allows them', async () => {
    const heard: string[] = []
    const sql = connect('plain', { onnotice: ({ message }) => heard.push(String(message)) })
    await sql`DO $$ BEGIN RAISE NOTICE 'hello %', 1; END $$`
    await sql.listen('doors', (payload) => heard.push(payload))
    await sql.notify('doors', 'open')
    for (let tries = 0; heard.length < 2 && tries < 100; tries++) await sleep(20)
    expect(heard).toEqual(['hello 1', 'open'])
  })

  promise('is refused LISTEN and NOTIFY where no rule allows them', async (sql) => {
    isGatehouseRefusal(await refusalOf(sql.listen('doors', () => undefined)))
    isGatehouseRefusal(await refusalOf(sql.notify('doors', 'open')))
  })
})
