import { TrailUnavailable } from '@gatehouse/core'
import { existsSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { deliveredTo } from '../fixtures/file-destination.ts'
import { appendRecords, TrailDirectory } from '../fixtures/trail-directory.ts'
import type { TrailWriter } from '../writing/trail-writer.ts'
import { Shipping } from './shipping.ts'

const PATIENCE = { timeout: 20_000 }

interface Logged {
  readonly fields: object
  readonly message: string
}

/** Ships to a file, from a worker as the product's. */
function shipToFile(directory: TrailDirectory, spoolBytes: number) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-shipped-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'records')
  const logged: Logged[] = []
  const log = (fields: object, message: string): void => void logged.push({ fields, message })
  const begin = (trail: TrailWriter): Promise<Shipping> =>
    Shipping.open(trail, {
      directory: directory.path,
      gateway: 'gateway-1',
      places: { path },
      spoolBytes,
      log: { error: log, warn: log, info: log },
      worker: new URL('../fixtures/ship-to-file.ts', import.meta.url),
    })
  return { path, logged, begin }
}

const alarmsIn = (directory: TrailDirectory, segment: number): string[] =>
  directory
    .lines(segment)
    .filter((line) => line.includes('"kind":"alarm"'))
    .map((line) => (JSON.parse(line) as { alarm: { code: string; message: string } }).alarm)
    .map(({ code, message }) => `${code}: ${message}`)

describe('shipping in a worker', () => {
  it('ships while the trail is written, and what is left when it is closed', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open()
    const { path, begin } = shipToFile(directory, 1_000_000)
    const shipping = await begin(trail)
    const before = appendRecords(trail, 10)
    await vi.waitFor(() => expect(deliveredTo(path).at(-1)).toBe(before), PATIENCE)
    appendRecords(trail, 10)
    await trail.close()
    await shipping.close()
    expect(deliveredTo(path)).toHaveLength(trail.head.seq)
    expect(shipping.state.destinations).toMatchObject([{ lagRecords: 0, lagBytes: 0, failures: 0, failure: null }])
  })

  it('stops the trail when too much waits, says what is wrong, and goes on by itself when the destination is back', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open()
    const { path, logged, begin } = shipToFile(directory, 200_000)
    writeFileSync(`${path}.down`, '')
    const shipping = await begin(trail)
    appendRecords(trail, 800)
    await vi.waitFor(() => expect(trail.failure).not.toBeNull(), PATIENCE)
    expect(trail.failure).toMatch(
      /bytes of the audit trail wait to be shipped, more than the 200000 of audit.shipping.spoolBytes/,
    )
    expect(() => trail.append('"kind":"intent"')).toThrow(TrailUnavailable)
    // What is under way is still recorded.
    trail.owe('"kind":"outcome"')
    trail.commit()
    unlinkSync(`${path}.down`)
    await vi.waitFor(() => expect(trail.failure).toBeNull(), PATIENCE)
    appendRecords(trail, 1)
    await trail.close()
    await shipping.close()
    expect(alarmsIn(directory, 1)).toEqual([
      expect.stringMatching(/^TRAIL_STOPPED: .*Behind: file .* by \d+ bytes \(connect ECONNREFUSED\)$/),
      expect.stringMatching(/^TRAIL_RESUMED: /),
    ])
    expect(deliveredTo(path)).toEqual(Array.from({ length: trail.head.seq }, (_, index) => index + 1))
    const messages = logged.map(({ message }) => message)
    expect(messages.filter((message) => message.includes('cannot be shipped'))).toHaveLength(1)
    for (const told of ['all traffic is stopped', 'traffic goes on', 'is shipped again'])
      expect(messages.filter((message) => message.includes(told)).length).toBeGreaterThanOrEqual(1)
  })

  it('what a destination lacked before the start counts for the limit, what it had does not', async () => {
    using directory = new TrailDirectory()
    const first = await directory.open()
    const { path, begin } = shipToFile(directory, 100_000)
    const former = await begin(first)
    appendRecords(first, 1_000)
    await first.close()
    await former.close()
    expect(deliveredTo(path)).toHaveLength(first.head.seq)
    // A third of a megabyte is on the disk, all of it shipped.
    writeFileSync(`${path}.down`, '')
    const second = await directory.open()
    const shipping = await begin(second)
    await vi.waitFor(() => expect(shipping.state.destinations[0]?.failure).toBe('connect ECONNREFUSED'), PATIENCE)
    expect(second.failure).toBeNull()
    expect(shipping.state.spoolBytes).toBeLessThan(10_000)
    unlinkSync(`${path}.down`)
    await second.close()
    await shipping.close()
    expect(deliveredTo(path)).toHaveLength(second.head.seq)
  })

  it('a worker that dies is started anew; nothing is lost and nothing comes twice', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open()
    const { path, logged, begin } = shipToFile(directory, 1_000_000)
    const shipping = await begin(trail)
    appendRecords(trail, 10)
    await vi.waitFor(() => expect(deliveredTo(path).length).toBeGreaterThan(0), PATIENCE)
    writeFileSync(`${path}.die`, '')
    await vi.waitFor(() => expect(existsSync(`${path}.die`)).toBe(false), PATIENCE)
    const last = appendRecords(trail, 200)
    await vi.waitFor(() => expect(deliveredTo(path).at(-1)).toBe(last), PATIENCE)
    await trail.close()
    await shipping.close()
    expect(deliveredTo(path)).toEqual(Array.from({ length: trail.head.seq }, (_, index) => index + 1))
    expect(logged.map(({ message }) => message)).toContain('shipping of the audit trail ended: it is started again')
  })

  it('with a destination that is down it ends all the same, and says so', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open()
    const { path, logged, begin } = shipToFile(directory, 1_000_000)
    writeFileSync(`${path}.down`, '')
    const shipping = await begin(trail)
    await vi.waitFor(() => expect(shipping.state.destinations[0]?.failures).toBeGreaterThan(0), PATIENCE)
    await trail.close()
    await shipping.close()
    expect(logged.map(({ message }) => message)).toContain(
      'not all of the audit trail is shipped: the next start goes on',
    )
  })
})
