import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createDatabase } from '../../../../test/servers/postgres.ts'
import { isLuhnValid } from './personal-data.ts'
import { loadShop, shopRows } from './shop-data.ts'

const { postgres18 } = inject('servers')

test('the same seed makes the same shop, another seed another', () => {
  expect(shopRows(7)).toEqual(shopRows(7))
  expect(shopRows(7)).not.toEqual(shopRows(8))
})

test('card numbers have a fitting check digit, and are of test ranges', () => {
  for (const { card_number: card } of shopRows().get('payments') ?? []) {
    expect(card).toMatch(/^(?:424242|400000|555555)\d{10}$|^378282\d{9}$/)
    expect(isLuhnValid(String(card))).toBe(true)
  }
  expect(isLuhnValid('4242424242424241')).toBe(false)
})

describe.skipIf('absent' in postgres18)('on a real server', () => {
  let client: Client
  let drop = (): Promise<void> => Promise.resolve()
  let took = 0

  beforeAll(async () => {
    if ('absent' in postgres18) return
    const database = await createDatabase(postgres18.address, `shop_${String(process.pid)}`)
    drop = database.drop
    client = new Client({ connectionString: database.url })
    await client.connect()
    const begun = performance.now()
    await loadShop(client)
    took = performance.now() - begun
  })
  afterAll(async () => {
    await client.end()
    await drop()
  })

  test('it loads within seconds, and every table has rows', async () => {
    expect(took).toBeLessThan(5000)
    let total = 0
    for (const [table, content] of shopRows()) {
      const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ${table}`)
      expect(Number(rows[0]?.count)).toBe(content.length)
      total += content.length
    }
    expect(total).toBeGreaterThan(3000)
  })

  test('the view and the function agree', async () => {
    const { rows } = await client.query(
      'SELECT count(*)::int AS wrong FROM customer_overview WHERE total_spent <> customer_order_total(id)',
    )
    expect(rows).toEqual([{ wrong: 0 }])
  })

  test('new rows get numbers after the loaded ones', async () => {
    const { rows } = await client.query<{ id: number }>(
      "INSERT INTO support_tickets (subject, body) VALUES ('a', 'b') RETURNING id",
    )
    expect(rows[0]?.id).toBe((shopRows().get('support_tickets')?.length ?? 0) + 1)
  })
})
