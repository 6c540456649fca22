import { expect, test } from 'vitest'
import { readStatement } from './fixtures/sample-catalog.ts'

function looks(sql: string): string[] {
  return readStatement(sql)
    .decides.map(({ column, by }) => `${by} ${column.relation}.${column.column}`)
    .toSorted()
}

test.each([
  "select 1 from people where ssn = 'x'",
  "select 1 from people where 'x' <> ssn and id > 3",
  "select 1 from people where not (ssn = 'x' or ssn is null)",
  "select 1 from people where ssn in ('x', 'y')",
  "select 1 from people where ssn = any (array['x'])",
  "select 1 from people where ssn is distinct from 'x'",
  'select 1 from people where ssn in (select body from notes where id = 1)',
  'select 1 from people where ssn is not null',
  'select 1 from notes where body in (select ssn from people)',
  'select 1 from people p join notes n on p.ssn = n.body',
  'select 1 from people p join other.people o using (ssn)',
  'select count(*) from people group by ssn',
  'select distinct ssn from people',
  'select count(*) over (partition by ssn) from people',
  "select ssn from people union select 'x'",
  "select case ssn when 'x' then 1 end from people",
  "select case when ssn = 'x' then 1 end from people",
  "select count(*) filter (where ssn = 'x') from people",
])('only equality of the masked column is looked at: %s', (sql) => {
  const ofSsn = looks(sql).filter((look) => look.endsWith('.ssn'))
  expect(ofSsn.length).toBeGreaterThan(0)
  expect(ofSsn.every((look) => look.startsWith('equality '))).toBe(true)
})

test.each([
  "select 1 from people where ssn > 'x'",
  "select 1 from people where ssn like 'x%'",
  "select 1 from people where upper(ssn) = 'X'",
  "select 1 from people where ssn || '' = 'x'",
  "select 1 from people where ssn between 'a' and 'b'",
  'select 1 from people where ssn::int = 1',
  "select 1 from people where ssn = 'x' and ssn > 'a'",
  "select 1 from people where (ssn, id) = ('x', 1)",
  'select 1 from people where ssn = (select max(ssn) from people)',
  "select 1 from people where ssn @+@ 'x'",
  "select 1 from people where ssn = 'x' collate \"C\" or lower(ssn) = 'x'",
  'select 1 from people order by ssn',
  'select count(*) from people group by upper(ssn)',
  'select 1 from people where ssn < any (select body from notes)',
  "select case when ssn > 'x' then 1 end from people",
  'select row_number() over (order by ssn) from people',
  'select 1 from people limit (select length(ssn) from people limit 1)',
])('more than equality is looked at: %s', (sql) => {
  expect(looks(sql)).toContain('value people.ssn')
})

test('the result of a comparison tells no more than equality, and what is made from it does', () => {
  const how = (sql: string): string[] => readStatement(sql).output?.[0]?.sources.map((source) => source.how) ?? []
  expect(how("select ssn = 'x' from people")).toEqual(['compared'])
  expect(how("select ssn = 'x' or ssn in ('y') from people")).toEqual(['compared'])
  expect(how('select ssn is null from people')).toEqual(['compared'])
  expect(how("select (ssn = 'x')::int from people")).toEqual(['derived'])
  expect(how("select nullif(ssn, 'x') from people")).toEqual(['derived'])
  expect(how("select ssn = 'x' or ssn like 'y' from people")).toEqual(['derived'])
})

test('a value that may be the column or something computed from it counts as computed', () => {
  const how = (sql: string): string[] => readStatement(sql).output?.[0]?.sources.map((source) => source.how) ?? []
  expect(how('select ssn from people union all select upper(ssn) from people')).toEqual(['derived'])
  expect(how('values ((select ssn from people)), ((select upper(ssn) from people))')).toEqual(['derived'])
})

test('a plain path to a member of a document is no question about its value; any other path is', () => {
  const sql = (path: string): string => `select jsonb_path_query(ssn, '${path}') from people`
  const looked = (path: string): boolean => readStatement(sql(path)).decides.length > 0
  expect(looked('$.a')).toBe(false)
  expect(looked('lax $."a b"')).toBe(false)
  for (const path of ['$.a ? (@ starts with "9")', '$.*', '$.a.b', '$[*]', 'strict $.a', '$', '$.a.size()', '$.a == 1'])
    expect(looked(path), path).toBe(true)
})
