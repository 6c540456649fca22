import { beforeAll, describe, expect, test } from 'vitest'
import type { StatementFacts } from '@gatehouse/core'
import { VERSIONS } from '../../mysql/scene.ts'
import { compareSample, type Compared } from './sample.ts'

const SEEDS = 260

describe.each(VERSIONS)('What is read in a statement, beside what $version tells of it', ({ version, shared }) => {
  let compared: readonly Compared[] = []
  beforeAll(async () => {
    if (!('absent' in shared)) compared = await compareSample(shared.address, SEEDS)
  }, 60_000)
  const whenThere = test.skipIf('absent' in shared)

  whenThere('most statements that the server takes are understood in full', () => {
    const complete = compared.filter(({ facts }) => facts?.complete === true)
    console.info(
      `${version}: ${String(compared.length)} statements compared, ${String(complete.length)} understood in full`,
    )
    expect(compared.length).toBeGreaterThan(60)
    expect(complete.length / compared.length).toBeGreaterThan(0.97)
  })

  whenThere('the columns of a result are as many, and are named so', () => {
    for (const { sql, facts, account } of compared) {
      if (facts?.complete !== true) continue
      const names = facts.output?.map(({ name }) => name) ?? []
      expect(names.length, sql).toBe(account.columns.length)
      // A name that was not read is no claim.
      names.forEach((name, index) => {
        if (name !== null) expect(name.toLowerCase(), sql).toBe(account.columns[index]?.toLowerCase())
      })
    }
  })

  whenThere('every table that the server locks is among those that are told', () => {
    for (const { sql, facts, account } of compared) {
      if (facts?.complete !== true || account.locked === null) continue
      const told = tables(facts)
      expect(
        account.locked.filter((name) => !told.has(name)),
        sql,
      ).toEqual([])
    }
  })
})

function tables({ accesses, beneath }: StatementFacts): ReadonlySet<string> {
  return new Set(
    [...accesses, ...beneath.accesses].flatMap(({ relation }) =>
      relation === null ? [] : [`${relation.schema ?? ''}.${relation.name}`],
    ),
  )
}
