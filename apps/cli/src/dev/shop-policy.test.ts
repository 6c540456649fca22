import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type ColumnName,
  parsePolicy,
  parsePolicyTests,
  lintPolicy,
  runPolicyTests,
  type Policy,
  type PolicyTestCase,
} from '@gatehouse/core'
import { buildCatalog, CATALOG_QUERIES, CATALOG_SESSION, PostgresReader, type Catalog } from '@gatehouse/sql-analysis'
import { Client } from 'pg'
import { describe, expect, inject, test } from 'vitest'
import { createDatabase, type PostgresAddress } from '../../../../test/servers/postgres.ts'
import { loadShop } from './shop-data.ts'

const { postgres18 } = inject('servers')

interface Shop {
  readonly catalog: Catalog
  readonly columns: readonly ColumnName[]
}

function policy(): Policy {
  const parsed = parsePolicy(readFileSync(join(import.meta.dirname, 'shop-policy.yaml'), 'utf8'))
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems, null, 1))
  return parsed.policy
}

function cases(): readonly PolicyTestCase[] {
  const parsed = parsePolicyTests(readFileSync(join(import.meta.dirname, 'shop-policy.test.yaml'), 'utf8'))
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems, null, 1))
  return parsed.cases
}

test('the policy is read without a mistake, and no rule of it is idle', () => {
  expect(lintPolicy(policy(), null)).toEqual([])
})

describe.skipIf('absent' in postgres18)('against the shop itself', async () => {
  const shop = 'absent' in postgres18 ? null : await readShop(postgres18.address)

  test.for(cases().map((one) => ({ name: one.name, one })))('$name', async ({ one }) => {
    if (shop === null) throw new Error('no shop')
    const { catalog } = shop
    const reader = await PostgresReader.create({ catalogRows: () => undefined })
    const names = { catalog, searchPath: ['pg_catalog', 'public'], parse: (sql: string) => reader.parseQuery(sql) }
    const [result] = runPolicyTests(
      policy(),
      [one],
      () => 'postgres',
      (sql) => {
        const bytes = Buffer.from(sql)
        const reading = reader.read(bytes, 0, bytes.length, names)
        if (reading.kind === 'unreadable') throw new Error(reading.message)
        return reading.facts.statements
      },
    )
    expect(result, [one.sql, result?.happened, ...(result?.explanation ?? [])].join('\n')).toMatchObject({
      passed: true,
    })
  })

  test('every mask and every rule on columns meets a column of the shop', () => {
    const known = { target: 'shop', engine: 'postgres' as const, objects: { columns: shop?.columns ?? [] } }
    expect(lintPolicy(policy(), known)).toEqual([])
  })
})

async function readShop(address: PostgresAddress): Promise<Shop> {
  const database = await createDatabase(address, `shop_policy_${String(process.pid)}`)
  const client = new Client({ connectionString: database.url })
  await client.connect()
  try {
    await loadShop(client)
    await client.query(CATALOG_SESSION)
    const read = async (sql: string): Promise<string[]> =>
      (await client.query<{ row: string }>(sql)).rows.map(({ row }) => row)
    const catalog = buildCatalog('1', {
      relations: await read(CATALOG_QUERIES.relations),
      functions: await read(CATALOG_QUERIES.functions),
      types: await read(CATALOG_QUERIES.types),
      operators: await read(CATALOG_QUERIES.operators),
      builtinOperators: await read(CATALOG_QUERIES.builtinOperators),
      constraints: await read(CATALOG_QUERIES.constraints),
    })
    const { rows: columns } = await client.query<Shop['columns'][number]>(
      "SELECT table_schema AS schema, table_name AS relation, column_name AS column FROM information_schema.columns WHERE table_schema IN ('public', 'pg_catalog')",
    )
    return { catalog, columns }
  } finally {
    await client.end()
    await database.drop()
  }
}
