import { ProtocolError } from './protocol-error.ts'

const NOTHING: Buffer = Buffer.alloc(0)

/** Bounded cursor over one message body. Any read past the end throws `SHORT_READ`. Reusable by `reset()`. */
export class BodyReader {
  #bytes: Buffer
  #at: number
  #end: number

  /** Reads bytes[start, end): everything when left out. */
  constructor(bytes: Buffer = NOTHING, start: number = 0, end: number = bytes.length) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
    this.reset(bytes, start, end)
  }

  /** Starts over on bytes[start, end). Throws a RangeError when there is no such range. */
  reset(bytes: Buffer, start: number, end: number): this {
    if (!(start >= 0 && start <= end && end <= bytes.length)) throw new RangeError('no such range of the buffer')
    this.#bytes = bytes
    this.#at = start
    this.#end = end
    return this
  }

  /** Offset, in the buffer, of the next byte to read. */
  get offset(): number {
    return this.#at
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.#end - this.#at
  }

  byte(): number {
    return this.#bytes[this.#take(1)] ?? 0
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2))
  }

  /** Counts are sent as Int16 but the server reads them unsigned. */
  uint16(): number {
    return this.#bytes.readUInt16BE(this.#take(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4))
  }

  /** Object identifiers are unsigned. */
  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4))
  }

  /** A view of the next `length` bytes: valid as long as the buffer's content is. */
  bytes(length: number): Buffer {
    const start = this.#take(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** A view of everything that is left. */
  rest(): Buffer {
    return this.bytes(this.remaining)
  }

  /** UTF-8 up to a NUL, which is consumed and not returned. Throws `BAD_TEXT` for anything that is not UTF-8. */
  cString(): string {
    const start = this.#at
    const end = this.#takeString()
    const text = this.#bytes.toString('utf8', start, end)
    // Two different byte strings must never decode to one text: a policy would judge another statement than the server.
    if (text.includes('\uFFFD') && !Buffer.from(text).equals(this.#bytes.subarray(start, end))) {
      throw new ProtocolError('BAD_TEXT', 'a string is not UTF-8')
    }
    return text
  }

  /** As `cString`, but bytes that are not UTF-8 become U+FFFD: for reports, which come in the server's own encoding. */
  reportText(): string {
    const start = this.#at
    return this.#bytes.toString('utf8', start, this.#takeString())
  }

  /** Ends the body. Throws `TRAILING_BYTES` when something is left. */
  end(): void {
    if (this.#at !== this.#end) {
      throw new ProtocolError('TRAILING_BYTES', `the message goes on for ${this.#end - this.#at} bytes after its end`)
    }
  }

  /** Consumes `length` bytes and returns where they start. */
  #take(length: number): number {
    const start = this.#at
    // Written so that a negative or NaN length fails too.
    if (!(length >= 0 && length <= this.#end - start)) {
      throw new ProtocolError('SHORT_READ', `the message ends ${this.#end - start} bytes on; ${length} were to be read`)
    }
    this.#at = start + length
    return start
  }

  /** Consumes a string with its NUL and returns the NUL's offset. */
  #takeString(): number {
    const end = this.#at < this.#end ? this.#bytes.indexOf(0, this.#at) : -1
    if (end === -1 || end >= this.#end) throw new ProtocolError('SHORT_READ', 'a string has no terminating NUL')
    this.#at = end + 1
    return end
  }
}
