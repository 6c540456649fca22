/** Table, for tests: statements as programs send them, up to 16 KiB, which must be read in full. */

const list = (count: number, part: (index: number) => string, separator = ', '): string =>
  Array.from({ length: count }, (_, index) => part(index)).join(separator)

/** `users`, `orders`, `wide` are in the test's catalog. */
export const ORDINARY_TEXTS: readonly (readonly [name: string, text: string])[] = [
  ['a bulk INSERT', `insert into users (id, name, ssn) values ${list(650, (i) => `(${i}, 'somebody', $${i + 1})`)}`],
  [
    'an upsert in bulk',
    `insert into users (id, name) values ${list(900, (i) => `(${i}, 'x')`)} on conflict (id) do update set name = excluded.name returning *`,
  ],
  ['a DELETE by ids', `delete from users where id in (${list(3000, (i) => `${i}`, ',')})`],
  ['a SELECT by parameters', `select * from users where id in (${list(2500, (i) => `$${i + 1}`, ',')})`],
  ['conditions joined by OR', `delete from users where ${list(500, (i) => `(id = ${i} and name = 'x')`, ' or ')}`],
  [
    'a bulk UPDATE by CASE',
    `update users set name = case ${list(350, (i) => `when id = ${i} then 'somebody else'`, ' ')} else name end where id in (${list(350, (i) => `${i}`)})`,
  ],
  [
    'all of a wide table by name',
    `select ${list(300, (i) => `wide.c${i} as a${i}`)} from wide where wide.c0 = $1 order by wide.c1`,
  ],
  ['a wide table written', `update wide set ${list(300, (i) => `c${i} = $${i + 1}`)} where c0 = $301 returning *`],
  [
    'forty joins',
    `select ${list(200, (i) => `t${i % 40}.id as x${i}`)} from users t0 ${list(39, (i) => `left join orders t${i + 1} on t${i + 1}.user_id = t${i}.id`, ' ')} where t0.id = $1`,
  ],
  [
    'forty joins by USING',
    `select * from users t0 ${list(39, (i) => `join orders t${i + 1} using (id)`, ' ')} where id = $1`,
  ],
  ['joins of wide tables', `select * from ${list(5, (i) => `wide w${i}`, ' cross join ')}`],
  ['a hundred queries united', list(100, (i) => `select id, name, ${i} from users where id > ${i}`, ' union all ')],
  [
    'a chain of WITH',
    `with ${list(60, (i) => `a${i} as (select * from ${i === 0 ? 'orders' : `a${i - 1}`} where id > ${i})`)} select * from a59`,
  ],
  [
    'a recursive query',
    `with recursive tree(id, parent, path) as (select id, user_id, array[id] from orders union all select o.id, o.user_id, t.path || o.id from orders o join tree t on o.user_id = t.id) select * from tree`,
  ],
  [
    'a report',
    `select ${list(60, (i) => `sum(case when total = '${i}' then 1 else 0 end) filter (where note is not null) over (partition by user_id order by id) as s${i}`)} from orders`,
  ],
  ['many statements', list(250, (i) => `update users set name = 'x' where id = ${i}`, '; ')],
  [
    'rows from arrays',
    `insert into users (id, name) select * from unnest(array[${list(1500, (i) => `${i}`, ',')}]::int4[], array[${list(1000, () => "'x'", ',')}]::text[])`,
  ],
]
