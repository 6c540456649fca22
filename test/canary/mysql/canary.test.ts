import { afterAll, beforeAll, describe, expect, inject, test, type TestContext } from 'vitest'
import { VERSIONS } from '../../mysql/scene.ts'
import { campaign, type CampaignResult } from '../campaign.ts'
import type { Databases } from '../databases.ts'
import { report, told } from '../report.ts'
import { openDatabases } from './databases.ts'

/** Always the same statements here: chance finds what nobody's change broke. `../run.ts` takes any seed. */
const SEED = 71
/** One batch. */
const STATEMENTS = 100

type Shared = (typeof VERSIONS)[number]['shared']

/** Skips, with the reason, where the server is absent. */
function present(shared: Shared, context: TestContext): Extract<Shared, { readonly address: unknown }>['address'] {
  if ('absent' in shared) return context.skip(shared.absent)
  return shared.address
}

describe.each(VERSIONS)('Random statements over masked columns, in front of $version', ({ version, shared }) => {
  let databases: Databases | null = null
  let result: CampaignResult | null = null
  beforeAll(async () => {
    if ('absent' in shared) return
    databases = await openDatabases(shared.address, SEED)
    result = await campaign(databases, { seed: SEED, statements: STATEMENTS })
    await report(databases, `${version}, seed ${String(SEED)}`, result, 8)
  }, 120_000)
  afterAll(async () => databases?.close())

  test('no answer tells one set of masked values from another, and none holds a piece of one', (context) => {
    present(shared, context)
    expect((result?.failures ?? [null]).map((failure) => failure && told(failure))).toEqual([])
  })

  test('most of them are statements that the server takes', (context) => {
    present(shared, context)
    const { accepted = 0, statements = 1 } = result?.tally ?? {}
    expect(accepted / statements).toBeGreaterThan(0.75)
  })

  test('what only selects masked columns is let through, and so is what touches none', (context) => {
    present(shared, context)
    expect(result?.tally.shareAllowed('selects masked plainly')).toBeGreaterThan(0.6)
    expect(result?.tally.shareAllowed('no masked column')).toBeGreaterThan(0.8)
  })
})

describe('The search itself', () => {
  test('finds out at once where one column has lost its mask', { timeout: 60_000 }, async (context) => {
    const address = present(inject('servers').mariadb10, context)
    const unmasked = await openDatabases(address, 1, (policy) => policy.replaceAll(/\.people\.ssn\b/g, '.people.gone'))
    try {
      const { failures } = await campaign(unmasked, { seed: 1, statements: 60, mostFailures: 1 })
      expect(failures.map(({ kind }) => kind)).toContain('leak')
    } finally {
      await unmasked.close()
    }
  })
})
