import { ProtocolError } from './protocol-error.ts'

const FIRST_BYTES = 512
/** Capacity that survives `take()` and `clear()`; more is given back. */
const KEPT_BYTES = 16_384

/**
 * Writes framed messages, one after another, into one growing buffer. `begin` … fields … `end`; the length is filled in
 * by `end`. `take()` hands over everything written.
 */
export class MessageWriter {
  #buffer: Buffer
  #length = 0
  /** Offset of the open message's length field; -1 when none is open. */
  #lengthAt = -1

  constructor(capacity: number = FIRST_BYTES) {
    this.#buffer = Buffer.allocUnsafeSlow(capacity)
  }

  /** Bytes written since the last `take()`. */
  get length(): number {
    return this.#length
  }

  /** Starts a message with a tag (its character code). Throws an Error while another one is open. */
  begin(tag: number): this {
    return this.#open().byte(tag).#openLength()
  }

  /** Starts a message without a tag, as before login. */
  beginUntagged(): this {
    return this.#open().#openLength()
  }

  /** Ends the open message: its length is known now. */
  end(): this {
    if (this.#lengthAt < 0) throw new Error('no message is open')
    this.#buffer.writeInt32BE(this.#length - this.#lengthAt, this.#lengthAt)
    this.#lengthAt = -1
    return this
  }

  /** Takes back everything since `begin()`: for an encoder that finds that it must not send the message. */
  abandon(): void {
    if (this.#lengthAt >= 0) this.#length = this.#messageStart
    this.#lengthAt = -1
  }
  #messageStart = 0

  byte(value: number): this {
    const at = this.#reserve(1)
    this.#buffer[at] = value
    return this
  }

  /** Throws a RangeError outside -32768…65535: counts above 32767 are written unsigned. */
  int16(value: number): this {
    const at = this.#reserve(2)
    if (value > 0x7fff) this.#buffer.writeUInt16BE(value, at)
    else this.#buffer.writeInt16BE(value, at)
    return this
  }

  int32(value: number): this {
    const at = this.#reserve(4)
    this.#buffer.writeInt32BE(value, at)
    return this
  }

  uint32(value: number): this {
    const at = this.#reserve(4)
    this.#buffer.writeUInt32BE(value, at)
    return this
  }

  /** UTF-8 and a NUL. Throws `BAD_TEXT` when the text has a NUL inside, or a lone surrogate. */
  cString(text: string): this {
    // INVARIANT: a NUL inside would end the field early, and let the rest of the text be read as other fields.
    if (text.includes('\0')) throw new ProtocolError('BAD_TEXT', 'a string to be sent has a NUL inside')
    return this.text(text).byte(0)
  }

  /** UTF-8 without an end mark. Throws `BAD_TEXT` for a lone surrogate. */
  text(text: string): this {
    if (!text.isWellFormed()) throw new ProtocolError('BAD_TEXT', 'a string to be sent is not well-formed')
    const size = Buffer.byteLength(text)
    const at = this.#reserve(size)
    this.#buffer.write(text, at, size)
    return this
  }

  /** bytes[start, end), everything when left out. */
  bytes(bytes: Uint8Array, start: number = 0, end: number = bytes.length): this {
    const at = this.#reserve(end - start)
    if (start === 0 && end === bytes.length) this.#buffer.set(bytes, at)
    else this.#buffer.set(bytes.subarray(start, end), at)
    return this
  }

  /** What was written, as a view that the next write may change: for a socket write that copies at once. */
  written(): Buffer {
    this.#mustBeWhole()
    return this.#buffer.subarray(0, this.#length)
  }

  /** A copy of what was written; the writer is empty afterwards. Throws an Error while a message is open. */
  take(): Buffer {
    const taken = Buffer.from(this.written())
    this.clear()
    return taken
  }

  /** Forgets what was written. */
  clear(): void {
    this.#length = 0
    this.#lengthAt = -1
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  }

  #open(): this {
    this.#mustBeWhole()
    this.#messageStart = this.#length
    return this
  }

  #openLength(): this {
    this.#lengthAt = this.#reserve(4)
    return this
  }

  #mustBeWhole(): void {
    if (this.#lengthAt >= 0) throw new Error('a message is still open')
  }

  /** Makes room for `size` bytes and returns where they go. May replace the buffer: name it only afterwards. */
  #reserve(size: number): number {
    const at = this.#length
    const length = at + size
    if (length > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, this.#buffer.length * 2))
      this.#buffer.copy(grown, 0, 0, at)
      this.#buffer = grown
    }
    this.#length = length
    return at
  }
}
