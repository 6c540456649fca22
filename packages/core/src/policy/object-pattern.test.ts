import { expect, test } from 'vitest'
import { parseNamePattern } from './name-pattern.ts'
import { ObjectPattern } from './object-pattern.ts'

const covers = (source: string, schema: string | null, name: string): boolean => {
  const pattern = parseNamePattern(source, 1, 2)
  if (typeof pattern === 'string') throw new Error(pattern)
  return new ObjectPattern(pattern, 'postgres', 'exact').covers({ schema, name })
}

test('pg_temp is the temporary schema, whatever number the session has', () => {
  expect(covers('pg_temp.*', 'pg_temp_3', 't')).toBe(true)
  expect(covers('pg_temp.*', 'pg_temp', 't')).toBe(true)
  expect(covers('pg_temp.*', 'pg_temp_x', 't')).toBe(false)
  expect(covers('public.*', 'pg_temp_3', 't')).toBe(false)
})

test('a pattern with a schema never covers a name that could not be resolved', () => {
  expect(covers('pg_temp.*', null, 't')).toBe(false)
  expect(covers('*.t', null, 't')).toBe(false)
  expect(covers('*', null, 't')).toBe(true)
})
