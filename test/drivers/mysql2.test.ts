import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection as connectWithCallbacks } from 'mysql2'
import {
  createConnection,
  createPool,
  type Connection,
  type ConnectionOptions,
  type FieldPacket,
  type QueryOptions,
} from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VERSIONS } from '../mysql/scene.ts'
import { MASKED_PEOPLE, openMysqlShop } from './mysql-shop.ts'
import { isMysqlRefusal, refusalOf } from './refused.ts'
import type { Shop } from './shop.ts'

// As close to what came over the wire as the driver lets one see.
const EXACT: ConnectionOptions = {
  supportBigNumbers: true,
  bigNumberStrings: true,
  dateStrings: true,
  jsonStrings: true,
}
type Form = 'query' | 'execute'
type Parameter = string | number | boolean | Buffer | Date | null

/** In text, or prepared and in binary. */
function run(connection: Connection, form: Form, options: QueryOptions, values: Parameter[] = []) {
  return form === 'query' ? connection.query(options, values) : connection.execute(options, values)
}

const PEOPLE = 'SELECT * FROM people ORDER BY id'

describe.each(VERSIONS)('mysql2 on $version', ({ version, shared }) => {
  if ('absent' in shared) return test.skip(`is not tested: ${shared.absent}`, () => undefined)
  const { address } = shared
  let shop: Shop
  let open: Connection[] = []

  beforeAll(async () => {
    shop = await openMysqlShop(`drivers_mysql2_${version.replaceAll(/\W/g, '')}`, address)
  })
  afterAll(() => shop.close())

  async function settings(target: string, more: ConnectionOptions = {}): Promise<ConnectionOptions> {
    const password = await shop.gateway.token()
    const { port } = shop.gateway
    return {
      host: 'localhost',
      port,
      user: 'agent',
      password,
      database: target,
      ssl: { ca: shop.ca },
      ...more,
    }
  }

  async function opened(options: ConnectionOptions): Promise<Connection> {
    const connection = await createConnection(options)
    // The gateway's goodbye at the end of a test is nobody's concern.
    connection.on('error', () => undefined)
    open.push(connection)
    return connection
  }

  const connect = async (target: string, more?: ConnectionOptions): Promise<Connection> =>
    opened(await settings(target, more))

  function withoutGateway(more: ConnectionOptions = {}): Promise<Connection> {
    const { host, port, user, password, database } = shop.direct
    return opened({ host, port, user, password, database, ...more })
  }

  function promise(
    what: string,
    body: (connection: Connection) => Promise<void>,
    target = 'shop',
    more: ConnectionOptions = {},
  ): void {
    test(what, async () => {
      try {
        await body(await connect(target, more))
      } finally {
        for (const connection of open) connection.destroy()
        open = []
      }
    })
  }

  /** Rows as arrays, and what was said of each column. */
  async function answer(connection: Connection, form: Form, sql: string, values: Parameter[] = []) {
    const [rows, fields] = await run(connection, form, { sql, rowsAsArray: true }, values)
    return { rows, fields: fields.map((field) => described(field)) }
  }

  promise('logs in with the token as password over verified TLS, and reads', async (connection) => {
    expect((await connection.query('SELECT item, amount FROM orders ORDER BY id LIMIT 2'))[0]).toEqual([
      { item: 'loom', amount: '12.50' },
      { item: 'cards', amount: '0.99' },
    ])
    await expect(connect('shop', { ssl: {} })).rejects.toThrow(/certificate/)
  })

  promise('logs in over TLS without verification, and without TLS on loopback', async () => {
    for (const ssl of [{ rejectUnauthorized: false }, undefined]) {
      const connection = await opened({ ...(await settings('shop')), ssl } as ConnectionOptions)
      expect((await connection.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
    }
  })

  promise('is told when the token is wrong', async () => {
    const failed: unknown = await connect('shop', { password: 'not a token' }).catch((error: unknown) => error)
    expect(failed).toMatchObject({ errno: 1045, sqlState: '28000' })
    expect(String(failed)).toContain('gatehouse:')
  })

  promise('takes the target behind a plus in the user name', async () => {
    const connection = await connect(shop.direct.database, { user: 'agent+plain' })
    expect((await connection.query('SELECT ssn FROM people WHERE id = 1'))[0]).toEqual([{ ssn: '123-45-6789' }])
  })

  promise(
    'gets the same rows and descriptions as without the gateway, in text and binary',
    async (connection) => {
      const direct = await withoutGateway(EXACT)
      for (const sql of [
        'SELECT * FROM kinds ORDER BY id',
        PEOPLE,
        'SELECT VERSION(), 1.0, NULL, CAST(-1 AS UNSIGNED)',
      ]) {
        for (const form of ['query', 'execute'] as const) {
          const [through, without] = [await answer(connection, form, sql), await answer(direct, form, sql)]
          expect(through).toEqual(without)
        }
      }
    },
    'plain',
    EXACT,
  )

  promise('sees every masked column masked, in text and binary', async () => {
    const [connection, direct] = [await connect('shop', EXACT), await withoutGateway(EXACT)]
    const text = await answer(connection, 'query', PEOPLE)
    expect(text.rows).toEqual((await answer(direct, 'query', MASKED_PEOPLE)).rows)
    const binary = await answer(connection, 'execute', PEOPLE)
    expect(binary.rows).toEqual((await answer(direct, 'execute', MASKED_PEOPLE)).rows)
  })

  promise('carries parameters of many types', async (connection) => {
    const values = [-7, '9223372036854775807', 1.5, 'it\'s "so" 🚪', true, null, Buffer.from([0, 255, 16]), new Date(0)]
    const direct = await withoutGateway()
    const sql = 'SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e, ? AS f, HEX(?) AS g, ? AS h'
    for (const form of ['query', 'execute'] as const) {
      expect(await answer(connection, form, sql, values)).toEqual(await answer(direct, form, sql, values))
    }
  })

  promise('prepares a statement, runs it again and again, and closes it', async (connection) => {
    const statement = await connection.prepare('SELECT line, who FROM log WHERE id = ?')
    for (let id = 1; id <= 20; id++) {
      const [rows] = await statement.execute([id])
      expect(rows).toEqual([{ line: `line ${String(id)}`, who: '[redacted]' }])
    }
    await statement.close()
    expect((await connection.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
  })

  promise('answers several statements in one text, and none of them where one is refused', async () => {
    const connection = await connect('shop', { multipleStatements: true })
    const [results] = await connection.query('SELECT 1 AS a; SELECT ssn FROM people WHERE id = 1; SELECT 2 AS b')
    expect(results).toEqual([[{ a: 1 }], [{ ssn: '*******6789' }], [{ b: 2 }]])
    const refused = await refusalOf(connection.query("INSERT INTO orders VALUES (70, 1, 'x', 1); TRUNCATE orders"))
    isMysqlRefusal(refused)
    expect((await connection.query('SELECT id FROM orders WHERE id = 70'))[0]).toEqual([])
  })

  promise('sees each result of a procedure masked, in text and prepared', async (connection) => {
    for (const form of ['query', 'execute'] as const) {
      const [results] = await run(connection, form, { sql: 'CALL two_results()' })
      expect((results as unknown[]).slice(0, 2)).toEqual([
        [
          { id: 1, item: 'loom' },
          { id: 2, item: 'cards' },
        ],
        [{ id: 1, name: 'Ada', ssn: '*******6789' }],
      ])
    }
  })

  promise('commits and rolls back transactions', async (connection) => {
    await connection.beginTransaction()
    await connection.execute('INSERT INTO orders VALUES (80, 2, ?, 3)', ['thread'])
    await connection.rollback()
    await connection.beginTransaction()
    const [done] = await connection.query("INSERT INTO orders VALUES (81, 2, 'thread', 3)")
    expect(done).toMatchObject({ affectedRows: 1 })
    await connection.commit()
    expect((await connection.query('SELECT id FROM orders WHERE id IN (80, 81)'))[0]).toEqual([{ id: 81 }])
    expect((await connection.query('DELETE FROM orders WHERE id = 81'))[0]).toMatchObject({ affectedRows: 1 })
  })

  promise('goes on in its transaction after a refusal', async (connection) => {
    await connection.beginTransaction()
    await connection.query("INSERT INTO orders VALUES (90, 2, 'needle', 1)")
    isMysqlRefusal(await refusalOf(connection.query('DELETE FROM orders')))
    isMysqlRefusal(await refusalOf(connection.execute('DROP TABLE orders')))
    expect((await connection.query('SELECT item FROM orders WHERE id = 90'))[0]).toEqual([{ item: 'needle' }])
    await connection.rollback()
    expect((await connection.query('SELECT item FROM orders WHERE id = 90'))[0]).toEqual([])
  })

  promise('is refused LOAD DATA LOCAL, and goes on', async (connection) => {
    const asked = connection.query({
      sql: "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE orders",
      infileStreamFactory: () => {
        throw new Error('the file was asked for')
      },
    })
    isMysqlRefusal(await refusalOf(asked))
    expect((await connection.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
  })

  promise('streams rows, masked, and stops in the middle', async () => {
    const callbacks = connectWithCallbacks(await settings('shop'))
    const stream = callbacks.query('SELECT id, who FROM log ORDER BY id').stream({ highWaterMark: 20 })
    let count = 0
    for await (const row of stream) {
      count++
      expect(row).toEqual({ id: count, who: '[redacted]' })
      if (count === 1000) break
    }
    callbacks.destroy()
    const again = await connect('shop')
    expect((await again.query('SELECT COUNT(*) AS n FROM log'))[0]).toEqual([{ n: 100_000 }])
  })

  promise('reads 100,000 rows, masked', async (connection) => {
    const [rows] = await connection.query({ sql: 'SELECT * FROM log ORDER BY id', rowsAsArray: true })
    expect((rows as unknown[][]).length).toBe(100_000)
    expect((rows as unknown[][])[99_999]).toEqual([100_000, 'line 100000', '[redacted]'])
  })

  promise('writes and reads one value of 20 MiB', async (connection) => {
    await (await withoutGateway()).query('SET GLOBAL max_allowed_packet = 64 * 1024 * 1024')
    const large = await connect('plain')
    const body = Buffer.alloc(20 * 1024 * 1024, 'large value ')
    await large.execute('REPLACE INTO documents (id, bytes) VALUES (1, ?)', [body])
    const options = { sql: 'SELECT bytes FROM documents WHERE id = 1', rowsAsArray: true }
    for (const reading of [connection.query(options), large.execute(options)]) {
      const [[[bytes]]] = (await reading) as unknown as [[[Buffer]]]
      expect(bytes.equals(body)).toBe(true)
    }
  })

  promise(
    'cancels a running statement by KILL QUERY, with the id of the greeting or that of CONNECTION_ID()',
    async (connection) => {
      const other = await connect('shop')
      const [[told]] = (await connection.query('SELECT CONNECTION_ID() AS id')) as unknown as [[{ id: number }]]
      for (const id of [connection.threadId, told.id]) {
        const running = connection.query('SELECT SLEEP(20) FROM log WHERE id < 20').catch((error: unknown) => error)
        await sleep(100)
        await other.query(`KILL QUERY ${String(id)}`)
        expect(await running).toMatchObject({ errno: 1317 })
        expect((await connection.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
      }
    },
  )

  promise('leaves nothing running when it goes away in the middle of a statement', async (connection) => {
    const direct = await withoutGateway()
    const running = async (): Promise<boolean> => {
      const sql = "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(25), _away_'"
      return ((await direct.query(sql))[0] as unknown[]).length > 0
    }
    void connection.query("SELECT SLEEP(25), 'away'").catch(() => undefined)
    while (!(await running())) await sleep(50)
    connection.destroy()
    while (await running()) await sleep(50)
  })

  promise('resets its session, and changes its user with a token', async (connection) => {
    await connection.query('SET @here = 1')
    await connection.reset()
    expect((await connection.query('SELECT @here AS here'))[0]).toEqual([{ here: null }])
    await connection.changeUser({ user: 'agent', password: await shop.gateway.token(), database: 'plain' })
    expect((await connection.query('SELECT ssn FROM people WHERE id = 1'))[0]).toEqual([{ ssn: '123-45-6789' }])
    expect(await refusalOf(connection.changeUser({ password: 'not a token' }))).toMatchObject({ errno: 1045 })
  })

  promise('works from a pool, whose connections are reset and pinged', async () => {
    const pool = createPool({
      ...(await settings('shop')),
      connectionLimit: 4,
      resetOnRelease: true,
    } as ConnectionOptions)
    try {
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, index) => pool.execute('SELECT who FROM log WHERE id = ?', [index + 1])),
      )
      expect(answers.every(([rows]) => JSON.stringify(rows) === '[{"who":"[redacted]"}]')).toBe(true)
      const connection = await pool.getConnection()
      await connection.ping()
      connection.release()
    } finally {
      await pool.end()
    }
  })

  promise(
    'gets the errors of the server unchanged where nothing is masked',
    async (connection) => {
      const direct = await withoutGateway()
      for (const sql of [
        'SELECT * FROM missing',
        'SELECT missing FROM orders',
        "INSERT INTO orders VALUES (1, 1, 'twice', 1)",
        "INSERT INTO orders VALUES (99, 1, 'less', -1)",
        "INSERT INTO orders VALUES (99, 77, 'nobody', 1)",
      ]) {
        const [through, without] = await Promise.all([refusalOf(connection.query(sql)), refusalOf(direct.query(sql))])
        expect({ ...through, message: through.message }).toEqual({ ...without, message: without.message })
      }
      // What the gateway cannot read it says itself, under the server's number.
      expect(await refusalOf(connection.query('SELEC 1'))).toMatchObject({ errno: 1064, sqlState: '42000' })
    },
    'plain',
  )

  promise('is told who refused, why, and what to do instead', async (connection) => {
    const refused = await refusalOf(connection.query('TRUNCATE orders'))
    isMysqlRefusal(refused)
    expect(refused.message).toContain('Open a change request')
    expect((await refusalOf(connection.query("SELECT id FROM people WHERE ssn LIKE '123%'"))).message).toMatch(
      /gatehouse: /,
    )
  })

  function described({
    name,
    orgName,
    table,
    orgTable,
    columnType,
    columnLength,
    flags,
    decimals,
    characterSet,
  }: FieldPacket) {
    return { name, orgName, table, orgTable, columnType, columnLength, flags, decimals, characterSet }
  }
})
