import { Capability, ServerStatus } from './capabilities.ts'
import { PayloadReader } from './payload-reader.ts'

/**
 * What an OK or EOF packet says, as numbers and offsets: read without an object, for the end of every statement. Manual:
 * "OK_Packet", "EOF_Packet". Offsets hold for the buffer it was read from.
 */
export class ResponseStatus {
  /** `ServerStatus` flags; 0 before anything was read. */
  flags: number = 0
  warnings: number = 0
  /** Rows changed, or found (CLIENT_FOUND_ROWS); 0 for an EOF. */
  affectedRows: number = 0
  /** It was an OK packet; else an EOF. */
  isOk: boolean = false
  /** Of an OK: offset of last_insert_id. */
  lastInsertId: number = 0
  /** Offset of status_flags. */
  flagsAt: number = 0
  /** Offset of the two bytes of warnings. */
  warningsAt: number = 0
  /** Of an OK: past its fields; the text for people, or session state, comes next. */
  fieldsEnd: number = 0
  /** The text for people; empty when there is none. */
  infoStart: number = 0
  infoEnd: number = 0
  /** Session state changes as `decodeSessionState` takes them; empty when there are none. */
  stateStart: number = 0
  stateEnd: number = 0

  readonly #payload = new PayloadReader()

  /** Reads the OK packet bytes[start, end), whatever its header. `capabilities`: what is agreed. Throws ProtocolError. */
  readOk(bytes: Buffer, start: number, end: number, capabilities: number): void {
    const payload = this.#payload.reset(bytes, start, end)
    payload.skip(1)
    this.isOk = true
    this.affectedRows = Number(payload.peek() === 0xfe ? payload.lenencBigInt() : payload.lenencInt())
    this.lastInsertId = payload.offset
    if (payload.peek() === 0xfe) payload.skip(9)
    else payload.lenencInt()
    this.flagsAt = payload.offset
    this.flags = payload.int2()
    this.warningsAt = payload.offset
    this.warnings = payload.int2()
    this.fieldsEnd = this.infoStart = this.infoEnd = this.stateStart = this.stateEnd = payload.offset
    if (payload.remaining === 0) return
    if ((capabilities & Capability.SESSION_TRACK) === 0) {
      this.#readTrailingInfo(bytes, end)
      return
    }
    this.infoEnd = this.#string(payload)
    this.infoStart = this.stateStart
    if ((this.flags & ServerStatus.SESSION_STATE_CHANGED) !== 0 && payload.remaining > 0)
      this.stateEnd = this.#string(payload)
    else this.stateStart = this.stateEnd = payload.offset
    payload.end()
  }

  /** Reads the EOF packet bytes[start, end). Throws ProtocolError. */
  readEof(bytes: Buffer, start: number, end: number): void {
    const payload = this.#payload.reset(bytes, start, end)
    payload.skip(1)
    this.isOk = false
    this.affectedRows = 0
    this.warningsAt = payload.offset
    this.warnings = payload.int2()
    this.flagsAt = payload.offset
    this.flags = payload.int2()
    this.fieldsEnd = this.infoStart = this.infoEnd = this.stateStart = this.stateEnd = payload.offset
    payload.end()
  }

  /** Passes over a string<lenenc>: `stateStart` is where it begins, and its end is returned. */
  #string(payload: PayloadReader): number {
    const length = payload.lenencInt()
    this.stateStart = payload.offset
    payload.skip(length)
    return payload.offset
  }

  /** The manual says string<EOF>; servers send string<lenenc> all the same. */
  #readTrailingInfo(bytes: Buffer, end: number): void {
    const start = this.fieldsEnd
    const first = bytes[start] ?? 0
    const size = first < 0xfb ? 1 : first === 0xfc ? 3 : 0
    const length = size === 1 ? first : size === 3 && start + 3 <= end ? bytes.readUInt16LE(start + 1) : -1
    this.infoStart = start + size + length === end ? start + size : start
    this.infoEnd = this.stateStart = this.stateEnd = end
  }
}
