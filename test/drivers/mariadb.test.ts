import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection, createPool, type Connection, type ConnectionConfig, type FieldInfo } from 'mariadb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VERSIONS } from '../mysql/scene.ts'
import { MASKED_PEOPLE, openMysqlShop } from './mysql-shop.ts'
import { isMysqlRefusal, refusalOf } from './refused.ts'
import type { Shop } from './shop.ts'

// As close to what came over the wire as the driver lets one see. MariaDB names what its columns hold (JSON, points) only to who knows its extensions.
const EXACT: ConnectionConfig = {
  rowsAsArray: true,
  collation: 'UTF8MB4_UNICODE_CI',
  decimalAsNumber: false,
  bigIntAsNumber: false,
  dateStrings: true,
  autoJsonMap: false,
  typeCast: (field, next) => (field.type.startsWith('GEOM') ? field.buffer() : next()),
}

const PEOPLE = 'SELECT * FROM people ORDER BY id'

describe.each(VERSIONS)('mariadb for Node on $version', ({ version, shared }) => {
  if ('absent' in shared) return test.skip(`is not tested: ${shared.absent}`, () => undefined)
  const { address } = shared
  let shop: Shop
  let open: Connection[] = []

  beforeAll(async () => {
    shop = await openMysqlShop(`drivers_mariadb_${version.replaceAll(/\W/g, '')}`, address)
  })
  afterAll(() => shop.close())

  async function settings(database: string, more: ConnectionConfig = {}): Promise<ConnectionConfig> {
    const password = await shop.gateway.token()
    const { port } = shop.gateway
    const ssl = { ca: shop.ca }
    // Its default is a second, which the first reading of a catalog may take on a busy machine.
    return { host: 'localhost', port, user: 'agent', password, database, ssl, connectTimeout: 20_000, ...more }
  }

  async function opened(options: ConnectionConfig): Promise<Connection> {
    const connection = await createConnection(options)
    connection.on('error', () => undefined)
    open.push(connection)
    return connection
  }

  const connect = async (target: string, more?: ConnectionConfig): Promise<Connection> =>
    opened(await settings(target, more))

  function withoutGateway(more: ConnectionConfig = {}): Promise<Connection> {
    const { host, port, user, password, database } = shop.direct
    return opened({ host, port, user, password, database, allowPublicKeyRetrieval: true, ...more })
  }

  function promise(what: string, body: (connection: Connection) => Promise<void>, target = 'shop', more = {}): void {
    test(what, async () => {
      try {
        await body(await connect(target, more))
      } finally {
        for (const connection of open) connection.destroy()
        open = []
      }
    })
  }

  /** Rows, and what was said of each column. */
  async function answer(connection: Connection, form: 'query' | 'execute', sql: string, values: unknown[] = []) {
    const [rows, fields] = await connection[form]<[unknown[][], FieldInfo[]]>({ sql, metaAsArray: true }, values)
    return { rows: [...rows], fields: fields.map((field) => described(field)) }
  }

  promise('logs in with the token as password over verified TLS, and reads', async (connection) => {
    expect(await connection.query('SELECT item, amount FROM orders ORDER BY id LIMIT 2')).toEqual([
      { item: 'loom', amount: '12.50' },
      { item: 'cards', amount: '0.99' },
    ])
    await expect(connect('shop', { ssl: true })).rejects.toThrow(/certificate/)
  })

  promise('logs in over TLS without verification, and without TLS on loopback by the key that is sent', async () => {
    for (const more of [{ ssl: { rejectUnauthorized: false } }, { ssl: false, allowPublicKeyRetrieval: true }]) {
      const connection = await connect('shop', more)
      expect(await connection.query('SELECT 1 AS one FROM orders LIMIT 1')).toMatchObject([{}])
    }
  })

  promise('is told when the token is wrong', async () => {
    const failed: unknown = await connect('shop', { password: 'not a token' }).catch((error: unknown) => error)
    expect(failed).toMatchObject({ errno: 1045, sqlState: '28000' })
    expect(String(failed)).toContain('gatehouse:')
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
          expect(await answer(connection, form, sql)).toEqual(await answer(direct, form, sql))
        }
      }
    },
    'plain',
    EXACT,
  )

  promise('sees every masked column masked, in text and binary', async () => {
    const [connection, direct] = [await connect('shop', EXACT), await withoutGateway(EXACT)]
    for (const form of ['query', 'execute'] as const) {
      expect((await answer(connection, form, PEOPLE)).rows).toEqual((await answer(direct, form, MASKED_PEOPLE)).rows)
    }
  })

  promise('carries parameters of many types', async () => {
    const [connection, direct] = [await connect('plain', EXACT), await withoutGateway(EXACT)]
    const values = [-7, 9223372036854775807n, 1.5, 'it\'s "so" 🚪', true, null, Buffer.from([0, 255, 16]), new Date(0)]
    const sql = 'SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e, ? AS f, HEX(?) AS g, ? AS h'
    for (const form of ['query', 'execute'] as const) {
      expect(await answer(connection, form, sql, values)).toEqual(await answer(direct, form, sql, values))
    }
  })

  promise('prepares a statement, runs it again and again, streams it, and closes it', async (connection) => {
    const statement = await connection.prepare('SELECT line, who FROM log WHERE id = ?')
    for (let id = 1; id <= 20; id++) {
      expect(await statement.execute([id])).toMatchObject([{ line: `line ${String(id)}`, who: '[redacted]' }])
    }
    for await (const row of statement.executeStream([7])) expect(row).toEqual({ line: 'line 7', who: '[redacted]' })
    statement.close()
  })

  promise('runs batches, whose statements it sends ahead of their answers', async (connection) => {
    await connection.batch('INSERT INTO orders VALUES (?, 1, ?, 1)', [
      [60, 'warp'],
      [61, 'weft'],
    ])
    expect(await connection.query('DELETE FROM orders WHERE id IN (60, 61)')).toMatchObject({ affectedRows: 2 })
  })

  promise('gets each answer of a pipeline; a refusal among them is one', async (connection) => {
    const told = await Promise.allSettled([
      connection.query('SELECT who FROM log WHERE id = 1'),
      connection.query('TRUNCATE orders'),
      connection.execute('SELECT who FROM log WHERE id = ?', [2]),
    ])
    expect(told.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    isMysqlRefusal(told[1]?.status === 'rejected' ? told[1].reason : null)
  })

  promise('answers several statements in one text, and none of them where one is refused', async () => {
    const connection = await connect('shop', { multipleStatements: true })
    const results: unknown = await connection.query(
      'SELECT 1.0 AS a; SELECT ssn FROM people WHERE id = 1; SELECT 2.0 AS b',
    )
    expect(results).toEqual([[{ a: '1.0' }], [{ ssn: '*******6789' }], [{ b: '2.0' }]])
    isMysqlRefusal(await refusalOf(connection.query("INSERT INTO orders VALUES (70, 1, 'x', 1); TRUNCATE orders")))
    expect(await connection.query('SELECT id FROM orders WHERE id = 70')).toEqual([])
  })

  promise('sees each result of a procedure masked, in text and prepared', async (connection) => {
    for (const form of ['query', 'execute'] as const) {
      const results = await connection[form]<unknown[]>('CALL two_results()')
      expect(results.slice(0, 2)).toEqual([
        [
          { id: 1, item: 'loom' },
          { id: 2, item: 'cards' },
        ],
        [{ id: 1, name: 'Ada', ssn: '*******6789' }],
      ])
    }
  })

  promise('goes on in its transaction after a refusal', async (connection) => {
    await connection.beginTransaction()
    await connection.query("INSERT INTO orders VALUES (90, 2, 'needle', 1)")
    isMysqlRefusal(await refusalOf(connection.query('DELETE FROM orders')))
    isMysqlRefusal(await refusalOf(connection.execute('DROP TABLE orders')))
    expect(await connection.query('SELECT item FROM orders WHERE id = 90')).toEqual([{ item: 'needle' }])
    await connection.rollback()
    expect(await connection.query('SELECT item FROM orders WHERE id = 90')).toEqual([])
  })

  promise('is refused LOAD DATA LOCAL, and goes on', async () => {
    const connection = await connect('shop', { permitLocalInfile: true })
    isMysqlRefusal(await refusalOf(connection.query("LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE orders")))
    expect(await connection.query('SELECT item FROM orders WHERE id = 1')).toEqual([{ item: 'loom' }])
  })

  promise('streams 100,000 rows, masked', async (connection) => {
    let count = 0
    let wrong = 0
    for await (const row of connection.queryStream({ sql: 'SELECT id, who FROM log ORDER BY id', rowsAsArray: true })) {
      count++
      const [id, who] = row as unknown as [number, string]
      if (id !== count || who !== '[redacted]') wrong++
    }
    expect([count, wrong]).toEqual([100_000, 0])
  })

  promise('writes and reads one value of 20 MiB', async (connection) => {
    const direct = await withoutGateway()
    await direct.query('SET GLOBAL max_allowed_packet = 64 * 1024 * 1024')
    const large = await connect('plain', { maxAllowedPacket: 64 * 1024 * 1024 })
    const body = Buffer.alloc(20 * 1024 * 1024, 'large value ')
    await large.execute('REPLACE INTO documents (id, bytes) VALUES (1, ?)', [body])
    for (const form of ['query', 'execute'] as const) {
      const rows: unknown = await connection[form]({
        sql: 'SELECT bytes FROM documents WHERE id = 1',
        rowsAsArray: true,
      })
      expect((rows as [[Buffer]])[0][0].equals(body)).toBe(true)
    }
  })

  promise('cancels a running statement by KILL QUERY', async (connection) => {
    const other = await connect('shop')
    const running = connection.query('SELECT SLEEP(20) FROM log WHERE id < 20').catch((error: unknown) => error)
    await sleep(100)
    await other.query(`KILL QUERY ${String(connection.threadId)}`)
    expect(await running).toMatchObject({ errno: 1317 })
    expect(await connection.query('SELECT item FROM orders WHERE id = 1')).toEqual([{ item: 'loom' }])
  })

  promise('resets its session, and changes its user with a token', async (connection) => {
    await connection.query('SET @here = 1')
    await connection.reset()
    expect(await connection.query('SELECT @here AS here')).toEqual([{ here: null }])
    if (version.startsWith('MySQL')) return // the driver does not, with MySQL
    await connection.changeUser({ user: 'agent', password: await shop.gateway.token(), database: 'plain' })
    expect(await connection.query('SELECT ssn FROM people WHERE id = 1')).toEqual([{ ssn: '123-45-6789' }])
    expect(await refusalOf(connection.changeUser({ user: 'agent', password: 'not a token' }))).toMatchObject({
      errno: 1045,
    })
  })

  promise('works from a pool, whose connections are reset and pinged', async () => {
    const pool = createPool({ ...(await settings('shop')), connectionLimit: 4, resetAfterUse: true })
    try {
      const numbers = Array.from({ length: 40 }, (_, index) => index + 1)
      const answers = await Promise.all(numbers.map((id) => pool.execute('SELECT who FROM log WHERE id = ?', [id])))
      expect(answers.every((rows) => JSON.stringify(rows) === '[{"who":"[redacted]"}]')).toBe(true)
    } finally {
      await pool.end()
    }
  })

  function described(field: FieldInfo) {
    const { columnLength, columnType, flags, scale, collation } = field
    const names = [field.name(), field.orgName(), field.table(), field.orgTable()]
    return { names, columnLength, columnType, flags, scale, collation: collation.name }
  }
})
