import * as fc from 'fast-check'
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TrailDirectory, appendRecords } from '../fixtures/trail-directory.ts'
import { GENESIS_HASH } from '../chain/record-line.ts'
import { verifyTrail } from './verify.ts'
import type { VerifyReport } from './verify.ts'

const FORMAT_PAGE = fileURLToPath(new URL('../../../../docs/audit-format.md', import.meta.url))

/** A trail of several segments, closed properly; each test works on a copy of its bytes. */
let original: TrailDirectory
let segments: Map<string, Buffer>

beforeAll(async () => {
  original = new TrailDirectory()
  const trail = await original.open({ segmentBytes: 1_500 })
  appendRecords(trail, 24)
  await trail.close()
  segments = new Map()
  for (let segment = 1; existsSync(original.file(segment)); segment++) {
    segments.set(original.file(segment), readFileSync(original.file(segment)))
  }
  expect(segments.size).toBeGreaterThan(3)
  const head = join(original.path, 'head.json')
  segments.set(head, readFileSync(head))
})
afterAll(() => original[Symbol.dispose]())

/** Runs `damage` on the trail, verifies, and puts everything back. */
async function verifyAfter(damage: () => void): Promise<VerifyReport> {
  try {
    damage()
    return await verifyTrail(original.path)
  } finally {
    for (const [path, bytes] of segments) writeFileSync(path, bytes)
    for (let extra = segments.size; existsSync(original.file(extra)); extra++) rmSync(original.file(extra))
  }
}

const editLines = (segment: number, edit: (lines: string[]) => string[]) => (): void => {
  original.writeLines(segment, edit(original.lines(segment)))
}

describe('a trail that was changed', () => {
  it('is found whole before anything is done to it', async () => {
    const report = await verifyAfter(() => {})
    expect(report).toMatchObject({ firstBreak: null, warnings: [], segments: segments.size - 1 })
  })

  it('is found whatever single bit of whatever byte is flipped', { timeout: 60_000 }, async () => {
    const paths = [...segments.keys()]
    await fc.assert(
      fc.asyncProperty(
        fc.nat(paths.length - 1),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (which, at, flip) => {
          const path = paths[which] ?? ''
          const bytes = Buffer.from(segments.get(path) ?? '')
          const position = at % bytes.length
          bytes[position] = (bytes[position] ?? 0) ^ flip
          const report = await verifyAfter(() => writeFileSync(path, bytes))
          expect(report.firstBreak, `${path} at ${position}`).not.toBe(null)
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('is found wherever it is cut', { timeout: 60_000 }, async () => {
    const paths = [...segments.keys()]
    await fc.assert(
      fc.asyncProperty(fc.nat(paths.length - 1), fc.nat(), async (which, at) => {
        const path = paths[which] ?? ''
        const report = await verifyAfter(() => truncateSync(path, at % (segments.get(path)?.length ?? 1)))
        expect(report.firstBreak, `${path} at ${at}`).not.toBe(null)
      }),
      { numRuns: 300 },
    )
  })

  it('names the line and the record that was changed', async () => {
    const report = await verifyAfter(
      editLines(2, (lines) => lines.with(3, (lines[3] ?? '').replace('select', 'SELECT'))),
    )
    const seq = Number(/"seq":([0-9]+)/.exec(original.lines(2)[3] ?? '')?.[1])
    expect(report.firstBreak).toMatchObject({
      segment: 2,
      line: 4,
      seq,
      what: expect.stringContaining('was changed') as string,
    })
    expect(report.records).toBe(seq - 1)
  })

  it.each([
    ['a record is missing', 2, (lines: string[]) => lines.toSpliced(2, 1), /missing/],
    [
      'two records are swapped',
      2,
      (lines: string[]) => lines.with(2, lines[3] ?? '').with(3, lines[2] ?? ''),
      /missing before it, or the order/,
    ],
    ['a record stands twice', 2, (lines: string[]) => lines.toSpliced(2, 0, lines[2] ?? ''), /stands where record/],
    [
      'a record of before comes again',
      3,
      (lines: string[]) => lines.toSpliced(2, 0, lines[1] ?? ''),
      /stands where record/,
    ],
    ['a line that is no record is put in', 1, (lines: string[]) => lines.toSpliced(2, 0, 'hello\n'), /not a record/],
    ['an empty line is put in', 1, (lines: string[]) => lines.toSpliced(2, 0, '\n'), /not a record/],
    [
      'a line end is made a Windows one',
      1,
      (lines: string[]) => lines.map((line) => line.replace('\n', '\r\n')),
      /was changed/,
    ],
    ['the first record of a segment is gone', 2, (lines: string[]) => lines.slice(1), /missing/],
    ['the last record of a segment is gone', 2, (lines: string[]) => lines.slice(0, -1), /missing/],
    ['all records of a segment are gone', 2, () => [], /no record/],
    [
      'a member is written twice',
      1,
      (lines: string[]) => lines.with(1, (lines[1] ?? '').replace('}\n', ',"kind":"alarm"}\n')),
      /was changed/,
    ],
  ])('says where when %s', async (_, segment, edit, what) => {
    const { firstBreak } = await verifyAfter(editLines(segment, edit))
    expect(firstBreak?.what).toMatch(what)
    expect(Math.abs((firstBreak?.segment ?? 0) - segment)).toBeLessThanOrEqual(1)
  })

  it('says which segment is missing, swapped or doubled', async () => {
    const missing = await verifyAfter(() => rmSync(original.file(2)))
    expect(missing.firstBreak).toMatchObject({ segment: 2, line: 0, what: '000002.jsonl is missing' })
    const first = await verifyAfter(() => rmSync(original.file(1)))
    expect(first.firstBreak).toMatchObject({ segment: 1, line: 0 })
    const last = await verifyAfter(() => rmSync(original.file(segments.size - 1)))
    expect(last.firstBreak?.what).toMatch(/tail was cut off/)
    const swapped = await verifyAfter(() => {
      renameSync(original.file(2), `${original.file(2)}.x`)
      renameSync(original.file(3), original.file(2))
      renameSync(`${original.file(2)}.x`, original.file(3))
    })
    expect(swapped.firstBreak).toMatchObject({ segment: 2, line: 1 })
    const doubled = await verifyAfter(() =>
      copyFileSync(original.file(segments.size - 1), original.file(segments.size)),
    )
    expect(doubled.firstBreak).toMatchObject({ segment: segments.size, line: 1 })
    const all = await verifyAfter(() => {
      for (const path of segments.keys()) if (path.endsWith('.jsonl')) rmSync(path)
    })
    expect(all.firstBreak?.what).toMatch(/tail was cut off/)
  })

  it('is found when its end, or its checkpoint, is gone', async () => {
    const last = segments.size - 1
    const cut = await verifyAfter(editLines(last, (lines) => lines.slice(0, -1)))
    expect(cut.firstBreak).toMatchObject({ segment: last, what: expect.stringContaining('tail was cut off') as string })
    const without = await verifyAfter(() => rmSync(join(original.path, 'head.json')))
    expect(without.firstBreak?.what).toMatch(/checkpoint is missing/)
    const head = join(original.path, 'head.json')
    const elsewhere = await verifyAfter(() =>
      writeFileSync(head, readFileSync(head, 'utf8').replace(`"segment":${last},`, `"segment":${last + 1},`)),
    )
    expect(elsewhere.firstBreak?.what).toMatch(/the checkpoint says that record [0-9]+ is in/)
  })

  it('is found when a longer line than a record can be is put in', async () => {
    const { firstBreak } = await verifyAfter(() => {
      writeFileSync(
        original.file(1),
        Buffer.concat([Buffer.alloc(9_000_000, 'x'), segments.get(original.file(1)) ?? Buffer.of()]),
      )
    })
    expect(firstBreak).toMatchObject({ segment: 1, line: 1, what: expect.stringContaining('longer') as string })
  })

  it('is not there at all in an empty directory', async () => {
    using directory = new TrailDirectory()
    expect((await verifyTrail(directory.path)).firstBreak?.what).toBe('there is no trail here')
  })
})

it('a trail can be verified from a later segment when the head before it is known', async () => {
  using directory = new TrailDirectory()
  const trail = await directory.open({ segmentBytes: 1_500 })
  appendRecords(trail, 20)
  await trail.close()
  const before = JSON.parse(directory.lines(2).at(-1) ?? '') as { seq: number; hash: string }
  rmSync(directory.file(1))
  rmSync(directory.file(2))
  const start = { segment: 3, head: { seq: before.seq, hash: before.hash } }
  expect(await verifyTrail(directory.path, { start })).toMatchObject({ firstBreak: null, warnings: [] })
  const wrong = { segment: 3, head: { seq: before.seq, hash: GENESIS_HASH } }
  expect((await verifyTrail(directory.path, { start: wrong })).firstBreak?.what).toMatch(/does not follow/)
})

it('a trail that is being written verifies, with a word about that', async () => {
  using directory = new TrailDirectory()
  const trail = await directory.open({ segmentBytes: 3_000 })
  for (let round = 0; round < 10; round++) {
    appendRecords(trail, 5)
    const report = await verifyTrail(directory.path)
    expect(report.firstBreak).toBe(null)
    expect(report.warnings.join()).toMatch(/not closed/)
  }
  await trail.close()
})

it('the program in docs/audit-format.md comes to the same result', async () => {
  const program = /```js\n(?<program>[^]*?)```/u.exec(readFileSync(FORMAT_PAGE, 'utf8'))?.groups?.['program'] ?? ''
  const run = (): string =>
    execFileSync(process.execPath, ['--input-type=module', '-e', program, original.path], {
      encoding: 'utf8',
      stdio: 'pipe',
    })
  const whole = await verifyTrail(original.path)
  expect(run()).toBe(`${whole.records} records, the last has hash ${whole.head?.hash}\n`)
  await verifyAfter(() => {
    editLines(2, (lines) => lines.with(3, (lines[3] ?? '').replace('select', 'SELECT')))()
    expect(run).toThrow(/000002\.jsonl/)
  })
})
