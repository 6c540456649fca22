/** A gateway that somebody has taken over writes what they like, with hashes that fit: whoever replays it still gets to the end. */
import { hash } from 'node:crypto'
import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { TrailWriter, verifyRecordings, verifyTrail } from '@gatehouse/audit-trail'
import { encodeRetention, encodeSessionPart } from '@gatehouse/core'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { asHtml, asJsonLines } from './export-session.ts'
import type { ReplayEvent } from './replay-event.ts'
import { findSession, replaySession } from './replay-session.ts'
import { timelineOf } from './session-timeline.ts'

const MEGABYTE = 1024 * 1024
let directory: string
let trail: TrailWriter
let engine: 'postgres' | 'mysql'
let part: number

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-forged-'))
  trail = await TrailWriter.open(directory, { gatewayId: 'taken-over' })
  writeFileSync(join(directory, '000001.recording'), '')
  engine = 'postgres'
  part = 0
})
afterEach(() => rmSync(directory, { recursive: true }))

function who(): string {
  const principal = { subject: 'ada', actor: null, groups: [], issuer: 'https://idp' }
  return encodeSessionPart({ id: 's1', principal, target: 'shop', engine }).whole
}

function begin(): void {
  trail.append(`"kind":"session_start",${who()}`)
}

/** Writes a chunk, stored as it is, with a record that names it. */
function forgeStored(stored: Buffer, uncompressed: number): void {
  const file = '000001.recording'
  const offset = statSync(join(directory, file)).size
  appendFileSync(join(directory, file), stored)
  const sha256 = hash('sha256', stored)
  const chunk = { part: ++part, file, offset, bytes: stored.length, sha256, uncompressed, last: false }
  trail.append(`"kind":"recording",${who()},"recording":${JSON.stringify(chunk)}`)
}

const forge = (entries: Buffer): void => forgeStored(zstdCompressSync(entries), entries.length)

function sent(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  return Buffer.concat([Buffer.of(1), length, bytes])
}

function answer(intent: number, time = 0, response = 0): Buffer {
  const bytes = Buffer.alloc(18)
  bytes[0] = 2
  bytes.writeDoubleLE(time, 1)
  bytes.writeDoubleLE(intent, 9)
  bytes[17] = response
  return bytes
}

/** `CommandComplete` with this tag. */
function complete(tag: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(4 + tag.length + 1)
  return Buffer.concat([Buffer.from('C'), length, Buffer.from(`${tag}\0`)])
}

async function replayed(): Promise<ReplayEvent[]> {
  trail.commit()
  await trail.close()
  const report = await verifyTrail(directory)
  expect(report.firstBreak).toBe(null)
  const found = await findSession(directory, 's1')
  if (found === null) throw new Error('the session is not there')
  const events: ReplayEvent[] = []
  for await (const event of replaySession(directory, found)) events.push(event)
  const recordings = await verifyRecordings(directory, 's1', report.removed)
  const proof = { session: 's1', trail: report, recordings, signed: false }
  for (const written of [asJsonLines(replaySession(directory, found)), asHtml(replaySession(directory, found), proof)])
    for await (const text of written) expect(typeof text).toBe('string')
  return events
}

describe('a chunk whose hash is right', () => {
  it.each<[string, () => void, RegExp]>([
    [
      'that holds what is no entry',
      () => forge(Buffer.from([99, 1, 2, 3])),
      /part 1 of the recording: .* unknown kind, 99/,
    ],
    ['that ends inside an entry', () => forge(Buffer.from([1, 255, 255, 255, 255, 0])), /ends inside an entry/],
    ['that ends inside a number', () => forge(Buffer.from([5, 1, 2])), /part 1 of the recording/],
    ['that is not compressed', () => forgeStored(Buffer.from('plain'), 5), /cannot be uncompressed/],
    [
      'that holds more than it says',
      () => forgeStored(zstdCompressSync(Buffer.alloc(20 * MEGABYTE)), 4096),
      /cannot be uncompressed/,
    ],
    [
      'that says and holds more than a chunk can',
      () => forgeStored(zstdCompressSync(Buffer.alloc(64 * MEGABYTE)), 64 * MEGABYTE),
      /more than a chunk can have/,
    ],
    [
      'that holds less than it says',
      () => forgeStored(zstdCompressSync(Buffer.alloc(10)), 4096),
      /has 10 bytes where the trail names 4096/,
    ],
    [
      'that wants memory to be uncompressed in',
      // A frame of its own making (RFC 8878): a window of 128 MiB, and one raw block of four bytes.
      () => forgeStored(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88, 0x21, 0x00, 0x00, 0x78, 0x78, 0x78, 0x78]), 4),
      /cannot be uncompressed/,
    ],
    [
      'with a message that has no end',
      () => forge(Buffer.concat([answer(0), sent(Buffer.from([0x44, 0x7f, 255, 255, 255, 0]))])),
      /cannot be read/,
    ],
  ])('%s is told as missing, and what follows is shown', async (_, make, why) => {
    begin()
    make()
    forge(Buffer.concat([answer(0), sent(complete('SELECT 1'))]))
    const events = await replayed()
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'missing', why: expect.stringMatching(why) as string }),
    )
    expect(events).toContainEqual(expect.objectContaining({ kind: 'done', text: 'SELECT 1' }))
  })

  it.each(['postgres', 'mysql'] as const)('and whose entries are any at all ends no replay (%s)', async (of) => {
    engine = of
    begin()
    const double = fc.double()
    const entry = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => sent(Buffer.from(bytes))),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => sent(Buffer.from(bytes)).fill(6, 0, 1)),
      fc.tuple(double, double, fc.nat(255)).map(([intent, time, response]) => answer(intent, time, response)),
      fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from([4, ...bytes])),
    )
    for (const entries of fc.sample(fc.array(entry, { maxLength: 12 }), 300)) forge(Buffer.concat(entries))
    forge(Buffer.concat([answer(0), sent(complete('SELECT 1'))]))
    expect((await replayed()).length).toBeGreaterThan(0)
  })
})

it('a record that names no chunk is told as it is, and is a break', async () => {
  begin()
  for (const recording of [
    'null',
    '"x"',
    '{}',
    '{"part":1,"file":"/etc/passwd","offset":0,"bytes":10,"sha256":"","uncompressed":1,"last":false}',
  ])
    trail.append(`"kind":"recording",${who()},"recording":${recording}`)
  forge(Buffer.concat([answer(0), sent(complete('SELECT 1'))]))
  expect(await replayed()).toContainEqual(expect.objectContaining({ kind: 'done', text: 'SELECT 1' }))
  expect((await verifyRecordings(directory)).firstBreak).toMatch(/record 3 of session s1: it names no chunk/)
})

it('a chunk whose file was removed by age is told as that', async () => {
  begin()
  forge(Buffer.concat([answer(0), sent(complete('SELECT 1'))]))
  const removal = {
    file: '000001.recording',
    recording: 1,
    bytes: 1,
    newest: null,
    why: 'recordings are kept for 30 days',
  }
  trail.append(encodeRetention(removal))
  trail.commit()
  rmSync(join(directory, '000001.recording'))
  const why = 'part 1 of the recording: 000001.recording was removed: recordings are kept for 30 days'
  expect(await replayed()).toContainEqual(expect.objectContaining({ kind: 'missing', why }))
})

it('a chunk that is far longer than its file takes no memory', async () => {
  begin()
  const chunk = {
    part: 1,
    file: '000001.recording',
    offset: 0,
    bytes: 16 * MEGABYTE,
    sha256: 'a'.repeat(64),
    uncompressed: 1,
    last: false,
  }
  trail.append(`"kind":"recording",${who()},"recording":${JSON.stringify(chunk)}`)
  const why = expect.stringMatching(/000001\.recording ends at 0, 16777216 bytes short/) as string
  expect(await replayed()).toContainEqual(expect.objectContaining({ kind: 'missing', why }))
})

it('a session that is too long to be kept whole is told up to there, and says how much is left', async () => {
  begin()
  for (let intent = 0; intent < 100; intent++) trail.append(`"kind":"intent",${who()},"statement":{"text":"select 1"}`)
  trail.commit()
  await trail.close()
  const all = await findSession(directory, 's1')
  expect(all).toMatchObject({ omitted: 0 })
  expect(all?.records).toHaveLength(101)
  const cut = await findSession(directory, 's1', { keptBytes: 4_096 })
  if (cut === null) throw new Error('the session is not there')
  expect(cut.records).toEqual(all?.records.slice(0, cut.records.length))
  expect(cut.records.length + cut.omitted).toBe(101)
  expect(cut.omitted).toBeGreaterThan(50)
  const events: ReplayEvent[] = []
  for await (const event of replaySession(directory, cut)) events.push(event)
  expect(events.at(-1)).toMatchObject({
    kind: 'missing',
    why: expect.stringContaining(`${cut.omitted} more records`) as string,
  })
  expect(timelineOf(cut)).toMatchObject({ omittedRecords: cut.omitted })
})
