/** Whoever can write to a trail's directory, and has no key: each thing that they can do to it is named. */
import * as fc from 'fast-check'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { encodeRetention } from '@gatehouse/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FoundCheckpoint, parseCheckpoint } from '../seals/checkpoint.ts'
import { AgedTrail, keys } from '../fixtures/aged-trail.ts'
import { copyOf, edit, editLines, rechain, removalOf, swap } from '../fixtures/tampered-copy.ts'
import { verifyRecordings } from '../recording/recording-chunks.ts'
import { recordingName } from '../recording/recording-names.ts'
import { sealName } from '../seals/seal.ts'
import { segmentName } from '../chain/segment-names.ts'
import { makeKeyPair, readSigningKey } from '../seals/signing-key.ts'
import { sealSegment } from '../writing/seal-left.ts'
import { verifyTrail } from './verify.ts'

/**
 * Six days, recorded, as they were before anything was removed (`full`), and behind the removal of days 0, 1 and 3 (`thinned`): day 2 was
 * held. And what was published of their heads.
 */
let aged: AgedTrail
let full: string
let thinned: string
const published: FoundCheckpoint[] = []

const DAYS = 6
/** The segment that tells of the removals. */
const TELLING = 7

beforeAll(async () => {
  aged = new AgedTrail()
  await aged.write(DAYS, true)
  full = copyOf(aged.directory.path)
  const trail = await aged.open({ onCheckpoint: (line) => void published.push(...found(line)) })
  const held = (): Promise<{ sessions: string[]; subjects: string[] }> =>
    Promise.resolve({ sessions: ['s2'], subjects: [] })
  // The recordings' files are of today, as far as their directory says: they go with what names them, when they are as old.
  for (const number of [1, 2, 4]) rmSync(join(aged.directory.path, recordingName(number)))
  for (const number of [1, 2, 4])
    trail.owe(encodeRetention({ file: recordingName(number), recording: number, bytes: 1, newest: null, why: 'old' }))
  await aged.retention(trail, { recordsDays: 2, held }).turn()
  await trail.close()
  thinned = copyOf(aged.directory.path)
})
afterAll(() => {
  aged[Symbol.dispose]()
  for (const path of [full, thinned]) rmSync(path, { recursive: true })
})

function found(line: string): FoundCheckpoint[] {
  const checkpoint = parseCheckpoint(line)
  return checkpoint === null ? [] : [checkpoint]
}

/** What is said of a copy that something was done to: the trail's first break, and its recordings'. */
async function after(
  original: string,
  damage: (at: string) => void | Promise<void>,
  checkpoints: readonly FoundCheckpoint[] = [],
): Promise<{ readonly place: string | null; readonly said: string | null; readonly warnings: readonly string[] }> {
  const copy = copyOf(original)
  try {
    await damage(copy)
    const trail = await verifyTrail(copy, { keys, checkpoints })
    const recordings = await verifyRecordings(copy, undefined, trail.removed)
    const { firstBreak } = trail
    return {
      place: firstBreak === null ? null : segmentName(firstBreak.segment),
      said: firstBreak?.what ?? recordings.firstBreak,
      warnings: [...trail.warnings, ...recordings.warnings],
    }
  } finally {
    rmSync(copy, { recursive: true })
  }
}

it.each([
  ['as it was written', () => full],
  ['behind the removal of what was old', () => thinned],
])('the trail %s passes', async (_, original) => {
  expect(await after(original(), () => undefined, original() === full ? [] : published)).toEqual({
    place: null,
    said: null,
    warnings: [],
  })
})

describe('a trail', () => {
  it.each<[string, string, (at: string) => void | Promise<void>, RegExp]>([
    [
      'a byte is changed',
      '000003.jsonl',
      (at) => edit(join(at, segmentName(3)), (text) => text.replace('person-2', 'person-9')),
      /line|was changed/,
    ],
    [
      'a record is dropped',
      '000003.jsonl',
      (at) => editLines(at, 3, (all) => all.toSpliced(1, 1)),
      /1 record is missing before it/,
    ],
    [
      'a record is doubled',
      '000003.jsonl',
      (at) => editLines(at, 3, (all) => all.toSpliced(1, 0, all[1] ?? '')),
      /stands where record/,
    ],
    [
      'records are reordered',
      '000003.jsonl',
      (at) => editLines(at, 3, (all) => all.with(1, all[2] ?? '').with(2, all[1] ?? '')),
      /order was changed/,
    ],
    [
      'the last record of the last segment is cut off',
      '000006.jsonl',
      (at) => editLines(at, 6, (all) => all.slice(0, -1)),
      /is for records/,
    ],
    [
      'a segment is cut in the middle of a record',
      '000003.jsonl',
      (at) => truncateSync(join(at, segmentName(3)), 700),
      /no end/,
    ],
    [
      'a segment is emptied',
      '000003.jsonl',
      (at) => writeFileSync(join(at, segmentName(3)), ''),
      /holds no record|is missing/,
    ],
    [
      'two segments are swapped',
      '000003.jsonl',
      (at) => swap(join(at, segmentName(3)), join(at, segmentName(4))),
      /must be here/,
    ],
    [
      'a segment is doubled behind the last',
      '000007.jsonl',
      (at) => copyFileSync(join(at, segmentName(6)), join(at, segmentName(7))),
      /stands where record/,
    ],
    ['a segment is removed', '000003.jsonl', (at) => rmSync(join(at, segmentName(3))), /000003\.jsonl is missing/],
    [
      'the first segments are removed',
      '000001.jsonl',
      (at) => [1, 2].forEach((one) => rmSync(join(at, segmentName(one)))),
      /000001\.jsonl is missing/,
    ],
    [
      'the first segments are removed with their seals',
      '000001.jsonl',
      (at) => [1, 2].forEach((one) => [segmentName, sealName].forEach((name) => rmSync(join(at, name(one))))),
      /000001\.jsonl is missing/,
    ],
    [
      'all segments are removed',
      '000000.jsonl',
      (at) => [1, 2, 3, 4, 5, 6].forEach((one) => rmSync(join(at, segmentName(one)))),
      /there is a seal for|tail was cut off/,
    ],
    [
      'the tail is cut off with its seal',
      '000005.jsonl',
      (at) => [segmentName(6), sealName(6)].forEach((file) => rmSync(join(at, file))),
      /the tail was cut off/,
    ],
    [
      'two seals are swapped',
      '000002.jsonl',
      (at) => swap(join(at, sealName(2)), join(at, sealName(4))),
      /000002\.seal\.json is for records/,
    ],
    ['a seal is dropped', '000002.jsonl', (at) => rmSync(join(at, sealName(2))), /000002\.seal\.json is missing/],
    ['the checkpoint is dropped', '000006.jsonl', (at) => rmSync(join(at, 'head.json')), /the checkpoint is missing/],
    [
      'the checkpoint is that of another trail',
      '000007.jsonl',
      (at) => copyFileSync(join(thinned, 'head.json'), join(at, 'head.json')),
      /tail was cut off|names/,
    ],
    [
      'the last records are written anew',
      '000006.jsonl',
      (at) => rechain(at, 6, 2, ['"kind":"alarm"', '"kind":"alarm"']),
      /names another hash|is for records|cannot stand|tail/,
    ],
    [
      'a segment is written anew, and sealed with another key',
      '000006.jsonl',
      async (at) => {
        rechain(at, 6, 2, ['"kind":"alarm"', '"kind":"segment_closed"'])
        const { last, first, hash, bytes } = removalOf(at, 6)
        const other = readSigningKey(makeKeyPair().privateKey)
        const ended = { segment: 6, records: last - first + 1, head: { seq: last, hash }, bytes, closed: true }
        await sealSegment(at, ended, { gatewayId: 'gateway-1', signing: other, now: () => aged.now })
      },
      /none of those given|names another hash|tail was cut off/,
    ],
  ])('of which %s is named at %s', async (_, place, damage, wanted) => {
    const report = await after(full, damage)
    expect(report.said).toMatch(wanted)
    const near = Number.parseInt(report.place ?? '', 10) - Number.parseInt(place, 10)
    expect(Math.abs(near)).toBeLessThanOrEqual(1)
  })

  it('that is put back to an older copy, checkpoint and all, is named by what was published of it, and by that alone', async () => {
    expect((await after(full, () => undefined)).said).toBe(null)
    expect((await after(full, () => undefined, published)).said).toMatch(/kept elsewhere names record/)
  })

  it('whose checkpoint alone is put back is named where the older one says that it was closed', async () => {
    const rollBack = (at: string): void => copyFileSync(join(full, 'head.json'), join(at, 'head.json'))
    expect((await after(thinned, rollBack)).said).toMatch(/records stand after the end that the checkpoint names/)
  })
})

describe('a trail that something was removed from', () => {
  it('says what, and why', async () => {
    const { removed, firstBreak } = await verifyTrail(thinned, { keys })
    expect(firstBreak).toBe(null)
    expect(removed.flatMap((removal) => ('segment' in removal ? [removal.segment] : []))).toEqual([1, 2, 4])
    expect(existsSync(join(thinned, sealName(1)))).toBe(true)
  })

  it.each<[string, (at: string) => void, RegExp]>([
    ['what was held is removed as well', (at) => rmSync(join(at, segmentName(3))), /000003\.jsonl is missing$/],
    ['what came next is removed as well', (at) => rmSync(join(at, segmentName(5))), /000005\.jsonl is missing$/],
    [
      'a seal of what was removed is dropped',
      (at) => rmSync(join(at, sealName(2))),
      /000002\.jsonl is missing, and 000002\.seal\.json is missing/,
    ],
    [
      'seals of what was removed are swapped',
      (at) => swap(join(at, sealName(1)), join(at, sealName(2))),
      /000001\.seal\.json says otherwise/,
    ],
    [
      'the records that tell of it are cut off, with the seal',
      (at) => {
        editLines(at, TELLING, (all) => all.slice(0, 1))
        rmSync(join(at, sealName(TELLING)))
        rmSync(join(at, 'head.json'))
      },
      /is missing/,
    ],
    [
      'the segment that tells of it is dropped',
      (at) => [segmentName(TELLING), sealName(TELLING), 'head.json'].forEach((file) => rmSync(join(at, file))),
      /is missing/,
    ],
    [
      'a record that tells of it is changed',
      (at) => edit(join(at, segmentName(TELLING)), (text) => text.replace('"segment":2,', '"segment":3,')),
      /was changed/,
    ],
    [
      'a segment comes back changed',
      (at) =>
        writeFileSync(
          join(at, segmentName(2)),
          readFileSync(join(full, segmentName(2)), 'utf8').replace('person-1', 'person-9'),
        ),
      /was changed/,
    ],
    [
      'another segment comes back in its place',
      (at) => copyFileSync(join(full, segmentName(4)), join(at, segmentName(2))),
      /records are those of segment 4|must be here/,
    ],
    ['a recording that was not removed is', (at) => rmSync(join(at, recordingName(5))), /000005\.recording is missing/],
  ])('is found broken where %s', async (_, damage, wanted) => {
    expect((await after(thinned, damage)).said).toMatch(wanted)
  })

  it('passes with what was removed put back: it is what was written', async () => {
    const back = (at: string): void => copyFileSync(join(full, segmentName(2)), join(at, segmentName(2)))
    expect((await after(thinned, back)).said).toBe(null)
  })

  it('is not believed where the record of a removal is one that no key vouches for', async () => {
    // Its writer was killed: whoever is there adds what they like to the last segment, which is not sealed yet.
    using live = new AgedTrail()
    await live.write(3)
    const trail = await live.open()
    const at = copyOf(live.directory.path)
    await trail.close()
    try {
      const kept = readFileSync(join(at, segmentName(4)), 'utf8').split(/(?<=\n)/u).length
      rechain(at, 4, kept, [encodeRetention(removalOf(at, 2))])
      rmSync(join(at, segmentName(2)))
      expect(await verifyTrail(at)).toMatchObject({ firstBreak: null, removed: [{ segment: 2 }] })
      const report = await verifyTrail(at, { keys })
      expect(report).toMatchObject({ removed: [], firstBreak: { segment: 2, what: '000002.jsonl is missing' } })
    } finally {
      rmSync(at, { recursive: true })
    }
  })

  it('does not pass where what was published says otherwise of what is gone', async () => {
    const [line] = published
    if (line === undefined) throw new Error('nothing was published')
    const { checkpoint } = line
    const other = { ...line, checkpoint: { ...checkpoint, seq: 2, segment: 3 } }
    const report = await verifyTrail(thinned, { checkpoints: [other] })
    expect(report.firstBreak?.what).toMatch(/kept elsewhere says otherwise of record 2/)
  })
})

describe('a recording', () => {
  it.each<[string, (at: string) => void, RegExp]>([
    [
      'is changed',
      (at) => {
        const path = join(at, recordingName(2))
        const bytes = readFileSync(path)
        bytes[10] = (bytes[10] ?? 0) ^ 1
        writeFileSync(path, bytes)
      },
      /part 1 of session s1: 000002\.recording was changed between 0 and/,
    ],
    [
      'is cut',
      (at) => truncateSync(join(at, recordingName(2)), 10),
      /part 1 of session s1: 000002\.recording ends at 10/,
    ],
    ['is dropped', (at) => rmSync(join(at, recordingName(2))), /part 1 of session s1: 000002\.recording is missing/],
    [
      'is swapped with another',
      (at) => swap(join(at, recordingName(2)), join(at, recordingName(3))),
      /part 1 of session s1: 000002\.recording (was changed|ends at)/,
    ],
    [
      'is that of another session',
      (at) => copyFileSync(join(at, recordingName(3)), join(at, recordingName(2))),
      /part 1 of session s1: 000002\.recording (was changed|ends at)/,
    ],
  ])('that %s is named', async (_, damage, wanted) => {
    expect((await after(full, damage)).said).toMatch(wanted)
  })

  it('that something is added to is told of: no record names it', async () => {
    const report = await after(full, (at) => appendFileSync(join(at, recordingName(2)), 'more'))
    expect(report).toMatchObject({
      said: null,
      warnings: [expect.stringMatching(/000002\.recording has 4 bytes that no record names/)],
    })
  })
})

it('no byte of any file can be changed without a break being named', { timeout: 120_000 }, async () => {
  const copy = copyOf(thinned)
  const files = readdirSync(copy).filter((file) => file !== 'lock')
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (file, place, flip) => {
          const path = join(copy, file)
          const bytes = readFileSync(path)
          const at = place % bytes.length
          // The line feed behind a seal or checkpoint is not signed, and may be missing.
          fc.pre(!(file.endsWith('.seal.json') && at === bytes.length - 1))
          const changed = Buffer.from(bytes)
          changed[at] = (changed[at] ?? 0) ^ flip
          writeFileSync(path, changed)
          try {
            const trail = await verifyTrail(copy, { keys })
            const recordings = await verifyRecordings(copy, undefined, trail.removed)
            expect(trail.firstBreak?.what ?? recordings.firstBreak, `${file} at ${at}`).not.toBe(null)
          } finally {
            writeFileSync(path, bytes)
          }
        },
      ),
      { numRuns: 400 },
    )
  } finally {
    rmSync(copy, { recursive: true })
  }
})
