/** Times decisions and the parser of MySQL: `decision-timer.ts`, with user, database and password in BENCH_ADDRESS. Prints one line of JSON. */
import {
  buildMysqlCatalog,
  dialectOf,
  MYSQL_CATALOG_SESSION,
  type MysqlNames,
  MysqlReader,
  mysqlStoredTexts,
  type OwnQuery,
  parseMysqlText,
  quotedStatements,
  readMysqlCatalogRows,
} from '@gatehouse/sql-analysis'
import { openConnection } from '@gatehouse/test/servers/mysql.ts'
import { timeDecisions } from '../decision-timing.ts'
import type { ParserTiming } from '../decisions.ts'
import type { Address } from '../engine.ts'
import { percentile } from '../statistics.ts'
import { POLICY } from './policy.ts'

const FLAVOUR = 'mysql'
const VERSION = { flavour: FLAVOUR, version: 90_700 } as const
const DEFAULT_MODES = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,NO_ENGINE_SUBSTITUTION'
const dialect = dialectOf(VERSION, DEFAULT_MODES)

const { port, user, password, database } = JSON.parse(process.env['BENCH_ADDRESS'] ?? '') as Address
const url = `mysql://${user}:${encodeURIComponent(password)}@127.0.0.1:${String(port)}/${database}`
const connection = await openConnection(url)
const query: OwnQuery = (sql) => connection.rows(sql)
await query(MYSQL_CATALOG_SESSION)
const rows = await readMysqlCatalogRows(query, FLAVOUR)
await connection.close()
const stored = mysqlStoredTexts((sqlMode) => dialectOf(VERSION, sqlMode))
const catalog = buildMysqlCatalog(rows, FLAVOUR, stored)
const names: MysqlNames = {
  catalog,
  schema: database,
  dialect,
  temporary: [],
  parse: (text) => quotedStatements(text, dialect),
}
const reader = new MysqlReader({ catalogRows: () => rows })
const spelling = { lookup: 'SELECT c FROM sbtest1 WHERE id', asText: (sql: string) => `CAST(${sql} AS char)` }
const decisions = timeDecisions('mysql', reader, names, POLICY, spelling)
console.log(JSON.stringify({ ...decisions, parser: [55, 600, 5000].map(timeParser) }))
await reader.close()
process.exit()

/** A query of so many bytes, with conditions until it is as long. */
function timeParser(bytes: number): ParserTiming {
  let sql = 'SELECT p.name, p.age FROM people_plain p WHERE p.id = 4'
  for (let at = 0; sql.length + 40 < bytes; at++) sql += ` AND (p.age > ${String(at)} OR p.name <> 'Ada ${String(at)}')`
  const text = Buffer.from(sql.padEnd(bytes))
  const rounds = Math.ceil(20_000_000 / (bytes + 1000))
  const times = new Float64Array(rounds)
  for (let round = -rounds >> 2; round < rounds; round++) {
    const begun = performance.now()
    const parsed = parseMysqlText(text, 0, text.length, dialect)
    const took = performance.now() - begun
    if ('error' in parsed) throw new Error(parsed.error.message)
    if (round >= 0) times[round] = took * 1000
  }
  return { bytes, p50Microseconds: percentile(times, 0.5), p99Microseconds: percentile(times, 0.99) }
}
