import { setTimeout as sleep } from 'node:timers/promises'
import { Client, type ClientConfig, type Connection, type QueryConfig, type QueryResult } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { isGatehouseRefusal, refusalOf, type ServerError } from './refused.ts'
import { HIDDEN, MASKED_ADA, openShop, type Shop } from './shop.ts'

const servers = inject('servers')

/** What a client has and the types do not tell: its connection, which can send a CancelRequest. */
interface Cancelling {
  readonly connection: Connection & {
    readonly connect: (port: number, host: string) => void
    readonly cancel: (processId: number, secretKey: number) => void
    readonly requestSsl: () => void
  }
}

// Values as PostgreSQL wrote them: what is compared is what came over the wire, not what JavaScript makes of it.
const AS_TEXT = { getTypeParser: () => (value: string | Buffer) => value }

describe.each([
  { name: 'node-postgres on PostgreSQL 18', shared: servers.postgres18 },
  { name: 'node-postgres on PostgreSQL 15', shared: servers.postgres15 },
])('$name', ({ shared }) => {
  if ('absent' in shared) {
    test.skip(`is not tested: ${shared.absent}`, () => undefined)
    return
  }
  const { address } = shared
  let shop: Shop
  let open: Client[] = []

  beforeAll(async () => {
    shop = await openShop(`drivers_pg_${String(address.version)}`, address)
  })
  afterAll(() => shop.close())

  async function connect(target: string, more: ClientConfig = {}): Promise<Client> {
    const { host, port } = shop.gateway
    const client = new Client({
      host,
      port,
      user: 'agent',
      password: await shop.gateway.token(),
      database: target,
      ...more,
    })
    // The gateway's goodbye at the end of a test is nobody's concern.
    client.on('error', () => undefined)
    await client.connect()
    open.push(client)
    return client
  }

  async function withoutGateway(): Promise<Client> {
    const client = new Client(shop.direct)
    await client.connect()
    open.push(client)
    return client
  }

  function promise(what: string, body: (client: Client) => Promise<void>, target = 'shop'): void {
    test(what, async () => {
      try {
        await body(await connect(target))
      } finally {
        await Promise.all(open.map((client) => client.end().catch(() => undefined)))
        open = []
      }
    })
  }

  promise('logs in with the token as password and reads', async (client) => {
    const { rows } = await client.query('SELECT item, amount FROM orders ORDER BY id')
    expect(rows).toEqual([
      { item: 'loom', amount: '12.50' },
      { item: 'cards', amount: '0.99' },
    ])
  })

  promise('logs in over TLS and verifies the certificate', async () => {
    const client = await connect('shop', { host: 'localhost', ssl: { ca: shop.ca } })
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await expect(connect('shop', { host: 'localhost', ssl: true })).rejects.toThrow(/certificate/)
  })

  promise('is told when the token is wrong', async () => {
    const failed: unknown = await connect('shop', { password: 'not a token' }).catch((error: unknown) => error)
    expect(failed).toMatchObject({ code: '28P01', severity: 'FATAL' })
    expect(String(failed)).toContain('gatehouse:')
  })

  promise('takes the target behind a plus in the user name', async () => {
    const client = await connect('another', { user: 'agent+plain' })
    expect((await client.query('SELECT count(*)::int AS n FROM people')).rows).toEqual([{ n: 2 }])
  })

  promise('works on two targets at once', async (client) => {
    const other = await connect('plain')
    const text = 'SELECT ssn FROM people WHERE id = 1'
    const [masked, plain] = await Promise.all([client.query(text), other.query(text)])
    expect([masked.rows, plain.rows]).toEqual([[{ ssn: '*******6789' }], [{ ssn: '123-45-6789' }]])
  })

  promise(
    'gets the same rows and descriptions as without the gateway, in text and binary',
    async (client) => {
      const direct = await withoutGateway()
      for (const text of [
        'SELECT * FROM kinds ORDER BY id',
        'SELECT * FROM people',
        'SELECT version(), 1.0::numeric, NULL',
      ]) {
        for (const binary of [false, true]) {
          const config = { text, values: [], binary, types: AS_TEXT, rowMode: 'array' }
          const [through, without] = await Promise.all([client.query(config), direct.query(config)])
          expect(through.rows).toEqual(without.rows)
          expect(through.fields).toEqual(without.fields)
          expect(through.command).toBe(without.command)
        }
      }
    },
    'plain',
  )

  promise('carries parameters of many types', async (client) => {
    const values = [
      -7,
      '9223372036854775807',
      1.5,
      'it\'s "so" 🚪',
      true,
      null,
      new Date('2024-02-29T12:34:56.789Z'),
      Buffer.from([0, 255, 16]),
      { a: [1, null] },
      [1, 2, 3],
      ['a', 'b "c"', null],
      '12345678901234567890.123456789',
      'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    ]
    const { rows } = await client.query(
      `SELECT $1::int4 AS i4, $2::int8 AS i8, $3::float8 AS f8, $4::text AS t, $5::bool AS b, $6::text AS nothing,
              $7::timestamptz AS tstz, $8::bytea AS by, $9::jsonb AS jb, $10::int[] AS ia, $11::text[] AS ta,
              $12::numeric AS n, $13::uuid AS u`,
      values,
    )
    expect(Object.values(rows[0] as object)).toEqual(values)
  })

  promise('prepares a named statement once and runs it again and again', async (client) => {
    for (let id = 1; id <= 20; id++) {
      const { rows } = await client.query({
        name: 'line',
        text: 'SELECT line, who FROM log WHERE id = $1',
        values: [id],
      })
      expect(rows).toEqual([{ line: `line ${String(id)}`, who: '[redacted]' }])
    }
  })

  promise('commits and rolls back transactions', async (client) => {
    await client.query('BEGIN')
    await client.query("INSERT INTO orders VALUES (100, 2, 'kept', 1)")
    await client.query('COMMIT')
    await client.query('BEGIN')
    await client.query("INSERT INTO orders VALUES (101, 2, 'lost', 1)")
    await client.query('SAVEPOINT s')
    await client.query('UPDATE orders SET amount = 2 WHERE id = 100')
    await client.query('ROLLBACK TO s')
    await client.query('ROLLBACK')
    const { rows } = await client.query('DELETE FROM orders WHERE person_id = 2 RETURNING id, item, amount')
    expect(rows).toEqual([{ id: 100, item: 'kept', amount: '1.00' }])
  })

  promise('is told who refused, why, and what to do instead', async (client) => {
    const refused = await refusalOf(client.query('DROP TABLE orders'))
    expect(refused.code).toBe('42501')
    expect(refused.message).toMatch(/^gatehouse: .*change request/)
    expect(JSON.parse(refused.detail ?? '')).toMatchObject({
      code: 'DENIED_BY_RULE',
      rule: 'never',
      object: expect.stringContaining('orders') as string,
    })
    expect(refused.hint).toMatch(/\w/)
    expect((await client.query('SELECT count(*)::int AS n FROM orders')).rows).toEqual([{ n: 2 }])
  })

  for (const [how, values] of [
    ['simple', undefined],
    ['extended', []],
  ] as const) {
    promise(`goes on after a refusal within a transaction, once rolled back (${how} protocol)`, async (client) => {
      const run = (text: string): Promise<QueryResult> =>
        client.query({ text, ...(values === undefined ? {} : { values: [...values], queryMode: 'extended' }) })
      await run('BEGIN')
      await run("INSERT INTO orders VALUES (110, 2, 'undone', 1)")
      isGatehouseRefusal(await refusalOf(run('DROP TABLE orders')))
      await expect(run('SELECT 1')).rejects.toMatchObject({ code: '25P02' })
      expect((await run('COMMIT')).command).toBe('ROLLBACK')
      expect((await run('SELECT id FROM orders WHERE id = 110')).rows).toEqual([])
    })
  }

  promise('gets exactly one error for a script with a refused statement, and nothing of it runs', async (client) => {
    const script =
      "INSERT INTO orders VALUES (120, 2, 'never', 1); DROP TABLE people; INSERT INTO orders VALUES (121, 2, 'never', 1)"
    isGatehouseRefusal(await refusalOf(client.query(script)))
    expect((await client.query('SELECT id FROM orders WHERE id >= 120')).rows).toEqual([])
  })

  promise('answers queued queries each in its turn, refused ones too', async (client) => {
    const queued = Array.from({ length: 30 }, (_, index) =>
      index % 3 === 1
        ? client.query('TRUNCATE orders').then(
            () => 'ran',
            (error: ServerError) => `refused ${String(error.code)}`,
          )
        : client.query('SELECT $1::int AS n', [index]).then(({ rows }) => (rows[0] as { n: number }).n),
    )
    expect(await Promise.all(queued)).toEqual(
      Array.from({ length: 30 }, (_, index) => (index % 3 === 1 ? 'refused 42501' : index)),
    )
  })

  for (const binary of [false, true]) {
    promise(`sees every masked column masked in ${binary ? 'binary' : 'text'}, and nothing hidden`, async (client) => {
      const direct = await withoutGateway()
      const config = { values: [], binary, types: AS_TEXT }
      const masked = await direct.query({ ...config, text: MASKED_ADA })
      const { rows } = await client.query({ ...config, text: 'SELECT * FROM people ORDER BY id' })
      const [ada, nobody] = rows as Record<string, string | Buffer | null>[]
      expect(ada).toEqual(masked.rows[0])
      expect(Object.values(nobody ?? {}).filter((value) => value !== null)).toHaveLength(2)
      const everything = Buffer.concat(Object.values(ada ?? {}).map((value) => Buffer.from(value ?? ''))).toString(
        'latin1',
      )
      expect(HIDDEN.filter((piece) => everything.includes(piece))).toEqual([])
    })
  }

  promise('cannot get at a masked value by other roads', async (client) => {
    for (const text of [
      'SELECT upper(ssn) AS v FROM people WHERE id = 1',
      'SELECT p.ssn || p.email AS v FROM people p WHERE id = 1',
      'SELECT to_jsonb(people) AS v FROM people WHERE id = 1',
      'SELECT array_agg(ssn) AS v FROM people',
      "SELECT id FROM people WHERE ssn = '123-45-6789'",
      'SELECT people AS v FROM people',
    ]) {
      const said = await client.query(text).then(
        ({ rows }) => JSON.stringify(rows),
        (error: ServerError) => `${error.message} ${error.detail ?? ''}`,
      )
      expect(
        HIDDEN.filter((piece) => said.includes(piece)),
        text,
      ).toEqual([])
    }
  })

  promise('reads a result in pieces by portal row limits', async (client) => {
    // `rows`: Execute asks for that many at a time, and again on PortalSuspended.
    const { rows } = await client.query({
      text: 'SELECT id, who FROM log WHERE id <= 2500 ORDER BY id',
      values: [],
      rows: 100,
    } as QueryConfig)
    expect(rows).toHaveLength(2500)
    expect(new Set(rows.map((row: { who: string }) => row.who))).toEqual(new Set(['[redacted]']))
  })

  promise('reads through a cursor made by SQL, masked', async (client) => {
    await client.query('BEGIN')
    await client.query('DECLARE c CURSOR FOR SELECT id, who FROM log ORDER BY id')
    const { rows } = await client.query('FETCH 3 FROM c')
    await client.query('CLOSE c')
    await client.query('COMMIT')
    expect(rows).toEqual([1, 2, 3].map((id) => ({ id, who: '[redacted]' })))
  })

  promise('cancels a running statement with the cancel key of the gateway, in clear text and over TLS', async () => {
    for (const ssl of [false, { ca: shop.ca }] as const) {
      const client = await connect('plain', { host: 'localhost', ssl })
      const running = client.query('SELECT pg_sleep(20)').catch((error: unknown) => error)
      await sleep(150)
      const { processID, secretKey } = client as unknown as { processID: number; secretKey: number }
      const started = performance.now()
      // As Client.cancel does, which knows no TLS.
      const { connection } = new Client({ host: 'localhost', port: shop.gateway.port, ssl }) as unknown as Cancelling
      connection.on('error', () => undefined)
      const ask = (): void => connection.cancel(processID, secretKey)
      connection.on('connect', ssl === false ? ask : () => connection.requestSsl())
      connection.on('sslconnect', ask)
      connection.connect(shop.gateway.port, 'localhost')
      expect(await running).toMatchObject({ code: '57014' })
      expect(performance.now() - started).toBeLessThan(5000)
      expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    }
  })

  promise('keeps statement_timeout, from the connection and from SET', async () => {
    const client = await connect('plain', { statement_timeout: 100 })
    await expect(client.query('SELECT pg_sleep(20)')).rejects.toMatchObject({ code: '57014' })
    await client.query('SET statement_timeout = 50')
    await expect(client.query('SELECT pg_sleep(20)')).rejects.toMatchObject({ code: '57014' })
  })

  promise('reads 100,000 rows, masked', async (client) => {
    const { rows } = await client.query({ text: 'SELECT id, line, who FROM log ORDER BY id', rowMode: 'array' })
    expect(rows).toHaveLength(100_000)
    expect(rows[99_999]).toEqual([100_000, 'line 100000', '[redacted]'])
    expect(rows.every((row: unknown[]) => row[2] === '[redacted]')).toBe(true)
  })

  promise('writes and reads one value of 20 MiB', async (client) => {
    const body = 'ä'.repeat(10 * 1024 * 1024)
    await client.query('INSERT INTO documents VALUES (1, $1)', [body])
    const { rows } = await client.query('DELETE FROM documents WHERE id = 1 RETURNING body, length(body) AS n')
    expect((rows[0] as { n: number }).n).toBe(body.length)
    expect((rows[0] as { body: string }).body === body).toBe(true)
  })

  promise(
    'gets the errors of the server unchanged where nothing is masked',
    async (client) => {
      const direct = await withoutGateway()
      for (const text of [
        "INSERT INTO orders VALUES (1, 1, 'twice', 1)",
        "INSERT INTO orders VALUES (7, 1, 'x', -1)",
        "INSERT INTO orders VALUES (7, 99, 'x', 1)",
        'INSERT INTO orders VALUES (7, 1, NULL, 1)',
        'SELECT * FROM nowhere',
        'SELECT 1/0',
      ]) {
        const [through, without] = await Promise.all([client, direct].map((one) => refusalOf(one.query(text))))
        expect({ ...through, message: through?.message }).toEqual({ ...without, message: without?.message })
      }
    },
    'plain',
  )

  promise('keeps the SQLSTATE and withholds the text of an error that could quote masked values', async (client) => {
    const refused = await refusalOf(
      client.query('INSERT INTO people (id, name, ssn) SELECT id, name, ssn FROM people WHERE id = 1'),
    )
    expect(refused.code).toBe('23505')
    expect(refused.message).toContain('withheld')
  })

  promise(
    'gets notices and notifications where policy allows them',
    async (client) => {
      const heard: string[] = []
      client.on('notice', ({ message }) => heard.push(`notice ${String(message)}`))
      client.on('notification', ({ channel, payload }) => heard.push(`${channel} ${String(payload)}`))
      await client.query("DO $$ BEGIN RAISE NOTICE 'hello %', 1; END $$")
      await client.query('LISTEN doors')
      await client.query("NOTIFY doors, 'open'")
      await (await withoutGateway()).query("NOTIFY doors, 'shut'")
      for (let tries = 0; heard.length < 3 && tries < 100; tries++) await sleep(20)
      expect(heard).toEqual(['notice hello 1', 'doors open', 'doors shut'])
    },
    'plain',
  )

  promise('is refused LISTEN and NOTIFY where no rule allows them', async (client) => {
    for (const text of ['LISTEN doors', "NOTIFY doors, 'open'", "SELECT pg_notify('doors', ssn) FROM people"]) {
      isGatehouseRefusal(await refusalOf(client.query(text)))
    }
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  })
})
