import { close, fdatasync } from 'node:fs'
import { promisify } from 'node:util'
import type { ChainHead } from '../chain/chain-walk.ts'
import { checkpointLine, writeCheckpoint } from '../seals/checkpoint.ts'
import { sealSegment } from './seal-left.ts'
import type { SegmentFile } from './segment-file.ts'
import { syncDirectory, syncDirectoryLater } from './segment-file.ts'
import type { TrailOptions } from './trail-options.ts'

const fdatasyncLater = promisify(fdatasync)
const closeLater = promisify(close)

/** What is to be made durable: everything up to `head`, which is in `segment`; `file` is being written. */
export interface WrittenTrail {
  readonly head: ChainHead
  readonly segment: number
  readonly file: SegmentFile
}

/**
 * Makes segments durable outside the event loop, and then writes the checkpoint. A former segment is closed here alone:
 * a file descriptor closed while the system still works on it could be another file's by then.
 */
export class DiskSync {
  /** The last record that is known to be durable. */
  durable = 0
  /** Since when there is something that it may not hold, in milliseconds of a monotonic clock; null: there is nothing. */
  unsyncedSince: number | null = null

  readonly #directory: string
  readonly #options: Required<TrailOptions>
  readonly #written: () => WrittenTrail
  readonly #onFailure: (error: unknown) => void
  /** Former segments that are not durable yet, oldest first. */
  readonly #retired: SegmentFile[] = []
  #directoryChanged = false
  #armed = false
  #again = false
  #running: Promise<void> | null = null
  #checkpointed = 0
  #closed = false
  readonly #onDue = (): void => {
    this.#armed = false
    this.start(false)
  }

  /** `written` tells what there is to make durable; `onFailure` is told when the disk does not. */
  constructor(
    directory: string,
    options: Required<TrailOptions>,
    written: () => WrittenTrail,
    onFailure: (error: unknown) => void,
  ) {
    this.#directory = directory
    this.#options = options
    this.#written = written
    this.#onFailure = onFailure
  }

  /** True while nothing but the present segment has to be made durable. */
  get settled(): boolean {
    return this.#retired.length === 0 && !this.#directoryChanged
  }

  /** Takes over a segment that is written no more; a new one was made in its place. */
  retire(file: SegmentFile): void {
    this.#retired.push(file)
    this.#directoryChanged = true
  }

  /** Starts within so many milliseconds. */
  startWithin(milliseconds: number): void {
    this.unsyncedSince ??= performance.now()
    if (this.#armed) return
    this.#armed = true
    setTimeout(this.#onDue, milliseconds).unref()
  }

  /** Starts now, or again after what is under way. `checkpoint`: writes one after it. */
  start(checkpoint: boolean): void {
    this.#again = this.#running !== null
    if (this.#closed || this.#running !== null) return
    this.#running = this.#run(checkpoint).finally(() => {
      this.#running = null
      if (this.#again) this.start(false)
    })
  }

  /** Writes the checkpoint for what is durable. Rejects when it cannot be written. */
  async checkpoint(head: ChainHead, segment: number, closed: boolean): Promise<void> {
    const { gatewayId: gateway, signing, now, onCheckpoint } = this.#options
    const line = checkpointLine({ seq: head.seq, hash: head.hash, segment, closed, gateway }, now(), signing)
    await writeCheckpoint(this.#directory, line)
    this.#checkpointed = head.seq
    onCheckpoint(line)
  }

  /** Waits for what is under way, then syncs and closes everything. Throws what the system says, after that. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
    const { file } = this.#written()
    try {
      for (const former of [...this.#retired, file]) {
        if (!former.abandoned) former.sync()
        if (former.ended) await this.#seal(former)
      }
      syncDirectory(this.#directory)
    } finally {
      for (const former of this.#retired.splice(0)) former.close()
      file.close()
    }
  }

  /** Never rejects. */
  async #run(checkpoint: boolean): Promise<void> {
    const { head, segment, file } = this.#written()
    const begun = performance.now()
    try {
      await this.#syncAll(file)
      this.durable = Math.max(this.durable, head.seq)
      this.unsyncedSince = this.#written().head.seq > head.seq ? begun : null
      if (checkpoint && head.seq > this.#checkpointed && !this.#closed) await this.checkpoint(head, segment, false)
    } catch (error) {
      this.#onFailure(error)
    }
  }

  async #syncAll(file: SegmentFile): Promise<void> {
    for (let former = this.#retired[0]; former !== undefined && former !== file; former = this.#retired[0]) {
      await this.#syncFile(former)
      await this.#seal(former)
      await closeLater(former.fd)
      this.#retired.shift()
    }
    await this.#syncFile(file)
    if (this.#directoryChanged) {
      this.#directoryChanged = false
      try {
        await syncDirectoryLater(this.#directory)
      } catch (error) {
        this.#directoryChanged = true
        throw error
      }
    }
  }

  /** What is written no more is sealed, whatever became of it: a seal says what it held. */
  async #seal({ segment, records, head, bytes, closed }: SegmentFile): Promise<void> {
    if (head !== null) await sealSegment(this.#directory, { segment, records, head, bytes, closed }, this.#options)
  }

  async #syncFile(file: SegmentFile): Promise<void> {
    if (file.abandoned) return
    try {
      await fdatasyncLater(file.fd)
    } catch (error) {
      file.abandon()
      throw error
    }
  }
}
