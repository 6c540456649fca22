import { expect, test } from 'vitest'
import type { Dialect } from './dialect.ts'
import { mysqlStoredTexts } from './stored-texts.ts'

const texts = mysqlStoredTexts((sqlMode): Dialect => {
  const modes = sqlMode.split(',')
  return {
    flavour: 'mysql',
    version: 90_704,
    ansiQuotes: modes.includes('ANSI_QUOTES'),
    noBackslashEscapes: modes.includes('NO_BACKSLASH_ESCAPES'),
    pipesAsConcat: false,
    ignoreSpace: false,
    highNotPrecedence: false,
    oracle: modes.includes('ORACLE'),
  }
})

test('an expression is one, and nothing can be put behind it', () => {
  const column = { kind: 'column', schema: null, table: null, name: 'a' }
  expect(texts.expression('`a`')).toEqual({ kind: 'tree', tree: column })
  for (const text of ['', '`a`, `b`', '1; DROP TABLE t', 'a AS b FROM t', '?', '`a', "'a"])
    expect(texts.expression(text).kind, text).toBe('unread')
})

test('a query is one, and nothing else', () => {
  expect(texts.query('select `s`.`t`.`a` AS `x` from `s`.`t`').kind).toBe('tree')
  for (const text of [
    '',
    'DELETE FROM t',
    'SELECT 1; SELECT 2',
    'SELECT ?',
    'SELECT 1 FROM',
    'CREATE VIEW v AS SELECT 1',
  ])
    expect(texts.query(text).kind, text).toBe('unread')
})

test('a body is read by the mode it was made under', () => {
  const create = (body: string): string => `CREATE PROCEDURE "p"() ${body}`
  const quoted = texts.body(create('SELECT "a" FROM t'), 'STRICT_TRANS_TABLES,ANSI_QUOTES')
  expect(JSON.stringify(quoted)).toContain('"kind":"column","schema":null,"table":null,"name":"a"')
  expect(texts.body(create('SELECT "a"'), '').kind).toBe('unread')
  const backslash = String.raw`CREATE TRIGGER t BEFORE INSERT ON t FOR EACH ROW SET @a = 'x\', @b = (SELECT ssn FROM u)`
  expect(JSON.stringify(texts.body(backslash, 'NO_BACKSLASH_ESCAPES'))).toContain('ssn')
  expect(texts.body(backslash, '').kind).toBe('unread')
  expect(texts.body('CREATE PROCEDURE p() SELECT 1', 'ORACLE').kind).toBe('unread')
})

test('a body may end in a semicolon, and what has none is not read', () => {
  expect(texts.body('CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t;', '').kind).toBe('tree')
  for (const text of ['CREATE TABLE t (a int)', 'SELECT 1', 'CREATE PROCEDURE p() SELECT 1; SELECT 2'])
    expect(texts.body(text, '').kind, text).toBe('unread')
})
