import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { databases } from '../../../../test/servers/trail-database.ts'
import type { ShippedRecord } from '../shipping/destination.ts'
import { allPages } from '../search/testing/index-contract.ts'
import { naiveSearch } from '../search/testing/naive-search.ts'
import { chances, type WrittenTrail } from '../search/testing/written-trails.ts'
import type { TrailIndex, TrailQuery } from '../search/trail-index.ts'
import { PostgresDestination } from './postgres-destination.ts'
import { PostgresIndex } from './postgres-index.ts'
import { madeIntent, madeOutcome } from './testing/made-records.ts'

const { postgres18 } = inject('servers')

/** More than are read in order before an index is asked, over some days: what is rare stands far behind the first of them. */
const RECORDS = 7_000

describe.skipIf('absent' in postgres18)('among many records', () => {
  const { make } = databases(postgres18)
  const trails = ['gateway-a', 'gateway-b'].map((gateway, at) => madeTrail(gateway, at + 1))
  let index: TrailIndex | null = null
  beforeAll(async () => {
    const url = await make()
    const destination = new PostgresDestination({ url, ca: null })
    try {
      for (const { identity, shipped } of trails)
        for (let at = 0; at < shipped.length; at += 1_000)
          await destination.deliver(identity, shipped.slice(at, at + 1_000))
    } finally {
      await destination.close()
    }
    index = new PostgresIndex({ url, ca: null })
  }, 120_000)
  afterAll(() => index?.close())

  const middle = trails[0]?.shipped[3_500]?.record.time ?? ''
  test.each<TrailQuery>([
    { subject: 'rare@example.com' },
    { subject: 'clustered@example.com' },
    { subject: 'nobody@example.com' },
    { gateway: 'gateway-b', subject: 'rare@example.com' },
    { outcome: 'failed' },
    { kind: 'outcome', code: '42P01' },
    { text: 'NEEDLE' },
    { text: 'number_17 = 1000017' },
    { text: '= 1000017' },
    { text: "17 = 1000017 -- o'clock" },
    { subject: 'rare@example.com', since: middle },
    { subject: 'rare@example.com', until: middle },
    { since: middle, text: 'needle' },
  ])('what is rare is found on every page, in order: %j', async (query) => {
    if (index === null) throw new Error('there is no index')
    for (const order of ['newest', 'oldest'] as const)
      for (const limit of [3, 1_000]) {
        const found = await allPages(index, query, { limit, order })
        expect(found).toEqual(naiveSearch(trails, query, order))
      }
  })

  test.each<TrailQuery>([
    { subject: 'person7@example.com' },
    { subject: 'person7@example.com', since: middle },
    { subject: 'person7@example.com', kind: 'intent', until: middle },
  ])('what is neither rare nor frequent is, too: %j', async (query) => {
    if (index === null) throw new Error('there is no index')
    for (const order of ['newest', 'oldest'] as const)
      for (const limit of [40, 100]) {
        const found = await allPages(index, query, { limit, order })
        expect(found.length).toBeGreaterThan(50)
        expect(found).toEqual(naiveSearch(trails, query, order))
      }
  })

  test('and numbers of it are complete where it is few', async () => {
    const query = { subject: 'rare@example.com' }
    const summary = await index?.summarize(query)
    expect(summary).toMatchObject({ complete: true, statements: naiveSearch(trails, query, 'newest').length })
    expect(await index?.summarize({ actor: 'copilot' })).toMatchObject({ complete: false, statements: 3_000 })
  })
})

/** One in 500 is `rare`; `clustered` are some in a row, then none. */
function madeTrail(gateway: string, seed: number): WrittenTrail {
  const chance = chances(seed)
  const shipped: ShippedRecord[] = []
  let time = Date.UTC(2026, 0, 1)
  let seq = 0
  while (seq < RECORDS) {
    time += Math.floor(chance() * 60_000)
    const at = new Date(time).toISOString()
    const clustered = Math.floor(seq / 400) % 9 === 2 && chance() < 0.1
    const rare = chance() < 0.002
    const subject = rare ? 'rare' : clustered ? 'clustered' : `person${Math.floor(chance() * 50)}`
    const text =
      rare || chance() < 0.001
        ? `select needle from x where number_17 = 1000017 -- o'clock`
        : `select ${seq} from x where number_17 = ${2_000_000 + seq}`
    const intent = ++seq
    shipped.push(
      madeIntent(intent, at, {
        principal: { subject: `${subject}@example.com`, actor: 'copilot', groups: [], issuer: '' },
        statement: { text, parameters: [], fingerprint: null },
      }),
    )
    if (chance() < 0.5) shipped.push(madeOutcome(++seq, at, intent, chance() < 0.003 ? '42P01' : null))
  }
  return { directory: '', identity: { gateway, trail: String(seed).repeat(16) }, shipped }
}
