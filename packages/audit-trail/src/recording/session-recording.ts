import type { SessionPart } from '@gatehouse/core'
import { RecordingEntry } from './recording-entries.ts'

/** A chunk is handed over when it has come to this size; it is never twice as large. */
const CHUNK_BYTES = 256 * 1024

/** A session that says little needs no more than this. */
const FIRST_BYTES = 4096

const NOTHING: Buffer = Buffer.alloc(0)

/** A piece of a recording on its way to the disk. */
export interface RecordingChunk {
  readonly session: SessionPart
  /** 1 for the first of a session, then one more for each. */
  readonly part: number
  readonly bytes: Buffer
  readonly last: boolean
}

/** Who writes chunks: the `Recorder`. */
export interface ChunkWriter {
  /** Counts looks at the clock. */
  readonly tick: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Chunks come faster than the disk takes them. */
  readonly behind: boolean
  /** Calls once, when it is not behind any more. */
  onceCaughtUp(call: () => void): void
  /** A recording has begun a buffer. */
  begun(recording: SessionRecording): void
  /** A recording is over. */
  ended(recording: SessionRecording): void
  /** Takes a chunk over. */
  take(chunk: RecordingChunk): void
}

/** How much of it is kept. */
export interface RecordingCaps {
  /** Of what goes to and fro for one statement, bytes. */
  readonly maxBytesPerStatement: number
  /** Of all of a session, bytes before they are compressed. */
  readonly maxBytesPerSession: number
}

/** One session's recording, while it is made: entries collect in a buffer, which the recorder gets chunk by chunk. Idle, it holds no buffer. */
export class SessionRecording {
  readonly session: SessionPart
  /** The intent that is being answered; 0: none. */
  intent = 0
  /** Told once when recording fails: nothing of the session is recorded from then on. */
  onLost: ((reason: string) => void) | null = null
  /** When the buffer was begun, in the recorder's ticks. */
  begunTick = 0
  readonly #recorder: ChunkWriter
  readonly #caps: RecordingCaps
  #buffer: Buffer = NOTHING
  #used = 0
  /** Where the length of the entry stands that bytes may be added to; 0: none. */
  #open = 0
  #openKind = 0
  #tick = -1
  #statementLeft: number
  #sessionLeft: number
  #omitted = 0
  #inClear = false
  #part = 0
  #over = false

  constructor(recorder: ChunkWriter, session: SessionPart, caps: RecordingCaps, capabilities: number) {
    this.#recorder = recorder
    this.session = session
    this.#caps = caps
    this.#statementLeft = caps.maxBytesPerStatement
    this.#sessionLeft = caps.maxBytesPerSession
    const at = this.#entry(RecordingEntry.Begin, 4)
    this.#buffer.writeUInt32LE(capabilities >>> 0, at)
  }

  /** These bytes go to the client. False: the recorder does not keep up, and nothing more should be read before it does. */
  sent(source: Buffer, start: number, end: number): boolean {
    return this.#bytes(RecordingEntry.Sent, source, start, end)
  }

  /** These bytes of COPY came from the client. */
  received(source: Buffer, start: number, end: number): boolean {
    return this.#bytes(RecordingEntry.Received, source, start, end)
  }

  /** So many bytes of COPY came from the client that may not be kept: they may go to masked columns. */
  withheld(bytes: number): void {
    if (this.#over) return
    this.#omitted += bytes
    this.#inClear = true
  }

  /** Calls once, when the recorder keeps up again. */
  onceCaughtUp(call: () => void): void {
    this.#recorder.onceCaughtUp(call)
  }

  /**
   * What goes to the client from now on answers this intent (0: none). `response`: MySQL's `ResponseKind`; 0 for PostgreSQL.
   * `inClear`: it has masked columns in clear, which people let through to the client alone: nothing of it is kept.
   */
  answer(intent: number, response: number, inClear = false): void {
    this.intent = intent
    if (this.#over || this.#sessionLeft === 0) return
    this.#sayOmitted()
    this.#statementLeft = inClear ? 0 : this.#caps.maxBytesPerStatement
    this.#inClear = inClear
    const at = this.#entry(RecordingEntry.Answer, 17)
    this.#buffer.writeDoubleLE(this.#recorder.now(), at)
    this.#buffer.writeDoubleLE(intent, at + 8)
    this.#buffer[at + 16] = response
    this.#tick = this.#recorder.tick
    this.#spend(18)
  }

  /** The session is over: what is left is handed over. */
  end(): void {
    if (this.#over) return
    this.#sayOmitted()
    this.seal(true)
    this.#over = true
    this.#recorder.ended(this)
  }

  /** Recording failed: there is no more of it. */
  lose(reason: string): void {
    if (this.#over) return
    this.#over = true
    this.#buffer = NOTHING
    this.#used = 0
    this.onLost?.(reason)
  }

  /** Hands over what has collected. */
  seal(last = false): void {
    if (this.#used === 0 && !last) return
    const bytes = this.#buffer.subarray(0, this.#used)
    this.#buffer = NOTHING
    this.#used = 0
    this.#open = 0
    this.#recorder.take({ session: this.session, part: ++this.#part, bytes, last })
  }

  #bytes(kind: number, source: Buffer, start: number, end: number): boolean {
    if (this.#over) return true
    const room = Math.min(this.#statementLeft, this.#sessionLeft)
    const length = Math.min(end - start, room)
    for (let at = start; at < start + length; at += CHUNK_BYTES) {
      this.#append(kind, source, at, Math.min(at + CHUNK_BYTES, start + length))
      if (this.#used >= CHUNK_BYTES) this.seal()
    }
    if (length < end - start) {
      // Half a message cannot be read: from here on all is left out, up to the next answer.
      this.#omitted += end - start - length
      this.#statementLeft = 0
    }
    return !this.#recorder.behind
  }

  #append(kind: number, source: Buffer, start: number, end: number): void {
    const recorder = this.#recorder
    if (this.#tick !== recorder.tick) {
      this.#tick = recorder.tick
      const at = this.#entry(RecordingEntry.Time, 8)
      this.#buffer.writeDoubleLE(recorder.now(), at)
    }
    const length = end - start
    this.#spend(length)
    if (this.#open === 0 || this.#openKind !== kind) {
      const at = this.#entry(kind, 4)
      this.#buffer.writeUInt32LE(0, at)
      this.#open = at
      this.#openKind = kind
    }
    this.#room(length)
    source.copy(this.#buffer, this.#used, start, end)
    this.#used += length
    this.#buffer.writeUInt32LE(this.#buffer.readUInt32LE(this.#open) + length, this.#open)
  }

  #spend(bytes: number): void {
    this.#statementLeft = Math.max(0, this.#statementLeft - bytes)
    this.#sessionLeft = Math.max(0, this.#sessionLeft - bytes)
  }

  #sayOmitted(): void {
    if (this.#omitted === 0) return
    const at = this.#entry(RecordingEntry.Omitted, 9)
    this.#buffer[at] = this.#inClear ? 3 : this.#sessionLeft === 0 ? 2 : 1
    this.#buffer.writeDoubleLE(this.#omitted, at + 1)
    this.#omitted = 0
  }

  /** Begins an entry with so many bytes of fields; returns where they stand. */
  #entry(kind: number, fields: number): number {
    this.#open = 0
    this.#room(1 + fields)
    this.#buffer[this.#used] = kind
    const at = this.#used + 1
    this.#used = at + fields
    return at
  }

  #room(bytes: number): void {
    const wanted = this.#used + bytes
    if (wanted <= this.#buffer.length) return
    if (this.#used === 0) this.#recorder.begun(this)
    const grown = Buffer.allocUnsafeSlow(Math.max(wanted, this.#buffer.length * 2, FIRST_BYTES))
    this.#buffer.copy(grown, 0, 0, this.#used)
    this.#buffer = grown
  }
}
