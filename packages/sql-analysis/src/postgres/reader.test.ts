import { readFileSync, existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StatementFacts } from '@gatehouse/core'
import type { Catalog } from './catalog.ts'
import { buildCatalog } from './catalog-rows.ts'
import type { CatalogRows } from './catalog-rows.ts'
import type { NameEnvironment } from './read-facts.ts'
import { PostgresReader } from './reader.ts'
import type { Reading } from './reader.ts'
import { emptyRows, harmlessFacts, readFacts } from './worker.fixture.ts'

const secretRows: CatalogRows = {
  ...emptyRows,
  relations: [JSON.stringify([20000, 'public', 'secret', 'r', [], [], null])],
}
const rowsOf = new WeakMap<Catalog, CatalogRows>()
function environment(rows: CatalogRows, searchPath: readonly string[] = ['pg_catalog', 'public']): NameEnvironment {
  const catalog = buildCatalog('1', rows)
  rowsOf.set(catalog, rows)
  return { catalog, searchPath, parse: (sql) => reader.parseQuery(sql) }
}

let reader: PostgresReader
let facts: StatementFacts = harmlessFacts
let reads = 0
let names: NameEnvironment

beforeAll(async () => {
  reader = await PostgresReader.create({
    readFacts: (tree, given) => {
      reads++
      return readFacts(tree, given).map((read) => (facts === harmlessFacts ? read : facts))
    },
    factsModule: new URL('./worker.fixture.ts', import.meta.url),
    catalogRows: (catalog) => rowsOf.get(catalog),
    deadlineMilliseconds: 400,
  })
  names = environment(emptyRows)
})
afterAll(() => reader.close())

function read(text: string | Buffer, where: NameEnvironment = names): Reading {
  const bytes = Buffer.concat([Buffer.from('Q....'), Buffer.from(text), Buffer.from('\0Sjunk')])
  return reader.read(bytes, 5, 5 + Buffer.byteLength(text), where)
}

/** True when the second text was answered from what was kept of the first. */
function shares(first: string, second: string): boolean {
  const a = read(first)
  const before = reads
  const b = read(second)
  expect(a.kind).toBe('read')
  return a === b && reads === before
}

describe('read', () => {
  it('never takes one COPY for another that differs in an option’s literal', () => {
    for (const [one, other] of [
      ["copy t to stdout (delimiter ',')", "copy t to stdout (delimiter ';')"],
      ["copy t to stdout csv null 'a'", "copy t to stdout csv null 'b'"],
      ["copy (select 1) to stdout (format 'csv')", "copy (select 1) to stdout (format 'text')"],
      ['copy t to stdout (header 0)', 'copy t to stdout (header 1)'],
      ["copy (select 'a') to stdout", "copy (select 'b') to stdout"],
      ["select 1; copy t to stdout csv quote 'a'", "select 1; copy t to stdout csv quote 'b'"],
    ] as const)
      expect(shares(one, other), one).toBe(false)
    expect(shares("copy t to stdout (delimiter ',')", "copy t to stdout (delimiter ',')")).toBe(true)
  })

  it('answers with facts, a fingerprint and the client’s own bytes to forward', () => {
    const reading = read("SELECT 1; select 'x'")
    expect(reading).toMatchObject({ kind: 'read', forwardText: null, facts: { fingerprint: /^[0-9a-f]{16}$/ } })
    expect(reading.kind === 'read' && reading.facts.statements).toHaveLength(2)
    expect(read('')).toMatchObject({ kind: 'read', facts: { statements: [] } })
  })

  it('says of a syntax error what the server says, with the position in characters', () => {
    expect(read('selec 1')).toEqual({
      kind: 'unreadable',
      code: 'SYNTAX',
      message: 'syntax error at or near "selec"',
      position: 1,
    })
    expect(read("select 'é' frm x y")).toMatchObject({ code: 'SYNTAX', position: 16 })
    expect(read("select 'open")).toMatchObject({
      code: 'SYNTAX',
      message: `unterminated quoted string at or near "'open"`,
    })
  })

  it('refuses NUL and bytes that are not UTF-8, with the offset, in every place', () => {
    for (const [before, after] of [
      ['select ', ''],
      ["select '", "'"],
      ['select "', '"'],
      ['select /*', '*/ 1'],
    ] as const) {
      for (const bad of [[0x00], [0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc3]]) {
        const reading = read(Buffer.concat([Buffer.from(before), Buffer.from(bad), Buffer.from(after)]))
        expect(reading).toMatchObject({ kind: 'unreadable', code: 'BAD_ENCODING' })
        expect(reading.kind === 'unreadable' && reading.message).toContain(`byte offset ${before.length}`)
      }
    }
  })

  it('never takes a bad string for the literal of a shape it knows', () => {
    read("select 'good' from t")
    expect(read(Buffer.from([...Buffer.from("select '"), 0xff, ...Buffer.from("' from t")]))).toMatchObject({
      code: 'BAD_ENCODING',
    })
    expect(read("select 'a\0b' from t")).toMatchObject({ code: 'BAD_ENCODING' })
  })

  it('forwards the text that was parsed where a comment stood between words the grammar joins', () => {
    const reading = read("select 1 where 'a--' not /*c*/ in ('b') -- end")
    expect(reading).toMatchObject({ kind: 'read', forwardText: "select 1 where 'a--' not       in ('b')       " })
    expect(read('select /*c*/ 1')).toMatchObject({ forwardText: null })
  })

  it('keeps characters and lines where they were when it takes comments out', () => {
    const sql = "select 1 where 'ä' not /* é\n😀 */ in (b) -- ü"
    const reading = read(sql)
    const forwarded = reading.kind === 'read' ? (reading.forwardText ?? '') : ''
    expect(Array.from(forwarded).length).toBe(Array.from(sql).length)
    expect(Array.from(forwarded).indexOf('b')).toBe(Array.from(sql).indexOf('b'))
    expect(forwarded.split('\n').length).toBe(2)
  })

  it.each(["select 'a'\n/* no */\n'b'", "select 'a' -- c\n /* no */ -- d\n 'b'", "select 'a'/*1*/\n/*2*/'b'"])(
    'never joins strings that a block comment parts: %j',
    (sql) => {
      expect(read(sql)).toMatchObject({ kind: 'unreadable', code: 'SYNTAX' })
      expect(read(`${sql} where 1 not /*c*/ in (2)`)).toMatchObject({ kind: 'unreadable', code: 'SYNTAX' })
    },
  )

  it('refuses what is longer than the inline limit', () => {
    expect(read(`select '${'x'.repeat(17_000)}'`)).toMatchObject({ code: 'TOO_LONG' })
  })

  it('refuses where the facts cannot be read, and reads on', () => {
    expect(read('select * from throws')).toMatchObject({ kind: 'unreadable', code: 'TOO_COMPLEX' })
    expect(read('select 2')).toMatchObject({ kind: 'read' })
  })
})

describe('one reading for a shape', () => {
  it('is shared where literals are values', () => {
    for (const [first, second] of [
      [
        'SELECT abalance FROM pgbench_accounts WHERE aid = 12345;',
        'SELECT abalance FROM pgbench_accounts WHERE aid = 7;',
      ],
      ["select a from t where b = 'x' and c = -5", "select a from t where b = 'Jürgen' and c = -777"],
      ['update t set a = a + 1 where b = 5', 'update t set a = a + 22 where b = 66'],
      [
        "insert into t values (1, 'a', null), (2.5, '', true)",
        "insert into t values (3, 'b', null), (9.75, 'xyz', true)",
      ],
      ['select a from t where b in (1, 2) limit 5 offset 1', 'select a from t where b in (3, 4) limit 6 offset 2'],
      ["delete from t where a between 1 and 2 and b in ('x')", "delete from t where a between 3 and 4 and b in ('y')"],
      ["select coalesce(a, 'x'), b || 'y', lower('z') from t", "select coalesce(a, 'p'), b || 'q', lower('r') from t"],
      ["select a::numeric(10, 2), '5'::int from t", "select a::numeric(12, 3), '6'::int from t"],
      ["select case a when 1 then 'x' else 'y' end from t", "select case a when 2 then 'p' else 'q' end from t"],
      [
        'with x as (select 1 as a) select * from x where a > 2',
        'with x as (select 9 as a) select * from x where a > 8',
      ],
    ] as const) {
      expect(shares(first, second), first).toBe(true)
    }
  })

  it('is not shared where a literal can decide', () => {
    for (const [first, second] of [
      ['select a from t order by 1', 'select a from t order by 2'],
      ['select a from t group by 1', 'select a from t group by 2'],
      ['select distinct on (1) a from t', 'select distinct on (2) a from t'],
      ['select a::float(3) from t', 'select a::float(30) from t'],
      ['delete from t where 1 = 1', 'delete from t where 1 = 2'],
      ["delete from t where 't'", "delete from t where 'f'"],
      ["delete from t where 't'::bool", "delete from t where 'f'::bool"],
      ["delete from t where a like 'x'", "delete from t where a like '%'"],
      ['delete from t where (a = 1) = (a = 1)', 'delete from t where (a = 1) = (a = 2)'],
      [
        'delete from t where (a = 1) is not distinct from (a = 1)',
        'delete from t where (a = 1) is not distinct from (a = 2)',
      ],
      ['delete from t where a < 1 or a >= 1', 'delete from t where a < 1 or a >= 2'],
      ['delete from t where not (a < 1 and a >= 1)', 'delete from t where not (a < 1 and a >= 2)'],
      [
        'delete from t where a in (select b from u where b < 1 or b >= 1)',
        'delete from t where a in (select b from u where b < 1 or b >= 3)',
      ],
      [
        'insert into t values (null) on conflict (a) do update set a = 1 where t.a < 1 or t.a >= 1',
        'insert into t values (null) on conflict (a) do update set a = 1 where t.a < 1 or t.a >= 2',
      ],
      ['delete from t where a = a + 0', 'delete from t where a = a + 1'],
      ['delete from t where a = 1 or 2 in (2)', 'delete from t where a = 1 or 2 in (3)'],
      ['delete from t where coalesce(null, 1) = 1', 'delete from t where coalesce(null, 1) = 2'],
      ['delete from t where case when true then 1 end = 1', 'delete from t where case when true then 1 end = 2'],
      ['delete from t using (select 1 as x) d where d.x = 1', 'delete from t using (select 1 as x) d where d.x = 2'],
      [
        'with d as (delete from t where 1 < 2 returning *) select * from d',
        'with d as (delete from t where 1 < 0 returning *) select * from d',
      ],
      ["select 'x'::regclass", "select 'y'::regclass"],
      ["select regclass 'x'", "select regclass 'y'"],
      ["select cast('x' as pg_catalog.regproc)", "select cast('y' as pg_catalog.regproc)"],
      ["select array['x']::regclass[]", "select array['y']::regclass[]"],
      ["select 'x'::my_domain", "select 'y'::my_domain"],
      ["select nextval('x')", "select nextval('y')"],
      ["select set_config('a', 'b', true)", "select set_config('c', 'd', true)"],
      ["select jsonb_path_query(a, '$.x') from t", "select jsonb_path_query(a, '$.y') from t"],
      [
        "select jsonb_build_object('a', b, 'c', d)->>'a' from t",
        "select jsonb_build_object('a', b, 'c', d)->>'c' from t",
      ],
      ['select (array[a, b])[1] from t', 'select (array[a, b])[2] from t'],
      ['set a = 1', 'set a = 2'],
      ["set time zone 'UTC'", "set time zone 'CET'"],
      ["copy t to '/tmp/a'", "copy t to '/tmp/b'"],
      ["do 'begin end'", "do 'begin null end'"],
      ["notify a, 'x'", "notify a, 'y'"],
      ['create table t (a int default 1)', 'create table t (a int default 2)'],
      ['select 1 into t2', 'select 2 into t2'],
      ['explain select * from t where a = 1', 'explain select * from t where a = 2'],
    ] as const) {
      expect(shares(first, second), first).toBe(false)
      expect(shares(first, first), `${first}, the same text`).toBe(true)
    }
  })

  it('is not shared where literals are arguments of a function that is not harmless, nor where facts hold more than positions', () => {
    const call = { schema: 'public', name: 'f' } as const
    const cases: readonly [Partial<StatementFacts>, string, string, boolean][] = [
      [{ functions: [{ ...call, trust: 'harmless' }] }, 'select f1(1)', 'select f1(2)', true],
      [{ functions: [{ ...call, trust: 'user' }] }, 'select f2(1)', 'select f2(2)', false],
      [{ functions: [{ ...call, trust: 'user' }] }, 'select f3() where a = 1', 'select f3() where a = 2', true],
      [{ functions: [{ ...call, trust: 'sensitive' }] }, 'select f4() where a = 1', 'select f4() where a = 2', false],
      [{ functions: [{ ...call, trust: 'unknown' }] }, 'select f5() where a = 1', 'select f5() where a = 2', false],
      [{ complete: false }, 'select f6() where a = 1', 'select f6() where a = 2', false],
      [{ dynamicSql: true }, 'select f7() where a = 1', 'select f7() where a = 2', false],
      [{ files: ['x'] }, 'select f8() where a = 1', 'select f8() where a = 2', false],
      [
        { settings: [{ action: 'set', name: 'x', value: 'y' }] },
        'select f9() where a = 1',
        'select f9() where a = 2',
        false,
      ],
    ]
    for (const [change, first, second, expected] of cases) {
      facts = { ...harmlessFacts, ...change }
      expect(shares(first, second), first).toBe(expected)
    }
    facts = harmlessFacts
  })

  it('is not kept at all where the facts hang on a name this session gave', () => {
    for (const text of [
      'execute x',
      'explain execute x',
      'fetch c',
      'update t set a = 1 where current of c',
      'prepare x as select 1',
    ]) {
      expect(shares(text, text), text).toBe(false)
    }
  })

  it('holds for one catalog and search path, in whatever environment object', () => {
    const text = 'select a from t where b = 1'
    const first = read(text)
    expect(read(text, { ...names })).toBe(first)
    expect(read(text, { ...names, searchPath: ['other'] })).not.toBe(first)
    expect(read(text, environment(emptyRows))).not.toBe(first)
    expect(read(text)).toBe(first)
  })

  it('keeps memory bounded', async () => {
    const small = await PostgresReader.create({
      readFacts,
      catalogRows: () => emptyRows,
      cacheEntries: 10,
      cacheBytes: 100_000,
    })
    for (let index = 0; index < 1000; index++) {
      const bytes = Buffer.from(`select a${index} from t`)
      expect(small.read(bytes, 0, bytes.length, names).kind).toBe('read')
    }
    const one = Buffer.from('select a999 from t')
    expect(small.read(one, 0, one.length, names)).toBe(small.read(one, 0, one.length, names))
    await small.close()
  })
})

describe('the fingerprint', () => {
  const of = (text: string): string => {
    const reading = read(text)
    return reading.kind === 'read' ? reading.facts.fingerprint : ''
  }
  it('is that of the text without literals, blanks, comments and case', () => {
    const base = of("select a from t where b = 'x' and c = 5")
    expect(of('SELECT  a /* 1 */ FROM "t" WHERE b = E\'\\\'"}\' AND c = -0 -- z')).toBe(base)
    expect(of('select a from t where b = \'"location":9}\' and c = 0')).toBe(base)
    expect(of("select a from t where b = 'x' and d = 5")).not.toBe(base)
    expect(of("select a from t where b = 'x' and c = 5.5")).not.toBe(base)
    expect(of("select a from t where b = 'x' or c = 5")).not.toBe(base)
  })
})

describe('readLarge', () => {
  const large = (rest: string): Buffer => Buffer.from(`select '${'x'.repeat(20_000)}' from ${rest}`)

  it('reads in a thread that knows the catalog, and shares by shape', async () => {
    const secret = environment(secretRows)
    const reading = await reader.readLarge(large('t where a = 1'), secret)
    expect(reading).toMatchObject({ kind: 'read', facts: { statements: [{ reason: 'knows secret' }] } })
    expect(await reader.readLarge(large('t where a = 2'), secret)).toBe(reading)
    expect(await reader.readLarge(large('t where a = 1'), names)).toMatchObject({
      facts: { statements: [{ reason: null }] },
    })
  })

  it('copies the bytes before it returns', async () => {
    const bytes = large('t, u')
    const reading = reader.readLarge(bytes, names)
    bytes.fill(0x21)
    expect(await reading).toMatchObject({ kind: 'read' })
  })

  it('says of errors and limits what `read` says', async () => {
    expect(await reader.readLarge(large('t where where'), names)).toMatchObject({ code: 'SYNTAX' })
    expect(await reader.readLarge(large(`t where ${'('.repeat(600)}`), names)).toMatchObject({ code: 'TOO_COMPLEX' })
    expect(await reader.readLarge(Buffer.alloc(2_000_000, 'x'), names)).toMatchObject({ code: 'TOO_LONG' })
  })

  it('kills the thread at the deadline, and reads the next text in a new one', async () => {
    const [late, next] = await Promise.all([
      reader.readLarge(large('spin'), names),
      reader.readLarge(large('next'), names),
    ])
    expect(late).toMatchObject({ code: 'TOO_COMPLEX', message: 'statement too complex: not read within 400 ms' })
    expect(next).toMatchObject({ kind: 'read' })
  })

  it('survives a thread that dies, throws or runs out of memory', async () => {
    expect(await reader.readLarge(large('throws'), names)).toMatchObject({ code: 'TOO_COMPLEX' })
    expect(await reader.readLarge(large('dies'), names)).toMatchObject({ code: 'TOO_COMPLEX' })
    expect(await reader.readLarge(large('exhaust'), names)).toMatchObject({ code: 'TOO_COMPLEX' })
    expect(await reader.readLarge(large('t5'), names)).toMatchObject({ kind: 'read' })
  })

  it('knows more catalogs than the thread keeps', async () => {
    for (let round = 0; round < 2; round++) {
      for (const where of Array.from({ length: 6 }, (_, index) =>
        environment(index % 2 === 0 ? secretRows : emptyRows),
      )) {
        const expected = where.catalog.relation('public', 'secret') === undefined ? null : 'knows secret'
        expect(await reader.readLarge(large('t'), where)).toMatchObject({
          facts: { statements: [{ reason: expected }] },
        })
      }
    }
  })

  it('refuses where the rows of the catalog are not at hand', async () => {
    const where = { ...names, catalog: buildCatalog('1', emptyRows) }
    expect(await reader.readLarge(large('t'), where)).toMatchObject({ kind: 'unreadable' })
  })

  it('refuses after close', async () => {
    const closed = await PostgresReader.create({ readFacts, catalogRows: () => emptyRows })
    await closed.close()
    expect(await closed.readLarge(large('t'), names)).toMatchObject({ code: 'TOO_COMPLEX' })
  })
})

const corpus = new URL('../../../../../shared/corpus/statements/orm-postgres.jsonl', import.meta.url)
describe.skipIf(!existsSync(corpus))('statements of ORMs (skipped where the corpus is not beside the checkout)', () => {
  it('reads all that the server accepts', () => {
    for (const line of readFileSync(corpus, 'utf8').trim().split('\n')) {
      const { sql, accepted } = JSON.parse(line) as { sql: string; accepted: boolean }
      if (accepted) expect(read(sql), sql).toMatchObject({ kind: 'read' })
    }
  })
})
