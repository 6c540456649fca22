import type { ColumnName, StatementFacts } from '@gatehouse/core'
import {
  buildMysqlCatalog,
  type Dialect,
  dialectOf,
  MYSQL_CATALOG_SESSION,
  type MysqlNames,
  mysqlStoredTexts,
  readMysqlCatalogRows,
} from '@gatehouse/sql-analysis'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { type MysqlAddress, query } from '../servers/mysql.ts'
import { SCHEMA, SECRETS } from './mysql-statements.ts'

/** The rows of both databases but for what must not show. */
const SHARED = [
  `INSERT INTO orders VALUES (1, 1, 'x', 10.5, '2020-01-01 10:00:00'), (2, 2, '98', 20, '2021-05-05 00:00:00'), (3, 1, NULL, 1, NULL), (4, 3, 'a', 2, '2020-01-01 00:00:00')`,
]
const PEOPLE: readonly (readonly [id: number, name: string, region: string, doc: string])[] = [
  [1, 'Ann', 'KR', '{"a": "1", "b": [1, 2]}'],
  [2, 'x', 'US', '{"a": "98"}'],
  [3, '98', 'KR', '{"b": 7}'],
  [4, 'Dee', 'a', '[]'],
]
const VALUES: readonly (readonly (readonly [secret: string, amount: number, born: string])[])[] = [
  [
    ['987-65', 91_234, '1981-02-03'],
    ['a', 1, '2000-01-01'],
    ['98', 2, '1990-01-01'],
    ['x', 0, '1975-12-31'],
  ],
  [
    ['123-45', 2, '1992-03-04'],
    ['Ann', 3, '2001-11-30'],
    ['5b', -7, '2020-01-01'],
    ['1', 98, '2000-01-01'],
  ],
]

interface Side {
  readonly rows: (sql: string) => Promise<readonly (readonly (string | null)[])[]>
  readonly close: () => Promise<void>
}

/** Cells as the bytes the server sent, whatever their type. */
async function openSide(url: string): Promise<Side> {
  const connection = await createConnection({ uri: url, typeCast: (field) => field.buffer() })
  return {
    rows: async (sql) => {
      const [result] = await connection.query<RowDataPacket[][]>({ sql, rowsAsArray: true })
      if (!Array.isArray(result)) return []
      const rows: readonly (readonly unknown[])[] = result
      return rows.map((row) => row.map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : null)))
    },
    close: () => connection.end(),
  }
}

/** Two databases of one server that differ only in what must not show. */
export class Twins {
  readonly names: MysqlNames
  readonly #sides: readonly Side[]

  private constructor(names: MysqlNames, sides: readonly Side[]) {
    this.names = names
    this.#sides = sides
  }

  /** Makes both, and reads the catalog of the first. */
  static async open(address: MysqlAddress, flavour: Dialect['flavour']): Promise<Twins> {
    const sides: Side[] = []
    for (const [index, values] of VALUES.entries()) {
      const name = `twin_${index}`
      const people = PEOPLE.map(([id, person, region, doc], row) => {
        const [secret, amount, born] = values[row] ?? ['', 0, '2000-01-01']
        return `(${id}, '${person}', '${secret}', ${amount}, '${born}', '${region}', '${doc}')`
      })
      await query(
        address.url,
        [
          `DROP DATABASE IF EXISTS ${name}; CREATE DATABASE ${name} CHARACTER SET utf8mb4; USE ${name}`,
          ...SCHEMA,
          `INSERT INTO people (id, name, secret, amount, born, region, doc) VALUES ${people.join(', ')}`,
          ...SHARED,
          '',
        ].join(';\n'),
      )
      const connection = await openSide(`${address.url}${name}`)
      await connection.rows("SET NAMES utf8mb4, sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES'")
      sides.push(connection)
    }
    return new Twins(await namesOf(address, flavour), sides)
  }

  /** The rows of both sides, or the error's number. */
  async run(sql: string): Promise<readonly (readonly (readonly (string | null)[])[] | number)[]> {
    return Promise.all(this.#sides.map((side) => side.rows(sql).catch((error: unknown) => errorNumber(error))))
  }

  /** What a change of `orders` leaves there on both sides, or the error's number. It is taken back. */
  async change(sql: string): Promise<readonly (readonly (readonly (string | null)[])[] | number)[]> {
    return Promise.all(
      this.#sides.map(async (side) => {
        await side.rows('BEGIN')
        try {
          await side.rows(sql)
          return await side.rows('SELECT * FROM orders')
        } catch (error) {
          return errorNumber(error)
        } finally {
          await side.rows('ROLLBACK')
        }
      }),
    )
  }

  /** The statement as the server prints it, every name resolved; null: it has an error. */
  async expanded(sql: string): Promise<string | null> {
    const [side] = this.#sides
    if (side === undefined) return null
    try {
      await side.rows(`EXPLAIN FORMAT=TRADITIONAL ${sql}`)
      const notes = await side.rows('SHOW WARNINGS')
      return notes.find(([, code]) => code === '1003')?.[2] ?? null
    } catch {
      return null
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#sides.map((side) => side.close()))
  }
}

function errorNumber(error: unknown): number {
  return typeof error === 'object' && error !== null && 'errno' in error ? Number(error.errno) : -1
}

async function namesOf(address: MysqlAddress, flavour: Dialect['flavour']): Promise<MysqlNames> {
  const own = await openSide(`${address.url}twin_0`)
  try {
    for (const statement of [MYSQL_CATALOG_SESSION].flat()) await own.rows(statement)
    const rows = await readMysqlCatalogRows((sql) => own.rows(sql).catch(() => null), flavour)
    const [[version = ''] = []] = await own.rows('SELECT @@version')
    const [major = 0, minor = 0, patch = 0] = (version ?? '').split(/[.-]/).map(Number)
    const server = { flavour, version: major * 10_000 + minor * 100 + patch }
    const catalog = buildMysqlCatalog(
      rows,
      flavour,
      mysqlStoredTexts((mode) => dialectOf(server, mode)),
    )
    return { catalog, schema: 'twin_0', dialect: dialectOf(server, ''), temporary: [] }
  } finally {
    await own.close()
  }
}

/** What the facts of a statement promise: null, it would be refused; else for each column whether it may be shown. */
export function shownColumns(facts: StatementFacts): readonly boolean[] | null {
  const { output } = facts
  if (!facts.complete || output === null) return null
  if (facts.decides.some(({ column }) => isSecret(column))) return null
  if (facts.functions.some(({ trust }) => trust !== 'harmless' && trust !== 'expanded')) return null
  if (
    output.some(
      ({ complete, sources }) => !complete || sources.some(({ how, column }) => how === 'decides' && isSecret(column)),
    )
  )
    return null
  return output.map(({ sources }) => !sources.some(({ column }) => isSecret(column)))
}

/** True when a change would not be refused: nothing secret is looked at or written. */
export function isPermittedChange({ complete, decides, functions, writes }: StatementFacts): boolean {
  if (!complete || decides.some(({ column }) => isSecret(column))) return false
  if (functions.some(({ trust }) => trust !== 'harmless' && trust !== 'expanded')) return false
  return writes.every((write) => write.complete && !write.sources.some(({ column }) => isSecret(column)))
}

function isSecret({ relation, column }: ColumnName): boolean {
  return SECRETS.has(`${relation}.${column}`)
}

/** Why what may be shown differs between the sides; null: it does not. */
export function difference(
  shown: readonly boolean[],
  [left, right]: readonly (readonly (readonly (string | null)[])[] | number)[],
): string | null {
  if (typeof left === 'number' || typeof right === 'number')
    return left === right
      ? null
      : `one fails: ${String(typeof left === 'number' ? left : 'rows')} and ${String(typeof right === 'number' ? right : 'rows')}`
  if (left === undefined || right === undefined) return 'a side is missing'
  if (left.length !== right.length) return `${left.length} rows and ${right.length}`
  const [width] = [left[0]?.length ?? shown.length]
  if (width !== shown.length) return `${width} columns where ${shown.length} were read`
  const [a, b] = [left, right].map((rows) =>
    rows.map((row) => JSON.stringify(row.filter((_, index) => shown[index]))).toSorted(),
  )
  return JSON.stringify(a) === JSON.stringify(b)
    ? null
    : `${a?.join(' ').slice(0, 200) ?? ''} and ${b?.join(' ').slice(0, 200) ?? ''}`
}
