/** Table, for tests: families of texts made to cost as much as 16 KiB can. `users`, `orders`, `wide` and `over` are in the test's catalog. */

const MAX_BYTES = 16 * 1024

/** As many parts as fit between head and tail, at most `most`. */
function filled(head: string, part: (index: number) => string, tail = '', most = Number.POSITIVE_INFINITY): string {
  let text = head
  for (let index = 0; index < most; index++) {
    const next = part(index)
    if (text.length + next.length + tail.length > MAX_BYTES) break
    text += next
  }
  return text + tail
}

/** `open` as often as fits or `most`, then the core, then `close` as often. */
function nested(head: string, open: string, core: string, close: string, most: number, tail = ''): string {
  const room = MAX_BYTES - head.length - core.length - tail.length
  const times = Math.min(most, Math.floor(room / (open.length + close.length)))
  return head + open.repeat(times) + core + close.repeat(times) + tail
}

const list = (count: number, part: (index: number) => string, separator = ', '): string =>
  Array.from({ length: count }, (_, index) => part(index)).join(separator)

type Family = readonly [name: string, text: string]

const DEPTHS = [50, 200, 400, 490]

const CONDITIONS: readonly Family[] = DEPTHS.flatMap((depth): Family[] => [
  [`NOT in OR ${depth}`, nested('delete from users where ', '(id=1 or not ', 'id=2', ')', depth)],
  [`NOT in OR, one column ${depth}`, nested('delete from users where ', '(id=1 or not ', '(id=1)', ')', depth)],
  [`AND in OR ${depth}`, nested('delete from users where ', '(id=1 or (id=2 and ', 'id=3', '))', depth >> 1)],
  [`NOT NOT ${depth}`, nested('delete from users where ', 'not (', 'id=2', ')', depth)],
  [`IS TRUE ${depth}`, nested('delete from users where ', '(', 'id=2', ') is true', depth)],
  [`IS NOT NULL ${depth}`, nested('delete from users where ', '(', 'id=2', ') is not null', depth)],
  [`COALESCE ${depth}`, nested('delete from users where ', 'coalesce(', 'id=2', ', ssn is null)', depth)],
  [
    `CASE in WHEN ${depth}`,
    nested('delete from users where ', 'case when ', 'id=2', ' then true else false end', depth),
  ],
  [`CASE in THEN ${depth}`, nested('delete from users where ', '(case when id=1 then ', 'id=2', ' end)', depth)],
  [
    `CASE in ELSE ${depth}`,
    nested('delete from users where ', '(case when id=1 then true else ', 'id=2', ' end)', depth),
  ],
  [`opposites ${depth}`, nested('delete from users where ', '(', 'id=2', ' or id<>2)', depth)],
  [
    `sub-selects ${depth}`,
    nested('delete from users where ', 'id in (select id from users where ', 'id=2', ')', depth),
  ],
  [`EXISTS ${depth}`, nested('select * from users where ', 'exists (select 1 from users where ', 'id=2', ')', depth)],
  [`scalar sub-selects ${depth}`, nested('select ', '(select ', 'ssn', ' from users)', depth, ' from users')],
  [`nested calls ${depth}`, nested('select ', 'upper(', 'ssn', ')', depth, ' from users')],
  [`nested rows ${depth}`, nested('select ', 'row(users,', 'users', ')', depth, ' from users')],
  [`casts ${depth}`, nested('select ', '', 'ssn', '::text', depth * 2, ' from users')],
  [`FOR UPDATE ${depth}`, nested('', 'select * from (', 'select * from users', ' for update) x for update', depth)],
])

const LISTS: readonly Family[] = [
  ['OR', filled('delete from users where id=0', (i) => ` or id=${i}`)],
  ['OR of opposites', filled('delete from users where id=0', (i) => ` or id<>${i}`)],
  ['OR of long ones', filled('delete from users where id=0', (i) => ` or (id,ssn,email,name)=(${i},ssn,email,name)`)],
  ['AND', filled('delete from users where id=0', () => ' and ssn=ssn')],
  ['IN', filled('delete from users where id in (0', (i) => `,${i % 10}`, ')')],
  ['IN, long literal', filled(`delete from users where '${'7'.repeat(8000)}' in ('1'`, (i) => `,'${i % 10}'`, ')')],
  ['IN, cast literal', filled(`delete from users where 1${'::int'.repeat(900)} in (1`, (i) => `,${i % 10}`, ')')],
  ['IN, columns', filled('select 1 from wide where c0 in (c1', (i) => `,c${i % 300}`, ')')],
  ['sum of columns', filled('select c0', (i) => `+c${i % 300}`, ' from wide', 1900)],
  ['division of columns', filled('select c0', (i) => `/c${i % 300}`, ' from wide', 1900)],
  ['concatenation of rows', filled('select (wide)::text', () => '||wide::text', ' from wide', 1900)],
  ['row comparison', filled('select 1 from wide where (wide,wide)=(wide', () => ',wide', ')')],
  ['row comparisons', filled('select 1 from wide where true', () => ' and row(wide.*)=row(wide.*)')],
  ['whole rows', filled('select wide', () => ',wide', ' from wide')],
  ['whole rows in calls', filled('select to_json(wide)', () => ',to_json(wide)', ' from wide')],
  ['stars', filled('select *', () => ',*', ' from wide')],
  ['ROW(*)', filled('select row(wide.*)', () => ',row(wide.*)', ' from wide')],
  ['columns', filled('select c299', () => ',c299', ' from wide')],
  ['unknown columns', filled('select nope', () => ',nope', ' from wide')],
  ['field of a row', filled('select (wide).c299', () => ',(wide).c299', ' from wide')],
  ['CASE', filled('select case c0 when 1 then c1', (i) => ` when c${i % 300} then c${i % 300}`, ' end from wide')],
  ['GROUPING SETS', filled('select 1 from wide group by grouping sets ((c0)', (i) => `,(c0,c${i % 300})`, ')')],
  ['CUBE', filled('select 1 from wide group by cube (c0', (i) => `,c${i % 300}`, ')')],
  ['nested GROUPING SETS', nested('select 1 from wide group by ', 'grouping sets (c0,', 'c1', ')', 490)],
  ['GROUP BY ordinals', filled('select * from wide group by 9999', () => ',9999')],
  ['ORDER BY names', filled('select * from wide order by c299', () => ',c299')],
  ['ORDER BY ordinals', filled('select * from wide order by 9999', () => ',9999')],
  ['DISTINCT ON', filled('select distinct on (c299', () => ',c299', ') * from wide')],
  [
    'windows',
    filled('select 1 from wide window w as (order by c0)', (i) => `,w${i} as (partition by c${i % 300} order by wide)`),
  ],
  ['OVER', filled('select 1', (i) => `,count(*) over (partition by c${i % 300} order by wide)`, ' from wide')],
  ['FILTER', filled('select 1', () => ',count(*) filter (where wide is not null)', ' from wide')],
  ['overloads', filled('select over(c0)', () => ',over(c0)', ' from wide')],
  ['overloads by number', filled('select over()', (i) => `,over(${list(i % 9, () => '1', ',')})`)],
  ['operators of users', filled('select c0', (i) => `@+@c${i % 300}`, ' from wide', 1900)],
  ['BETWEEN', filled('select 1 from wide where true', (i) => ` and wide between c${i % 300} and c1`)],
  ['IN of sub-selects', filled('select 1 from wide where true', () => ' and c0 in (table wide)')],
  ['arrays of wide rows', filled('select array(table wide)', () => ',array(table wide)')],
  ['VALUES', filled('values (1,2)', () => ',(1,2)')],
  ['VALUES of one row', filled('values (1', () => ',1', ')')],
  ['INSERT … VALUES', filled('insert into users values (1,2)', (i) => `,(${i},2)`)],
  ['INSERT … SELECT', filled('insert into wide select *', () => ',*', ' from wide')],
  ['json', filled('select json_build_object(1,wide', () => ',1,wide', ') from wide')],
  ['JSON_OBJECT', filled("select json_object('a':wide", (i) => `,'k${i}':wide`, ') from wide')],
  ['JSON_TABLE', filled("select * from wide, json_table(wide, '$' columns (a int", (i) => `,a${i} int`, ')) j')],
  ['XMLTABLE', filled("select * from wide, xmltable('/' passing wide columns a int", (i) => `,a${i} int`, ') j')],
  ['long names', filled('select a', () => '.a', ' from users')],
  ['casts to rows', filled("select (''::wide)", () => ",(''::wide)")],
  ['composite fields', filled("select (''::wide).*", () => ",(''::wide).*")],
]

const FROM: readonly Family[] = [
  ['cross joins and stars', `select ${'*,'.repeat(1000)}* from users${' cross join orders'.repeat(400)}`],
  ['cross joins', filled('select * from users', () => ' cross join orders')],
  ['cross joins of wide', filled('select * from wide', () => ' cross join wide')],
  ['unqualified name over joins', `select ${'nope,'.repeat(1000)}1 from users${' cross join orders'.repeat(400)}`],
  [
    'qualified names over joins',
    filled('select 1', () => ',z.id', ` from users${' cross join orders'.repeat(400)} cross join users z`),
  ],
  ['NATURAL joins', filled('select * from users', () => ' natural join orders')],
  ['NATURAL joins of wide', filled('select * from wide', () => ' natural join wide')],
  ['NATURAL joins of unknown', filled('select * from wide', () => ' natural join nope')],
  ['USING', filled('select * from users', () => ' join orders using(id)')],
  ['USING of many', filled('select * from wide', () => ` join wide using(${list(100, (i) => `c${i}`, ',')})`)],
  [
    'USING twice the same',
    filled(`select * from wide join wide w using(${list(290, (i) => `c${i}`, ',')}`, () => ',c0', ')'),
  ],
  ['USING and names', filled('select id', () => ',id', ` from users${' join orders using(id)'.repeat(350)}`)],
  ['ON', filled('select 1 from users', () => ' join orders on nope=nope')],
  ['ON with names', filled('select 1 from users', (i) => ` join orders o${i} on o${i}.id=users.id`)],
  ['LEFT JOIN with whole rows', filled('select 1 from users', (i) => ` left join orders o${i} on o${i}=users`)],
  ['commas', filled('select * from users', () => ',users')],
  ['commas, LATERAL', filled('select 1 from users', () => ',lateral(select nope)x')],
  ['commas, functions', filled('select * from users', () => ',over(id)')],
  ['commas of wide', filled('select * from wide', () => ',wide')],
  ['ROWS FROM', filled('select * from rows from (over(1)', () => ',over(1)', ')')],
  ['unnest of many', filled('select * from unnest(array[1]', () => ',array[1]', ')')],
  ['unnest of rows', filled('select * from wide, unnest(array[wide]', () => ',array[wide]', ')')],
  ['aliased joins', filled('select * from users', (i) => ` cross join (users a cross join orders b) as j${i}(a,b,c)`)],
  ['alias lists', filled('select a from wide', (i) => `,wide w${i}(a,b)`)],
  ['same columns', filled('select id,id,id', () => ',id', ` from ${list(400, (i) => `users u${i}`)}`)],
  ['TABLESAMPLE', filled('select * from users', () => ',users tablesample system(1)')],
  ...DEPTHS.flatMap((depth): Family[] => [
    [`parenthesised joins ${depth}`, nested('select * from ', '(', 'users', ' cross join orders)', depth)],
    [`joins to the right ${depth}`, nested('select * from ', '(orders cross join ', 'users', ')', depth)],
    [`joins to the right, USING ${depth}`, nested('select * from ', '(orders join ', 'users', ' using(id))', depth)],
    [`nested sub-queries ${depth}`, nested('select * from ', '(select * from ', 'wide', ')x', depth)],
    [`nested LATERAL ${depth}`, nested('select * from users, ', 'lateral (select nope, * from ', 'wide', ')x', depth)],
    [`nested renaming ${depth}`, nested('select * from ', '(select * from ', 'wide', ')x(a,b)', depth)],
    [`sub-queries doubled ${depth}`, nested('select * from ', '(select *,* from ', 'users', ')x', depth)],
  ]),
]

const QUERIES: readonly Family[] = [
  ['UNION', filled('select * from wide', () => ' union select * from wide')],
  ['UNION ALL of TABLE', filled('table wide', () => ' union all table wide')],
  ['UNION to the right', nested('', 'table wide union (', 'table wide', ')', 490)],
  [
    'UNION tree',
    ((): string => {
      let tree = 'table wide'
      while (2 * tree.length + 20 < MAX_BYTES) tree = `(${tree} union ${tree})`
      return tree
    })(),
  ],
  ['UNION of unlike width', filled('select 1', (i) => ` union select ${list(i % 40, () => '1', ',')}1`)],
  ['CTE chain', filled('with a0 as (table users)', (i) => `,a${i + 1} as (table a${i})`, ' select 1')],
  [
    'CTE doubling columns',
    filled('with a0 as (table users)', (i) => `,a${i + 1} as (select *,* from a${i})`, ' select 1'),
  ],
  [
    'CTE doubling tables',
    filled('with a0 as (table users)', (i) => `,a${i + 1} as (select * from a${i} x,a${i} y)`, ' select 1'),
  ],
  [
    'CTE doubling rows',
    filled(
      'with a0 as (select users a from users)',
      (i) => `,a${i + 1} as (select row(a,a) a from a${i})`,
      ' select 1',
    ),
  ],
  ['CTE named often', filled('with a as (select *,*,*,* from wide) select 1 from a', () => ',a')],
  ['CTE of many names', filled(`with ${list(300, (i) => `a${i} as (select 1)`)} select 1 from a0`, () => ',a0')],
  ['recursive', filled('with recursive a as (table wide union table a) select 1 from a', () => ',a')],
  [
    'recursive, shifting',
    `with recursive a as (select ${list(300, (i) => `c${i}`, ',')} from wide union select ${list(300, (i) => `c${(i + 1) % 300}`, ',')} from a) table a`,
  ],
  ['recursive, growing rows', 'with recursive a(r) as (select users from users union select row(r,r) from a) table a'],
  [
    'recursive, many',
    filled(
      'with recursive a0 as (table users)',
      (i) => `,a${i + 1} as (table a${i} union table a${i + 1})`,
      ' select 1',
    ),
  ],
  [
    'recursive, in a ring',
    filled(
      'with recursive a0 as (table users)',
      (i) => `,a${i + 1} as (table a${i + 2} union table a${i})`,
      ' select 1',
    ),
  ],
  ...[5, 10, 20, 40, 80].map((depth): Family => [
    `recursive in recursive ${depth}`,
    nested('', 'with recursive a as (', 'select ssn from users', ' union select * from a) table a', depth),
  ]),
  ...[5, 10, 20, 40, 80].map((depth): Family => [
    `WITH in the first arm ${depth}`,
    nested('', 'with a as ((', 'table users', ') union table users) table a', depth),
  ]),
  [
    'recursive, many names',
    filled(`with recursive a(${list(1500, (i) => `c${i}`, ',')}) as (select 1 from a`, () => ',a', ') table a'),
  ],
  ['views', filled('select 1 from tagged', () => ',tagged')],
  ['views of views', filled('select * from tagged_again', () => ',tagged_again')],
  ['doubling views', filled('select 1 from double30', (i) => `,double${30 - (i % 30)}`)],
  ['many statements', filled('', () => 'table users;')],
  ['many empty ones', filled('', () => 'end;')],
  ['many wide ones', filled('', () => 'table wide;')],
  ['PREPARE and EXECUTE', filled(`prepare p as select ${list(900, () => 'wide', ',')} from wide;`, () => 'execute p;')],
  ['cursors', filled(`declare p cursor for select ${list(400, () => '*', ',')} from wide;`, () => 'fetch p;')],
  ['EXPLAIN', filled('explain select wide', () => ',wide', ' from wide')],
]

const CHANGES: readonly Family[] = [
  ['SET', filled('update wide set c0=1', (i) => `,c${i % 300}=wide`, ' where c0=1 returning *')],
  [
    'SET of many',
    `update wide set (${list(290, (i) => `c${i}`, ',')})=(select ${list(290, (i) => `c${i}`, ',')} from wide) where c0=1`,
  ],
  ['SET of many, again', filled('update wide set c0=1', () => ',(c1,c2,c3)=(select *,*,* from wide)', ' where c0=1')],
  [
    'SET in SET',
    nested('update wide set (c0,c1)=(select c0,', '(select c0+', 'c1', ' from wide)', 400, ' from wide) where c0=1'),
  ],
  ['RETURNING stars', filled('delete from wide where c0=1 returning *', () => ',*')],
  ['RETURNING old and new', filled('update wide set c0=1 where c0=1 returning old', () => ',old,new.*')],
  ['UPDATE FROM', filled('update users set id=1 from orders', () => ',orders', ' where users.id=1')],
  ['DELETE USING', filled('delete from users using orders', () => ' cross join orders', ' where users.id=1')],
  [
    'MERGE',
    filled(
      'merge into wide using wide w on wide.c0=w.c0',
      (i) => ` when matched and w.c${i % 300}=1 then update set c${i % 300}=w.c1`,
    ),
  ],
  [
    'MERGE INSERT',
    filled(
      'merge into wide using wide w on wide.c0=w.c0',
      (i) => ` when not matched and w.c1=${i} then insert values(w.*,w)`,
      ' returning *',
    ),
  ],
  [
    'MERGE DELETE',
    filled(
      'merge into wide using wide w on wide.c0=w.c0',
      () => ' when matched and not (w.c0=1 or wide is null) then delete',
    ),
  ],
  [
    'ON CONFLICT',
    filled('insert into wide values (1) on conflict (c0) do update set c0=1', (i) => `,c${i % 300}=excluded`),
  ],
  ['INSERT, many named', filled('insert into wide (c0', (i) => `,c${i % 300}`, ') table wide')],
  [
    'changes in WITH',
    filled('with a as (select 1)', (i) => `,b${i} as (update wide set c0=1 returning *)`, ' select 1'),
  ],
  ['SELECT INTO', filled('select * into t from wide', () => ',wide')],
  ['CREATE TABLE AS', filled('create table t as select *', () => ',*', ' from wide')],
  ['CREATE VIEW', filled('create view t as select *', () => ',*', ' from wide')],
  ['CREATE TABLE', filled('create table t (a int', (i) => `,a${i} int check (a${i}>0)`, ')')],
  ['CREATE SCHEMA', filled('create schema s', (i) => ` create table t${i}(a int)`)],
  ['CREATE INDEX', filled('create index on wide ((c0)', (i) => `,(c${i % 300}||c1)`, ')')],
  ['ALTER TABLE', filled('alter table wide add x int', (i) => `,alter c${i % 300} type text using wide::text`)],
  ['CREATE RULE', filled('create rule r as on insert to wide do also (select 1', () => ';table wide', ')')],
  ['CREATE FUNCTION', filled('create function f() returns int begin atomic', () => ' table wide;', ' end')],
  ['DROP', filled('drop table wide', () => ',wide')],
  ['GRANT', filled('grant select on wide', () => ',wide', ' to public')],
  ['GRANT of columns', filled('grant select (c0', (i) => `,c${i % 300}`, ') on wide to public')],
  ['TRUNCATE', filled('truncate wide', () => ',wide')],
  ['LOCK', filled('lock wide', () => ',wide')],
  ['COPY', filled('copy wide (c0', (i) => `,c${i % 300}`, ') to stdout')],
  ['FOR UPDATE OF', filled(`select 1 from ${list(500, (i) => `users u${i}`, ',')} for update of u0`, () => ',u0')],
  ['FOR UPDATE often', filled(`select 1 from ${list(500, (i) => `users u${i}`, ',')}`, () => ' for update')],
]

/** Every family, in texts of at most 16 KiB. */
export const HOSTILE_TEXTS: readonly Family[] = [...CONDITIONS, ...LISTS, ...FROM, ...QUERIES, ...CHANGES]
