import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { AgedTrail, BEGIN, DAY, keys, NOTHING_HELD } from '../fixtures/aged-trail.ts'
import { verifyRecordings } from '../recording/recording-chunks.ts'
import { listRecordings, recordingName } from '../recording/recording-names.ts'
import { readRecords } from '../chain/read-records.ts'
import { listSegments } from '../chain/segment-names.ts'
import { readTrailId } from '../chain/trail-id.ts'
import { verifyTrail } from '../verification/verify.ts'

const whole = async (aged: AgedTrail): Promise<void> => {
  const { path } = aged.directory
  for (const options of [{}, { keys }]) {
    const report = await verifyTrail(path, options)
    expect(report).toMatchObject({ firstBreak: null })
    expect(await verifyRecordings(path, undefined, report.removed)).toMatchObject({ firstBreak: null })
  }
}

/** Files of recordings as old as what they hold. */
const age = (aged: AgedTrail, count: number): void => {
  for (let number = 1; number <= count; number++) {
    const time = (BEGIN + (number - 1) * DAY) / 1_000
    utimesSync(join(aged.directory.path, recordingName(number)), time, time)
  }
}

it('what is older than is kept goes, seals stay, and the trail is whole all the same, also for those who write on', async () => {
  using aged = new AgedTrail()
  const { path } = aged.directory
  await aged.write(5)
  const id = readTrailId(path)
  const trail = await aged.open()
  const report = await aged.retention(trail, { recordsDays: 2 }).turn()
  expect(report.removed.map(({ file }) => file)).toEqual(['000001.jsonl', '000002.jsonl', '000003.jsonl'])
  expect(listSegments(path)).toEqual([4, 5, 6])
  expect(readdirSync(path).filter((file) => file.endsWith('.seal.json'))).toHaveLength(5)
  // While it is written, and when it is not any more, and when it is again.
  await whole(aged)
  await trail.close()
  await whole(aged)
  const again = await aged.open()
  await again.close()
  await whole(aged)
  expect(readTrailId(path)).toBe(id)
  const told: unknown[] = []
  await readRecords(path, { kinds: ['retention'] }, ({ retention }) => told.push(retention) > 0)
  expect(told).toHaveLength(3)
  expect(told[1]).toMatchObject({ segment: 2, first: 5, last: 8, why: 'records are kept for 2 days' })
  expect((await verifyTrail(path, { keys })).removed).toHaveLength(3)
})

it.each([
  ['session', { sessions: ['s1'], subjects: [] }],
  ['subject', { sessions: [], subjects: ['person-1'] }],
])('what a held %s is named in stays, between others that go, until the hold is lifted', async (_, hold) => {
  using aged = new AgedTrail()
  await aged.write(4)
  const trail = await aged.open()
  let held = hold
  const retention = aged.retention(trail, { recordsDays: 1, held: () => Promise.resolve(held) })
  const report = await retention.turn()
  expect(listSegments(aged.directory.path)).toEqual([2, 4, 5])
  expect(report.kept).toEqual([{ file: '000002.jsonl', why: 'a legal hold names what is in it' }])
  await whole(aged)
  held = { sessions: [], subjects: [] }
  await retention.turn()
  expect(listSegments(aged.directory.path)).toEqual([4, 5])
  await trail.close()
  await whole(aged)
})

it('nothing is removed while what is held cannot be known, and nothing that is not shipped', async () => {
  using aged = new AgedTrail()
  await aged.write(4)
  const trail = await aged.open()
  const unknown = aged.retention(trail, { recordsDays: 1, held: () => Promise.reject(new Error('Redis is gone')) })
  await expect(unknown.turn()).rejects.toThrow('Redis is gone')
  expect(listSegments(aged.directory.path)).toHaveLength(5)
  const shippedThrough = (): { segment: number; recording: number } => ({ segment: 1, recording: 0 })
  await aged.retention(trail, { recordsDays: 1, shippedThrough }).turn()
  expect(listSegments(aged.directory.path)).toEqual([2, 3, 4, 5])
  await trail.close()
})

it('a hold that comes between the record and the removal keeps the file, and so does a crash until the next turn', async () => {
  using aged = new AgedTrail()
  await aged.write(3)
  const trail = await aged.open()
  let asked = 0
  const late = aged.retention(trail, {
    recordsDays: 1,
    held: () => Promise.resolve(++asked === 1 ? NOTHING_HELD : { sessions: ['s0'], subjects: [] }),
  })
  expect(await late.turn()).toMatchObject({ removed: [] })
  expect(listSegments(aged.directory.path)).toEqual([1, 2, 3, 4])
  // The trail tells of removals that were not done: no harm.
  expect((await verifyTrail(aged.directory.path, { keys })).removed).toHaveLength(2)
  await whole(aged)
  await aged.retention(trail, { recordsDays: 1 }).turn()
  expect(listSegments(aged.directory.path)).toEqual([3, 4])
  await trail.close()
  await whole(aged)
})

it('nothing is removed while its record cannot be on the disk', async () => {
  using aged = new AgedTrail()
  await aged.write(3)
  const trail = await aged.open()
  const retention = aged.retention(trail, { recordsDays: 1, trail: { owe: () => undefined } })
  const turn = retention.turn()
  setTimeout(() => void retention.close(), 2_000)
  await expect(turn).rejects.toThrow(/abort/i)
  expect(listSegments(aged.directory.path)).toEqual([1, 2, 3, 4])
  await trail.close()
})

it('recordings go before the records that name them, and no segment before its recordings', async () => {
  using aged = new AgedTrail()
  const { path } = aged.directory
  await aged.write(4, true)
  age(aged, 4)
  const trail = await aged.open()
  const held = (): Promise<{ sessions: string[]; subjects: string[] }> =>
    Promise.resolve({ sessions: [], subjects: ['person-1'] })
  const report = await aged.retention(trail, { recordingsDays: 1, held }).turn()
  expect(report.removed.map(({ file }) => file)).toEqual(['000001.recording', '000003.recording'])
  expect(report.kept).toEqual([{ file: '000002.recording', why: 'a legal hold names a session in it' }])
  await whole(aged)
  const { removed } = await verifyTrail(path, { keys })
  expect(await verifyRecordings(path, undefined, removed)).toMatchObject({ chunks: 2, removed: 2, firstBreak: null })
  // Not told of, they are missing.
  expect((await verifyRecordings(path)).firstBreak).toMatch(/part 1 of session s0: 000001\.recording is missing/)
  // The recording of day 1 is not shipped yet: its segment stays with it.
  const shippedThrough = (): { segment: number; recording: number } => ({ segment: Infinity, recording: 1 })
  await aged.retention(trail, { recordsDays: 1, shippedThrough }).turn()
  expect(listSegments(path)).toEqual([2, 4, 5])
  await trail.close()
  await whole(aged)
})

it('the number of a file of recordings is never given again, however old the file is', async () => {
  using aged = new AgedTrail()
  const { path } = aged.directory
  await aged.write(2, true)
  age(aged, 2)
  aged.now += 10 * DAY
  const trail = await aged.open()
  await aged.retention(trail, { recordingsDays: 1 }).turn()
  expect(listRecordings(path)).toEqual([2])
  await trail.close()
  await aged.write(3, true, 2)
  expect(listRecordings(path)).toEqual([2, 3])
  await whole(aged)
  const { removed } = await verifyTrail(path, { keys })
  expect(await verifyRecordings(path, undefined, removed)).toMatchObject({ chunks: 2, removed: 1, firstBreak: null })
})

it('the parts of a session may be in segments around one that is gone', async () => {
  using aged = new AgedTrail()
  const { path } = aged.directory
  await aged.write(1, true)
  const trail = await aged.open()
  const part = (number: number): string =>
    `"kind":"recording","session":"long","recording":{"part":${number},"lost":"no room","uncompressed":1,"last":false}`
  for (const number of [1, 2]) trail.append(part(number))
  trail.commit()
  await trail.close()
  aged.now += 5 * DAY
  const next = await aged.open()
  next.append(part(4))
  next.commit()
  const { removed } = await verifyTrail(path)
  expect((await verifyRecordings(path, undefined, removed)).firstBreak).toMatch(/part 3 is missing/)
  const gone = { file: '', bytes: 0, newest: null, why: '', segment: 9, prev: '', hash: '' }
  const last = next.head.seq - 1
  expect(await verifyRecordings(path, undefined, [{ ...gone, first: last - 1, last: last - 1 }])).toMatchObject({
    firstBreak: null,
  })
  await next.close()
})

it('a segment that was changed is not removed: it is evidence', async () => {
  using aged = new AgedTrail()
  await aged.write(3)
  const file = aged.directory.file(1)
  writeFileSync(file, readFileSync(file, 'utf8').replace('person-0', 'person-9'))
  const trail = await aged.open()
  const report = await aged.retention(trail, { recordsDays: 1 }).turn()
  expect(report.kept).toEqual([
    { file: '000001.jsonl', why: expect.stringMatching(/it is broken in line 2: the record was changed/) as string },
  ])
  expect(existsSync(file)).toBe(true)
  await trail.close()
})
