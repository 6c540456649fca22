import { appendFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { TrailDirectory, appendRecords } from '../fixtures/trail-directory.ts'
import { readRecords, type RecordWish } from './read-records.ts'

it('reads all records, or those of some kinds and of one session, over all segments or in one, oldest first', async () => {
  using directory = new TrailDirectory()
  const trail = await directory.open({ segmentBytes: 2_000 })
  appendRecords(trail, 30)
  const read = async (wish: RecordWish, most = Infinity): Promise<number[]> => {
    const found: number[] = []
    await readRecords(directory.path, wish, (record) => found.push(record.seq) < most)
    return found
  }
  const all = await read({})
  expect(all).toEqual(all.map((_, index) => index + 1))
  const ofSession = await read({ session: 's-1' })
  expect(ofSession).toHaveLength(10)
  const openers = await read({ kinds: ['trail_opened'] })
  expect(openers[0]).toBe(1)
  expect(openers.length).toBeGreaterThan(2)
  expect(await read({ kinds: ['trail_opened'], session: 's-1' })).toEqual(
    [...openers, ...ofSession].toSorted((one, other) => one - other),
  )
  expect(await read({ session: 's-' })).toEqual([])
  expect(await read({ kinds: [] })).toEqual([])
  expect(await read({}, 4)).toEqual([1, 2, 3, 4])
  expect(await read({ kinds: ['trail_opened'], segment: 2 })).toEqual([openers[1]])
  await trail.close()
})

it('passes over lines that are no records, and counts them', async () => {
  using directory = new TrailDirectory()
  const trail = await directory.open()
  await trail.close()
  appendFileSync(directory.file(1), 'null\n7\n"text"\n{"seq":1}\nhello\n{"half')
  expect(await readRecords(directory.path, {}, () => true)).toEqual({ unreadableLines: 6 })
})
