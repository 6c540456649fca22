import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createDatabase } from '../../../../test/servers/mysql.ts'
import { shopRows } from './shop-data.ts'
import { loadMysqlShop } from './shop-data-mysql.ts'

const { mysql9, mariadb10 } = inject('servers')

describe.each([
  { name: 'MySQL 9', shared: mysql9 },
  { name: 'MariaDB 10.11', shared: mariadb10 },
])('the shop on $name', ({ shared }) => {
  let connection: Connection
  let drop = (): Promise<void> => Promise.resolve()
  let took = 0

  beforeAll(async () => {
    if ('absent' in shared) return
    const database = await createDatabase(shared.address, `shop_data_${String(process.pid)}`)
    drop = database.drop
    connection = await createConnection({ uri: database.url, decimalNumbers: true })
    const begun = performance.now()
    await loadMysqlShop(connection)
    took = performance.now() - begun
  })
  afterAll(async () => {
    if ('absent' in shared) return
    await connection.end()
    await drop()
  })

  const rows = async (sql: string): Promise<readonly RowDataPacket[]> =>
    (await connection.query<RowDataPacket[]>(sql))[0]
  const whenThere = test.skipIf('absent' in shared)

  whenThere('loads within seconds, and every table has the rows of its twin', async () => {
    expect(took).toBeLessThan(10_000)
    for (const [table, content] of shopRows())
      expect(await rows(`SELECT count(*) AS n FROM ${table}`)).toEqual([{ n: content.length }])
  })

  whenThere('holds the same values', async () => {
    const [customer] = shopRows().get('customers') ?? []
    const [found] = await rows(
      "SELECT name, email, ssn, reference, DATE_FORMAT(date_of_birth, '%Y-%m-%d') AS born, tags, preferences FROM customers WHERE id = 1",
    )
    const parsed = (value: unknown): unknown => (typeof value === 'string' ? JSON.parse(value) : value)
    expect({ ...found, tags: parsed(found?.['tags']), preferences: parsed(found?.['preferences']) }).toEqual({
      name: customer?.['name'],
      email: customer?.['email'],
      ssn: customer?.['ssn'],
      reference: customer?.['reference'],
      born: customer?.['date_of_birth'],
      tags: customer?.['tags'],
      preferences: customer?.['preferences'],
    })
    const [employee] = await rows('SELECT HEX(photo) AS photo FROM employees WHERE id = 1')
    expect(employee?.['photo']).toMatch(/^89504E470D0A1A0A/)
  })

  whenThere('has a view and a function that agree', async () => {
    const sql = 'SELECT count(*) AS wrong FROM customer_overview WHERE total_spent <> customer_order_total(id)'
    expect(await rows(sql)).toEqual([{ wrong: 0 }])
  })

  whenThere('gives new rows numbers after the loaded ones', async () => {
    await rows("INSERT INTO support_tickets (subject, body) VALUES ('a', 'b')")
    const next = (shopRows().get('support_tickets')?.length ?? 0) + 1
    expect(await rows('SELECT last_insert_id() AS id')).toEqual([{ id: next }])
  })
})
