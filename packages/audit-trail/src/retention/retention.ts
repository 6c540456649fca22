import { type AuditTrail, encodeRetention, type RecordedRemoval } from '@gatehouse/core'
import { stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readCheckpoint } from '../seals/checkpoint.ts'
import { recordsOfKinds } from '../chain/read-records.ts'
import { syncDirectoryLater } from '../writing/segment-file.ts'
import { listSegments } from '../chain/segment-names.ts'
import type { HeldNames } from './held-names.ts'
import { findOldRecordings } from './old-recordings.ts'
import { findOldSegments, type OldFiles, type RemovalWish } from './old-segments.ts'

const DAY_MILLISECONDS = 86_400_000
/** Ages are counted in days: more often it need not be looked. */
const EVERY_MILLISECONDS = 6 * 3_600_000
/** The first look, when the service has other things behind it. */
const FIRST_MILLISECONDS = 1_000
/** How long a record may take to be on the disk and in the checkpoint, and how often that is looked at. */
const RECORDED_MILLISECONDS = 30_000
const LOOK_MILLISECONDS = 500

/** How long what is kept, in days; null: for ever. */
export interface RetentionAges {
  /** Segments. */
  readonly recordsDays: number | null
  /** Files of recordings; null: as long as the records. */
  readonly recordingsDays: number | null
}

/** What a trail's retention works with. */
export interface RetentionOptions extends RetentionAges {
  /** Of a trail that is open: its lock says that nobody else removes anything there. */
  readonly directory: string
  readonly trail: Pick<AuditTrail, 'owe'>
  /** Makes sure that the trail is committed soon. */
  readonly schedule: () => void
  /** What is held now, by whomever. Rejects when it cannot be known: then nothing is removed. */
  readonly held: () => Promise<HeldNames>
  /** The last segment and the last file of recordings that are shipped wherever they are to be: nothing behind them is removed. */
  readonly shippedThrough: () => { readonly segment: number; readonly recording: number }
  /** Told of each turn that removed something or kept what is old. */
  readonly told: (report: RetentionReport) => void
  /** Told when a turn could not be made; the next one may. */
  readonly failed: (error: unknown) => void
  /** The clock, in milliseconds since the epoch; default the system's. */
  readonly now?: () => number
}

/** What one turn has done. */
export interface RetentionReport {
  readonly removed: readonly RecordedRemoval[]
  /** What is old enough and stays, and why. */
  readonly kept: OldFiles['kept']
}

/**
 * Removes what is older than is kept. What is removed is recorded first: a file goes when the record that names it is on the disk, in a
 * trail whose checkpoint has come past it. A turn that a crash cuts short leaves files that the next one records again, and removes.
 */
export class Retention {
  readonly #options: RetentionOptions
  readonly #timers: NodeJS.Timeout[] = []
  readonly #stop = new AbortController()
  #running: Promise<RetentionReport> | null = null

  constructor(options: RetentionOptions) {
    this.#options = options
  }

  /** Takes turns from now on; where everything is kept for ever there are none. */
  start(): void {
    const { recordsDays, recordingsDays, failed } = this.#options
    if (recordsDays === null && recordingsDays === null) return
    const turn = (): void => void this.turn().catch(failed)
    this.#timers.push(setTimeout(turn, FIRST_MILLISECONDS).unref(), setInterval(turn, EVERY_MILLISECONDS).unref())
  }

  /** Removes what may be removed now. Rejects when it cannot be known, recorded or done. */
  turn(): Promise<RetentionReport> {
    this.#running ??= this.#turn().finally(() => (this.#running = null))
    return this.#running
  }

  /** Takes no more turns, and waits for the one that is under way. Never rejects. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#stop.abort()
    await this.#running?.catch(() => undefined)
  }

  async #turn(): Promise<RetentionReport> {
    const { directory, recordsDays, recordingsDays, held: nowHeld, told } = this.#options
    const held = await nowHeld()
    const shipped = this.#options.shippedThrough()
    const kept: OldFiles['kept'][number][] = []
    const removed: RecordedRemoval[] = []
    const ages = [
      ['recordings', recordingsDays ?? recordsDays, shipped.recording],
      ['records', recordsDays, shipped.segment],
    ] as const
    // A segment stays as long as a recording that it names: so these go first.
    for (const [what, days, through] of ages) {
      if (days === null) continue
      const now = (this.#options.now ?? Date.now)()
      const before = new Date(now - days * DAY_MILLISECONDS).toISOString()
      const wish: RemovalWish = { directory, before, held, through, why: `${what} are kept for ${days} days` }
      const old = what === 'records' ? await findOldSegments(wish) : await findOldRecordings(wish)
      kept.push(...old.kept)
      if (old.removals.length > 0) removed.push(...(await this.#remove(old.removals, held)))
    }
    const report = { removed, kept }
    if (removed.length > 0 || kept.length > 0) told(report)
    return report
  }

  async #remove(removals: readonly RecordedRemoval[], held: HeldNames): Promise<readonly RecordedRemoval[]> {
    const { directory, trail, schedule } = this.#options
    const newest = listSegments(directory).at(-1) ?? 1
    for (const removal of removals) trail.owe(encodeRetention(removal))
    schedule()
    await this.#recorded(removals, newest)
    const removed: RecordedRemoval[] = []
    for (const removal of removals) {
      // Whoever holds something meanwhile must find it: the records that told of its removal do no harm.
      if (!isSame(held, await this.#options.held())) break
      const path = join(directory, removal.file)
      if ((await stat(path)).size !== removal.bytes)
        throw new Error(`${path} has changed since its removal was recorded`)
      await unlink(path)
      removed.push(removal)
    }
    await syncDirectoryLater(directory)
    return removed
  }

  /** Resolves when every removal is in a record that the checkpoint has come past. `newest`: the segment from which on they are looked for. */
  async #recorded(removals: readonly RecordedRemoval[], newest: number): Promise<void> {
    const { directory } = this.#options
    const until = performance.now() + RECORDED_MILLISECONDS
    let seen = 0
    while (performance.now() < until) {
      await sleep(LOOK_MILLISECONDS, undefined, { signal: this.#stop.signal })
      const found = readCheckpoint(directory)
      if (typeof found === 'string' || found.checkpoint.seq === seen) continue
      seen = found.checkpoint.seq
      const missing = new Set(removals.map(({ file }) => file))
      for (const segment of listSegments(directory).filter((one) => one >= newest))
        for (const { seq, retention } of await recordsOfKinds(directory, segment, ['retention']))
          if (seq <= seen && retention !== undefined) missing.delete(retention.file)
      if (missing.size === 0) return
    }
    throw new Error(`what is to be removed could not be recorded within ${RECORDED_MILLISECONDS / 1000} seconds`)
  }
}

function isSame(one: HeldNames, other: HeldNames): boolean {
  const text = ({ sessions, subjects }: HeldNames): string => JSON.stringify([sessions.toSorted(), subjects.toSorted()])
  return text(one) === text(other)
}
