import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { appendRecords, TrailDirectory } from '../fixtures/trail-directory.ts'
import { DirectoryIndex } from './directory-index.ts'
import { summarizeTrails } from './summarize-trails.ts'
import { allPages } from './testing/index-contract.ts'
import { TrailFiles } from './trail-files.ts'

const PAGE = { limit: 100, order: 'newest' } as const
const numbers = async (index: DirectoryIndex, order: 'newest' | 'oldest' = 'newest'): Promise<number[]> =>
  (await allPages(index, { kind: 'intent' }, { limit: 100, order })).map(({ record }) => record.seq)

test('a trail of some hundred segments is found whole, in both orders', async () => {
  using directory = new TrailDirectory()
  const trail = await directory.open({ segmentBytes: 1_000 })
  appendRecords(trail, 700)
  await trail.close()
  const files = new TrailFiles(directory.path)
  expect(files.segments().length).toBeGreaterThan(200)
  const index = new DirectoryIndex([directory.path])
  const newest = await numbers(index)
  expect(newest).toHaveLength(700)
  expect(newest).toEqual(newest.toSorted((one, other) => other - one))
  expect(await numbers(index, 'oldest')).toEqual(newest.toReversed())
  await index.close()
})

test('a torn end is passed over, and counted once the segment is not the last; an empty segment holds nothing', async () => {
  using directory = new TrailDirectory()
  const trail = await directory.open()
  appendRecords(trail, 10)
  await trail.close()
  appendFileSync(directory.file(1), '{"seq":13,"time":"2026-01-01T00:00:00.000Z","prev":"')
  const index = new DirectoryIndex([directory.path])
  expect(await numbers(index)).toHaveLength(10)
  writeFileSync(directory.file(2), '')
  expect(await numbers(index)).toHaveLength(10)
  const page = await index.search({}, { ...PAGE, cursor: null })
  expect(page.unreadableLines).toBe(1)
  await index.close()
})

test('segments that are removed between two pages are passed over, by a search that goes on and by one that begins', async () => {
  using directory = new TrailDirectory()
  const trail = await directory.open({ segmentBytes: 2_000 })
  appendRecords(trail, 100)
  await trail.close()
  const segments = new TrailFiles(directory.path).segments()
  const index = new DirectoryIndex([directory.path])
  const first = await index.search({ kind: 'intent' }, { limit: 5, order: 'newest', cursor: null })
  for (const segment of segments.slice(0, -3)) rmSync(directory.file(segment))
  const rest = await index.search({ kind: 'intent' }, { limit: 1_000, order: 'newest', cursor: first.next })
  const left = await numbers(new DirectoryIndex([directory.path]))
  expect(left.length).toBeLessThan(100)
  const seen = [...first.records, ...rest.records].map(({ record }) => record.seq)
  expect(seen.slice(0, left.length)).toEqual(left)
  expect(rest.next).toBe(null)
  await index.close()
})

test('a summary counts the newest up to its bound, and says so', async () => {
  using directory = new TrailDirectory()
  const trail = await directory.open()
  appendRecords(trail, 50)
  await trail.close()
  const trails = [new TrailFiles(directory.path)]
  expect(await summarizeTrails(trails, { kind: 'intent' }, 50)).toMatchObject({ complete: true, statements: 50 })
  expect(await summarizeTrails(trails, { kind: 'intent' }, 49)).toMatchObject({ complete: false, statements: 49 })
})
