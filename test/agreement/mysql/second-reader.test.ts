import { expect, test } from 'vitest'
import type { Dialect } from '@gatehouse/sql-analysis'
import { absence, corpusText } from '../../corpus/cases.ts'
import { secondReader } from './second-account.ts'
import { causeOf } from './second-explained.ts'
import { type BothAccounts, differences, OurReader } from './two-readers.ts'

/** `every`: of the long lists each so many-th statement, for the second reader is slow. `both`: the least share that both understand. */
const LISTS = [
  { file: 'orm-mysql', flavour: 'mysql', every: 1, both: 0.85 },
  { file: 'mysql-9.7', flavour: 'mysql', every: 16, both: 0.65 },
  { file: 'mariadb-10.11', flavour: 'mariadb', every: 16, both: 0.7 },
] as const

test.for(LISTS)(
  'two readers find the same tables and columns in $file',
  ({ file, flavour, every, both: least }, context) => {
    if (absence !== null) context.skip(absence)
    const ours = new OurReader(flavour)
    const second = secondReader(flavour)
    const count = { statements: 0, both: 0, agreed: 0, columns: 0, onlyOurs: 0, onlySecond: 0 }
    const causes = new Map<string, number>()
    const unexplained: string[] = []
    for (const sql of accepted(file, every)) {
      count.statements++
      const own = ours.read(sql)
      const other = second(sql)
      if (own === null || other === null) {
        if (own !== null) count.onlyOurs++
        else if (other !== null) count.onlySecond++
        continue
      }
      const both: BothAccounts = { ...own, second: other }
      const { columns, found } = differences(ours, both)
      count.both++
      if (columns) count.columns++
      if (found.length === 0) count.agreed++
      const reasons = new Set<string>()
      for (const difference of found) {
        const cause = causeOf(difference, both)
        if (cause === null) unexplained.push(`${difference.what} ${difference.name}, only ${difference.only}: ${sql}`)
        else reasons.add(cause)
      }
      for (const cause of reasons) causes.set(cause, (causes.get(cause) ?? 0) + 1)
    }
    console.info(
      [
        `${file}: ${count.statements} statements, ${count.both} understood by both (columns compared in ${count.columns}), ${count.agreed} agreed, only by us ${count.onlyOurs}, only by the second ${count.onlySecond}`,
        ...[...causes].map(([cause, times]) => `${times}: ${cause}`),
      ].join('\n  '),
    )
    expect(unexplained).toEqual([])
    expect(count.both / count.statements).toBeGreaterThan(least)
  },
)

test.each<Dialect['flavour']>(['mysql', 'mariadb'])(
  'a table or column that our reading lacked would be a difference that nothing explains (%s)',
  (flavour) => {
    const ours = new OurReader(flavour)
    const found = (read: string, told: string): readonly string[] => {
      const own = ours.read(read)
      const second = secondReader(flavour)(told)
      if (own === null || second === null) throw new Error(`not understood: ${read}; ${told}`)
      const both = { ...own, second }
      return differences(ours, both)
        .found.filter((difference) => causeOf(difference, both) === null)
        .map(({ what, only, name }) => `${what} ${name}, only ${only}`)
    }
    const sql = 'WITH c AS (SELECT a FROM t) SELECT a FROM c WHERE a IN (SELECT b FROM s.u)'
    expect(found(sql, sql)).toEqual([])
    expect(found('WITH c AS (SELECT a FROM t) SELECT a FROM c', sql)).toEqual(['table s.u, only second'])
    expect(found(sql, 'SELECT a FROM t')).toEqual(['table s.u, only ours'])
    expect(found('SELECT a AS z FROM t ORDER BY z', 'SELECT a AS z FROM t WHERE b = 1 ORDER BY z')).toEqual([
      'column b, only second',
    ])
    expect(found('SELECT a FROM t WHERE b = 1', 'SELECT a FROM t').length).toBe(1)
  },
)

function* accepted(file: string, every: number): Generator<string> {
  for (const [index, line] of corpusText(`statements/${file}.jsonl`).split('\n').entries()) {
    if (line === '' || index % every !== 0) continue
    const one = JSON.parse(line) as { readonly sql: string; readonly accepted: boolean }
    if (one.accepted) yield one.sql
  }
}
