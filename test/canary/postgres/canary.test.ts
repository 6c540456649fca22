import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { present, SHARED, VERSIONS } from '../../postgres/scene.ts'
import { campaign, type CampaignResult } from '../campaign.ts'
import type { Databases } from '../databases.ts'
import { openDatabases } from './databases.ts'
import { POLICY } from './policy.ts'
import { report, told } from '../report.ts'

/** Always the same statements here: chance finds what nobody's change broke (a server that crashes, too). `run.ts` takes any seed. */
const SEEDS = [20_240_229, 71]

/** Most of the work is done in front of the newer server. */
const STATEMENTS: Readonly<Record<string, number>> = { 'PostgreSQL 18': 1100, 'PostgreSQL 15': 300 }

describe.each(VERSIONS)('Random statements over masked columns, in front of $version', ({ version, shared }) => {
  describe.each(SEEDS)('with the seed %i', (seed) => {
    let databases: Databases | null = null
    let result: CampaignResult | null = null
    beforeAll(async () => {
      if ('absent' in shared) return
      databases = await openDatabases(shared.address, seed)
      result = await campaign(databases, { seed, statements: STATEMENTS[version] ?? 300 })
      await report(databases, `${version}, seed ${String(seed)}`, result, 8)
    }, 240_000)
    afterAll(async () => databases?.close())

    test('no answer tells one set of masked values from another, and none holds a piece of one', async (context) => {
      present(shared, context)
      expect((result?.failures ?? [null]).map((failure) => failure && told(failure))).toEqual([])
    })

    test('most of them are statements that the server takes', (context) => {
      present(shared, context)
      const { accepted = 0, statements = 1 } = result?.tally ?? {}
      expect(accepted / statements).toBeGreaterThan(0.8)
    })

    test('what only selects masked columns is let through, and so is what touches none', (context) => {
      present(shared, context)
      expect(result?.tally.shareAllowed('selects masked plainly')).toBeGreaterThan(0.8)
      expect(result?.tally.shareAllowed('no masked column')).toBeGreaterThan(0.9)
    })
  })
})

describe('The search itself', () => {
  test('finds out at once where one column has lost its mask', { timeout: 120_000 }, async (context) => {
    const address = present(SHARED, context)
    const unmasked = POLICY.replaceAll('columns: [public.people.ssn]', 'columns: [public.people.gone]')
    const databases = await openDatabases(address, 1, unmasked)
    try {
      const { failures } = await campaign(databases, { seed: 1, statements: 300, mostFailures: 3 })
      expect(failures).toHaveLength(3)
      expect(failures.map(({ kind }) => kind)).toContain('leak')
    } finally {
      await databases.close()
    }
  })
})
