import { describe, expect, it } from 'vitest'
import { readFacts } from '../read-facts.ts'
import { accessed, readStatement, readText, sampleEnvironment } from './fixtures/sample-catalog.ts'
import type { ParseResult, Tree } from './tree.ts'

describe('the relations a statement touches', () => {
  it.each<[string, string[]]>([
    ['select 1', ['select']],
    ['with people as (select 1) select * from people', ['select']],
    ['with people as (select * from people) select * from people', ['select public.people']],
    ['with d as (delete from people returning *) select 1', ['delete public.people', 'select public.people']],
    ['select 1 from only (people)', ['select public.people']],
    ['select * from unheard_of', ['select ?.unheard_of']],
    ['select * from nowhere.people', ['select nowhere.people']],
    ['select 1 from people for update', ['lock public.people', 'select public.people']],
    ['select * into x from people', ['create_table public.x', 'select public.people']],
    ['create temp table x as table people', ['create_table pg_temp.x', 'select public.people']],
    ['explain analyze delete from people', ['delete public.people', 'explain']],
    ['explain (analyze false) delete from people', ['explain', 'explain public.people']],
    ['copy people from stdin', ['copy_from public.people', 'insert public.people']],
    ['truncate people, notes', ['truncate public.notes', 'truncate public.people']],
    ['drop table people, other.people', ['drop_table other.people', 'drop_table public.people']],
    [
      'alter table notes add foreign key (id) references people',
      ['alter_table public.notes', 'alter_table public.people'],
    ],
    [
      'create rule r as on insert to notes do also delete from people',
      ['create_rule ?.r', 'create_rule public.notes', 'delete public.people'],
    ],
    ['grant select on people to bob', ['grant public.people']],
    ['revoke select on people from bob', ['revoke public.people']],
    ['comment on column people.ssn is null', ['comment public.people']],
    ['set role bob', ['set_role ?.bob']],
    ["select set_config('role', 'bob', false)", ['set_role ?.bob']],
    ['begin', ['begin']],
    ['rollback to s', ['rollback_to']],
    ['vacuum people', ['vacuum public.people']],
    ['analyze people', ['analyze public.people']],
  ])('%s', (sql, expected) => {
    expect(accessed(sql)).toEqual(expected.toSorted())
    expect(readStatement(sql).complete).toBe(true)
  })

  it('names the columns a SELECT reads, and all of them by null for a write without list', () => {
    expect(readStatement('select name from people where id = 1').accesses[0]?.columns).toEqual(['name', 'id'])
    expect(readStatement('insert into people values (1)').accesses[0]?.columns).toBeNull()
  })
})

describe('a write without bounds', () => {
  it.each([
    'delete from notes',
    'delete from notes where true',
    'delete from notes where 1 = 1 or id = 3',
    'delete from notes where not false',
    'delete from notes where id = id',
    'delete from notes where body is null or body is not null',
    'delete from notes where id is not null',
    'delete from notes where 1 in (1)',
    "delete from notes where 'a' = 'a'",
    'delete from notes where id > 0 or id <= 0',
    "delete from notes where body like '%'",
    'delete from notes where id in (select id from notes)',
    'delete from notes where exists (select 1 from people where people.id = 1)',
    'delete from notes using people where people.id = 1',
    'update notes set body = null where random() < 2',
    'with x as (delete from notes returning 1) select 1',
    'merge into notes n using people p on true when matched then delete',
    'merge into notes n using people p on n.id = p.id when not matched by source then delete',
  ])('%s', (sql) => {
    expect(readStatement(sql).unboundedWrite).toBe(true)
  })

  it.each([
    'delete from notes where id = 1',
    'delete from notes where 1 = 1 and id = 3',
    'delete from notes where false',
    'delete from notes where current of c',
    'delete from notes using people p where p.id = notes.person_id',
    'delete from notes where exists (select 1 from people where people.id = notes.person_id)',
    'explain delete from notes',
    'merge into notes n using people p on n.id = p.id when matched then delete',
  ])('is not %s', (sql) => {
    expect(readStatement(sql).unboundedWrite).toBe(false)
  })
})

describe('functions', () => {
  const trust = (sql: string, path?: readonly string[]): string[] =>
    readStatement(sql, path)
      .functions.map((use) => `${use.schema ?? '?'}.${use.name} ${use.trust}`)
      .toSorted()

  it('are found wherever an expression can stand', () => {
    expect(trust('select count(*) over (order by pg_read_file(\'x\') collate "C")')).toContain(
      'pg_catalog.pg_read_file revealing',
    )
    expect(trust('alter table notes add column z text default secret_of(1)')).toEqual(['public.secret_of user'])
    expect(trust('create trigger t before insert on notes for each row execute function secret_of()')).toEqual([
      'public.secret_of user',
    ])
  })

  it('of the user are seen before built-in ones when the path puts them there', () => {
    expect(trust("select upper('x')")).toEqual(['pg_catalog.upper harmless'])
    expect(trust("select upper('x')", ['trap', 'pg_catalog'])).toEqual(['trap.upper user'])
    expect(trust("select upper('x')", ['pg_catalog', 'trap'])).toEqual(['pg_catalog.upper harmless'])
  })

  it('are the server’s own where unnest stands in FROM with several arguments, and only there', () => {
    const own = ['pg_catalog.unnest harmless']
    const paths = [undefined, ['trap', 'pg_catalog', 'public']]
    for (const path of paths) {
      expect(trust('select * from unnest($1::text[], $2::text[]) x(a, b)', path)).toEqual(own)
      expect(trust('select 1 from rows from (unnest($1::text[], $2::text[]))', path)).toEqual(own)
    }
    expect(trust('select * from unnest($1::text[])', paths[1])).toEqual(['trap.unnest user'])
    expect(trust('select unnest($1::text[], $2::text[])', paths[1])).toEqual(['trap.unnest user'])
    expect(trust('select unnest($1::text[], $2::text[])')).toEqual(['?.unnest unknown'])
    expect(trust('select * from pg_catalog.unnest($1::text[], $2::text[])')).toEqual(['pg_catalog.unnest unknown'])
    expect(trust('select * from unnest($1, $2) as (a int, b int)', paths[1])).toEqual(['trap.unnest user'])
  })

  it('behind operators are seen', () => {
    expect(trust('select 1 operator(trap.+) 2')).toEqual(['trap.+ unknown'])
    expect(trust("select 'a' @+@ 'b'")).toEqual(['public.@+@ user'])
    expect(trust("select 'a' ~~~~ 'b'")).toEqual(['?.~~~~ unknown'])
    expect(trust("select 'a' = 'b'")).toEqual([])
  })

  it('that run text make the statement one of dynamic SQL', () => {
    expect(readStatement("select query_to_xml('select 1')").dynamicSql).toBe(true)
    expect(readStatement("do 'begin end'").dynamicSql).toBe(true)
    expect(readStatement("select upper('select 1')").dynamicSql).toBe(false)
  })

  it('casts to name types are listed', () => {
    expect(trust("select 'people'::regclass")).toEqual(['pg_catalog.regclass harmless'])
  })
})

const ANY_SETTING = { action: 'set', name: '*', value: 'x' }

describe('settings', () => {
  it.each([
    ['set search_path = a, "B c"', { action: 'set', name: 'search_path', value: 'a, "B c"' }],
    ["set time zone 'UTC'", { action: 'set', name: 'timezone', value: 'UTC' }],
    ["set names 'utf8'", { action: 'set', name: 'client_encoding', value: 'utf8' }],
    [
      'set session characteristics as transaction read write',
      { action: 'set', name: 'default_transaction_read_only', value: 'off' },
    ],
    ['begin read only', { action: 'set', name: 'transaction_read_only', value: 'on' }],
    ['reset all', { action: 'reset', name: '*', value: null }],
    ['show work_mem', { action: 'show', name: 'work_mem', value: null }],
    ["select set_config('Work_Mem', '1MB', true)", { action: 'set', name: 'work_mem', value: '1MB' }],
    ["select set_config('work' || '_mem', '1MB', true)", { action: 'set', name: '*', value: '1MB' }],
    // As pg_dump sets what not every server has.
    [
      "select set_config(name, 'view', false) from pg_settings where name = 'Some_Setting'",
      { action: 'set', name: 'some_setting', value: 'view' },
    ],
    ["select set_config(name, 'x', false) from pg_settings where name <> 'a'", ANY_SETTING],
    ["select set_config(name, 'x', false) from pg_settings where setting = 'a'", ANY_SETTING],
    ["select set_config(setting, 'x', false) from pg_settings where name = 'a'", ANY_SETTING],
    ["select set_config(name, 'x', false) from pg_settings where name = 'a' or true", ANY_SETTING],
    ["select set_config(name, 'x', false) from pg_settings", ANY_SETTING],
    ["select set_config(name, 'x', false) from pg_settings s(setting, name) where name = 'a'", ANY_SETTING],
    ["select set_config(name, 'x', false) from public.pg_settings where name = 'a'", ANY_SETTING],
    [
      "select (select set_config(name, 'x', false) from (select 'role' as name) s) from pg_settings where name = 'a'",
      ANY_SETTING,
    ],
    ["select set_config(name, 'x', false) from pg_settings, people where pg_settings.name = 'a'", ANY_SETTING],
  ])('%s', (sql, expected) => {
    expect(readStatement(sql).settings).toEqual([expected])
  })
})

describe('several statements in one text', () => {
  it('know the prepared statements and cursors made before them', () => {
    const facts = readText('prepare q as select ssn from people; execute q')
    expect(facts[0]?.output).toBeNull()
    expect(facts[1]?.output?.[0]?.sources[0]?.column.column).toBe('ssn')
    expect(readText('declare c cursor for table people; fetch c')[1]?.output).toHaveLength(4)
    expect(readStatement('execute q').output?.[0]?.complete).toBe(false)
    expect(readStatement('fetch c').output?.[0]?.complete).toBe(false)
  })

  it('are not complete once names may have moved', () => {
    expect(readText("set search_path = trap; select upper('x')")[1]?.complete).toBe(false)
    expect(readText('alter table people rename ssn to x; select id from people')[1]?.complete).toBe(false)
    expect(readText('set work_mem = 1; select id from people')[1]?.complete).toBe(true)
    expect(readText('begin; select id from people; commit').every((facts) => facts.complete)).toBe(true)
  })
})

describe('what is written', () => {
  const writes = (sql: string): string[] =>
    readStatement(sql).writes.map(
      ({ target, sources }) =>
        `${target === null ? '?' : `${target.relation}.${target.column}`} < ${sources.map((s) => s.column.column).join(' ')}`,
    )

  it.each<[string, string[]]>([
    ['insert into notes (body) select ssn from people', ['notes.body < ssn']],
    ['update people set name = ssn where id = 1', ['people.name < ssn']],
    ['create table x as select ssn as y from people', ['x.y < ssn']],
    ['create view x (y) as select ssn from people', ['x.y < ssn']],
    ['update tagged set tag = 1 where id = 1', ['people.ssn < ']],
    [
      'insert into notes (id) values (1) on conflict (id) do update set body = (select ssn from people)',
      ['notes.id < ', 'notes.body < ssn'],
    ],
    [
      'merge into notes n using people p on n.id = p.id when matched then update set body = p.ssn',
      ['notes.body < ssn'],
    ],
    [
      'merge into notes n using people p on n.id = p.id when not matched and name is null then insert (id, body) values (id, name)',
      ['notes.id < id', 'notes.body < name'],
    ],
    ['alter table people alter name type text using ssn', ['people.name < ssn']],
  ])('%s', (sql, expected) => {
    expect(writes(sql)).toEqual(expected)
  })
})

describe('a hostile tree', () => {
  function nested(depth: number): ParseResult {
    let node: Tree = { ColumnRef: { fields: [{ String: { sval: 'ssn' } }] } }
    for (let level = 0; level < depth; level++) node = { NullTest: { arg: node, nulltesttype: 'IS_NULL' } as never }
    return {
      version: 180000,
      stmts: [{ stmt: { SelectStmt: { targetList: [{ ResTarget: { val: node as never } }] } } }],
    }
  }

  it('is refused beyond the depth limit and never throws', () => {
    expect(readFacts(nested(500), sampleEnvironment())[0]?.complete).toBe(true)
    expect(readFacts(nested(50_000), sampleEnvironment())[0]?.complete).toBe(false)
  })

  it('is not complete when it holds what is not known', () => {
    const strange = { version: 0, stmts: [{ stmt: { NobodyStmt: {} } as never }, {}] }
    const facts = readFacts(strange, sampleEnvironment())
    expect(facts.map((one) => [one.action, one.complete])).toEqual([
      ['unknown', false],
      ['unknown', false],
    ])
  })

  it('ends within limits when it entangles itself', () => {
    let sql = 'select id, ssn from people'
    for (let level = 0; level < 25; level++)
      sql = `with recursive r${level}(a, b) as ((${sql}) union all select b, a from r${level}) select a, b from r${level}`
    const started = performance.now()
    const facts = readStatement(sql)
    expect(facts.complete).toBe(false)
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

it('names the server that a subscription connects to, and not the password', () => {
  const text = "create subscription s connection 'host=x password=''a b'' dbname=y' publication p"
  expect(readStatement(text).files).toEqual(['host=x password=… dbname=y'])
})
