import { TrailUnavailable } from '@gatehouse/core'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { TrailDirectory, appendRecords } from '../fixtures/trail-directory.ts'
import type { TrailWriter } from './trail-writer.ts'
import { verifyTrail } from '../verification/verify.ts'

const FILLER = 'x'.repeat(2_000)

/** The trail fails on the next commit, and not in any other way. */
function expectFailure(trail: TrailWriter, message: RegExp): void {
  trail.append('"kind":"intent","lost":true')
  expect(() => trail.commit()).toThrow(TrailUnavailable)
  expect(trail.failure).toMatch(message)
  expect(() => trail.append('"kind":"intent"')).toThrow(message)
}

function mount(directory: TrailDirectory, options: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory.path], { stdio: 'ignore' })
}
function unmount(directory: TrailDirectory): void {
  execFileSync('umount', ['-l', directory.path])
}
function mayMount(): boolean {
  using directory = new TrailDirectory()
  try {
    mount(directory, 'size=64k')
  } catch {
    return false
  }
  unmount(directory)
  return true
}

/** A full disk is a real one: a small file system in memory. */
const onSmallDisk = it.skipIf(!mayMount())
const needsRoot = '(skipped where a tmpfs cannot be mounted: it needs root)'

describe('a disk that is full', () => {
  onSmallDisk.each([0, 20])(
    `stops the trail, loses nothing committed, and goes on when there is room, sync %i ms ${needsRoot}`,
    async (syncMilliseconds) => {
      using directory = new TrailDirectory()
      mount(directory, 'size=256k')
      try {
        const trail = await directory.open({ syncMilliseconds })
        writeFileSync(join(directory.path, 'ballast'), Buffer.alloc(128 * 1024))
        const committed: number[] = []
        const commitThree = (): void => {
          const batch = [1, 2, 3].map(() => trail.append(`"kind":"intent","filler":"${FILLER}"`))
          trail.commit()
          committed.push(...batch)
        }
        expect(() => {
          for (let turn = 0; turn < 200; turn++) commitThree()
        }).toThrow(/ENOSPC/)
        expect(trail.head.seq).toBe(committed.at(-1))
        expect(trail.failure).toMatch(/ENOSPC/)
        expect(await verifyTrail(directory.path)).toMatchObject({ records: committed.at(-1), firstBreak: null })

        // An alarm may fit where three records do not: it is full all the same.
        for (let retry = 0; retry < 3; retry++) {
          await sleep(110)
          expect(commitThree).toThrow(TrailUnavailable)
        }
        unlinkSync(join(directory.path, 'ballast'))
        await sleep(110)
        commitThree()
        expect(trail.failure).toBe(null)
        await trail.close()
        const report = await verifyTrail(directory.path)
        expect(report).toMatchObject({ firstBreak: null, warnings: [] })
        const records = directory.lines(1).map((line) => JSON.parse(line) as { seq: number; kind: string })
        expect(records.filter((record) => record.kind === 'intent').map((record) => record.seq)).toEqual(committed)
        expect(records.find((record) => record.kind === 'alarm')).toMatchObject({
          alarm: { code: 'TRAIL_RECOVERED', lost: 0, message: expect.stringContaining('ENOSPC') as string },
        })
      } finally {
        unmount(directory)
      }
    },
  )

  onSmallDisk(
    `writes what is owed as soon as there is room, but not what came of statements that never counted ${needsRoot}`,
    async () => {
      using directory = new TrailDirectory()
      mount(directory, 'size=64k')
      try {
        const trail = await directory.open({ syncMilliseconds: 5 })
        const outcome = (intent: number): string =>
          `"kind":"outcome","session":"s \\" {","statement":{"intent":${intent}}`
        const ran = trail.append('"kind":"intent"')
        trail.commit()
        fill(directory)
        const refused = trail.append(`"kind":"intent","filler":"${'x'.repeat(9_000)}"`)
        trail.owe(outcome(ran))
        trail.owe(outcome(refused))
        expect(() => trail.commit()).toThrow(TrailUnavailable)
        trail.owe(outcome(refused))
        trail.owe('"kind":"session_end"')
        trail.commit()
        rmSync(join(directory.path, 'more-ballast'))
        await sleep(110)
        trail.append('"kind":"intent","after":true')
        trail.commit()
        await trail.close()
        const lines = directory.lines(1).slice(2)
        const records = lines.map((line) => JSON.parse(line) as { kind: string; statement?: unknown })
        expect(records.map((record) => record.kind)).toEqual([
          'alarm',
          'outcome',
          'session_end',
          'intent',
          'segment_closed',
        ])
        expect(records[1]?.statement).toEqual({ intent: ran })
      } finally {
        unmount(directory)
      }
    },
  )

  onSmallDisk(
    `does not fail a turn in which records are only owed, and writes them on close ${needsRoot}`,
    async () => {
      using directory = new TrailDirectory()
      mount(directory, 'size=64k')
      try {
        const trail = await directory.open()
        fill(directory)
        trail.owe(`"kind":"session_end","filler":"${'x'.repeat(9_000)}"`)
        trail.commit()
        expect(trail.failure).toMatch(/ENOSPC/)
        rmSync(join(directory.path, 'more-ballast'))
        await sleep(110)
        await trail.close()
        expect(directory.lines(1).join('')).toContain('"kind":"session_end"')
      } finally {
        unmount(directory)
      }
    },
  )

  onSmallDisk(`recovers without traffic, within seconds ${needsRoot}`, async () => {
    using directory = new TrailDirectory()
    mount(directory, 'size=64k')
    try {
      const trail = await directory.open()
      fill(directory)
      trail.append(`"kind":"intent","filler":"${'x'.repeat(9_000)}"`)
      expect(() => trail.commit()).toThrow(TrailUnavailable)
      rmSync(join(directory.path, 'more-ballast'))
      await vi.waitFor(() => expect(trail.failure).toBe(null), 4_000)
      await trail.close()
    } finally {
      unmount(directory)
    }
  })

  onSmallDisk(`does not open on a disk that is full or read-only, and can once it is not ${needsRoot}`, async () => {
    using directory = new TrailDirectory()
    mount(directory, 'size=64k')
    try {
      fill(directory)
      await expect(directory.open()).rejects.toThrow(TrailUnavailable)
      execFileSync('mount', ['-o', 'remount,ro', directory.path])
      await expect(directory.open()).rejects.toThrow(/EROFS/)
      execFileSync('mount', ['-o', 'remount,rw', directory.path])
      rmSync(join(directory.path, 'more-ballast'))
      const trail = await directory.open()
      appendRecords(trail, 3)
      await trail.close()
      expect(await verifyTrail(directory.path)).toMatchObject({ firstBreak: null, warnings: [] })
    } finally {
      unmount(directory)
    }
  })
})

/** Takes every byte that is left. */
function fill(directory: TrailDirectory): void {
  for (const size of [4_096, 1]) {
    try {
      for (;;) appendFileSync(join(directory.path, 'more-ballast'), Buffer.alloc(size))
    } catch {
      // Full.
    }
  }
}

describe('a file that is changed behind the writer', () => {
  it.each<[string, RegExp, (file: string) => void]>([
    ['removed', /was removed/, (file: string) => unlinkSync(file)],
    ['renamed', /was removed/, (file: string) => renameSync(file, `${file}.away`)],
    [
      'replaced by a copy',
      /was replaced/,
      (file: string) => (copyFileSync(file, `${file}.copy`), renameSync(`${file}.copy`, file)),
    ],
    ['written to', /bytes where/, (file: string) => appendFileSync(file, 'x\n')],
    ['cut', /bytes where/, (file: string) => truncateSync(file, 700)],
    ['emptied', /bytes where/, (file: string) => truncateSync(file, 0)],
  ])('stops the trail when it is %s, then goes on in a new segment that says why', async (how, message, damage) => {
    using directory = new TrailDirectory()
    const trail = await directory.open()
    appendRecords(trail, 5)
    damage(directory.file(1))
    expectFailure(trail, message)
    const { head } = trail
    await sleep(110)
    const seq = trail.append('"kind":"intent","after":true')
    trail.commit()
    await trail.close()
    const records = directory.lines(2).map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(records[0]).toMatchObject({ kind: 'trail_opened', seq: head.seq + 1, prev: head.hash })
    expect(records[1]).toMatchObject({
      kind: 'alarm',
      alarm: { code: 'TRAIL_RECOVERED', message: expect.stringMatching(message) as string },
    })
    expect(records[2]).toMatchObject({ seq, after: true })
    // A copy in its place has all records: nothing is missing then.
    const report = await verifyTrail(directory.path)
    if (how === 'replaced by a copy') expect(report.firstBreak).toBe(null)
    else expect(report.firstBreak).not.toBe(null)
  })

  it('stops for good when the directory is removed, and makes no new one', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open({ syncMilliseconds: 5 })
    appendRecords(trail, 5)
    rmSync(directory.path, { recursive: true })
    expectFailure(trail, /was removed/)
    await sleep(110)
    expect(() => trail.append('"kind":"intent"')).toThrow(/lock file was removed/)
    expect(existsSync(directory.path)).toBe(false)
    await expect(trail.close()).rejects.toThrow(TrailUnavailable)
  })

  it('stops when the next segment is there already, and does not touch it', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open({ segmentBytes: 1_500 })
    writeFileSync(directory.file(2), 'not ours\n')
    expect(() => appendRecords(trail, 20)).toThrow(/EEXIST/)
    expect(readFileSync(directory.file(2), 'utf8')).toBe('not ours\n')
    unlinkSync(directory.file(2))
    await sleep(110)
    appendRecords(trail, 2)
    await trail.close()
    expect(await verifyTrail(directory.path)).toMatchObject({ firstBreak: null, warnings: [] })
  })

  it('fails a batch whose disk failed between append and commit, even when a later append could recover', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open()
    trail.append('"kind":"intent","first":true')
    rmSync(join(directory.path, 'lock'))
    // The background check does not touch a batch that is under way.
    await sleep(1_100)
    expect(trail.failure).toBe(null)
    unlinkSync(directory.file(1))
    expect(() => trail.commit()).toThrow(TrailUnavailable)
    await expect(trail.close()).rejects.toThrow(TrailUnavailable)
  })
})

it('never loses an owed record in silence: one that cannot be written stops the trail until an alarm has said so', async () => {
  using directory = new TrailDirectory()
  const trail = await directory.open()
  trail.append('"kind":"intent","first":true')
  trail.owe('"kind":"outcome","a":"\n"')
  expect(() => trail.commit()).toThrow(TrailUnavailable)
  trail.owe(`"kind":"outcome","a":"${'x'.repeat(9_000_000)}"`)
  trail.owe('"kind":"session_end"')
  await sleep(110)
  trail.append('"kind":"intent","second":true')
  trail.commit()
  await trail.close()
  const records = directory.lines(1).map((line) => JSON.parse(line) as { kind: string })
  expect(records.map((record) => record.kind)).toEqual([
    'trail_opened',
    'alarm',
    'session_end',
    'intent',
    'segment_closed',
  ])
  expect(records[1]).toMatchObject({ alarm: { lost: 2 } })
  expect(await verifyTrail(directory.path)).toMatchObject({ firstBreak: null, warnings: [] })
})

it('keeps what is owed within bounds, however long the trail is down', async () => {
  using directory = new TrailDirectory()
  const trail = await directory.open()
  const away = `${directory.file(1)}.away`
  renameSync(directory.file(1), away)
  trail.append('"kind":"intent"')
  expect(() => trail.commit()).toThrow(TrailUnavailable)
  for (let record = 0; record < 200; record++) trail.owe(`"kind":"session_end","a":"${'x'.repeat(100_000)}"`)
  await sleep(110)
  trail.append('"kind":"intent","after":true')
  trail.commit()
  await trail.close()
  const lines = directory.lines(2)
  const written = lines.filter((line) => line.includes('session_end')).length
  expect(written).toBeGreaterThan(50)
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ alarm: { lost: 200 - written } })
})

it('refuses a directory that is a file, with the reason', async () => {
  using directory = new TrailDirectory()
  const file = join(directory.path, 'file')
  writeFileSync(file, '')
  const { TrailWriter } = await import('./trail-writer.ts')
  await expect(TrailWriter.open(file, { gatewayId: 'g' })).rejects.toThrow(TrailUnavailable)
  await expect(TrailWriter.open('/proc/gatehouse', { gatewayId: 'g' })).rejects.toThrow(TrailUnavailable)
})
