/** Times decisions of PostgreSQL: `decision-timer.ts`, with user, database and password in BENCH_ADDRESS. Prints one line of JSON. */
import {
  buildCatalog,
  CATALOG_QUERIES,
  CATALOG_SESSION,
  type CatalogRows,
  type NameEnvironment,
  PostgresReader,
} from '@gatehouse/sql-analysis'
import { timeDecisions } from '../decision-timing.ts'
import type { Address } from '../engine.ts'
import { POLICY } from './policy.ts'
import { WireClient } from './wire-client.ts'

const rows = await catalogRows(JSON.parse(process.env['BENCH_ADDRESS'] ?? '') as Address)
const catalog = buildCatalog('bench', rows)
const reader = await PostgresReader.create({ catalogRows: () => rows })
const names: NameEnvironment = { catalog, searchPath: ['pg_catalog', 'public'], parse: (sql) => reader.parseQuery(sql) }
const spelling = { lookup: 'SELECT abalance FROM pgbench_accounts WHERE aid', asText: (sql: string) => `${sql}::text` }
console.log(JSON.stringify({ ...timeDecisions('postgres', reader, names, POLICY, spelling), parser: [] }))
await reader.close()
process.exit()

async function catalogRows(from: Address): Promise<CatalogRows> {
  const client = await WireClient.connect(from)
  await client.simple(CATALOG_SESSION)
  const read = async (kind: keyof CatalogRows): Promise<string[]> =>
    (await client.rows(CATALOG_QUERIES[kind])).map(([cell]) => cell ?? '')
  const rows: CatalogRows = {
    relations: await read('relations'),
    functions: await read('functions'),
    types: await read('types'),
    operators: await read('operators'),
    builtinOperators: await read('builtinOperators'),
    constraints: await read('constraints'),
  }
  client.close()
  return rows
}
