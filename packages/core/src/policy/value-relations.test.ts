import { expect, test } from 'vitest'
import { holdsCredentials, mayShowRows, mayShowValues } from './value-relations.ts'

const select = (schema: string, name: string, columns: readonly string[] | null) => ({
  action: 'select' as const,
  relation: { schema, name },
  columns,
})

test('text of statements in the sys schema counts as values, their numbers do not', () => {
  expect(mayShowValues(select('sys', 'x$processlist', ['last_statement']))).toBe(true)
  expect(mayShowValues(select('sys', 'session', null))).toBe(true)
  expect(mayShowValues(select('sys', 'session', ['user', 'time']))).toBe(false)
  // Its query is a digest, without literals.
  expect(mayShowValues(select('sys', 'statement_analysis', ['query']))).toBe(false)
})

test('samples, words and keys of tables may be of any table; statements are not', () => {
  expect(mayShowRows(select('information_schema', 'COLUMN_STATISTICS', null))).toBe(true)
  expect(mayShowRows(select('mysql', 'column_stats', ['min_value']))).toBe(true)
  expect(mayShowRows(select('performance_schema', 'data_locks', ['lock_data']))).toBe(true)
  expect(mayShowRows(select('performance_schema', 'data_locks', ['lock_mode']))).toBe(false)
  expect(mayShowRows(select('mysql', 'general_log', null))).toBe(false)
})

test.each([
  ['mysql', 'user', 'Authentication_String'],
  ['mysql', 'user', 'User_attributes'],
  ['mysql', 'global_priv', 'Priv'],
  ['mysql', 'password_history', 'Password'],
  ['mysql', 'servers', 'Password'],
  ['pg_catalog', 'pg_authid', 'rolpassword'],
])('%s.%s.%s holds credentials', (schema, relation, column) => {
  expect(holdsCredentials({ schema, relation, column })).toBe(true)
  expect(holdsCredentials({ schema: 'shop', relation, column })).toBe(false)
  expect(holdsCredentials({ schema, relation, column: 'user' })).toBe(false)
})
