import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  BadCursor,
  FACETS,
  type FoundRecord,
  type PageWish,
  STATEMENT_OUTCOMES,
  type TrailIndex,
  type TrailPage,
  type TrailQuery,
} from '../trail-index.ts'
import { naiveFacet, naiveSearch } from './naive-search.ts'
import { TrailFolder, VALUES, WANTED_TEXTS, WANTED_TIMES, type WrittenTrail, writeTrails } from './written-trails.ts'

/** Any members together, few at a time: so that something is found as a rule. */
const queries: fc.Arbitrary<TrailQuery> = fc
  .record(
    {
      ...Object.fromEntries(Object.entries(VALUES).map(([member, values]) => [member, fc.constantFrom(...values)])),
      outcome: fc.constantFrom(...STATEMENT_OUTCOMES),
      held: fc.boolean(),
      text: fc.constantFrom(...WANTED_TEXTS),
      since: fc.constantFrom(...WANTED_TIMES),
      until: fc.constantFrom(...WANTED_TIMES),
    },
    { requiredKeys: [] },
  )
  .chain((query) => fc.shuffledSubarray(Object.keys(query), { maxLength: 3 }).map((kept) => only(query, kept)))

function only(query: object, kept: readonly string[]): TrailQuery {
  return Object.fromEntries(Object.entries(query).filter(([member]) => kept.includes(member)))
}

/** Every page, one after the other. */
export async function allPages(
  index: TrailIndex,
  query: TrailQuery,
  { limit, order }: Pick<PageWish, 'limit' | 'order'>,
): Promise<readonly FoundRecord[]> {
  const found: FoundRecord[] = []
  let cursor: string | null = null
  do {
    const page: TrailPage = await index.search(query, { limit, order, cursor })
    expect(page.records.length).toBeLessThanOrEqual(limit)
    // A page may be short, but there is something on it, or it is the last.
    if (page.next !== null) expect(page.records.length).toBeGreaterThan(0)
    found.push(...page.records)
    cursor = page.next
  } while (cursor !== null)
  return found
}

/**
 * What every index promises. `open` is called twice, each time for trails of its own, and gives an index over these alone:
 * of all that is in `shipped`, which is what lies in `directory`.
 */
export function promiseTrailIndex(open: (trails: readonly WrittenTrail[]) => Promise<TrailIndex>): void {
  const folders = [new TrailFolder(), new TrailFolder()] as const
  let trails: readonly WrittenTrail[] = []
  let index: TrailIndex
  beforeAll(async () => {
    trails = await writeTrails(folders[0].path)
    index = await open(trails)
  })
  afterAll(async () => {
    await index.close()
    for (const folder of folders) folder[Symbol.dispose]()
  })

  describe('a search', () => {
    test.each(['newest', 'oldest'] as const)(
      'for nothing in particular finds all but outcomes, which are told with their intents, %s first',
      async (order) => {
        const expected = naiveSearch(trails, {}, order)
        expect(await allPages(index, {}, { limit: 1_000, order })).toEqual(expected)
        expect(expected.filter(({ outcome }) => outcome !== null).length).toBeGreaterThan(100)
      },
    )

    test.each<TrailQuery>([
      ...Object.entries(VALUES).flatMap(([member, values]) => values.map((value) => ({ [member]: value }))),
      ...STATEMENT_OUTCOMES.map((outcome) => ({ outcome })),
      { held: true },
      { held: false },
      ...WANTED_TIMES.map((since) => ({ since })),
      ...WANTED_TIMES.map((until) => ({ until })),
      ...WANTED_TEXTS.map((text) => ({ text })),
      { kind: 'outcome', code: '42P01' },
      { kind: 'login_refused', gateway: 'gateway-a' },
    ])('by one thing: %j', async (query) => {
      expect(await allPages(index, query, { limit: 1_000, order: 'newest' })).toEqual(
        naiveSearch(trails, query, 'newest'),
      )
    })

    test('gives every record that matches once, in order, whatever is asked, however long the pages are', async () => {
      await fc.assert(
        fc.asyncProperty(
          queries,
          fc.constantFrom('newest', 'oldest'),
          fc.constantFrom(20, 150, 1_000),
          async (query, order, limit) => {
            const expected = naiveSearch(trails, query, order)
            expect(await allPages(index, query, { limit, order })).toEqual(expected)
          },
        ),
        { numRuns: 40 },
      )
    }, 120_000)

    test('ends after the last record, also where that is the last of a page', async () => {
      const query = { kind: 'policy_loaded' } as const
      const expected = naiveSearch(trails, query, 'oldest')
      expect(expected).toHaveLength(3)
      for (const limit of [1, 2, 3, 4])
        expect(await allPages(index, query, { limit, order: 'oldest' })).toEqual(expected)
    })
  })

  describe('a cursor', () => {
    const first = (query: TrailQuery, order: PageWish['order']): Promise<TrailPage> =>
      index.search(query, { limit: 5, order, cursor: null })

    test('is good for its own query and order alone', async () => {
      const { next } = await first({ target: 'shop' }, 'newest')
      expect(next).not.toBe(null)
      await expect(index.search({ target: 'hr' }, { limit: 5, order: 'newest', cursor: next })).rejects.toThrow(
        BadCursor,
      )
      await expect(index.search({}, { limit: 5, order: 'newest', cursor: next })).rejects.toThrow(BadCursor)
      await expect(index.search({ target: 'shop' }, { limit: 5, order: 'oldest', cursor: next })).rejects.toThrow(
        BadCursor,
      )
      expect((await index.search({ target: 'shop' }, { limit: 9, order: 'newest', cursor: next })).records).toEqual(
        naiveSearch(trails, { target: 'shop' }, 'newest').slice(5, 14),
      )
    })

    test('gives the same page again, and is good for an index that was opened later', async () => {
      const { next } = await first({}, 'oldest')
      const page = await index.search({}, { limit: 20, order: 'oldest', cursor: next })
      await index.search({ target: 'hr' }, { limit: 20, order: 'newest', cursor: null })
      expect(await index.search({}, { limit: 20, order: 'oldest', cursor: next })).toEqual(page)
      expect(page.records).toEqual(naiveSearch(trails, {}, 'oldest').slice(5, 25))
    })

    test.each([
      '',
      'x',
      '🙂',
      '%',
      'null',
      '0',
      ...['null', '0', '[]', '{}', '"x"', '[1e999]', '{"__proto__":{"x":1}}', '{"constructor":1}'].map((json) =>
        Buffer.from(json).toString('base64url'),
      ),
      'A'.repeat(100_000),
    ])('that is none is refused: %.40s', async (cursor) => {
      await expect(index.search({}, { limit: 5, order: 'newest', cursor })).rejects.toThrow(BadCursor)
    })

    test('that was tampered with is refused, or leads to a page; nothing else', async () => {
      const { next } = await first({}, 'newest')
      const cursor = next ?? ''
      await fc.assert(
        fc.asyncProperty(
          fc.nat(cursor.length - 1),
          fc.constantFrom('A', 'a', '0', '9', '_', '-', '=', '.'),
          async (at, letter) => {
            const tampered = cursor.slice(0, at) + letter + cursor.slice(at + 1)
            try {
              const page = await index.search({}, { limit: 5, order: 'newest', cursor: tampered })
              expect(page.records.length).toBeLessThanOrEqual(5)
            } catch (error) {
              expect(error).toBeInstanceOf(BadCursor)
            }
          },
        ),
        { numRuns: 60 },
      )
    })
  })

  describe('a summary', () => {
    test.each<TrailQuery>([
      {},
      { target: 'shop' },
      { outcome: 'failed' },
      { held: true },
      { kind: 'login_refused' },
      { masked: 'public.users.email' },
      { gateway: 'gateway-b', since: WANTED_TIMES[2] ?? '', text: 'select' },
      { subject: 'nobody@example.com' },
    ])('counts what matches: %j', async (query) => {
      const found = naiveSearch(trails, query, 'oldest')
      const statements = found.filter(({ record }) => record.kind === 'intent')
      const summary = await index.summarize(query)
      expect(summary).toMatchObject({
        statements: statements.length,
        complete: true,
        countedFrom: found[0]?.record.time ?? null,
      })
      for (const facet of FACETS) expect([facet, summary.facets[facet]]).toEqual([facet, naiveFacet(found, facet)])

      const { overTime, bucketSeconds } = summary
      expect(overTime.length).toBeLessThanOrEqual(120)
      const starts = overTime.map(({ from }) => Date.parse(from))
      for (const [at, start] of starts.entries()) expect(start).toBe((starts[0] ?? 0) + at * bucketSeconds * 1_000)
      for (const [at, bucket] of overTime.entries()) {
        const begun = starts[at] ?? 0
        const within = statements.filter(
          ({ record }) => Date.parse(record.time) >= begun && Date.parse(record.time) < begun + bucketSeconds * 1_000,
        )
        expect(bucket).toEqual({
          from: new Date(begun).toISOString(),
          statements: within.length,
          refused: within.filter(({ record }) => record.decision?.effect === 'deny').length,
          failed: within.filter(({ outcome }) => (outcome?.outcome?.error ?? null) !== null).length,
          held: naiveSearch(trails, { ...query, held: true }, 'oldest').filter((held) =>
            within.some(({ gateway, record }) => gateway === held.gateway && record.seq === held.record.seq),
          ).length,
        })
      }
      expect(overTime.reduce((sum, bucket) => sum + bucket.statements, 0)).toBe(statements.length)
    })

    test('counts shapes by fingerprint, with a text of each', async () => {
      const statements = naiveSearch(trails, { kind: 'intent' }, 'oldest').flatMap(({ record }) =>
        record.statement !== undefined && 'text' in record.statement
          ? [{ ...record.statement, refused: record.decision?.effect === 'deny' }]
          : [],
      )
      const { shapes } = await index.summarize({})
      expect(shapes).toHaveLength(3)
      for (const { fingerprint, text, count, refused } of shapes) {
        const same = statements.filter((statement) => statement.fingerprint === fingerprint)
        expect([count, refused]).toEqual([same.length, same.filter((statement) => statement.refused).length])
        expect(same.map((statement) => statement.text)).toContain(text)
      }
      expect(shapes.map(({ count }) => count)).toEqual(shapes.map(({ count }) => count).sort((a, b) => b - a))
    })

    test('says whose columns were masked, in how many statements', async () => {
      const { maskedBySubject } = await index.summarize({})
      const { subject } = VALUES
      const expected = subject
        .flatMap((one) =>
          VALUES.masked.map((column) => ({
            subject: one,
            column,
            count: naiveSearch(trails, { kind: 'intent', subject: one, masked: column }, 'oldest').length,
          })),
        )
        .filter(({ count }) => count > 0)
      expect(maskedBySubject).toHaveLength(expected.length)
      expect(maskedBySubject).toEqual(expect.arrayContaining(expected))
    })
  })

  test('where clocks went back, every record is found once, and those of one gateway by number', async () => {
    const trailsOfThen = await writeTrails(folders[1].path, {
      statements: 60,
      step: (chance) => (chance() < 0.2 ? -20_000 : 3_000),
    })
    const other = await open(trailsOfThen)
    try {
      for (const order of ['newest', 'oldest'] as const) {
        const found = await allPages(other, {}, { limit: 25, order })
        expect(found).toHaveLength(naiveSearch(trailsOfThen, {}, order).length)
        for (const gateway of VALUES.gateway) {
          const numbers = found.filter((one) => one.gateway === gateway).map(({ record }) => record.seq)
          expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => (order === 'oldest' ? a - b : b - a)))
        }
      }
      const since = trailsOfThen[0]?.shipped[40]?.record.time ?? ''
      const until = trailsOfThen[1]?.shipped[70]?.record.time ?? ''
      for (const query of [{ since }, { until }]) {
        const found = await allPages(other, query, { limit: 25, order: 'newest' })
        const key = ({ gateway, record }: FoundRecord): string => `${gateway} ${record.seq}`
        expect(found.map(key).sort()).toEqual(naiveSearch(trailsOfThen, query, 'newest').map(key).sort())
      }
    } finally {
      await other.close()
    }
  })
}
