import { describe, expect, it } from 'vitest'
import { decided, outputs, readStatement } from './fixtures/sample-catalog.ts'

const EVERYTHING = 'derived people.email, derived people.id, derived people.name, derived people.ssn'

describe('the lineage of an output column', () => {
  it.each<[string, string[]]>([
    ['select ssn from people', ['copied people.ssn']],
    ['select p.ssn as harmless from people p', ['copied people.ssn']],
    ['select b from people, unnest(array[name], array[ssn]) t(a, b)', ['derived people.ssn']],
    ['select a from people, unnest(array[name], array[ssn]) t(a, b)', ['derived people.name']],
    ['select x.* from people p join notes n using (id) cross join lateral (select ssn) x', ['copied people.ssn']],
    ['select c from (people join notes using (id)) as j(a, b, c)', ['copied people.ssn']],
    ['select ssn from (people cross join notes) cross join (notes a natural join notes b)', ['copied people.ssn']],
    ['select b from people as t(a, c, b)', ['copied people.ssn']],
    ['select x from (select ssn as x from people) d', ['copied people.ssn']],
    ['with c as (select ssn from people) select * from c', ['copied people.ssn']],
    [
      'with recursive c(x) as (select body from notes union all select p.ssn from people p, c) select x from c',
      ['copied notes.body, copied people.ssn'],
    ],
    [
      'with recursive c as (select ssn from people union all select * from c) cycle ssn set looped using path select * from c',
      ['copied people.ssn', '', 'derived people.ssn'],
    ],
    [
      'with recursive c as (select ssn, id from people union all select *, 1 from (select c.ssn from c) d) search depth first by id set nth select * from c',
      ['copied people.ssn', 'copied people.id', 'derived people.id'],
    ],
    ["select 'x' union all select ssn from people", ['copied people.ssn']],
    ['select l.x from people u, lateral (select u.ssn as x) l', ['copied people.ssn']],
    ['select (select ssn from people limit 1)', ['copied people.ssn']],
    ['values (1), ((select 2)), ((select ssn from people))', ['copied people.ssn']],
    [
      'select v.* from people, lateral (values (people.*, 1)) v',
      ['copied people.id', 'copied people.name', 'copied people.ssn', 'copied people.email', ''],
    ],
    ['select v.* from unheard_of u, lateral (values (u.*)) v', ['?']],
    // Without an alias a function answers to its own name, not to that of its first column.
    ['select (select g.body from generate_series(1, 2)) from notes g', ['copied notes.body']],
    ["select (select k.body from json_to_record('{}') as (k int, body text)) from notes k", ['copied notes.body']],
    [
      "select (select k.body from xmltable('/' passing '<a/>' columns k int, body text)) from notes k",
      ['copied notes.body'],
    ],
    [
      "select (select k.body from json_table('{}', '$' columns (k int, body text))) from notes k",
      ['copied notes.body'],
    ],
    ['select again from tagged_again', ['copied people.ssn']],
    ['select ssn from people_old', ['copied people.ssn, copied people_old.ssn']],
    ['select upper(ssn) from people', ['derived people.ssn']],
    ["select ssn || 'x' from people", ['derived people.ssn']],
    ['select array(select ssn from people)', ['derived people.ssn']],
    ['select people from people', [EVERYTHING]],
    ['select row_to_json(p) from people p', [EVERYTHING]],
    ['select (d.sub).ssn from (select people as sub from people) d', ['copied people.ssn']],
    ['select (row(p.*)).f3 from people p', ['copied people.ssn']],
    ['select ssn(p) from people p', [EVERYTHING]],
    ['select count(ssn), count(*) from people', ['', '']],
    ["select count(nullif(ssn, 'x')) from people", ['derived people.ssn']],
    ['select count(distinct ssn) from people', ['compared people.ssn']],
    ['select secret_of(1)', ['!secret_of']],
    ['select nobody_knows(ssn) from people', ['?derived people.ssn']],
    ['select x from broken', ['?']],
    ['select * from unheard_of', ['?']],
    ['select unheard_of from people', ['?']],
    ['select stavalues1 from pg_statistic', ['?']],
    ['select ctid from people', ['']],
    ['select ssn @+@ ssn from people', ['?derived people.ssn']],
    ['select id, * from notes', ['copied notes.id', 'copied notes.id', 'copied notes.person_id', 'copied notes.body']],
    ['select g from generate_series(1, 3) g', ['']],
  ])('of %s', (sql, expected) => {
    expect(outputs(sql)).toEqual(expected)
  })

  it('carries both sides of a merged join column and keeps the places of the rest', () => {
    const { output } = readStatement('select * from people p join other.people o using (id)')
    expect(output?.map((column) => column.name)).toEqual(['id', 'name', 'ssn', 'email', 'ssn'])
    expect(output?.[0]?.sources.map((source) => source.column.schema)).toEqual(['public', 'other'])
    expect(output?.[4]?.sources[0]?.column.schema).toBe('other')
  })

  it('is seen in RETURNING where a value was just put', () => {
    expect(outputs('update people set name = ssn returning name')).toEqual(['copied people.name, copied people.ssn'])
    expect(outputs('insert into notes values (1, 1, (select ssn from people)) returning body')).toEqual([
      'copied notes.body, copied people.ssn',
    ])
    expect(outputs('delete from people where id = 1 returning old.ssn')).toEqual(['copied people.ssn'])
    const merge = 'merge into notes n using (select ssn from people) p on n.body = p.ssn when matched then delete'
    expect(outputs(`${merge} returning *`)).toEqual([
      'copied people.ssn',
      'copied notes.id',
      'copied notes.person_id',
      'copied notes.body',
    ])
  })

  it('is given for COPY to the client', () => {
    expect(outputs('copy people (id, ssn) to stdout')).toEqual(['copied people.id', 'copied people.ssn'])
    expect(outputs('copy (select ssn from people) to stdout')).toEqual(['copied people.ssn'])
    expect(readStatement("copy people to '/tmp/x'").output).toBeNull()
  })
})

describe('what a statement looks at', () => {
  it.each<[string, string[]]>([
    ["select 1 from people where ssn = 'x'", ['people.ssn']],
    ['select 1 from people order by ssn', ['people.ssn']],
    ['select ssn as z from people order by z', ['people.ssn']],
    ['select ssn from people order by 1', ['people.ssn']],
    ['select distinct ssn from people', ['people.ssn']],
    ['select distinct on (ssn) id from people', ['people.ssn']],
    ['select count(*) from people group by rollup(upper(ssn))', ['people.ssn']],
    ['select 1 from people having max(ssn) > email', ['people.email', 'people.ssn']],
    ["select count(*) filter (where ssn = 'x') from people", ['people.ssn']],
    ['select count(*) over (partition by ssn) from people', ['people.ssn']],
    ['select count(*) over w from people window w as (order by ssn)', ['people.ssn']],
    ["select case when ssn = 'x' then 1 end from people", ['people.ssn']],
    ['select 1 limit (select length from (select ssn as length from people) x)', ['people.ssn']],
    ['select 1 from notes where body in (select ssn from people)', ['notes.body', 'people.ssn']],
    ["select exists (select 1 from people where ssn = 'x')", ['people.ssn']],
    ['select 1 from notes n join people p on p.ssn = n.body', ['notes.body', 'people.ssn']],
    ["select 'x' intersect select ssn from people", ['people.ssn']],
    ["select 1 from tagged where tag = 'x'", ['people.ssn']],
    ["explain select 1 from people where ssn = 'x'", ['people.ssn']],
    ["update notes set body = 'x' where exists (select 1 from people where ssn = 'x')", ['people.ssn']],
  ])('in %s', (sql, expected) => {
    expect(decided(sql)).toEqual(expected)
  })

  it('is not complete when a condition cannot be traced', () => {
    expect(readStatement('select 1 from people where unheard_of = 1').complete).toBe(false)
    expect(readStatement('select 1 from broken where x = 1').complete).toBe(false)
    expect(readStatement('select 1 from unheard_of where x = 1').complete).toBe(true)
  })
})
