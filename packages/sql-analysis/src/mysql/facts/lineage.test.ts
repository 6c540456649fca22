import { describe, expect, test } from 'vitest'
import { MARIADB, namesOf } from './fixtures/catalog-of.ts'
import { SAMPLE } from './fixtures/sample-catalog.ts'
import { decidesText, factsOf, outputText } from './fixtures/sheet.ts'

const names = namesOf(SAMPLE)
const mariadb = namesOf(SAMPLE, MARIADB)

/** What comes out, and what is looked at. */
const cases: readonly (readonly [sql: string, output: string, decides?: string])[] = [
  ['SELECT ssn AS remark FROM users', 'remark: users.ssn'],
  ['SELECT app.u.ssn FROM app.users u', 'ssn: users.ssn'],
  ['SELECT a.id, b.ssn FROM app.orders a, other.users b', 'id: orders.id, ssn: users.ssn'],
  ['SELECT SSN FROM users', 'SSN: users.ssn'],
  ['TABLE sink', 'id: sink.id, data: sink.data'],
  ['SELECT * FROM (SELECT ssn r FROM users) t', 'r: users.ssn'],
  ['SELECT x.* FROM (SELECT id, ssn FROM users) AS x (a, b)', 'a: users.id, b: users.ssn'],
  ['SELECT s.*, 1 FROM sink s', 'id: sink.id, data: sink.data, 1: '],
  ['WITH c (a) AS (SELECT ssn FROM users) SELECT A FROM c', 'A: users.ssn'],
  ['WITH users AS (SELECT 1 AS ssn) SELECT ssn FROM users', 'ssn: '],
  ['WITH users AS (SELECT 1 AS ssn) SELECT ssn FROM app.users', 'ssn: users.ssn'],
  [
    'WITH RECURSIVE c AS (SELECT 1 AS n, name AS x FROM users UNION ALL SELECT n + 1, ssn FROM users JOIN c ON n < 3) SELECT x FROM c',
    'x: users.name+users.ssn',
    '',
  ],
  ['SELECT name FROM users UNION ALL SELECT ssn FROM users', 'name: users.name+users.ssn', ''],
  ['SELECT name FROM users UNION SELECT ssn FROM users', 'name: users.name+users.ssn', '=users.name =users.ssn'],
  ["SELECT 'x' INTERSECT SELECT ssn FROM users", 'x: users.ssn', '=users.ssn'],
  ['VALUES ROW(1, (SELECT ssn FROM users LIMIT 1))', 'column_0: , column_1: users.ssn', ''],
  ['SELECT d.m FROM users u, LATERAL (SELECT u.ssn AS m) d', 'm: users.ssn'],
  ['SELECT (SELECT MAX(u2.ssn) FROM users u2 WHERE u2.id = u.id) AS m FROM users u', 'm: ~users.ssn', '=users.id'],
  ["SELECT s FROM users, JSON_TABLE(doc, '$' COLUMNS (s varchar(20) PATH '$.ssn')) j", 's: ~users.doc', ''],
  ["SELECT doc->'$.a' AS a, doc->>'$.b' AS b FROM users", 'a: ~users.doc, b: ~users.doc', ''],
  [
    'SELECT UPPER(ssn) u, CONCAT(id, ssn) c, HEX(ssn) h FROM users',
    'u: ~users.ssn, c: ~users.id+~users.ssn, h: ~users.ssn',
    '',
  ],
  ['SELECT COUNT(ssn) n, COUNT(DISTINCT ssn) d, COUNT(*) a FROM users', 'n: , d: =users.ssn, a: ', ''],
  [
    "SELECT ssn = '1' e, ssn IS NULL n, ssn IN ('1', '2') i FROM users",
    'e: =users.ssn, n: =users.ssn, i: =users.ssn',
    '',
  ],
  ["SELECT (id, ssn) = (1, 'x') AS e FROM users", 'e: =users.id+=users.ssn', ''],
  ['SELECT IF(id > 1, ssn, name) i FROM users', 'i: ~users.ssn+~users.name', 'users.id'],
  ["SELECT COALESCE(ssn, 'none') c FROM users", 'c: ~users.ssn', ''],
  ['SELECT CASE WHEN id = 1 THEN ssn END c FROM users', 'c: ~users.ssn', '=users.id'],
  [
    'SELECT ssn, ROW_NUMBER() OVER (PARTITION BY region ORDER BY dob) r FROM users',
    'ssn: users.ssn, r: ',
    '=users.region users.dob',
  ],
  ['SELECT twice FROM made', 'twice: made.twice+~made.raw'],
  ['SELECT remark FROM v_users', 'remark: users.ssn', ''],
  ['SELECT again FROM v_over', 'again: users.ssn', ''],
  ['SELECT b FROM v_named', 'b: ~users.email', 'users.salary'],
  ['SELECT f_ssn(1) f FROM orders', 'f: users.ssn', '=users.id'],
  ['SELECT f_vars(1) f', 'f: users.ssn', '=users.id'],
  ['SELECT f_twice(ssn) f FROM users', 'f: ~users.ssn', ''],
  ['SELECT metaphon(name) m FROM users', 'm: ~users.name(metaphon)', 'users.name'],
  ['SELECT nosuch(name) m FROM users', 'm: ~users.name!', 'users.name'],
  ['SELECT ssn FROM nosuch', 'ssn: !', ''],
  ['SELECT nosuch FROM users', 'nosuch: !', ''],
  ['SELECT id FROM users, orders', 'id: users.id+orders.id!', ''],
  ['SELECT @a AS a, ? AS p, @@version AS v', 'a: , p: , v: ', ''],
  ['SELECT @@warning_count AS w', 'w: !', ''],
]

test.each(cases.map(([sql, output, decides]) => ({ sql, output, decides })))('$sql', ({ sql, output, decides }) => {
  const facts = factsOf(sql, names)
  expect(outputText(facts)).toBe(output)
  if (decides !== undefined) expect(decidesText(facts)).toBe(decides)
})

describe('names as the server resolves them', () => {
  const looked: readonly (readonly [sql: string, decides: string])[] = [
    // GROUP BY prefers a column, ORDER BY an alias, HAVING either.
    ['SELECT COUNT(*), ssn AS region FROM users GROUP BY region', '=users.region'],
    ['SELECT COUNT(*), LEFT(ssn, 1) AS part FROM users GROUP BY part', 'users.ssn'],
    ['SELECT ssn AS region FROM users ORDER BY region', 'users.ssn'],
    ['SELECT id, ssn FROM users ORDER BY 2', 'users.ssn'],
    ["SELECT id, ssn z FROM users HAVING z LIKE '9%'", 'users.ssn'],
    ['SELECT id, salary s FROM users ORDER BY s + 1', 'users.salary'],
    ['SELECT id FROM users ORDER BY (SELECT ssn)', 'users.ssn'],
    ['SELECT o.id FROM orders o WHERE EXISTS (SELECT 1 FROM users WHERE ssn = o.note)', '=users.ssn =orders.note'],
    ['SELECT o.id FROM orders o JOIN users u ON u.ssn = o.note', '=users.ssn =orders.note'],
    ['SELECT o.id FROM orders o JOIN users USING (id)', '=orders.id =users.id'],
    ['SELECT DISTINCT ssn FROM users', '=users.ssn'],
    ['SELECT id FROM users LIMIT 5', ''],
    // What is compared with another type is read as that: more than equality is told.
    ["SELECT id FROM users WHERE ssn = '987'", '=users.ssn'],
    ['SELECT id FROM users WHERE ssn = 987', 'users.ssn'],
    ['SELECT id FROM users WHERE ssn = ?', 'users.ssn'],
    ['SELECT id FROM users WHERE salary = 987', '=users.salary'],
    ["SELECT id FROM users WHERE ssn IN ('1', 2)", 'users.ssn'],
    ['SELECT u.id FROM users u JOIN orders o ON u.ssn = o.amount', 'users.ssn orders.amount'],
    // What fails or warns tells of the value.
    ['SELECT ssn + 0 FROM users', 'users.ssn'],
    ['SELECT CAST(ssn AS UNSIGNED) FROM users', 'users.ssn'],
    ['SELECT CAST(ssn AS BINARY), BINARY ssn, CONVERT(ssn USING utf16) FROM users', ''],
    ['SELECT CONVERT(ssn USING latin1) FROM users', 'users.ssn'],
    ['SELECT YEAR(dob), YEAR(ssn) FROM users', 'users.ssn'],
    ['SELECT EXTRACTVALUE(1, ssn) FROM users', 'users.ssn'],
    ["SELECT ssn REGEXP '^9' FROM users", 'users.ssn'],
    ["SELECT IFNULL(ssn, name), ssn = 'x' AND id = 1 FROM users", 'users.ssn'],
  ]

  test.each(looked)('%s', (sql, decides) => {
    expect(decidesText(factsOf(sql, names))).toBe(decides)
  })

  test('a star over merged columns has those first, and RIGHT swaps the arms', () => {
    expect(outputText(factsOf('SELECT * FROM sink JOIN vault USING (id)', names))).toBe(
      'id: sink.id+vault.id, data: sink.data, secret: vault.secret',
    )
    expect(outputText(factsOf('SELECT * FROM sink NATURAL RIGHT JOIN vault', names))).toBe(
      'id: vault.id+sink.id, secret: vault.secret, data: sink.data',
    )
  })

  test('ON sees the arms of its own join only', () => {
    expect(factsOf('SELECT 1 FROM users, orders o JOIN vault v ON o.id = secret', names).complete).toBe(true)
    const { decides } = factsOf('SELECT 1 FROM sink a, orders o JOIN vault v ON id = 1', names)
    expect(decides.map(({ column }) => column.relation)).toEqual(['orders', 'vault'])
  })

  test('tables compare by lower_case_table_names, WITH queries of MariaDB in any case', () => {
    expect(outputText(factsOf('SELECT ssn FROM USERS', names))).toBe('ssn: !')
    const text = 'WITH Orders AS (SELECT ssn AS id FROM users) SELECT id FROM orders'
    expect(outputText(factsOf(text, mariadb))).toBe('id: users.ssn')
    expect(outputText(factsOf(text, names))).toBe('id: orders.id')
  })

  test('a partition that is named tells of what sent a row there', () => {
    const sink = names.catalog.table('app', 'sink')
    if (sink === undefined) throw new Error('no table')
    const divided = { ...names, temporary: [{ ...sink, partitioned: true }] }
    expect(decidesText(factsOf('SELECT id FROM sink PARTITION (p0)', divided))).toBe('sink.id sink.data')
    expect(decidesText(factsOf('SELECT id FROM sink', divided))).toBe('')
    expect(decidesText(factsOf('SELECT id FROM sink PARTITION (p0)', names))).toBe('')
  })

  test('what shows diagnostics of earlier statements, and nothing besides, is told apart', () => {
    for (const sql of [
      'SHOW WARNINGS LIMIT 2',
      'SHOW COUNT(*) ERRORS',
      'SELECT @@warning_count, @@session.error_count + 1, (SELECT @@warning_count)',
    ])
      expect(factsOf(sql, names), sql).toMatchObject({ diagnostics: 'unknown', complete: true })
    for (const sql of [
      'SHOW TABLES',
      'SELECT @@warning_count, @@sql_mode',
      'SELECT @@warning_count, @a',
      'SELECT @@warning_count, ROW_COUNT()',
      'SELECT @@warning_count FROM users',
      'SELECT @@warning_count, (SELECT MAX(ssn) FROM users)',
      'SELECT @@warning_count INTO @a',
      "SELECT @@warning_count INTO OUTFILE '/tmp/x'",
      'EXPLAIN SELECT @@warning_count',
      'SET @a = @@warning_count',
      "PREPARE s FROM 'SHOW WARNINGS'",
    ])
      expect(factsOf(sql, names).diagnostics, sql).toBeUndefined()
  })

  test('MariaDB reads WITH queries that stand behind', () => {
    const text = 'WITH RECURSIVE a AS (SELECT r FROM b), b AS (SELECT ssn AS r FROM users) SELECT r FROM a'
    expect(outputText(factsOf(text, mariadb))).toBe('r: users.ssn')
  })
})

describe('letters compare as the servers compare them', () => {
  test.each([
    ['é', 'É', true],
    ['д', 'Д', true],
    ['å', 'Å', true],
    ['k', 'K', true],
    ['s', 'ſ', false],
    ['ss', 'ß', false],
    ['ß', 'ẞ', false],
    ['ⱥ', 'Ⱥ', false],
    ['ა', 'Ა', false],
    ['ꭰ', 'Ꭰ', false],
    ['e', 'é', false],
    ['σ', 'ς', false],
    ['ı', 'I', false],
    ['a', 'a ', false],
  ])('%s and %s: one name: %s', (asked, alias, same) => {
    const inner = `SELECT (SELECT \`${asked}\` FROM (SELECT ssn AS \`${alias}\` FROM users) d) AS x FROM (SELECT 1 AS \`${asked}\`) o`
    expect(outputText(factsOf(inner, names))).toBe(same ? 'x: users.ssn' : 'x: ')
    const outer = `SELECT (SELECT \`${asked}\` FROM (SELECT 1 AS \`${alias}\`) d) AS x FROM (SELECT ssn AS \`${asked}\` FROM users) o`
    expect(outputText(factsOf(outer, names))).toBe(same ? 'x: ' : 'x: users.ssn')
  })

  test('a letter that some servers take for another is not read', () => {
    expect(factsOf('SELECT 1 AS `İ`', names).complete).toBe(false)
  })
})
