import type { AuditRecord } from '@gatehouse/core'
import { appendFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { TrailDirectory, appendRecords } from '../fixtures/trail-directory.ts'
import { searchTrail } from './search.ts'
import type { RecordFilter } from './search.ts'

it('finds records by session, kind, time and text, over all segments, oldest first', async () => {
  using directory = new TrailDirectory()
  let now = Date.UTC(2026, 0, 1)
  const trail = await directory.open({ segmentBytes: 2_000, now: () => (now += 1_000) })
  appendRecords(trail, 30)
  const search = async (filter: RecordFilter, most = Infinity): Promise<number[]> => {
    const found: AuditRecord[] = []
    await searchTrail(directory.path, filter, (record) => found.push(record) < most)
    return found.map((record) => record.seq)
  }
  const all = await search({})
  expect(all).toEqual(all.map((_, index) => index + 1))
  expect(await search({ session: 's-1' })).toHaveLength(10)
  expect(await search({ kind: 'trail_opened' })).toEqual(expect.arrayContaining([1]))
  expect(await search({ text: 'select 7 ' })).toHaveLength(1)
  expect(await search({ text: '🙂' }, 4)).toHaveLength(4)
  expect(await search({ subject: 'nobody' })).toEqual([])
  const since = '2026-01-01T00:00:10.000Z'
  const until = '2026-01-01T00:00:15.000Z'
  expect([
    ...(await search({ until: since })),
    ...(await search({ since, until })),
    ...(await search({ since: until })),
  ]).toEqual(all)
  await trail.close()
})

it('passes over lines that are JSON and no record, and counts them', async () => {
  using directory = new TrailDirectory()
  const trail = await directory.open()
  await trail.close()
  appendFileSync(directory.file(1), 'null\n7\n"text"\n')
  expect(await searchTrail(directory.path, {}, () => true)).toEqual({ unreadableLines: 3 })
})

it('passes over lines that are not JSON and counts them', async () => {
  using directory = new TrailDirectory()
  const trail = await directory.open()
  await trail.close()
  appendFileSync(directory.file(1), 'hello\n{"half')
  expect(await searchTrail(directory.path, {}, () => true)).toEqual({ unreadableLines: 2 })
})
