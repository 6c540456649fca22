import { parseMysqlText, readMysqlFacts } from '@gatehouse/sql-analysis'
import type { StatementFacts } from '@gatehouse/core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { columnsNamed, columnsRead } from './mysql-expanded.ts'
import { StatementMaker } from './mysql-statements.ts'
import { difference, isPermittedChange, shownColumns, Twins } from './mysql-twins.ts'

const servers = inject('servers')
const STATEMENTS = 900
const ALL_OF_ORDERS = [true, true, true, true, true]

describe.each([
  { flavour: 'mysql', shared: servers.mysql9 },
  { flavour: 'mariadb', shared: servers.mariadb10 },
] as const)('what is read in statements of $flavour', ({ flavour, shared }) => {
  let twins: Twins

  beforeAll(async () => {
    if ('address' in shared) twins = await Twins.open(shared.address, flavour)
  })

  afterAll(() => ('address' in shared ? twins.close() : undefined))

  test('what may be shown does not change with what may not', async ({ skip }) => {
    if ('absent' in shared) skip(shared.absent)
    const tally = { shown: 0, masked: 0, failed: 0, refused: 0 }
    const leaks: string[] = []
    for (const { sql, facts } of statements(twins, (maker) => maker.statement(), flavour, 1)) {
      const shown = shownColumns(facts)
      if (shown === null) {
        tally.refused++
        continue
      }
      const sides = await twins.run(sql)
      if (typeof sides[0] === 'number') tally.failed++
      else tally[shown.includes(false) ? 'masked' : 'shown']++
      const differs = difference(shown, sides)
      if (differs !== null) leaks.push(`${sql}: ${differs}`)
    }
    expect(leaks).toEqual([])
    // The statements are worth something: some are shown in part, and some refused.
    expect(Object.entries(tally).filter(([, count]) => count < 15)).toEqual([])
  })

  test('a permitted change leaves the same in both, or fails in both', async ({ skip }) => {
    if ('absent' in shared) skip(shared.absent)
    const tally = { changed: 0, failed: 0, refused: 0 }
    const leaks: string[] = []
    for (const { sql, facts } of statements(twins, (maker) => maker.change(), flavour, 3)) {
      if (!isPermittedChange(facts)) {
        tally.refused++
        continue
      }
      const sides = await twins.change(sql)
      tally[typeof sides[0] === 'number' ? 'failed' : 'changed']++
      const differs = difference(ALL_OF_ORDERS, sides)
      if (differs !== null) leaks.push(`${sql}: ${differs}`)
    }
    expect(leaks).toEqual([])
    expect(Object.entries(tally).filter(([, count]) => count < 15)).toEqual([])
  })

  test('the columns that the server names are among those that were read', async ({ skip }) => {
    if ('absent' in shared) skip(shared.absent)
    if (flavour === 'mariadb') skip('MariaDB prints no names of views it has merged')
    const missed: string[] = []
    let compared = 0
    for (const { sql, facts } of statements(twins, (maker) => maker.statement(), flavour, 2)) {
      const note = await twins.expanded(sql)
      if (note === null || !facts.complete) continue
      compared++
      const read = columnsRead(facts)
      for (const column of columnsNamed(note, 'twin_0')) if (!read.has(column)) missed.push(`${column} in ${sql}`)
    }
    expect(missed).toEqual([])
    expect(compared).toBeGreaterThan(150)
  })
})

function* statements(
  twins: Twins,
  make: (maker: StatementMaker) => string,
  flavour: 'mysql' | 'mariadb',
  seed: number,
): Generator<{ readonly sql: string; readonly facts: StatementFacts }> {
  const maker = new StatementMaker(seed, flavour === 'mariadb')
  for (let count = 0; count < STATEMENTS; count++) {
    const sql = make(maker)
    const bytes = Buffer.from(sql)
    const parsed = parseMysqlText(bytes, 0, bytes.length, twins.names.dialect)
    if ('error' in parsed) continue
    const [facts] = readMysqlFacts(
      parsed.statements.map(({ statement }) => statement),
      twins.names,
    )
    // Those that touch nothing secret could only differ by what neither server promises.
    if (facts !== undefined && /people|shown/.test(sql)) yield { sql, facts }
  }
}
