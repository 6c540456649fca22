import { encodeAlarm, TrailUnavailable } from '@gatehouse/core'
import type { AuditTrail, RecordKind, RecordPart } from '@gatehouse/core'
import type { ChainHead } from '../chain/chain-walk.ts'
import { DiskSync } from './disk-sync.ts'
import type { WrittenTrail } from './disk-sync.ts'
import { findTrailEnd } from './open-tail.ts'
import type { TrailEnd } from './open-tail.ts'
import { openerOf } from './opener.ts'
import { OwedRecords } from './owed-records.ts'
import { RecordBatch } from './record-batch.ts'
import { SegmentFile, makeDirectory, syncDirectory } from './segment-file.ts'
import { completeOptions } from './trail-options.ts'
import type { TrailState } from './trail-state.ts'
import type { TrailOptions } from './trail-options.ts'
import { sealWhatIsLeft } from './seal-left.ts'
import { readTrailId } from '../chain/trail-id.ts'
import { Unended } from './unended.ts'
import { WriterLock } from './writer-lock.ts'

/** While the trail is unavailable, the disk is tried again at most this often. */
const RETRY_MILLISECONDS = 100

/** How often the head is written to the checkpoint, and the segment's age and the lock are looked at. */
const CHECKPOINT_MILLISECONDS = 1_000

/** Owed records that wait may come to this much. */
const MAX_WAITING_BYTES = 64 * 1024

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/**
 * The audit trail on local disk: records chained by hash, in segments. `append` and `commit` are synchronous: when
 * `commit` has returned, the operating system holds every record; within `syncMilliseconds` the disk does.
 * While it cannot be written, `append` throws `TrailUnavailable` and tries to recover at most every 100 milliseconds.
 */
export class TrailWriter implements AuditTrail {
  /** From where on it has to be read for what is not ended in it. */
  readonly unended: Unended
  readonly #directory: string
  readonly #options: Required<TrailOptions>
  readonly #lock: WriterLock
  readonly #disk: DiskSync
  readonly #ticker: NodeJS.Timeout

  readonly #batch: RecordBatch
  readonly #owed = new OwedRecords()
  /** Records in the batch that somebody waits for; owed ones are not among them. */
  #awaited = 0
  #file: SegmentFile
  /** The last record that counts, and the segment that holds it. */
  #committed: ChainHead
  #committedSegment: number
  /** Which trail it is, see `trailIdOf`; null: the first segment is written, whose first record names it. */
  #trail: string | null = null

  /** Why the trail cannot be written; null while it can. */
  #failure: string | null = null
  #failures = 0
  #failedAt = 0
  /** Why nothing new may begin though the trail can be written; null: it may. */
  #stopped: string | null = null
  #closed = false
  #closing = false
  #owedArmed = false
  readonly #onOwedDue = (): void => {
    this.#owedArmed = false
    if (this.#closed || this.#awaited > 0 || this.#batch.length === 0 || this.#failure !== null) return
    this.#tryWrite()
  }

  private constructor(directory: string, options: Required<TrailOptions>, lock: WriterLock, end: TrailEnd) {
    this.#directory = directory
    this.#options = options
    this.#lock = lock
    const written = (): WrittenTrail => ({ head: this.#committed, segment: this.#committedSegment, file: this.#file })
    this.#disk = new DiskSync(directory, options, written, (error) => this.#fail(error))
    this.#committed = end.head
    this.#committedSegment = end.segment
    this.unended = new Unended(end.left, options.openFrom)
    this.#batch = new RecordBatch(end.head.seq, end.head.hash, options.now)
    this.#file = SegmentFile.create(directory, end.nextSegment, end.reuseSegment)
    this.#ticker = setInterval(() => this.#tick(), CHECKPOINT_MILLISECONDS).unref()
  }

  /**
   * Opens the trail in `directory` and begins a new segment. The directory is made when it is not there; the one above
   * it must be: a volume that was not mounted is not replaced by a folder of the same name.
   * Throws `TrailUnavailable` when another process writes it, when it is broken in more than a torn last line, or when
   * it cannot be written; `RangeError` for an option that makes no sense.
   */
  static async open(directory: string, options: TrailOptions): Promise<TrailWriter> {
    const complete = completeOptions(options)
    let lock: WriterLock | null = null
    let writer: TrailWriter | null = null
    try {
      makeDirectory(directory)
      lock = WriterLock.take(directory)
      const end = await findTrailEnd(directory)
      await sealWhatIsLeft(directory, complete)
      writer = new TrailWriter(directory, complete, lock, end)
      writer.#begin(end)
      await writer.#disk.checkpoint(writer.#committed, writer.#committedSegment, false)
      return writer
    } catch (error) {
      if (writer === null) lock?.release()
      // The error that is thrown below is the one that matters.
      else await writer.#giveBack(false).catch(() => {})
      if (error instanceof TrailUnavailable) throw error
      throw new TrailUnavailable(`${directory}: ${messageOf(error)}`, { cause: error })
    }
  }

  /** The last record that counts. */
  get head(): ChainHead {
    return this.#committed
  }

  /** The segment that is written now. What is appended comes into it, or into a later one. */
  get segment(): number {
    return this.#file.segment
  }

  /** Why the trail cannot be written at present, or was stopped; null while it can. For readiness checks. */
  get failure(): string | null {
    return this.#failure ?? this.#stopped
  }

  /** How the writing stands, for whoever watches it. */
  get state(): TrailState {
    const { seq } = this.#committed
    const { durable, unsyncedSince } = this.#disk
    const unsynced = Math.max(0, seq - durable)
    return {
      records: seq,
      unsynced,
      unsyncedSeconds: unsynced === 0 || unsyncedSince === null ? 0 : (performance.now() - unsyncedSince) / 1000,
      owed: this.#owed.texts.length,
      segment: this.#file.segment,
      segmentBytes: this.#file.bytes,
      failures: this.#failures,
      failure: this.failure,
    }
  }

  /**
   * Refuses `append` for this reason until `resume`; what is owed is still written. The trail says so in an alarm, with `details`, once: another reason
   * replaces the one before.
   */
  stop(reason: string, details: string = reason): void {
    if (this.#stopped === null) this.alarm('TRAIL_STOPPED', details)
    this.#stopped = reason
  }

  /** Ends what `stop` began. Nothing happens when it is not stopped. */
  resume(): void {
    if (this.#stopped === null) return
    this.alarm('TRAIL_RESUMED', this.#stopped)
    this.#stopped = null
  }

  /** Adds an alarm of no session, and sees to it that it is written. Never throws. */
  alarm(code: string, message: string): void {
    this.owe(encodeAlarm(null, code, message))
    // Where somebody waits for records of this batch, it is his commit that has to say what became of them.
    if (this.#awaited === 0 && this.#failure === null) this.commit()
  }

  /** Adds a record that must be committed before something happens. @see AuditTrail.append */
  append(members: string, before?: RecordPart, after?: RecordPart): number {
    if (this.#failure !== null) this.#recover(this.#failure)
    if (this.#stopped !== null) throw new TrailUnavailable(this.#stopped)
    const seq = this.#batch.add(members, before, after)
    this.#awaited++
    return seq
  }

  /** Adds a record that is written with the next commit that succeeds. Never throws. @see AuditTrail.owe */
  owe(members: string, before?: RecordPart, after?: RecordPart): void {
    const kept = this.#owed.keep(members, before, after)
    if (this.#failure !== null) {
      if (this.#batch.length === 0) this.#owed.forgetVoid(this.#committed.seq)
      return
    }
    try {
      if (!kept) throw new Error('a record that was owed could not be kept')
      this.#batch.add(members, before, after)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Writes the batch. Throws only when a record of `append` was in it. @see AuditTrail.commit */
  commit(): void {
    if (this.#batch.length === 0) return
    const awaited = this.#awaited > 0
    if (!awaited && this.#mayWait()) return
    if (this.#failure === null) this.#tryWrite()
    // It may have failed just now, or on its own between append and commit.
    else this.#dropBatch()
    if (this.#failure !== null && awaited) throw new TrailUnavailable(this.#failure)
  }

  /** True when the batch holds nothing that somebody waits for, and will be written soon: with the next such record, or by a timer. */
  #mayWait(): boolean {
    const { owedMilliseconds } = this.#options
    if (owedMilliseconds === 0 || this.#closing || this.#failure !== null || this.#batch.length > MAX_WAITING_BYTES)
      return false
    if (!this.#owedArmed) {
      this.#owedArmed = true
      setTimeout(this.#onOwedDue, owedMilliseconds).unref()
    }
    return true
  }

  /**
   * Commits, closes the segment, makes everything durable and gives the directory back. Rejects with
   * `TrailUnavailable` when that cannot be done; the directory is given back all the same.
   */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closing = true
    try {
      this.commit()
      if (this.#failure !== null) this.#recover(this.#failure)
      this.#endSegment()
    } catch (error) {
      const unwritten = this.#owed.texts.length
      throw new TrailUnavailable(`${messageOf(error)}; ${unwritten} records were not written`, { cause: error })
    } finally {
      await this.#giveBack(true)
    }
  }

  /** Closes what is open and releases the lock, whatever goes wrong. `checkpoint` false leaves the checkpoint alone. */
  async #giveBack(checkpoint: boolean): Promise<void> {
    this.#closed = true
    clearInterval(this.#ticker)
    this.#failure ??= `${this.#directory}: the trail is closed`
    try {
      await this.#disk.close()
      if (checkpoint && this.#file.ended && !this.#file.abandoned) {
        await this.#disk.checkpoint(this.#committed, this.#committedSegment, true)
      }
    } catch (error) {
      throw new TrailUnavailable(messageOf(error), { cause: error })
    } finally {
      this.#lock.release()
    }
  }

  /** Writes the first records of the segment that `open` begins. */
  #begin(end: TrailEnd): void {
    this.#addOpener()
    if (end.repair !== null) this.#addOwn('trail_repaired', end.repair)
    this.#writeBatch(true)
    syncDirectory(this.#directory)
    this.#disk.durable = this.#committed.seq
  }

  #addOwn(kind: RecordKind, trail: object): void {
    this.#batch.add(`"kind":"${kind}","trail":${JSON.stringify(trail)}`)
  }

  #addOpener(): void {
    const { seq, hash } = this.#committed
    const previous = this.#committedSegment === 0 ? null : { segment: this.#committedSegment, seq, hash }
    const { segment } = this.#file
    if (segment > 1) this.#trail ??= readTrailId(this.#directory)
    const openFrom = this.unended.firstAt(segment)
    this.#addOwn('trail_opened', openerOf(this.#options, { segment, previous, trail: this.#trail, openFrom }))
  }

  /** Writes the batch; from then on its records count. Throws what the system says; then none of them does. */
  #writeBatch(sync: boolean): void {
    const batch = this.#batch
    const file = this.#file
    file.write(batch.buffer, batch.length, sync, this.#options.checkMilliseconds)
    file.bytes += batch.length
    file.records += batch.seq - this.#committed.seq
    this.#committed = { seq: batch.seq, hash: batch.hash }
    file.head = this.#committed
    this.#committedSegment = file.segment
    if (sync && this.#disk.settled) this.#disk.durable = batch.seq
    batch.reset(batch.seq, batch.hash)
    this.#awaited = 0
    this.#owed.clear()
  }

  /** Writes the batch and does what follows from it. Afterwards `#failure` says whether it counts. */
  #tryWrite(): void {
    const { syncMilliseconds, segmentBytes } = this.#options
    try {
      this.#writeBatch(syncMilliseconds === 0)
    } catch (error) {
      this.#fail(error)
      this.#dropBatch()
      return
    }
    if (syncMilliseconds > 0) this.#disk.startWithin(syncMilliseconds)
    if (this.#file.bytes >= segmentBytes) this.#roll()
  }

  /** Empties the batch: the next record follows the last one that counts. Owed records wait. */
  #dropBatch(): void {
    this.#batch.reset(this.#committed.seq, this.#committed.hash)
    this.#awaited = 0
    this.#owed.forgetVoid(this.#committed.seq)
  }

  #fail(error: unknown): void {
    if (this.#failure === null) this.#failures++
    this.#failure = messageOf(error)
    this.#failedAt = performance.now()
  }

  /** Returns when the trail can be written again, with all that is owed; throws `TrailUnavailable` otherwise. */
  #recover(failure: string): void {
    const tooSoon = performance.now() - this.#failedAt < RETRY_MILLISECONDS
    if (this.#closed || this.#batch.length > 0 || tooSoon) throw new TrailUnavailable(failure)
    try {
      this.#lock.check()
      this.#file.trim()
      if (!this.#file.ended && this.#file.tampering() !== null) this.#file.abandon()
      if (this.#file.ended) this.#nextSegment()
      if (this.#file.bytes === 0) this.#addOpener()
      const alarm = { code: 'TRAIL_RECOVERED', message: failure, durableSeq: this.#disk.durable, lost: this.#owed.lost }
      this.#batch.add(`"kind":"alarm","alarm":${JSON.stringify(alarm)}`)
      for (const members of this.#owed.texts) this.#batch.add(members)
      this.#writeBatch(true)
      syncDirectory(this.#directory)
      this.#owed.lost = 0
      this.#failure = null
    } catch (error) {
      this.#fail(error)
      this.#dropBatch()
      throw new TrailUnavailable(messageOf(error), { cause: error })
    }
  }

  #endSegment(): void {
    const { segment, records } = this.#file
    this.#addOwn('segment_closed', { segment, records: records + 1, ...this.#batch.times })
    this.#writeBatch(this.#options.syncMilliseconds === 0)
    this.#file.ended = true
    this.#file.closed = true
  }

  #nextSegment(): void {
    const file = SegmentFile.create(this.#directory, this.#file.segment + 1, false)
    this.#disk.retire(this.#file)
    this.#file = file
    this.#batch.beginTimes()
  }

  /** Begins the next segment. What was committed stays so: a failure shows at the next append. */
  #roll(): void {
    try {
      this.#endSegment()
      this.#nextSegment()
      this.#addOpener()
      this.#writeBatch(this.#options.syncMilliseconds === 0)
      if (this.#options.syncMilliseconds === 0) syncDirectory(this.#directory)
    } catch (error) {
      this.#fail(error)
      this.#dropBatch()
    }
  }

  #tick(): void {
    if (this.#closed || this.#batch.length > 0) return
    try {
      if (this.#failure !== null) this.#recover(this.#failure)
      this.#lock.check()
    } catch (error) {
      this.#fail(error)
      return
    }
    const { segmentSeconds } = this.#options
    if (performance.now() - this.#file.begunAt >= segmentSeconds * 1_000 && this.#file.records > 1) this.#roll()
    if (this.#failure === null) this.#disk.start(true)
  }
}
