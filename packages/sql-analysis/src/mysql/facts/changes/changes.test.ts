import { expect, test } from 'vitest'
import { type CatalogColumn, MysqlCatalog, type TableDescription } from '../../catalog.ts'
import { readChecks } from '../../catalog-keys.ts'
import { MARIADB, namesOf } from '../fixtures/catalog-of.ts'
import { SAMPLE } from '../fixtures/sample-catalog.ts'
import { accessesText, decidesText, factsOf, outputText, writesText } from '../fixtures/sheet.ts'

const names = namesOf(SAMPLE)
const mariadb = namesOf(SAMPLE, MARIADB)

/** What is done, and what is written where. */
const cases: readonly (readonly [sql: string, accesses: string, writes: string])[] = [
  [
    'INSERT INTO sink SELECT id, ssn FROM users',
    'insert app.sink(*); select app.users(id,ssn)',
    'sink.id<-users.id sink.data<-users.ssn',
  ],
  [
    'INSERT INTO sink SET id = 1, data = (SELECT ssn FROM users LIMIT 1)',
    'insert app.sink(id,data); select app.users(ssn)',
    'sink.id<- sink.data<-users.ssn',
  ],
  [
    'INSERT INTO sink (data) TABLE vault',
    'insert app.sink(data); select app.vault(id,secret)',
    'sink.data<-vault.id ?<-vault.secret',
  ],
  ['REPLACE INTO sink VALUES (1, 2)', 'insert app.sink(*); delete app.sink(*)', 'sink.id<- sink.data<-'],
  [
    "INSERT INTO sink SELECT id, ssn FROM users ON DUPLICATE KEY UPDATE data = CONCAT(VALUES(data), 'x')",
    'insert app.sink(*); select app.users(id,ssn); update app.sink(data)',
    'sink.id<-users.id sink.data<-users.ssn sink.data<-~users.ssn',
  ],
  [
    'INSERT INTO sink SELECT id, name FROM users u ON DUPLICATE KEY UPDATE data = u.ssn',
    'insert app.sink(*); select app.users(id,name,ssn); update app.sink(data)',
    'sink.id<-users.id sink.data<-users.name sink.data<-users.ssn',
  ],
  [
    'INSERT INTO sink VALUES (1, (SELECT ssn FROM users LIMIT 1)) AS n (a, b) ON DUPLICATE KEY UPDATE data = n.b',
    'insert app.sink(*); select app.users(ssn); update app.sink(data)',
    'sink.id<- sink.data<-users.ssn sink.data<-users.ssn',
  ],
  [
    'UPDATE users SET name = ssn WHERE id = 1',
    'select app.users(ssn,id); update app.users(name)',
    'users.name<-users.ssn',
  ],
  [
    'UPDATE sink s JOIN users u ON u.id = s.id SET s.data = u.ssn',
    'select app.users(id,ssn); select app.sink(id); update app.sink(data)',
    'sink.data<-users.ssn',
  ],
  ['UPDATE sink, vault SET data = 1', 'select app.vault(); update app.sink(data)', 'sink.data<-'],
  ['UPDATE v_users SET remark = 1 WHERE id = 1', 'select app.v_users(id); update app.v_users(remark)', 'users.ssn<-'],
  ['DELETE FROM orders WHERE id = 1', 'select app.orders(id); delete app.orders(*)', ''],
  [
    'DELETE o FROM orders o JOIN users u ON u.id = o.user_id',
    'select app.users(id); select app.orders(user_id); delete app.orders(*)',
    '',
  ],
  [
    'DELETE FROM o USING orders o, users u WHERE u.id = o.id',
    'select app.users(id); select app.orders(id); delete app.orders(*)',
    '',
  ],
  [
    "LOAD DATA INFILE '/f' INTO TABLE sink (id, @v) SET data = @v",
    'insert app.sink(id,data); load_data',
    'sink.id<- sink.data<-',
  ],
  // A trigger hands the value on; another changes the row itself.
  [
    'INSERT INTO watched (data) SELECT ssn FROM users',
    'insert app.watched(data); select app.users(ssn)',
    'watched.data<-users.ssn log.data<-users.ssn',
  ],
  [
    "UPDATE stamped SET data = 'x' WHERE id = 1",
    'select app.stamped(id); update app.stamped(data)',
    'stamped.data<- stamped.shadow<-stamped.shadow+stamped.data',
  ],
]

test.each(cases)('%s', (sql, accesses, writes) => {
  const facts = factsOf(sql, names)
  expect(accessesText(facts)).toBe(accesses)
  expect(writesText(facts)).toBe(writes)
  expect(facts.complete).toBe(true)
})

test('what a trigger does is beneath the statement', () => {
  const { beneath } = factsOf("INSERT INTO watched (data) VALUES ('x')", names)
  expect(accessesText(beneath)).toBe('insert app.log(data)')
  expect(beneath.functions).toEqual([{ schema: 'app', name: 'copies', trust: 'expanded' }])
})

test('a table whose triggers cannot be seen has one that is not known', () => {
  const table = names.catalog.table('app', 'sink')
  if (table === undefined) throw new Error('no table')
  const hidden = { ...names, temporary: [{ ...table, triggers: null }] }
  const { beneath } = factsOf("INSERT INTO sink VALUES (1, 'x')", hidden)
  expect(beneath.functions).toMatchObject([{ trust: 'unknown' }])
})

test('RETURNING of MariaDB shows columns of the target', () => {
  expect(outputText(factsOf('DELETE FROM users WHERE id = 3 RETURNING ssn, id', mariadb))).toBe(
    'ssn: users.ssn, id: users.id',
  )
  expect(outputText(factsOf('INSERT INTO sink SELECT id, ssn FROM users RETURNING data', mariadb))).toBe(
    'data: users.ssn',
  )
})

test('a value that is converted on its way into a column can fail', () => {
  expect(decidesText(factsOf('INSERT INTO orders (user_id) SELECT ssn FROM users', names))).toBe('users.ssn =orders.id')
  expect(decidesText(factsOf('INSERT INTO sink (data) SELECT ssn FROM users', names))).toBe('=sink.id')
})

test('a CHECK tells of the values that stay as they are beside what is assigned', () => {
  const table = names.catalog.table('app', 'sink')
  if (table === undefined) throw new Error('no table')
  const checked = { ...names, temporary: [{ ...table, checks: readChecks([['app', 'sink', '(`id` < `data`)']]) }] }
  expect(decidesText(factsOf('UPDATE sink SET id = 5', checked))).toBe('=sink.id sink.data')
  expect(decidesText(factsOf("UPDATE sink SET id = 5, data = '9'", checked))).toBe('=sink.id')
  expect(decidesText(factsOf('INSERT INTO sink (id, data) VALUES (1, 2)', checked))).toBe('=sink.id')
  expect(decidesText(factsOf('INSERT INTO sink (id, data) SELECT 1, ssn FROM users', checked))).toContain('users.ssn')
  expect(readChecks([['app', 'sink', 'json_valid(`data`)']])).toEqual([])
})

const unbounded: readonly (readonly [sql: string, wide: boolean])[] = [
  ['DELETE FROM orders', true],
  ['DELETE FROM orders LIMIT 1000', true],
  ['DELETE FROM orders WHERE 1', true],
  ["DELETE FROM orders WHERE 'x' = 'x'", true],
  ['DELETE FROM orders WHERE id = id', true],
  ['DELETE FROM orders WHERE id IS NULL OR id IS NOT NULL', true],
  ['DELETE FROM orders WHERE NOT (id = 1) OR id = 1', true],
  ['DELETE FROM orders WHERE id > 5 OR id <= 5', true],
  ["DELETE FROM orders WHERE note LIKE '%'", true],
  ['DELETE FROM orders WHERE EXISTS (SELECT 1 FROM users)', true],
  ['DELETE FROM orders WHERE id IN (SELECT id FROM orders)', true],
  ['DELETE FROM orders WHERE id BETWEEN id AND id', true],
  ['DELETE FROM orders WHERE @a', true],
  ['DELETE o FROM orders o JOIN users u ON u.id = o.user_id', true],
  ['UPDATE orders SET note = 1', true],
  ['DELETE FROM orders WHERE id > 5', false],
  ['DELETE FROM orders WHERE id = 1 AND 1 = 1', false],
  ['DELETE FROM orders WHERE id IN (1, 2)', false],
  ["UPDATE orders SET note = '' WHERE user_id IN (SELECT id FROM users WHERE region = 'KR')", false],
  ['DELETE FROM orders WHERE 0', false],
]

test.each(unbounded)('%s: without bounds: %s', (sql, wide) => {
  expect(factsOf(sql, names).unboundedWrite).toBe(wide)
})

test('rows that a foreign key takes along are changed beneath, and what is told by them is told', () => {
  const key = {
    columns: ['user_id'],
    references: { schema: 'app', name: 'users' },
    referencedColumns: ['ssn'],
    onDelete: 'cascade' as const,
    onUpdate: 'cascade' as const,
  }
  const column = (name: string): CatalogColumn => ({ name, type: 'varchar', generated: null })
  const described = (name: string, columns: readonly string[]): TableDescription => ({
    schema: 'app',
    name,
    kind: 'table',
    columns: columns.map(column),
    view: null,
  })
  const catalog = new MysqlCatalog({
    version: '1',
    flavour: 'mysql',
    lowerCaseTableNames: 0,
    schemas: ['app'],
    tables: [described('users', ['id', 'ssn']), { ...described('orders', ['user_id']), foreignKeys: [key] }],
    routines: [],
    events: [],
    loadableFunctions: [],
  })
  const keyed = { ...names, catalog }
  const deleted = factsOf("DELETE FROM users WHERE id = 'x'", keyed)
  expect(accessesText(deleted.beneath)).toBe('delete app.orders(*)')
  expect(decidesText(deleted)).toBe('=users.id =orders.user_id =users.ssn')
  const updated = factsOf("UPDATE users SET ssn = name WHERE id = 'x'", { ...keyed, catalog })
  expect(accessesText(updated.beneath)).toBe('update app.orders(user_id)')
  expect(writesText(factsOf('UPDATE users SET ssn = id', keyed))).toBe('users.ssn<-users.id orders.user_id<-users.id')
})
