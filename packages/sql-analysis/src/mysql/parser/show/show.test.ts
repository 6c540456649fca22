import { expect, test } from 'vitest'
import { MARIADB, MYSQL, readOne } from '../fixtures/read-one.ts'

const nothing = { full: false, schema: null, object: null, like: null, where: null }

test.each([
  ['SHOW TABLES', { what: 'tables' }],
  ["SHOW FULL TABLES FROM s LIKE 'a%'", { what: 'tables', full: true, schema: 's', like: 'a%' }],
  ['SHOW COLUMNS FROM t FROM s', { what: 'columns', schema: 's', object: { schema: 's', name: 't' } }],
  ['SHOW FULL FIELDS IN s.t', { what: 'columns', full: true, object: { schema: 's', name: 't' } }],
  ['SHOW KEYS FROM t', { what: 'index', object: { schema: null, name: 't' } }],
  ["SHOW GLOBAL VARIABLES LIKE 'x'", { what: 'variables', like: 'x' }],
  ['SHOW SESSION STATUS', { what: 'status' }],
  ['SHOW CREATE TABLE s.t', { what: 'create_table', object: { schema: 's', name: 't' } }],
  ['SHOW CREATE DATABASE IF NOT EXISTS d', { what: 'create_schema', schema: 'd' }],
  ['SHOW GRANTS', { what: 'grants' }],
  ["SHOW GRANTS FOR 'u'@'h'", { what: 'grants', object: { schema: null, name: 'u@h' } }],
  ['SHOW WARNINGS LIMIT 1, 2', { what: 'warnings' }],
  ['SHOW COUNT(*) ERRORS', { what: 'count_errors' }],
  ['SHOW FULL PROCESSLIST', { what: 'processlist', full: true }],
  ['SHOW ENGINE InnoDB STATUS', { what: 'engine_status', object: { schema: null, name: 'InnoDB' } }],
  ["SHOW BINLOG EVENTS IN 'l' FROM 4 LIMIT 5", { what: 'binlog_events' }],
  ['SHOW REPLICA STATUS', { what: 'replica_status' }],
  ['SHOW CHARACTER SET', { what: 'character_set' }],
  ['SHOW TRIGGERS FROM s', { what: 'triggers', schema: 's' }],
  ['SHOW PROCEDURE STATUS', { what: 'procedure_status' }],
  ['SHOW OPEN TABLES', { what: 'open_tables' }],
  ['SHOW TABLE STATUS IN s', { what: 'table_status', schema: 's' }],
  ['SHOW PROFILE CPU, BLOCK IO FOR QUERY 2 LIMIT 5', { what: 'profile' }],
  ['SHOW PLUGINS', { what: 'plugins' }],
])('%s', (text, expected) => {
  for (const dialect of [MYSQL, MARIADB])
    expect(readOne(text, dialect)).toEqual({ kind: 'show', ...nothing, ...expected })
})

test('the condition of a SHOW is an expression like any other', () => {
  expect(readOne('SHOW DATABASES WHERE `Database` = (SELECT pw FROM secret)')).toMatchObject({
    what: 'databases',
    where: { kind: 'operation' },
  })
  expect(readOne('SHOW INDEX FROM t WHERE Key_name = f()')).toMatchObject({ where: { kind: 'operation' } })
})

test('what SHOW EXPLAIN and LIMIT compute is told, or refused', () => {
  expect(readOne('SHOW EXPLAIN FOR (SELECT pw FROM secret)', MARIADB)).toMatchObject({ where: { kind: 'subquery' } })
  expect(() => readOne('SHOW WARNINGS LIMIT (SELECT 1)', MARIADB)).toThrow('SYNTAX_ERROR')
})

test('each flavour has its own', () => {
  for (const text of [
    'SHOW BINARY LOG STATUS',
    'SHOW CREATE LIBRARY l',
    'SHOW EXTENDED COLUMNS FROM t',
    'SHOW GRANTS FOR u USING r',
    'SHOW REPLICAS',
  ]) {
    expect(readOne(text)).toMatchObject({ kind: 'show' })
    expect(() => readOne(text, MARIADB), text).toThrow('SYNTAX_ERROR')
  }
  for (const text of [
    'SHOW MASTER STATUS',
    'SHOW CREATE SEQUENCE s',
    'SHOW ALL SLAVES STATUS',
    'SHOW EXPLAIN FOR 5',
    'SHOW USER_STATISTICS',
  ]) {
    expect(readOne(text, MARIADB)).toMatchObject({ kind: 'show' })
    expect(() => readOne(text), text).toThrow('SYNTAX_ERROR')
  }
})
