import type { OutputColumn, StatementFacts } from '@gatehouse/core'
import type { NameEnvironment } from '@gatehouse/sql-analysis'
import { describe, expect, test } from 'vitest'
import { looksNamesUpLate, Meanings, sameFacts } from './meanings.ts'

const under = (...searchPath: string[]): NameEnvironment => ({ searchPath }) as unknown as NameEnvironment

function reads(schema: string, columns = ['ssn']): StatementFacts {
  const output = columns.map((column): OutputColumn => {
    const source = { column: { schema, relation: 'users', column }, how: 'copied' as const }
    return { name: column, sources: [source], through: [], complete: true, reason: null }
  })
  return {
    action: 'select',
    accesses: [{ action: 'select', relation: { schema, name: 'users' }, columns }],
    functions: [],
    unboundedWrite: false,
    settings: [],
    files: [],
    programs: [],
    dynamicSql: false,
    output,
    decides: [],
    writes: [],
    beneath: { accesses: [], functions: [] },
    names: { prepared: null, cursor: null },
    changesNames: false,
    complete: true,
    reason: null,
  }
}

const schemasIn = (facts: readonly StatementFacts[] | null): readonly (string | undefined)[] =>
  facts?.flatMap(({ output }) => (output ?? []).flatMap(({ sources }) => sources.map(({ column }) => column.schema))) ??
  []

describe('what a prepared statement may mean', () => {
  test('is what it means now, when it never meant anything else', () => {
    const facts = [reads('public')]
    const meanings = new Meanings(under('public'), facts)
    meanings.add(under('public'), [reads('public')])
    expect(meanings.under(under('public'))).toBe(facts)
  })

  test('is all that it ever meant under one search path', () => {
    const meanings = new Meanings(under('pg_temp_3', 'public'), [reads('public')])
    meanings.add(under('pg_temp_3', 'public'), [reads('pg_temp_3')])
    expect(schemasIn(meanings.under(under('pg_temp_3', 'public')))).toEqual(['public', 'pg_temp_3'])
  })

  test('is looked up again under another search path, and what it meant under the first is kept for a return', () => {
    const meanings = new Meanings(under('a'), [reads('a')])
    meanings.add(under('b'), [reads('b')])
    expect(schemasIn(meanings.under(under('b')))).toEqual(['b'])
    meanings.add(under('a'), [reads('c')])
    expect(schemasIn(meanings.under(under('a')))).toEqual(['a', 'c'])
  })

  test('cannot be told of rows of different shapes, nor after too many changes', () => {
    const meanings = new Meanings(under('a'), [reads('a')])
    meanings.add(under('a'), [reads('b', ['id', 'ssn'])])
    expect(meanings.under(under('a'))).toBeNull()
    const many = new Meanings(under('a'), [reads('a')])
    for (let index = 0; index < 100; index++) many.add(under(`b${index}`), [reads('b')])
    expect(many.under(under('a'))).toBeNull()
  })

  test('is incomplete where one of its meanings is', () => {
    const meanings = new Meanings(under('a'), [reads('a')])
    meanings.add(under('a'), [{ ...reads('a'), complete: false, reason: 'why' }])
    expect(meanings.under(under('a'))?.[0]).toMatchObject({ complete: false, reason: 'why' })
  })
})

test('facts are the same by what they say', () => {
  expect(sameFacts([reads('a')], [reads('a')])).toBe(true)
  expect(sameFacts([reads('a')], [reads('b')])).toBe(false)
})

test.each([
  ['select', false],
  ['copy_to', true],
  ['truncate', true],
  ['create_table', true],
] as const)('the names of %s are looked up when it runs: %s', (action, late) => {
  expect(looksNamesUpLate({ ...reads('a'), action })).toBe(late)
  expect(looksNamesUpLate({ ...reads('a'), action, names: { prepared: 'q', cursor: null } })).toBe(true)
})
