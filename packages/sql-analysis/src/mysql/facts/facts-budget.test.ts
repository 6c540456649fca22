import { expect, test } from 'vitest'
import { Work } from '../../facts/work.ts'
import { readFacts } from '../read-facts.ts'
import { namesOf, parsed } from './fixtures/catalog-of.ts'
import { SAMPLE } from './fixtures/sample-catalog.ts'

const names = namesOf(SAMPLE)

function times(count: number, part: (index: number) => string, between = ' '): string {
  return Array.from({ length: count }, (_, index) => part(index)).join(between)
}

const texts: Readonly<Record<string, string>> = {
  'WITH queries that double':
    'WITH c0 AS (SELECT * FROM users)' +
    times(16, (index) => `, c${index + 1} AS (SELECT x.*, y.* FROM c${index} x, c${index} y)`) +
    ' SELECT 1 FROM c16',
  'calls of functions with bodies': `SELECT ${times(1500, () => 'f_vars(1)', ',')}`,
  'procedures called over and over': times(1000, () => 'CALL p_two()', ';'),
  'views of views': `SELECT ${times(700, (index) => `v${index}.again`, ',')} FROM ${times(390, (index) => `v_over v${index}`, ',')}`,
}

test.each(Object.entries(texts))('%s end in a limit that is named', (_, sql) => {
  const work = new Work(sql.length)
  const facts = readFacts(parsed(sql, names.dialect), names, work)
  const last = facts[facts.length - 1]
  if (last?.complete === false) {
    expect(work.exhausted).toBe(true)
    expect(last.reason).toContain('units of work')
  }
  expect(work.spent).toBeLessThanOrEqual(work.limit)
})

test('what ran out is refused: nothing of it counts as known', () => {
  const sql = texts['WITH queries that double'] ?? ''
  const [facts] = readFacts(parsed(sql, names.dialect), names, new Work(sql.length))
  expect(facts).toMatchObject({ complete: false, output: [{ complete: false }] })
  expect(facts?.accesses).toContainEqual({ action: 'unknown', relation: null, columns: null })
})

test('statements behind the limit are incomplete too', () => {
  const sql = `${texts['calls of functions with bodies'] ?? ''}; SELECT 1`
  const [first, second] = readFacts(parsed(sql, names.dialect), names, new Work(sql.length))
  expect([first?.complete, second?.complete]).toEqual([false, false])
})

test('long plain texts are read', () => {
  for (const sql of [
    `SELECT ${times(3000, () => 'ssn', '+')} FROM users`,
    `SELECT 1 FROM users WHERE ssn IN (${times(5000, () => "'a'", ',')})`,
    `INSERT INTO sink VALUES ${times(3000, (index) => `(${index}, 'x')`, ',')}`,
    `SELECT 1 FROM users WHERE ${times(2000, (index) => `id = ${index}`, ' OR ')}`,
    times(300, () => 'SELECT ssn FROM users', ' UNION ALL '),
  ]) {
    const [facts] = readFacts(parsed(sql, names.dialect), names, new Work(sql.length))
    expect([sql.slice(0, 30), facts?.complete]).toEqual([sql.slice(0, 30), true])
  }
})
