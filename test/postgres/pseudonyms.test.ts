import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestGateway, type TestGateway } from '../harness/start-gateway.ts'
import { createDatabase } from '../servers/postgres.ts'
import { bind, execute, parse, SYNC } from './messages.ts'
import { ALLOW_ALL, present, recordsOf, SHARED, targetOf } from './scene.ts'
import { rowsOf, sqlstates, WireClient } from './wire-client.ts'

const OLD = 'the masking key of the year 2025, long'
const NEW = 'the masking key of the year 2026, long'

const policy = (option: string): string => `${ALLOW_ALL}
masks:
  - { name: emails, columns: [customers.email, orders.customer_email], with: ${option} }
  - { name: ids, columns: [customers.id, orders.customer_id], with: { pseudonym: { domain: customer-ids } } }
  - { name: rest, columns: [customers.born, customers.balance, customers.tags, customers.doc, customers.token], with: pseudonym }
`
const NAMED = policy('{ pseudonym: { domain: emails } }')
const PINNED = policy('{ pseudonym: { domain: emails, key: k2025 } }')

const sql = `
  create table customers (id int, email varchar(60), born date, balance numeric(10,2), tags text[], doc jsonb, token uuid);
  create table orders (n int, customer_id bigint, customer_email text);
  insert into customers select n, case when n <> 5 then 'person' || n || '@mail' || n % 3 || '.test.org' end,
    date '1980-01-01' + n * 31, n * 100.50, array['t' || n, null], '{"a": 1}', gen_random_uuid()
    from generate_series(1, 20) n;
  insert into orders select n, c.id, c.email from generate_series(1, 60) n join customers c on c.id = n % 20 + 1`

describe('pseudonyms, through the gateway', () => {
  let database: Awaited<ReturnType<typeof createDatabase>> | undefined
  let single: TestGateway | undefined
  let rotated: TestGateway | undefined
  beforeAll(async () => {
    if ('absent' in SHARED) return
    database = await createDatabase(SHARED.address, `e2e_pseudonyms_${process.pid}`, sql)
    const targets = { shop: targetOf(SHARED.address, database.database) }
    single = await startTestGateway({ targets, policy: NAMED, maskingKeys: { keys: { k2025: OLD }, current: 'k2025' } })
    const maskingKeys = { keys: { k2026: NEW, k2025: OLD }, current: 'k2026' }
    rotated = await startTestGateway({ targets, policy: PINNED, maskingKeys })
  })
  afterAll(async () => {
    await single?.close()
    await rotated?.close()
    await database?.drop()
  })

  const promise = (name: string, body: (before: TestGateway, after: TestGateway) => Promise<void>): void => {
    test(name, async (context) => {
      present(SHARED, context)
      if (single === undefined || rotated === undefined) throw new Error('the gateways were not started')
      await body(single, rotated)
    })
  }

  promise(
    'line up between columns of one domain, whatever their types, and stay apart where values do',
    async (gateway) => {
      const client = await enter(gateway)
      const customers = await client.rows('select id, email from customers order by ctid')
      const orders = await client.rows('select customer_id, customer_email from orders order by n')
      const pseudonyms = new Map(customers.map(([id, email]) => [id, email]))
      expect(pseudonyms.size).toBe(20)
      expect(new Set(pseudonyms.values()).size).toBe(20)
      for (const [id, email] of orders) expect(email).toBe(pseudonyms.get(id ?? ''))
      expect([...pseudonyms.values()].filter((email) => email === null)).toHaveLength(1)
      const domains = new Set([...pseudonyms.values()].flatMap((email) => email?.split('@')[1] ?? []))
      expect(domains.size).toBe(3)
      for (const domain of domains) expect(domain).toMatch(/^[a-z]{4}\d\.[a-z]{4}\.[a-z]{3}\.example$/)
      expect(JSON.stringify([customers, orders])).not.toMatch(/person|mail\d\.test/)
      await client.end()
    },
  )

  promise('are the same in text and in binary, and values of their types', async (gateway) => {
    const client = await enter(gateway)
    const columns = 'id, email, born, balance, tags, doc, token'
    const select = parse(`select ${columns} from customers order by ctid limit 3`)
    const inText = rowsOf(await client.exchange(select, bind(), execute(), SYNC))
    const inBinary = { ...bind(), resultFormats: [1] as const }
    const binary = await client.exchange(select, inBinary, execute(), SYNC)
    const cells = binary.flatMap((message) => (message.kind === 'DataRow' ? [message.cells] : []))
    expect(inText).toHaveLength(3)
    for (const [row, shown] of inText.entries()) {
      const [id, email, born, balance, tags, doc, token] = cells[row] ?? []
      expect(id?.readInt32BE()).toBe(Number(shown[0]))
      expect(email?.toString()).toBe(shown[1])
      const day = new Date(Date.UTC(2000, 0, 1) + (born?.readInt32BE() ?? 0) * 86_400_000)
      expect(day.toISOString().slice(0, 10)).toBe(shown[2])
      expect(shown[2]).toMatch(/^19(?:7[5-9]|[89]\d)-/)
      expect(shown[3]).toMatch(/^[1-9]\d\d\.[1-9]0$|^[1-9]\d\d\.00$/)
      expect(balance?.readUInt16BE(6)).toBe(2)
      expect(shown[4]).toMatch(/^\{[a-z]\d,NULL\}$/)
      expect(tags?.includes(shown[4]?.slice(1, 3) ?? '?')).toBe(true)
      expect([doc?.subarray(1).toString(), shown[5]]).toEqual(['"[redacted]"', '"[redacted]"'])
      expect(token?.toString('hex')).toBe(shown[6]?.replaceAll('-', ''))
    }
    await client.end()
  })

  promise('are the same in COPY', async (gateway) => {
    const client = await enter(gateway)
    const query = 'select id, email, born from customers order by ctid'
    const rows = await client.rows(query)
    const copied = await client.query(`copy (${query}) to stdout`)
    const lines = copied.flatMap((message) => (message.kind === 'CopyData' ? [message.data.toString()] : []))
    expect(lines.join('')).toBe(rows.map((row) => `${row.map((cell) => cell ?? String.raw`\N`).join('\t')}\n`).join(''))
    await client.end()
  })

  promise('are withheld where something is computed from them, and may not be searched by', async (gateway) => {
    const client = await enter(gateway)
    expect(await client.rows('select upper(email) from customers limit 1')).toEqual([['[redacted]']])
    expect(sqlstates(await client.query(`select id from customers where email like 'person1%'`))).toEqual(['42501'])
    await client.end()
  })

  promise('stay what they were under a key that is pinned, and change with the current one', async (before, after) => {
    const [old, later] = [await enter(before), await enter(after)]
    const emails = 'select email from customers order by ctid'
    expect(await later.rows(emails)).toEqual(await old.rows(emails))
    const ids = 'select id from customers order by ctid'
    expect(await later.rows(ids)).not.toEqual(await old.rows(ids))
    await Promise.all([old.end(), later.end()])
  })

  promise('under a key the configuration does not have are refused with the whole policy', async (_, after) => {
    const broken = PINNED.replace('k2025', 'k2024')
    const targets = { shop: targetOf('absent' in SHARED ? fail() : SHARED.address, database?.database ?? '') }
    const maskingKeys = { keys: { k2025: OLD }, current: 'k2025' }
    const starting = startTestGateway({ targets, policy: broken, maskingKeys })
    await expect(starting).rejects.toThrow(/"emails" names the masking key "k2024".*Did you mean k2025\?/)
    await expect(startTestGateway({ targets, policy: PINNED })).rejects.toThrow(/one key without an id/)

    const client = await enter(after)
    const emails = 'select email from customers order by ctid'
    const shown = await client.rows(emails)
    const loads = await recordsOf(after.trailDirectory, ({ kind }) => kind === 'policy_loaded')
    writeFileSync(after.policyFile, broken)
    after.gateway.reloadPolicy()
    expect(await client.rows(emails)).toEqual(shown)
    expect(await recordsOf(after.trailDirectory, ({ kind }) => kind === 'policy_loaded')).toHaveLength(loads.length)
    writeFileSync(after.policyFile, `${PINNED}# again\n`)
    after.gateway.reloadPolicy()
    expect(await client.rows(emails)).toEqual(shown)
    await client.end()
  })
})

function fail(): never {
  throw new Error('the server is absent')
}

async function enter(gateway: TestGateway): Promise<WireClient> {
  const { host, port } = gateway
  return WireClient.login({ host, port }, { database: 'shop', password: await gateway.token() })
}
