import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { ShippedRecord, TrailIdentity } from '../shipping/destination.ts'
import { TrailFolder, type WrittenTrail, writeTrails } from '../search/testing/written-trails.ts'
import type { TrailQuery } from '../search/trail-index.ts'
import { PostgresDestination } from './postgres-destination.ts'
import { PostgresIndex } from './postgres-index.ts'
import { databases, rowsOf } from '../../../../test/servers/trail-database.ts'
import { madeIntent, madeOutcome, madeRecord } from './testing/made-records.ts'

const servers = inject('servers')
const of: TrailIdentity = { gateway: 'gateway-a', trail: '0123456789abcdef' }

/** All that is there, but for the numbers of trails. */
async function contents(url: string): Promise<unknown> {
  return [
    await rowsOf(
      url,
      'SELECT t.gateway, r.seq, r.time, r.outcome_time, r.outcome_seq, r.clock, r.terms, r.statement, r.line, r.outcome FROM gatehouse_audit.record r JOIN gatehouse_audit.trail t ON t.id = r.trail ORDER BY 1, 2',
    ),
    await rowsOf(url, 'SELECT * FROM gatehouse_audit.tally WHERE count <> 0 OR refused <> 0 ORDER BY 1, 2, 3, 4, 5'),
    await rowsOf(url, 'SELECT gateway, position FROM gatehouse_audit.trail ORDER BY 1'),
  ]
}

async function shipTo(url: string, batches: readonly (readonly ShippedRecord[])[], to = of): Promise<void> {
  const destination = new PostgresDestination({ url, ca: null })
  try {
    for (const batch of batches) await destination.deliver(to, batch)
  } finally {
    await destination.close()
  }
}

async function found(url: string, query: TrailQuery): Promise<readonly [number, number | null][]> {
  const index = new PostgresIndex({ url, ca: null })
  try {
    const page = await index.search(query, { limit: 1_000, order: 'oldest', cursor: null })
    return page.records.map(({ record, outcome }) => [record.seq, outcome?.seq ?? null])
  } finally {
    await index.close()
  }
}

describe.skipIf('absent' in servers.postgres18)('what is delivered', () => {
  const { make } = databases(servers.postgres18)
  const folder = new TrailFolder()
  let trails: readonly WrittenTrail[] = []
  let expected: unknown
  beforeAll(async () => {
    trails = await writeTrails(folder.path, { statements: 40 })
    const url = await make()
    for (const { identity, shipped } of trails) await shipTo(url, [shipped], identity)
    expected = await contents(url)
  })
  afterAll(() => folder[Symbol.dispose]())

  test('is kept once, and counted once, in whatever pieces it comes, how often, and by how many at once', async () => {
    const pieces = fc.array(fc.tuple(fc.nat(120), fc.integer({ min: 1, max: 40 })), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(pieces, pieces, fc.integer({ min: 1, max: 60 }), async (one, other, step) => {
        const url = await make()
        // Any pieces of it in any order, by two at once; and then all of it, as one that begins anew would send it.
        await Promise.all(
          [one, other].map(async (some) => {
            for (const { identity, shipped } of trails) {
              const batches = some.map(([at, length]) => shipped.slice(at, at + length))
              await shipTo(url, batches, identity)
            }
          }),
        )
        for (const { identity, shipped } of trails) {
          const batches: (readonly ShippedRecord[])[] = []
          for (let at = 0; at < shipped.length; at += step) batches.push(shipped.slice(at, at + step))
          await shipTo(url, batches, identity)
        }
        expect(await contents(url)).toEqual(expected)
      }),
      { numRuns: 8 },
    )
  }, 120_000)

  test('is kept whole or not at all: the position never names what is not there', async () => {
    const url = await make()
    const destination = new PostgresDestination({ url, ca: null })
    try {
      expect(await destination.position(of)).toBe(0)
      await destination.deliver(of, [madeIntent(1, '2026-01-01T00:00:00.000Z')])
      expect(await destination.position(of)).toBe(1)
      expect(await destination.position({ ...of, trail: 'f'.repeat(16) })).toBe(0)
      await rowsOf(url, 'ALTER TABLE gatehouse_audit.tally RENAME TO away')
      await expect(destination.deliver(of, [madeIntent(2, '2026-01-02T00:00:00.000Z')])).rejects.toThrow(/tally/)
      expect(await destination.position(of)).toBe(1)
      expect(await rowsOf(url, 'SELECT seq FROM gatehouse_audit.record')).toEqual([['1']])
      await rowsOf(url, 'ALTER TABLE gatehouse_audit.away RENAME TO tally')
      await destination.deliver(of, [madeIntent(2, '2026-01-02T00:00:00.000Z')])
      expect(await destination.position(of)).toBe(2)
    } finally {
      await destination.close()
    }
  })
})

describe.each(['postgres18', 'postgres15'] as const)('with %s', (version) => {
  const server = servers[version]
  const absent = 'absent' in server
  const { make } = databases(server)

  test.skipIf(absent)(
    'an outcome is told with its intent, of whatever day that is, before it or behind it',
    async () => {
      const url = await make()
      await shipTo(url, [
        [madeIntent(1, '2026-01-01T23:59:59.999Z'), madeIntent(2, '2026-01-02T00:00:00.000Z')],
        [madeOutcome(4, '2026-01-05T00:00:00.000Z', 1, '42P01'), madeOutcome(5, '2026-01-05T00:00:01.000Z', 3)],
        [madeIntent(3, '2026-01-02T00:00:00.001Z')],
        [madeOutcome(4, '2026-01-05T00:00:00.000Z', 1, '42P01')],
      ])
      expect(await found(url, {})).toEqual([
        [1, 4],
        [2, null],
        [3, 5],
      ])
      expect(await found(url, { outcome: 'failed', code: '42P01' })).toEqual([[1, 4]])
      expect(await found(url, { outcome: 'done' })).toEqual([[3, 5]])
      expect(await found(url, { outcome: 'unknown' })).toEqual([[2, null]])
      expect(await found(url, { kind: 'outcome' })).toEqual([
        [4, null],
        [5, null],
      ])
      const days = 'SELECT tableoid::regclass::text, seq FROM gatehouse_audit.record ORDER BY seq'
      expect(await rowsOf(url, days)).toEqual([
        ['gatehouse_audit.record_20260101', '1'],
        ['gatehouse_audit.record_20260102', '2'],
        ['gatehouse_audit.record_20260102', '3'],
      ])
      expect(
        await rowsOf(
          url,
          "SELECT value, sum(count) FROM gatehouse_audit.tally WHERE facet = 'outcome' AND hours = 24 GROUP BY 1 HAVING sum(count) <> 0 ORDER BY 1",
        ),
      ).toEqual([
        ['done', '1'],
        ['failed', '1'],
        ['unknown', '1'],
      ])
    },
  )

  test.skipIf(absent)('an outcome whose intent never comes is kept, and found among outcomes', async () => {
    const url = await make()
    await shipTo(url, [[madeOutcome(8, '2026-01-01T00:00:00.000Z', 7, '1064')]])
    expect(await found(url, {})).toEqual([])
    expect(await found(url, { kind: 'outcome', code: '1064' })).toEqual([[8, null]])
    expect(await found(url, { kind: 'outcome', session: 's-1' })).toEqual([[8, null]])
    expect(await found(url, { kind: 'outcome', subject: 'dana@example.com' })).toEqual([])
  })

  test.skipIf(absent)(
    'whatever stands in a record, it is kept as it is, is found by it, and finds nothing else',
    async () => {
      const url = await make()
      const hostile = ['\u0000', "'", '"', '%', '_', '\\', '$1', '{', '}', ',', 'NULL', '\n', '\ud800', 'é', '🙂', '--']
      const text = fc
        .array(fc.constantFrom(...hostile, 'a', 'B'), { minLength: 1, maxLength: 6 })
        .map((parts) => parts.join(''))
      let seq = 0
      await fc.assert(
        fc.asyncProperty(fc.array(text, { minLength: 9, maxLength: 9 }), async (values) => {
          const [session, subject, actor, target, action, relation, masked, rule, fingerprint] = values.map(
            (value) => `${value}${String(seq)}`,
          )
          const wanted = {
            session,
            subject,
            actor,
            target,
            action,
            relation,
            masked,
            rule,
            fingerprint,
            text: `${session}!${rule}`,
          }
          const shipped = madeIntent(++seq, '2026-01-01T00:00:00.000Z', {
            session,
            principal: { subject, actor, groups: [], issuer: '' },
            target,
            statement: { text: `select '${wanted.text}'`, parameters: [], fingerprint },
            actions: [action],
            relations: [relation],
            decision: { effect: 'permit', rule, approval: null },
            masked: [masked],
          })
          await shipTo(url, [[shipped]])
          const index = new PostgresIndex({ url, ca: null })
          try {
            for (const [member, value] of Object.entries(wanted)) {
              const page = await index.search({ [member]: value }, { limit: 10, order: 'newest', cursor: null })
              expect([member, page.records.map(({ record }) => record)]).toEqual([member, [shipped.record]])
            }
          } finally {
            await index.close()
          }
        }),
        { numRuns: 12 },
      )
      expect((await rowsOf(url, 'SELECT line FROM gatehouse_audit.record')).length).toBe(seq)
    },
  )

  test.skipIf(absent)('a record of 8 MiB is kept, found and given whole, and a page of many is cut', async () => {
    const url = await make()
    const long = `${'x'.repeat(8 * 1024 * 1024 - 2_000)} needle`
    const lines = Array.from({ length: 6 }, (_, at) =>
      madeIntent(at + 1, `2026-01-01T00:00:0${String(at)}.000Z`, {
        statement: { text: at === 4 ? long : 'select $1', parameters: [at === 4 ? '' : long], fingerprint: 'f' },
      }),
    )
    await shipTo(url, [lines])
    const index = new PostgresIndex({ url, ca: null })
    try {
      const whole = await index.search({ text: 'X NEEDLE' }, { limit: 1, order: 'newest', cursor: null })
      expect(whole.records[0]?.record).toEqual(lines[4]?.record)
      const first = await index.search({}, { limit: 1_000, order: 'oldest', cursor: null })
      expect(first.next).not.toBe(null)
      const rest = await index.search({}, { limit: 1_000, order: 'oldest', cursor: first.next })
      expect([...first.records, ...rest.records].map(({ record }) => record.seq)).toEqual([1, 2, 3, 4, 5, 6])
    } finally {
      await index.close()
    }
  })

  test.skipIf(absent)('a record whose time is none stops nothing', async () => {
    const url = await make()
    await shipTo(url, [
      [
        madeRecord(1, 'yesterday', 'alarm', {}),
        madeRecord(2, '+275760-09-13T00:00:00.000Z', 'alarm', {}),
        madeIntent(3, '2026-01-01T00:00:00.000Z'),
      ],
    ])
    expect(await found(url, {})).toEqual([
      [1, null],
      [2, null],
      [3, null],
    ])
  })
})
