import { beforeAll, describe, expect, it } from 'vitest'
import type { StatementFacts } from '@gatehouse/core'
import { buildCatalog } from './catalog-rows.ts'
import { LibpgParser } from './libpg-parser.ts'
import { defaultPrescanLimits } from './prescan-limits.ts'
import { readFacts } from './read-facts.ts'
import type { NameEnvironment } from './read-facts.ts'
import { analyse, parseQuery } from './reader-analyse.ts'
import { floatMark, integerMark, ShapeLexer, stringMark } from './shape-lexer.ts'

const text = 25
const int4 = 23
const jsonb = 3802
const bool = 16
function table(oid: number, name: string, columns: readonly (readonly [string, number])[]): string {
  return JSON.stringify([
    oid,
    'public',
    name,
    'r',
    columns.map(([column, type], index) => [column, index + 1, type, index === 0, false]),
    [],
    null,
  ])
}
function builtin(oid: number, name: string, returned: number, types: readonly number[], kind = 'f'): string {
  return JSON.stringify([oid, 'pg_catalog', name, kind, 'i', 'internal', false, returned, types, 0, false, null, null])
}
function type(oid: number, name: string, category: string): string {
  return JSON.stringify([oid, 'pg_catalog', name, 'b', 0, 0, 0, null, category])
}
const rows = {
  relations: [
    table(20_000, 'users', [
      ['id', int4],
      ['name', text],
      ['ssn', text],
      ['salary', int4],
      ['doc', jsonb],
      ['active', bool],
    ]),
    table(20_001, 'orders', [
      ['id', int4],
      ['user_id', int4],
      ['amount', int4],
    ]),
  ],
  functions: [
    builtin(1, 'lower', text, [text]),
    builtin(2, 'left', text, [text, int4]),
    builtin(3, 'sum', int4, [int4], 'a'),
    builtin(4, 'query_to_xml', text, [text, bool, bool, text]),
    builtin(5, 'set_config', text, [text, text, bool]),
    builtin(6, 'jsonb_build_object', jsonb, [text, text]),
    builtin(7, 'nextval', int4, [text]),
    builtin(8, 'length', int4, [text]),
  ],
  types: [type(text, 'text', 'S'), type(int4, 'int4', 'N'), type(jsonb, 'jsonb', 'U'), type(bool, 'bool', 'B')],
  operators: [],
  builtinOperators: ['=', '<>', '<', '<=', '>', '>=', '+', '-', '||', '->', '->>', '~~', '~'].map((name) =>
    JSON.stringify(name),
  ),
}

const conditions = [
  'true',
  'id = 1',
  '5 = id',
  '-1 = id',
  'id = - 5',
  '1 = 1',
  'id = 1 or 2 = 2',
  'id = 1 or id <> 1',
  'id = 1 or id = 2',
  'id < 1 or id >= 1',
  'not (id < 1 and id >= 1)',
  '(id = 1) = (id = 1)',
  '(id = 1) is not distinct from (id = 1)',
  '(id, 1) = (id, 1)',
  'id + 0 = id + 0',
  'id + 0 = id',
  "name like '%'",
  "name like 'a%'",
  "name ~ '.*'",
  "name in ('a', 'b')",
  'id between 1 and 5',
  'id in (1, id)',
  'id = any(array[1, 2])',
  "id = any('{1,2}')",
  'coalesce(id, 1) = 1',
  '1 in (id, 2)',
  "'t'",
  "'t'::bool",
  "active = 't'",
  "'t' = active",
  'id is not distinct from 1',
  "'a' is not null",
  '1 is not null',
  '1 between 0 and 2',
  '(id = 1) is true',
  'id = 1 and 1 = 1',
  'id >= 0 and id < 10',
  "name >= ''",
  'id = 1 is not null',
  'case id when 1 then true else false end',
  'case when 1 = 1 then true end',
  'exists (select 1 from orders where amount > 5)',
  'id in (select user_id from orders where amount = 5)',
  'id = (select 1)',
  'exists (select 1 from orders where amount < 1 or amount >= 1)',
  "doc->>'a' = 'b'",
  "length('a') = 1",
  'length(name) > 0',
  "(id = 1 or id = 2) and name = 'x'",
  'id = 1::int',
  "id::text = '1'",
  'nullif(id, 1) is null',
  'exists (select 1 limit 1)',
  'exists (select id = 1 intersect select id = 1)',
  '(select id = 1) = (select id = 1)',
  'array[id = 1] = array[id = 1]',
]
const statements = [
  'delete from users where $',
  "update users set name = 'x', salary = salary + 5 where $",
  'update users set salary = 1 from orders where $',
  'delete from users using orders where users.id = user_id and $',
  "insert into users (id, name) values (1, 'x') on conflict (id) do update set name = 'y' where $",
  'with d as (delete from users where $ returning id) select * from d, users limit 3',
  "merge into users using orders on $ when matched then update set name = 'x'",
  'select id, name from users where $ order by id limit 5',
  'select 1 from users where $ order by 1',
  'select count(1), sum(salary + 1) from users where $ group by salary + 1 having $',
  'delete from users u using (select 1 as one from orders where $) d where d.one = 1 and u.id = d.one',
  'select * from users join orders on $',
]
const others = [
  "select id, case when salary > 5 then ssn else 'none' end, coalesce(ssn, '-'), left(ssn, 3), doc->>'ssn', doc->'tags'->1, (array[ssn, name])[1], 'x' || ssn, name like 'a%' from users",
  "select jsonb_build_object('s', ssn)->>'s', jsonb_build_object('n', name)->>'n' from users",
  "select query_to_xml('select ssn from users', true, true, '')",
  "select set_config('role', 'x', true)",
  "select nextval('users')",
  'select ssn from users order by 1',
  "select ssn, 'x' from users union select name, 'y' from users order by 2",
  'select ssn, name from users group by 1, 2',
  'select distinct on (2) name, ssn from users',
  "select 'users'::regclass",
  "select * from (values (1, 'a'), (2, 'b')) v (a, b) where v.a = 1",
  "select lower('users'), lower(ssn) from users where lower(name) = 'x'",
  'select 1; delete from users where id = 1; select 2',
  "set role 'x'",
  'begin; update users set id = 1 where id = 2; commit',
]

let parser: LibpgParser
let names: NameEnvironment
const lexer = new ShapeLexer()
beforeAll(async () => {
  parser = await LibpgParser.create()
  names = {
    catalog: buildCatalog('1', rows),
    searchPath: ['pg_catalog', 'public'],
    parse: (sql) => parseQuery(parser, sql, defaultPrescanLimits),
  }
})

const choices: Readonly<Record<number, readonly string[]>> = {
  [integerMark]: ['0', '1', '2', '3', '2147483647'],
  [floatMark]: ['0.0', '1.5', '99999999999'],
  [stringMark]: [
    "''",
    "'t'",
    "'f'",
    "'%'",
    "'.*'",
    "'users'",
    "'ssn'",
    "'n'",
    "'s'",
    "'select ssn from users'",
    "'role'",
  ],
}

function variants(sql: string, literals: readonly number[], marks: readonly number[]): string[] {
  const bytes = Buffer.from(sql)
  return Array.from({ length: 12 }, (_, round) => {
    let from = 0
    let made = ''
    for (const [index, offset] of literals.entries()) {
      const own = /^(?:'[^']*'|\d+(?:\.\d+)?)/.exec(bytes.toString('utf8', offset))?.[0] ?? ''
      const values = choices[marks[index] ?? 0] ?? []
      // The first two rounds give every literal of a kind the same value: equal literals are what tautologies are made of.
      const value = values[(round < 2 ? round : Math.imul(round * 7 + index, 2654435761) >>> 16) % values.length] ?? ''
      made += bytes.toString('utf8', from, offset) + value
      from = offset + own.length
    }
    return made + bytes.toString('utf8', from)
  })
}

function factsOf(sql: string): readonly StatementFacts[] {
  const parsed = parser.parse(sql)
  if (parsed.kind !== 'tree') throw new Error(sql)
  return readFacts(parsed.tree, names)
}

describe('a reading kept for a shape', () => {
  it('is the reading of every text of the shape', () => {
    let shared = 0
    let told = 0
    for (const sql of [
      ...statements.flatMap((statement) => conditions.map((condition) => statement.replaceAll('$', condition))),
      ...others,
    ]) {
      const bytes = Buffer.from(sql)
      const literals: number[] = []
      const length = lexer.scan(bytes, 0, bytes.length, literals)
      const marks = [...lexer.shape.subarray(0, length)].filter((byte) => byte <= stringMark)
      const { reading, holds } = analyse(
        bytes,
        0,
        bytes.length,
        names,
        literals,
        parser,
        readFacts,
        defaultPrescanLimits,
      )
      expect(reading.kind, sql).toBe('read')
      if (reading.kind !== 'read' || literals.length === 0) continue
      for (const other of variants(sql, literals, marks)) {
        if (holds === 'shape') {
          shared++
          expect(factsOf(other), `${sql}\n${other}`).toEqual(reading.facts.statements)
        } else if (JSON.stringify(factsOf(other)) !== JSON.stringify(reading.facts.statements)) {
          told++
        }
      }
    }
    // Both kinds are there: the check can fail.
    expect(shared).toBeGreaterThan(1000)
    expect(told).toBeGreaterThan(300)
  })
})
