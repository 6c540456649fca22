import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildCatalog, type CatalogRows } from './catalog-rows.ts'
import type { NameEnvironment } from './read-facts.ts'
import { PostgresReader, type Reading } from './reader.ts'

const many = (count: number, part: (index: number) => string, separator = ''): string =>
  Array.from({ length: count }, (_, index) => part(index)).join(separator)

const TEXT = 25
let oid = 20_000

function relation(name: string, columns: readonly string[], definition: string | null = null): string {
  const described = columns.map((column, index) => [column, index + 1, TEXT, false, false, null])
  return JSON.stringify([oid++, 'public', name, definition === null ? 'r' : 'v', described, null, definition, null])
}

const WIDE = Array.from({ length: 1600 }, (_, index) => `c${index}`)

/** Views each of which joins the one before with itself: of two columns, and of all that a table can have. */
const STACKS = Array.from({ length: 40 }, (_, index) => {
  const [narrow, wide] = index === 0 ? ['base', 'wide'] : [`narrow${index}`, `broad${index}`]
  const sums = WIDE.map((column, at) => `a.${column} || b.c${(7 * at + index) % WIDE.length} AS ${column}`)
  return [
    relation(
      `narrow${index + 1}`,
      ['x', 'y'],
      `SELECT a.x, b.y FROM public.${narrow} a JOIN public.${narrow} b ON a.x = b.y`,
    ),
    ...(index < 5
      ? [relation(`broad${index + 1}`, WIDE, `SELECT ${sums.join()} FROM public.${wide} a, public.${wide} b`)]
      : []),
  ]
}).flat()

const ROWS: CatalogRows = {
  relations: [relation('wide', WIDE), relation('base', ['x', 'y']), ...STACKS],
  functions: [],
  types: [JSON.stringify([TEXT, 'pg_catalog', 'text', 'b', 0, 0, 0, null, 'S'])],
  operators: [],
  builtinOperators: ['=', '+', '||', '->'].map((name) => JSON.stringify(name)),
}

/** Texts of the sizes that nobody writes, with the limit that must be named; null: it is read in full. */
const TEXTS: readonly (readonly [name: string, limit: RegExp | null, text: () => string])[] = [
  ['10 MB of list', /maxStatementBytes/, () => `select ${many(2_000_000, () => 'c0', ',')} from wide`],
  ['one literal of 10 MB', /maxStatementBytes/, () => `select '${'x'.repeat(10_000_000)}'`],
  ['10 MB of comment', /maxStatementBytes/, () => `/*${'x'.repeat(10_000_000)}*/ select 1`],
  ['100,000 CTEs', /maxStatementBytes/, () => `with ${many(100_000, (i) => `c${i} as (select 1)`, ',')} select 1`],
  ['100,000 joins', /maxStatementBytes/, () => `select 1 from base${' cross join base'.repeat(100_000)}`],
  ['1 MB in one literal', null, () => `select '${'x'.repeat(1_000_000)}'`],
  ['1 MB of comment', null, () => `/*${'x'.repeat(1_000_000)}*/ select 1`],
  ['250,000 comments', /maxComments/, () => `${'/**/'.repeat(250_000)}select 1`],
  ['nested comments', /maxComments/, () => `${'/*'.repeat(250_000)}${'*/'.repeat(250_000)}select 1`],
  ['50,000 parentheses', /maxNesting/, () => `select ${'('.repeat(50_000)}1${')'.repeat(50_000)}`],
  ['50,000 brackets', /maxNesting/, () => `select x${'['.repeat(50_000)}1${']'.repeat(50_000)}`],
  ['5,000 sub-selects', /maxNesting/, () => `${'select ('.repeat(5000)}1${')'.repeat(5000)}`],
  ['5,000 sub-selects in FROM', /maxNesting/, () => `${'select * from ('.repeat(5000)}base${') x'.repeat(5000)}`],
  ['5,000 calls', /maxNesting/, () => `select ${'f('.repeat(5000)}1${')'.repeat(5000)}`],
  ['5,000 CASEs', /maxCases/, () => `select ${'case when true then '.repeat(5000)}1${' end'.repeat(5000)}`],
  ['100,000 items of a list', /maxListItems/, () => `select ${many(100_000, String, ',')}`],
  ['100,000 items of IN', /maxListItems/, () => `select 1 from base where x in (${many(100_000, String, ',')})`],
  ['100,000 rows of VALUES', /maxListItems/, () => `insert into base values ${many(100_000, (i) => `(${i})`, ',')}`],
  ['100,000 aliases', /maxListItems/, () => `select ${many(100_000, (i) => `1 a${i}`, ',')}`],
  ['10,000 arms of UNION', /maxSetOperations/, () => many(10_000, String, ' union ').replaceAll(/\d+/g, 'select $&')],
  ['10,000 joins', /maxJoins/, () => `select 1 from base${' cross join base'.repeat(10_000)}`],
  ['100,000 operators', /maxOperators/, () => `select 1${'+1'.repeat(100_000)}`],
  ['100,000 NOTs', /maxOperators/, () => `select ${'not '.repeat(100_000)}true`],
  ['100,000 casts', /maxOperators/, () => `select 1${'::int'.repeat(100_000)}`],
  ['a JSON path of 50,000 steps', /maxOperators/, () => `select x${"->'a'".repeat(50_000)} from base`],
  ['100,000 statements', /maxStatements/, () => 'select 1;'.repeat(100_000)],
  ['5,000 statements', null, () => 'select 1;'.repeat(5000)],
  [
    '5,000 CTEs, each of the one before',
    /1000 deep/,
    () => `with recursive ${many(5000, (i) => `c${i} as (select * from c${i + 1})`, ',')} select * from c0`,
  ],
  ['5,000 CTEs in a row', null, () => `with ${many(5000, (i) => `c${i} as (select 1)`, ',')} select 1`],
  ['stars over 5,000 wide tables', /units of work/, () => `select * from ${many(5000, (i) => `wide w${i}`, ',')}`],
  [
    '100 stars of a wide table',
    /1664 columns/,
    () => `select ${many(100, () => 'w.*', ',')} from wide w${' '.repeat(20_000)}`,
  ],
  ['2,000 whole rows', /units of work/, () => `select ${many(2000, () => 'w', ',')} from wide w`],
  ['a view on a view, each joined with itself, 40 deep', null, () => 'select * from narrow40'],
  ['the same of 1,600 columns', /units of work/, () => 'select * from broad5'],
]

let reader: PostgresReader
let names: NameEnvironment
beforeAll(async () => {
  reader = await PostgresReader.create({ catalogRows: () => ROWS, deadlineMilliseconds: 30_000 })
  names = {
    catalog: buildCatalog('hostile', ROWS),
    searchPath: ['pg_catalog', 'public'],
    parse: (sql) => reader.parseQuery(sql),
  }
})
afterAll(() => reader.close())

/** As the gateway does: shorter texts at once, longer ones in the worker. */
async function read(text: string): Promise<{ readonly reading: Reading; readonly held: number }> {
  const bytes = Buffer.from(text)
  const before = process.threadCpuUsage()
  const short = bytes.length <= reader.inlineLimitBytes
  const reading = short ? reader.read(bytes, 0, bytes.length, names) : await reader.readLarge(bytes, names)
  const { user, system } = process.threadCpuUsage(before)
  return { reading, held: (user + system) / 1000 }
}

/** What keeps it from being read in full; null when nothing does. */
function refusalOf(reading: Reading): string | null {
  if (reading.kind === 'unreadable') return reading.message
  return reading.facts.statements.find((facts) => !facts.complete)?.reason ?? null
}

describe('a text of a size that nobody writes', () => {
  const held: string[] = []
  afterAll(() => {
    console.info(`processor time on the main thread, in ms:\n${held.join('\n')}`)
  })

  it.each(TEXTS)('%s: the limit is named, or it is read', { timeout: 60_000 }, async (name, limit, make) => {
    const text = make()
    const { reading, held: spent } = await read(text)
    held.push(`${spent.toFixed(0).padStart(5)}  ${name} (${text.length} bytes)`)
    if (limit === null) expect(refusalOf(reading)).toBeNull()
    else expect(refusalOf(reading)).toMatch(limit)
  })

  it('leaves the reader as it was', async () => {
    const { reading } = await read('select x from base')
    expect(reading).toMatchObject({ kind: 'read', facts: { statements: [{ complete: true }] } })
  })
})
