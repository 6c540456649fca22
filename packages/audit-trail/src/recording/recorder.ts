import { hash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { constants, zstdCompress } from 'node:zlib'
import { type AuditTrail, encodeRecording, type SessionPart, TrailUnavailable } from '@gatehouse/core'
import { listRecordings, recordingName } from './recording-names.ts'
import { syncDirectory } from '../writing/segment-file.ts'
import { type ChunkWriter, type RecordingCaps, type RecordingChunk, SessionRecording } from './session-recording.ts'

/** How often the clock is looked at for what waits. */
const TICK_MILLISECONDS = 250
/** What has waited for so many ticks is handed over. */
const CHUNK_TICKS = 8
/** Chunks that wait for the disk may come to this; then sessions are not read until they are fewer. */
const WAITING_BYTES_LIMIT = 32 * 1024 * 1024
/** Another file is begun behind this size, or this age: what is older than is kept can be removed by files alone. */
const FILE_BYTES = 256 * 1024 * 1024
const FILE_MILLISECONDS = 3_600_000
/** Quick rather than small: what is written is read seldom, and on other days. */
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

const compress = promisify<Buffer, object, Buffer>(zstdCompress)

interface RecordingFile {
  readonly handle: FileHandle
  readonly number: number
  readonly begunAt: number
  bytes: number
}

/** What a recorder works with. */
export interface RecorderOptions extends RecordingCaps {
  readonly trail: Pick<AuditTrail, 'owe'>
  /** Makes sure that the trail is committed soon. */
  readonly schedule: () => void
  /** Told each time that recording fails; the sessions are told by themselves. */
  readonly failed: (reason: string) => void
  /** Default: the system's clock, milliseconds since the epoch. */
  readonly now?: () => number
}

/**
 * Writes recordings into files beside the segments of a trail. A chunk is compressed and on the disk before the trail's record
 * that names it with its hash is handed over: no record is without its chunk.
 */
export class Recorder implements ChunkWriter {
  /** Counts the looks at the clock. */
  tick = 0
  readonly now: () => number
  readonly #directory: string
  readonly #options: RecorderOptions
  readonly #live = new Set<SessionRecording>()
  readonly #begun = new Set<SessionRecording>()
  readonly #ticker: NodeJS.Timeout
  #queue: RecordingChunk[] = []
  #waiting = 0
  #caughtUp: (() => void)[] = []
  #writing: Promise<void> | null = null
  #file: RecordingFile | null = null
  #closed = false

  /** The directory is that of a trail that is open: its lock says that nobody else records there. */
  constructor(directory: string, options: RecorderOptions) {
    this.#directory = directory
    this.#options = options
    this.now = options.now ?? Date.now
    this.#ticker = setInterval(() => this.#onTick(), TICK_MILLISECONDS).unref()
  }

  /**
   * Begins to record a session. `capabilities`: what is agreed with a MySQL client; `caps`: in place of the recorder's. Throws `TrailUnavailable` when
   * it is closed.
   */
  begin(session: SessionPart, capabilities = 0, caps: RecordingCaps = this.#options): SessionRecording {
    if (this.#closed) throw new TrailUnavailable('recording has ended')
    const recording = new SessionRecording(this, session, caps, capabilities)
    this.#live.add(recording)
    return recording
  }

  /** Chunks come faster than the disk takes them. */
  get behind(): boolean {
    return this.#waiting > WAITING_BYTES_LIMIT
  }

  /** Calls once, when it is not behind any more. */
  onceCaughtUp(call: () => void): void {
    if (this.behind) this.#caughtUp.push(call)
    else call()
  }

  /** A recording has begun a buffer. For `SessionRecording`. */
  begun(recording: SessionRecording): void {
    recording.begunTick = this.tick
    this.#begun.add(recording)
  }

  /** A recording is over. For `SessionRecording`. */
  ended(recording: SessionRecording): void {
    this.#live.delete(recording)
    this.#begun.delete(recording)
  }

  /** Takes a chunk over. For `SessionRecording`. */
  take(chunk: RecordingChunk): void {
    this.#queue.push(chunk)
    this.#waiting += chunk.bytes.length
    this.#writing ??= this.#write().finally(() => (this.#writing = null))
  }

  /** Ends all recordings, and resolves when everything is on the disk and its records are handed to the trail. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#ticker)
    for (const recording of this.#live) recording.end()
    while (this.#writing !== null) await this.#writing
    await this.#file?.handle.close()
    this.#file = null
  }

  #isOld({ begunAt }: RecordingFile): boolean {
    return this.now() - begunAt >= FILE_MILLISECONDS
  }

  #onTick(): void {
    this.tick++
    for (const recording of this.#begun) {
      if (this.tick - recording.begunTick < CHUNK_TICKS) continue
      this.#begun.delete(recording)
      recording.seal()
    }
  }

  async #write(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue
      this.#queue = []
      try {
        await this.#writeBatch(batch)
      } catch (error) {
        this.#lose(batch, error instanceof Error ? error.message : String(error))
      }
      for (const { bytes } of batch) this.#waiting -= bytes.length
      this.#options.schedule()
      if (!this.behind) for (const call of this.#caughtUp.splice(0)) call()
    }
  }

  async #writeBatch(batch: readonly RecordingChunk[]): Promise<void> {
    const compressed = await Promise.all(batch.map(({ bytes }) => compress(bytes, COMPRESSION)))
    const file = await this.#openFile()
    await file.handle.writeFile(Buffer.concat(compressed))
    await file.handle.datasync()
    for (const [index, chunk] of batch.entries()) {
      const stored = compressed[index] ?? Buffer.alloc(0)
      this.#options.trail.owe(
        encodeRecording(chunk.session, {
          part: chunk.part,
          file: recordingName(file.number),
          offset: file.bytes,
          bytes: stored.length,
          uncompressed: chunk.bytes.length,
          sha256: hash('sha256', stored),
          last: chunk.last,
        }),
      )
      file.bytes += stored.length
    }
  }

  async #openFile(): Promise<RecordingFile> {
    if (this.#file !== null && this.#file.bytes < FILE_BYTES && !this.#isOld(this.#file)) return this.#file
    await this.#file?.handle.close()
    this.#file = null
    const number = (listRecordings(this.#directory).at(-1) ?? 0) + 1
    const handle = await open(join(this.#directory, recordingName(number)), 'wx', 0o600)
    syncDirectory(this.#directory)
    this.#file = { handle, number, begunAt: this.now(), bytes: 0 }
    return this.#file
  }

  /** What cannot be written is named in the trail, and no session that is recorded goes on. */
  #lose(batch: readonly RecordingChunk[], reason: string): void {
    const lost = [...batch, ...this.#queue]
    for (const { bytes } of this.#queue) this.#waiting -= bytes.length
    this.#queue = []
    for (const { session, part, bytes, last } of lost)
      this.#options.trail.owe(encodeRecording(session, { part, lost: reason, uncompressed: bytes.length, last }))
    // What was written of it in part is named by no record: the next chunk goes to another file.
    void this.#file?.handle.close().catch(() => undefined)
    this.#file = null
    const recordings = [...this.#live]
    this.#live.clear()
    this.#begun.clear()
    for (const recording of recordings) recording.lose(reason)
    this.#options.failed(reason)
  }
}
