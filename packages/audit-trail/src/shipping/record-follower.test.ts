import { mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { deliveredTo, FileDestination } from '../fixtures/file-destination.ts'
import { appendRecords, TrailDirectory } from '../fixtures/trail-directory.ts'
import { listSegments } from '../chain/segment-names.ts'
import { readTrailId } from '../chain/trail-id.ts'
import { RecordFollower } from './record-follower.ts'

const PATIENCE = { timeout: 20_000 }

/** Numbers from 1 to `last`. */
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1)

function placeFor(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-shipped-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'records')
}

/** A follower that runs until it is told to finish; `done` when it has. */
function follow(directory: TrailDirectory, destination: FileDestination) {
  const notices: string[] = []
  const identity = { gateway: 'gateway-1', trail: readTrailId(directory.path) ?? '' }
  const follower = new RecordFollower(
    { directory: directory.path, identity, notice: (message) => notices.push(message) },
    destination,
  )
  const running = follower.run()
  const finish = async (): Promise<void> => {
    follower.finish()
    await running
  }
  return { follower, notices, finish }
}

describe('a destination of records', () => {
  it('gets every record once and in order, as it stands on the disk, over segments and restarts of the gateway', async () => {
    using directory = new TrailDirectory()
    const path = placeFor()
    for (let run = 0; run < 3; run++) {
      const trail = await directory.open({ segmentBytes: 4_000 })
      const { finish } = follow(directory, new FileDestination(path))
      appendRecords(trail, 40)
      await trail.close()
      await finish()
      expect(deliveredTo(path)).toEqual(upTo(trail.head.seq))
    }
    const segments = listSegments(directory.path)
    expect(segments.length).toBeGreaterThan(3)
    expect(readFileSync(path, 'utf8')).toBe(segments.flatMap((segment) => directory.lines(segment)).join(''))
  })

  it('gets nothing that is not durable yet', async () => {
    using directory = new TrailDirectory()
    const path = placeFor()
    const trail = await directory.open({ syncMilliseconds: 60_000 })
    const before = trail.head.seq
    const { follower, finish } = follow(directory, new FileDestination(path))
    trail.append('"kind":"intent"')
    trail.commit()
    // It looked: what is behind the checkpoint is there to be read, and is not taken.
    await vi.waitFor(async () => {
      const { state } = await follower.progress()
      expect([state.failure, deliveredTo(path).length > 0]).toEqual([null, true])
      expect(readFileSync(directory.file(1), 'utf8').split('\n').length - 1).toBeGreaterThan(before)
    }, PATIENCE)
    const checkpointed = (JSON.parse(readFileSync(join(directory.path, 'head.json'), 'utf8')) as { seq: number }).seq
    expect(deliveredTo(path).at(-1)).toBeLessThanOrEqual(checkpointed)
    await trail.close()
    await finish()
    expect(deliveredTo(path)).toEqual(upTo(trail.head.seq))
  })

  it('that is down for a whole run gets all of it later; that it was down is told', async () => {
    using directory = new TrailDirectory()
    const path = placeFor()
    writeFileSync(`${path}.down`, '')
    const trail = await directory.open({ segmentBytes: 10_000 })
    const { follower, finish } = follow(directory, new FileDestination(path))
    appendRecords(trail, 1_500)
    await trail.close()
    await vi.waitFor(async () => {
      const { state } = await follower.progress()
      expect(state).toMatchObject({ failure: 'connect ECONNREFUSED', alarm: null })
      expect(state.lagRecords).toBe(trail.head.seq)
    }, PATIENCE)
    const { state } = await follower.progress()
    expect(state.lagBytes).toBeGreaterThan(100_000)
    expect(deliveredTo(path)).toEqual([])
    unlinkSync(`${path}.down`)
    await finish()
    expect(deliveredTo(path)).toEqual(upTo(trail.head.seq))
    expect((await follower.progress()).state).toMatchObject({
      lagRecords: 0,
      lagBytes: 0,
      lagSeconds: 0,
      failure: null,
    })
  })

  it('that fails in the middle of a delivery gets nothing twice', async () => {
    using directory = new TrailDirectory()
    const path = placeFor()
    const trail = await directory.open()
    appendRecords(trail, 1_200)
    await trail.close()
    const destination = new FileDestination(path)
    let deliveries = 0
    destination.fault = () => {
      if (++deliveries % 2 === 1) throw new Error('connection reset')
    }
    const { finish } = follow(directory, destination)
    await finish()
    expect(deliveries).toBeGreaterThanOrEqual(4)
    expect(deliveredTo(path)).toEqual(upTo(trail.head.seq))
  })

  it('that does not know what it has goes on behind what it took last, by a file beside the trail', async () => {
    using directory = new TrailDirectory()
    const path = placeFor()
    for (let run = 0; run < 2; run++) {
      const trail = await directory.open()
      appendRecords(trail, 30)
      await trail.close()
      const { finish } = follow(directory, new FileDestination(path, false))
      await finish()
      expect(deliveredTo(path)).toEqual(upTo(trail.head.seq))
    }
  })

  it('that has records which the trail has not is an alarm, and gets nothing', async () => {
    using directory = new TrailDirectory()
    const path = placeFor()
    const trail = await directory.open()
    await trail.close()
    writeFileSync(path, '{"seq":4711}\n')
    const { follower, finish } = follow(directory, new FileDestination(path))
    await vi.waitFor(async () => {
      const { state } = await follower.progress()
      expect(state.alarm).toBe('SHIPPED_BEYOND_TRAIL')
      expect(state.failure).toMatch(/record 4711 of this trail, which ends at 2/)
    }, PATIENCE)
    expect(deliveredTo(path)).toEqual([4711])
    rmSync(path)
    await finish()
  })

  it('goes without what is no longer on the disk, and that is told', async () => {
    using directory = new TrailDirectory()
    const path = placeFor()
    const trail = await directory.open({ segmentBytes: 2_000 })
    appendRecords(trail, 40)
    await trail.close()
    unlinkSync(directory.file(1))
    const first = (JSON.parse(directory.lines(2)[0] ?? '') as { seq: number }).seq
    const { notices, finish } = follow(directory, new FileDestination(path))
    await finish()
    expect(deliveredTo(path)).toEqual(upTo(trail.head.seq).slice(first - 1))
    expect(notices).toEqual([expect.stringContaining(`records 1 to ${first - 1} are no longer on the disk`)])
  })

  it.each([
    ['a record that cannot be read', (lines: string[]) => (lines[3] = 'not a record\n')],
    ['a record that is missing', (lines: string[]) => lines.splice(3, 1)],
    [
      'a record that was exchanged',
      (lines: string[]) => (lines[3] = (lines[3] ?? '').replace(/"prev":"..../, '"prev":"0000')),
    ],
  ])('gets nothing behind %s: it is an alarm', async (_, change) => {
    using directory = new TrailDirectory()
    const path = placeFor()
    const trail = await directory.open()
    appendRecords(trail, 10)
    await trail.close()
    const whole = directory.lines(1)
    const lines = [...whole]
    change(lines)
    directory.writeLines(1, lines)
    const { follower, finish } = follow(directory, new FileDestination(path))
    await vi.waitFor(async () => {
      expect((await follower.progress()).state).toMatchObject({
        alarm: 'TRAIL_BROKEN',
        failure: expect.stringContaining('record 4') as string,
      })
    }, PATIENCE)
    expect(deliveredTo(path).at(-1) ?? 0).toBeLessThan(4)
    directory.writeLines(1, whole)
    await finish()
    expect(deliveredTo(path)).toEqual(upTo(trail.head.seq))
  })
})
