import { describe, expect, it } from 'vitest'
import { decided, outputs, readStatement } from '../fixtures/sample-catalog.ts'

describe('COALESCE of a column', () => {
  it.each([
    `select coalesce(ssn, 'none') from people`,
    `select coalesce(ssn, 'none'::text, $1, null) from people`,
    `select coalesce(ssn, pg_catalog.'x') from people`.replace(`pg_catalog.'x'`, `'x'::pg_catalog.text`),
    `select coalesce(ssn) from people`,
  ])('and literals tells nothing: %s', (sql) => {
    expect(decided(sql)).toEqual([])
    expect(outputs(sql)).toEqual(['derived people.ssn'])
  })

  it.each([
    `select coalesce(ssn, name) from people`,
    `select coalesce(ssn, upper('x')) from people`,
    `select coalesce(ssn, 'x'::text::int4::text) from people`,
    `select coalesce(ssn, 'x'::nobody) from people`,
    `select coalesce(ssn, (select 'x')) from people`,
    `select coalesce(ssn, 'none', name) from people`,
  ])('and what may fail, or was not seen to be a literal, tells whether it is null: %s', (sql) => {
    expect(decided(sql)).toEqual(['people.ssn'])
  })
})

describe('what other sessions do', () => {
  it('is readable but for their statements, whatever the column is called', () => {
    expect(outputs('select pid, state from pg_stat_get_activity(1)')).toEqual(['', ''])
    const held = ['copied pg_stat_activity.query']
    expect(outputs('select query from pg_stat_get_activity(1)')).toEqual(held)
    expect(outputs('select c from pg_stat_get_activity(1) as x(a, b, c)')).toEqual(held)
    expect(decided(`select count(*) from pg_stat_get_activity(1) as x(a, b, c) where c = 'x'`)).toEqual([
      'pg_stat_activity.query',
    ])
    expect(outputs('select pg_stat_get_activity(1)')).toEqual(['!pg_stat_get_activity'])
    const trusts = (sql: string): string[] => readStatement(sql).functions.map(({ trust }) => trust)
    expect(trusts('select pg_stat_get_activity(1)')).toEqual(['user'])
    expect(trusts('select pid from pg_stat_get_activity(1)')).toEqual(['sensitive'])
    expect(trusts(`select count(*) from people where pg_read_file('x') = 'y'`)).toContain('revealing')
  })
})
