import { expect, test } from 'vitest'
import { MARIADB, namesOf } from '../fixtures/catalog-of.ts'
import { SAMPLE } from '../fixtures/sample-catalog.ts'
import { accessesText, allFacts, decidesText, factsOf, outputText, writesText } from '../fixtures/sheet.ts'

const names = namesOf(SAMPLE)
const mariadb = namesOf(SAMPLE, MARIADB)

test.each([
  ['SELECT @a := ssn FROM users', '?<-users.ssn'],
  ['SET @a = (SELECT ssn FROM users LIMIT 1)', '?<-users.ssn'],
  ['SELECT ssn INTO @a FROM users LIMIT 1', '?<-users.ssn'],
  ['SELECT 1 UNION ALL SELECT ssn FROM users LIMIT 1 INTO @a', '?<-users.ssn'],
  ["SELECT ssn FROM users INTO OUTFILE '/tmp/o'", '?<-users.ssn'],
  ['SELECT LAST_INSERT_ID(salary) FROM users', '?<-users.salary'],
  ['GET DIAGNOSTICS CONDITION 1 @m = MESSAGE_TEXT', '?<-!'],
  ['SET @a = 1', ''],
])('%s keeps a value where no mask stands', (sql, writes) => {
  expect(writesText(factsOf(sql, names))).toBe(writes)
})

test('LAST_INSERT_ID() tells what the variable does; with a value it keeps that', () => {
  const trusts = (sql: string): string[] => factsOf(sql, names).functions.map(({ trust }) => trust)
  expect(trusts('SELECT LAST_INSERT_ID(), last_insert_id( )')).toEqual(['harmless'])
  expect(trusts('SELECT LAST_INSERT_ID(7)')).toEqual(['sensitive'])
  expect(trusts('SELECT LAST_INSERT_ID(), LAST_INSERT_ID(id) FROM users')).toContain('sensitive')
})

test.each(['SELECT * FROM users WHERE id = 1 OR@Id', 'UPDATE users SET salary = 1 LIMIT 1', 'SET @b = @id'])(
  '%s tells which user variables it reads',
  (sql) => {
    const reads = factsOf(sql, names).settings.filter(({ action }) => action === 'show')
    expect(reads).toEqual(/@id/i.test(sql) ? [{ action: 'show', name: '@id', value: null }] : [])
  },
)

test('INTO takes the rows', () => {
  expect(factsOf("SELECT ssn FROM users INTO OUTFILE '/tmp/o'", names)).toMatchObject({
    output: null,
    files: ['/tmp/o'],
  })
  expect(factsOf('SELECT 1 INTO @a', names).output).toBe(null)
})

test.each([
  ['SET autocommit = 0', 'autocommit', '0'],
  ['SET SESSION wait_timeout = DEFAULT', 'wait_timeout', null],
  ["SET NAMES 'utf8mb4' COLLATE utf8mb4_bin", 'names', 'utf8mb4'],
  ['SET NAMES gbk', 'names', 'gbk'],
  ['SET CHARACTER SET utf8mb4', 'character_set_client', 'utf8mb4'],
  ['SET character_set_results = NULL', 'character_set_results', 'NULL'],
  ["SET sql_mode = 'ANSI_QUOTES'", 'sql_mode', 'ANSI_QUOTES'],
  ["SET sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')", 'sql_mode', '@@sql_mode,STRICT_TRANS_TABLES'],
  ["SET sql_mode = CONCAT('ANSI', '_QUOTES', @a)", 'sql_mode', null],
  ['SET sql_mode = @M', 'sql_mode', '@m'],
  ['SET sql_mode = (@m := 1)', 'sql_mode', null],
  ['SET GLOBAL max_connections = 5', 'global.max_connections', '5'],
  ['SET PERSIST max_connections = 5', 'persist.max_connections', '5'],
  ['SET TRANSACTION ISOLATION LEVEL READ COMMITTED', 'transaction_isolation', 'read-committed'],
  ['SET SESSION TRANSACTION READ ONLY', 'transaction_read_only', 'on'],
  ['SET @a = 5', '@a', '5'],
  ["SELECT /*+ SET_VAR(sort_buffer_size = '1') */ 1", 'sort_buffer_size', '1'],
  ['START TRANSACTION READ ONLY', 'transaction_read_only', 'on'],
])('%s sets %s', (sql, name, value) => {
  const [use] = factsOf(sql, names).settings.filter(({ action }) => action !== 'show')
  expect(use).toMatchObject({ name, value })
})

test('a hint that changes how the statement is read leaves it unread', () => {
  expect(factsOf("SELECT /*+ SET_VAR(sql_mode = 'ANSI_QUOTES') */ 1", names).complete).toBe(false)
  expect(factsOf("SET STATEMENT sql_mode = 'ANSI_QUOTES' FOR SELECT 1", mariadb).complete).toBe(false)
  expect(factsOf('SET STATEMENT max_statement_time = 1 FOR SELECT ssn FROM users', mariadb)).toMatchObject({
    complete: true,
  })
})

test.each([
  ['SHOW TABLES', 'show', ''],
  ['SHOW COLUMNS FROM users', 'show app.users()', ''],
  ['DESCRIBE users', 'show app.users()', ''],
  ['SHOW CREATE VIEW v_users', 'show app.v_users()', ''],
  ["SHOW VARIABLES LIKE 'x'", 'show', ''],
  ['SHOW WARNINGS', 'show', '*: !'],
  ['SHOW PROCESSLIST', 'show_processlist', '*: !'],
  ['SHOW ENGINE INNODB STATUS', 'show_engine_status', '*: !'],
  ['SHOW GRANTS', 'show_grants', '*: !'],
])('%s', (sql, accesses, output) => {
  const facts = factsOf(sql, names)
  expect(accessesText(facts)).toBe(accesses)
  expect(outputText(facts)).toBe(output)
})

test('a condition of SHOW looks at what it names', () => {
  const sql = 'SHOW TABLES WHERE EXTRACTVALUE(1, CONCAT(0x7e, (SELECT ssn FROM app.users LIMIT 1)))'
  expect(decidesText(factsOf(sql, names))).toBe('users.ssn')
  expect(factsOf("SHOW COLUMNS FROM users WHERE Field = 'id'", names).complete).toBe(true)
})

test('a plan shows what conditions and functions make of rows, and as JSON every value', () => {
  expect(decidesText(factsOf('EXPLAIN SELECT ssn FROM users WHERE id = 1', names))).toBe('users.id')
  expect(decidesText(factsOf('EXPLAIN FORMAT=JSON SELECT ssn FROM users', names))).toBe('users.ssn')
  expect(decidesText(factsOf('EXPLAIN SELECT MAX(ssn) FROM users', names))).toBe('users.ssn')
  expect(accessesText(factsOf('EXPLAIN DELETE FROM orders', names))).toBe('explain; explain app.orders(*)')
  expect(accessesText(factsOf('EXPLAIN ANALYZE SELECT id FROM orders', names))).toBe('explain; select app.orders(id)')
  expect(factsOf('EXPLAIN FOR CONNECTION 5', names).output?.[0]?.complete).toBe(false)
})

test('PREPARE of a literal is read with the statement, any other text is not known', () => {
  const [prepare, execute] = allFacts("PREPARE s FROM 'SELECT ssn FROM users WHERE id = ?'; EXECUTE S USING @i", names)
  if (prepare === undefined || execute === undefined) throw new Error('no facts')
  expect(accessesText(prepare)).toBe('prepare; select app.users(ssn,id)')
  expect(prepare.output).toBe(null)
  expect(outputText(execute)).toBe('ssn: users.ssn')
  expect(factsOf('PREPARE s FROM @a', names)).toMatchObject({ dynamicSql: true, complete: false })
  expect(factsOf('EXECUTE s', names)).toMatchObject({ dynamicSql: true, complete: false })
  expect(factsOf("EXECUTE IMMEDIATE CONCAT('SEL', 'ECT 1')", mariadb)).toMatchObject({
    dynamicSql: true,
    complete: false,
  })
  expect(outputText(factsOf("EXECUTE IMMEDIATE 'SELECT ssn FROM users'", mariadb))).toBe('ssn: users.ssn')
})

test('HANDLER, and blocks outside of programs, are not followed', () => {
  expect(factsOf('HANDLER users READ FIRST', names)).toMatchObject({ complete: false })
  expect(accessesText(factsOf('HANDLER users OPEN', names))).toBe('select app.users(*)')
  expect(factsOf('BEGIN NOT ATOMIC DELETE FROM orders; END', mariadb)).toMatchObject({
    complete: false,
    dynamicSql: true,
  })
})

test('a histogram looks at the columns it is made of', () => {
  expect(decidesText(factsOf('ANALYZE TABLE users UPDATE HISTOGRAM ON ssn, id', names))).toBe('users.ssn users.id')
})

test('functions that reach further are told, and what they open', () => {
  expect(factsOf("SELECT LOAD_FILE('/etc/hostname')", names)).toMatchObject({
    files: ['/etc/hostname'],
    functions: [{ schema: 'mysql', name: 'load_file', trust: 'revealing' }],
  })
  expect(factsOf('SELECT BENCHMARK(1, 1), SLEEP(1)', names).functions.map(({ trust }) => trust)).toEqual([
    'sensitive',
    'sensitive',
  ])
})

test('USE and temporary tables are followed within a text', () => {
  const used = allFacts('USE other; SELECT ssn FROM users', names)[1]
  expect(used === undefined ? '' : accessesText(used)).toBe('select other.users(ssn)')
  const [made, read] = allFacts(
    'CREATE TEMPORARY TABLE orders AS SELECT id AS note FROM users; SELECT * FROM orders',
    names,
  )
  expect(made?.temporary).toEqual([{ schema: 'app', name: 'orders', columns: [{ name: 'note', type: '' }] }])
  expect(read === undefined ? '' : outputText(read)).toBe('note: orders.note')
})

test('behind what may change names or reading, a text is not read on', () => {
  for (const first of ['CREATE TABLE t (a int)', 'SET ROLE ALL']) {
    const [, second, third] = allFacts(`${first}; SELECT id FROM users; COMMIT`, names)
    expect([first, second?.complete, third?.complete]).toEqual([first, false, true])
  }
  // A quote may end elsewhere.
  for (const first of ["SET sql_mode = ''", 'SET sql_mode = @m', 'SET character_set_client = @c', 'CALL p_text()']) {
    const [, ...rest] = allFacts(`${first}; COMMIT; SHOW TABLES LIKE 'a'; USE app`, names)
    expect(rest.map(({ complete }) => complete)).toEqual([false, false, false])
  }
  expect(allFacts('SET autocommit = 0; SELECT id FROM users', names)[1]?.complete).toBe(true)
})

test('statements under sql_mode ORACLE are not read', () => {
  const oracle = { ...names, dialect: { ...names.dialect, oracle: true } }
  expect(() => factsOf('SELECT 1', oracle)).toThrow('ORACLE')
})

test('CHECKSUM TABLE tells of every value of a table', () => {
  expect(decidesText(factsOf('CHECKSUM TABLE users', names))).toContain('users.ssn')
  expect(factsOf('CHECKSUM TABLE nowhere', names).complete).toBe(false)
})
