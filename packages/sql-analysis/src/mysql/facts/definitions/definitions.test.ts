import { expect, test } from 'vitest'
import { namesOf } from '../fixtures/catalog-of.ts'
import { SAMPLE } from '../fixtures/sample-catalog.ts'
import { accessesText, decidesText, factsOf, writesText } from '../fixtures/sheet.ts'

const names = namesOf(SAMPLE)
const USERS = 'app.users(id,name,email,ssn,salary,dob,region,doc,photo)'

test.each([
  ['CREATE TABLE c AS SELECT ssn x FROM users', 'create_table app.c(*); select app.users(ssn)', 'c.x<-users.ssn'],
  ['CREATE TABLE c LIKE users', 'create_table app.c(*); select app.users()', ''],
  ['CREATE VIEW w AS SELECT ssn FROM users', 'create_view app.w(*); select app.users(ssn)', 'w.ssn<-users.ssn'],
  [
    'CREATE VIEW w (a) AS SELECT UPPER(ssn) FROM users',
    'create_view app.w(*); select app.users(ssn)',
    'w.a<-~users.ssn',
  ],
  ['ALTER TABLE users ADD COLUMN y int', 'alter_table app.users(y)', ''],
  ['ALTER TABLE users CHANGE ssn x varchar(20)', 'alter_table app.users(ssn,x)', ''],
  ['ALTER TABLE users RENAME TO persons', `alter_table ${USERS}; create_table app.persons(*)`, ''],
  ['ALTER TABLE users ADD KEY (id)', `alter_table ${USERS}`, ''],
  ['ALTER TABLE users ADD COLUMN y int, ADD KEY (y), DROP KEY z', 'alter_table app.users(y)', ''],
  ['ALTER TABLE nosuch ADD KEY (id)', 'alter_table ?.nosuch(*)', ''],
  ['ALTER TABLE users ADD y varchar(20) AS (CONCAT(ssn))', 'alter_table app.users(y)', 'users.y<-~users.ssn'],
  [
    'RENAME TABLE users TO a, vault TO users',
    `alter_table ${USERS}; alter_table app.vault(id,secret); create_table app.a(*); create_table app.users(*)`,
    '',
  ],
  ['ALTER TABLE p EXCHANGE PARTITION q WITH TABLE users', `alter_table ?.p(*); alter_table ${USERS}`, ''],
  ['CREATE INDEX i ON users (ssn)', `create_index app.i(*); alter_table ${USERS}`, ''],
  ['DROP TABLE users, nosuch', 'drop_table app.users(*); drop_table ?.nosuch(*)', ''],
  ['TRUNCATE orders', 'truncate app.orders(*)', ''],
  ['DROP DATABASE app', 'drop_schema ?.app(*)', ''],
  ["CREATE USER u IDENTIFIED BY 'p'", 'create_user ?.u(*)', ''],
  [
    "CREATE TABLE f (a int) ENGINE=FEDERATED CONNECTION='mysql://h/d/t'",
    'create_table app.f(*); create_foreign_table app.f(*)',
    '?<-!',
  ],
])('%s', (sql, accesses, writes) => {
  const facts = factsOf(sql, names)
  expect(accessesText(facts)).toBe(accesses)
  expect(writesText(facts)).toBe(writes)
})

test.each([
  'CONVERT TO CHARACTER SET ascii',
  'ENGINE = MyISAM',
  'PARTITION BY KEY (id)',
  'REMOVE PARTITIONING',
  'ALTER CHECK c ENFORCED',
  'DISCARD TABLESPACE',
  'RENAME TO persons',
])('what goes over every row is done to every column, beside a new one too: %s', (more) => {
  const [access] = factsOf(
    `ALTER TABLE users ADD COLUMN y int${/^(?:PART|REM)/.test(more) ? '' : ','} ${more}`,
    names,
  ).accesses
  expect(access?.columns).toEqual(expect.arrayContaining(['ssn', 'y']))
})

test('checks, keys over expressions and defaults look at what they name', () => {
  expect(decidesText(factsOf("ALTER TABLE users ADD CHECK (ssn LIKE '9%')", names))).toBe('users.ssn')
  expect(decidesText(factsOf('CREATE INDEX i ON users ((LEFT(ssn, 1)))', names))).toBe('users.ssn')
})

test('a foreign key looks at the column it refers to: what may be inserted tells which values that has', () => {
  const facts = factsOf('CREATE TABLE guess (g varchar(20), FOREIGN KEY (g) REFERENCES users (SSN))', names)
  expect(decidesText(facts)).toBe('users.ssn')
  expect(decidesText(factsOf('ALTER TABLE orders ADD FOREIGN KEY (id) REFERENCES users (id)', names))).not.toContain(
    'ssn',
  )
})

test('files and servers that a definition names are told', () => {
  expect(factsOf("CREATE FUNCTION f RETURNS STRING SONAME 'f.so'", names).files).toEqual(['f.so'])
  expect(factsOf("CREATE TABLE f (a int) ENGINE=FEDERATED CONNECTION='mysql://h/d/t'", names).files).toEqual([
    'mysql://h/d/t',
  ])
})
