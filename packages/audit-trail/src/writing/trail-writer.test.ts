import { TrailUnavailable } from '@gatehouse/core'
import { appendFileSync, existsSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { TrailDirectory, appendRecords } from '../fixtures/trail-directory.ts'
import { readTrailId } from '../chain/trail-id.ts'
import { verifyTrail } from '../verification/verify.ts'

const parse = (line: string): Record<string, unknown> => JSON.parse(line) as Record<string, unknown>

describe('a trail that is written', () => {
  it('numbers records from 1 without a gap, also across segments and restarts', async () => {
    using directory = new TrailDirectory()
    for (let run = 0; run < 3; run++) {
      const trail = await directory.open({ segmentBytes: 4_000 })
      appendRecords(trail, 40)
      await trail.close()
    }
    const report = await verifyTrail(directory.path)
    expect(report).toMatchObject({ firstBreak: null, warnings: [] })
    const files = readdirSync(directory.path).filter((name) => name.endsWith('.jsonl'))
    expect(files.length).toBeGreaterThan(5)
    const records = files.flatMap((_, index) => directory.lines(index + 1)).map(parse)
    expect(records.map((record) => record['seq'])).toEqual(records.map((_, index) => index + 1))
    expect(report.records).toBe(records.length)
  })

  it('is not on disk before commit, and is after', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open()
    const before = readFileSync(directory.file(1), 'utf8')
    trail.append('"kind":"intent","a":1')
    trail.append('"kind":"intent","a":2')
    expect(readFileSync(directory.file(1), 'utf8')).toBe(before)
    trail.commit()
    expect(
      directory
        .lines(1)
        .slice(-2)
        .map((line) => parse(line)['a']),
    ).toEqual([1, 2])
    await trail.close()
  })

  it('begins each segment with what it follows and ends it with how many records it has', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open({ segmentBytes: 1_000 })
    appendRecords(trail, 12)
    await trail.close()
    const first = directory.lines(1).map(parse)
    const second = directory.lines(2).map(parse)
    expect(first[0]).toMatchObject({
      kind: 'trail_opened',
      trail: { format: 1, gateway: 'gateway-1', segment: 1, previous: null },
    })
    expect(first.at(-1)).toMatchObject({ kind: 'segment_closed', trail: { segment: 1, records: first.length } })
    expect(second[0]).toMatchObject({
      kind: 'trail_opened',
      prev: first.at(-1)?.['hash'],
      trail: { segment: 2, previous: { segment: 1, seq: first.length, hash: first.at(-1)?.['hash'] } },
    })
  })

  it('begins a new segment when the present one is old enough, without traffic', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open({ segmentSeconds: 0.05 })
    appendRecords(trail, 1)
    await vi.waitFor(() => expect(existsSync(directory.file(2))).toBe(true), 20_000)
    await trail.close()
    expect(await verifyTrail(directory.path)).toMatchObject({ segments: 2, firstBreak: null })
  })

  it('names the head in the checkpoint within seconds while it is open', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open({ syncMilliseconds: 10 })
    const seq = appendRecords(trail, 5)
    const checkpoint = (): unknown => parse(readFileSync(join(directory.path, 'head.json'), 'utf8'))
    await vi.waitFor(() => expect(checkpoint()).toMatchObject({ seq, closed: false }), 4_000)
    await trail.close()
    expect(checkpoint()).toMatchObject({ seq: seq + 1, closed: true })
  })

  it('works the same when every commit waits for the disk', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open({ syncMilliseconds: 0, segmentBytes: 2_000 })
    appendRecords(trail, 20)
    await trail.close()
    expect(await verifyTrail(directory.path)).toMatchObject({ firstBreak: null, warnings: [] })
  })

  it('takes a record of megabytes, and refuses one that no reader would take', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open()
    trail.append(`"kind":"intent","text":"${'ü'.repeat(1_500_000)}"`)
    trail.commit()
    trail.append('"kind":"intent","before":true')
    expect(() => trail.append(`"kind":"intent","text":"${'x'.repeat(9_000_000)}"`)).toThrow(TrailUnavailable)
    trail.append('"kind":"intent","after":true')
    trail.commit()
    await trail.close()
    expect(await verifyTrail(directory.path)).toMatchObject({ records: 5, firstBreak: null, warnings: [] })
  })

  it('takes no record that would break a line in two or has no kind', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open()
    expect(() => trail.append('"kind":"intent","a":"\n"')).toThrow(TrailUnavailable)
    expect(() => trail.append('"session":"s"')).toThrow(TrailUnavailable)
    await trail.close()
    expect(await verifyTrail(directory.path)).toMatchObject({ firstBreak: null, warnings: [] })
  })

  it('takes nothing after it was closed', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open()
    await trail.close()
    await trail.close()
    expect(() => trail.append('"kind":"intent"')).toThrow(TrailUnavailable)
    await sleep(120)
    expect(() => trail.append('"kind":"intent"')).toThrow(/closed/)
    expect(existsSync(join(directory.path, 'lock'))).toBe(false)
  })
})

describe('one writer per directory', () => {
  it('refuses a second writer and leaves the first one working', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open()
    await expect(directory.open()).rejects.toThrow(TrailUnavailable)
    await expect(directory.open()).rejects.toThrow(`process ${process.pid}`)
    appendRecords(trail, 2)
    await trail.close()
    expect(await verifyTrail(directory.path)).toMatchObject({ firstBreak: null, warnings: [] })
  })

  it('takes over the lock of a process that is gone, or whose number another process has now', async () => {
    using directory = new TrailDirectory()
    const locks = [
      { host: hostname(), pid: 2 ** 22 + 1, started: null, token: 'a' },
      { host: hostname(), pid: process.pid, started: '1', token: 'b' },
    ]
    for (const lock of locks) {
      writeFileSync(join(directory.path, 'lock'), JSON.stringify(lock))
      const trail = await directory.open()
      await trail.close()
    }
  })

  it('never takes over the lock of another host, or one it cannot read', async () => {
    using directory = new TrailDirectory()
    const lock = join(directory.path, 'lock')
    for (const text of [
      JSON.stringify({ host: 'elsewhere', pid: 1, started: null, token: 'a' }),
      '',
      '{"pid":-1}',
      'null',
    ]) {
      writeFileSync(lock, text)
      await expect(directory.open()).rejects.toThrow(TrailUnavailable)
      expect(readFileSync(lock, 'utf8')).toBe(text)
    }
  })

  it('lets only one of many that open at once have it', async () => {
    using directory = new TrailDirectory()
    writeFileSync(
      join(directory.path, 'lock'),
      JSON.stringify({ host: hostname(), pid: 2 ** 22 + 1, started: null, token: 'a' }),
    )
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => directory.open()))
    const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    expect(opened).toHaveLength(1)
    for (const trail of opened) await trail.close()
  })

  it('stops when its lock is taken away', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open()
    rmSync(join(directory.path, 'lock'))
    await vi.waitFor(() => expect(trail.failure).toContain('lock'), 3_000)
    expect(() => trail.append('"kind":"intent"')).toThrow(TrailUnavailable)
    await expect(trail.close()).rejects.toThrow(TrailUnavailable)
  })
})

describe('opening again after a crash', () => {
  /** Leaves a trail as a killed process does: no end, no lock. */
  async function crashedTrail(directory: TrailDirectory, records: number): Promise<void> {
    const trail = await directory.open()
    appendRecords(trail, records)
    const left = readFileSync(directory.file(1))
    const checkpoint = readFileSync(join(directory.path, 'head.json'))
    await trail.close()
    writeFileSync(directory.file(1), left)
    writeFileSync(join(directory.path, 'head.json'), checkpoint)
  }

  it.each([
    ['half a line', (file: string) => appendFileSync(file, '{"seq":12,"time":"2026')],
    ['a line that is not a record', (file: string) => appendFileSync(file, 'garbage\n')],
    ['zeros', (file: string) => appendFileSync(file, Buffer.alloc(5_000))],
    ['a record without its last bytes', (file: string) => truncateSync(file, readFileSync(file).length - 7)],
  ])('moves %s at the end to a side file, and says so', async (_, damage) => {
    using directory = new TrailDirectory()
    await crashedTrail(directory, 10)
    damage(directory.file(1))
    expect(await verifyTrail(directory.path)).toMatchObject({
      firstBreak: null,
      warnings: [/torn last line/, /not closed/].map((text) => expect.stringMatching(text) as string),
    })
    const damaged = readFileSync(directory.file(1))

    const trail = await directory.open()
    await trail.close()
    expect(await verifyTrail(directory.path)).toMatchObject({ segments: 2, firstBreak: null, warnings: [] })
    const side = readFileSync(`${directory.file(1)}.torn-1`)
    expect(Buffer.concat([readFileSync(directory.file(1)), side])).toEqual(damaged)
    expect(parse(directory.lines(2)[1] ?? '')).toMatchObject({
      kind: 'trail_repaired',
      trail: { segment: 1, bytes: side.length, sideFile: '000001.jsonl.torn-1' },
    })
  })

  it('needs no repair when the last line is whole', async () => {
    using directory = new TrailDirectory()
    await crashedTrail(directory, 10)
    const trail = await directory.open()
    await trail.close()
    expect(await verifyTrail(directory.path)).toMatchObject({ segments: 2, firstBreak: null, warnings: [] })
    expect(readdirSync(directory.path).sort()).toEqual(['000001.jsonl', '000002.jsonl', 'head.json'])
  })

  it('goes on in a segment that was made and never written', async () => {
    using directory = new TrailDirectory()
    await crashedTrail(directory, 3)
    writeFileSync(directory.file(2), '')
    const trail = await directory.open()
    await trail.close()
    expect(await verifyTrail(directory.path)).toMatchObject({ segments: 2, firstBreak: null, warnings: [] })
  })

  it('refuses, and changes nothing, when a line before the last is broken', async () => {
    using directory = new TrailDirectory()
    await crashedTrail(directory, 10)
    const lines = directory.lines(1)
    directory.writeLines(1, lines.with(4, (lines[4] ?? '').replace('select', 'SELECT')))
    const before = readFileSync(directory.file(1))
    await expect(directory.open()).rejects.toThrow(/line 5.*gatehouse audit verify/)
    expect(readFileSync(directory.file(1))).toEqual(before)
    expect(readdirSync(directory.path).sort()).toEqual(['000001.jsonl', 'head.json'])
  })

  it('refuses when the checkpoint names a record that is not there any more', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open()
    appendRecords(trail, 10)
    await trail.close()
    const lines = directory.lines(1)
    for (const left of [lines.slice(0, -1), [...lines.slice(0, -1), (lines.at(-1) ?? '').slice(0, -9)]]) {
      directory.writeLines(1, left)
      await expect(directory.open()).rejects.toThrow(/tail was lost/)
    }
  })

  it('refuses when the segments, or the checkpoint, are gone or unreadable', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open({ segmentBytes: 1_000 })
    appendRecords(trail, 10)
    await trail.close()
    const head = join(directory.path, 'head.json')
    const text = readFileSync(head, 'utf8')
    writeFileSync(head, '')
    await expect(directory.open()).rejects.toThrow(/checkpoint cannot be read/)
    rmSync(head)
    await expect(directory.open()).rejects.toThrow(/checkpoint is missing/)
    for (const name of readdirSync(directory.path)) rmSync(join(directory.path, name))
    writeFileSync(head, text)
    await expect(directory.open()).rejects.toThrow(/no segment/)
  })
})

describe('the name of a trail', () => {
  it('is in every segment, and outlives the first', async () => {
    using directory = new TrailDirectory()
    for (let run = 0; run < 3; run++) await (await directory.open()).close()
    const id = readTrailId(directory.path)
    const openers = [1, 2, 3].map((segment) => parse(directory.lines(segment)[0] ?? ''))
    expect(String(openers[0]?.['hash']).slice(0, 16)).toBe(id)
    expect(openers.slice(1)).toMatchObject([{ trail: { trail: id } }, { trail: { trail: id } }])
    rmSync(directory.file(1))
    expect(readTrailId(directory.path)).toBe(id)
    await (await directory.open()).close()
    expect(parse(directory.lines(4)[0] ?? '')).toMatchObject({ trail: { trail: id } })
  })
})
