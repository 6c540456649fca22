import { parseSync } from 'libpg-query'
import { describe, expect, it } from 'vitest'
import { readFacts, readNamedStatement } from '../read-facts.ts'
import { readStatement, readText, sampleEnvironment } from './fixtures/sample-catalog.ts'
import type { StatementFacts } from '@gatehouse/core'

/** Facts of a text while `q` is known as this. */
function withKnown(query: string, sql: string): StatementFacts {
  const environment = sampleEnvironment()
  const known = readNamedStatement(parseSync(`prepare q as ${query}`).stmts?.[0]?.stmt, environment)
  const [facts] = readFacts(parseSync(sql), { ...environment, prepared: (name) => (name === 'q' ? known : null) })
  if (facts === undefined) throw new Error('no statement')
  return facts
}

describe('EXECUTE', () => {
  it('does what the prepared statement does', () => {
    const facts = withKnown(
      'insert into notes (body) select name from people where ssn = $1 returning id',
      "execute q('x')",
    )
    expect(new Set(facts.accesses.map(({ action }) => action))).toEqual(new Set(['execute', 'insert', 'select']))
    expect(facts.decides.map(({ column }) => column.column)).toContain('ssn')
    expect(facts.writes.map(({ target }) => target?.column)).toEqual(['body'])
    expect(facts.output).toHaveLength(1)
  })

  it('lets what a parameter may carry come out, be written and be looked at', () => {
    const shown = withKnown('select $1::text, id from people where name = $1', 'execute q(secret_of(1))')
    expect(shown.output?.map(({ through }) => through[0]?.name)).toEqual(['secret_of', 'secret_of'])
    const written = withKnown('insert into notes (body) values ($1)', 'execute q(secret_of(1))')
    expect(written.writes[0]?.through[0]?.name).toBe('secret_of')
    const looked = withKnown('select id from people where name = $1', 'execute q((select ssn from people))')
    expect(looked.decides.map(({ column }) => column.column)).toContain('ssn')
    expect(looked.output?.[0]?.sources.map(({ column }) => column.column)).toContain('ssn')
  })

  it('takes a computation over literals for a literal', () => {
    expect(withKnown('select $1::text', "execute q(upper('x'))").output?.[0]?.complete).toBe(true)
  })

  it('of what is not known may return anything, by EXPLAIN and CREATE TABLE AS too', () => {
    expect(readStatement('execute q').output?.[0]?.complete).toBe(false)
    expect(readStatement('explain analyze execute q').output?.[0]?.complete).toBe(false)
    expect(readStatement('create table t as execute q').writes[0]?.complete).toBe(false)
  })

  it('fills a table with what it returns', () => {
    const facts = withKnown('select ssn from people', 'create table t as execute q')
    expect(facts.writes.map(({ target, sources }) => [target?.column, sources[0]?.column.column])).toEqual([
      ['ssn', 'ssn'],
    ])
    expect(facts.output).toBeNull()
  })
})

describe('names that statements of one text give', () => {
  const known = (sql: string): boolean => readText(sql).at(-1)?.output?.[0]?.complete === true
  const prepare = 'prepare q as select id from people'

  it.each([
    [`${prepare}; execute q`, true],
    [`${prepare}; deallocate q; execute q`, false],
    [`${prepare}; deallocate all; execute q`, false],
    [`${prepare}; deallocate other; execute q`, true],
    [`${prepare}; discard all; execute q`, false],
    [`${prepare}; select secret_of(1); execute q`, false],
    [`${prepare}; deallocate q; ${prepare}; execute q`, true],
    [`deallocate q; ${prepare}; execute q`, true],
    ['declare c cursor for select id from people; fetch c', true],
    ['declare c cursor for select id from people; close c; fetch c', false],
    ['declare c cursor for select id from people; close all; fetch c', false],
  ])('%s: %s', (sql, expected) => {
    expect(known(sql)).toBe(expected)
  })
})
