import { ProtocolError } from './protocol-error.ts'

const NOTHING: Buffer = Buffer.alloc(0)
/** First byte of a length-encoded value that is NULL. No length-encoded integer begins with it. */
const LENENC_NULL = 0xfb

/**
 * Bounded cursor over one payload. Any read past the end throws `SHORT_READ`. Reusable by `reset()`. Manual: "Protocol
 * Basics, Data Types"; all integers are little-endian and unsigned.
 */
export class PayloadReader {
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

  /** The next byte, which is not consumed; -1 at the end. */
  peek(): number {
    return this.#at < this.#end ? (this.#bytes[this.#at] ?? 0) : -1
  }

  int1(): number {
    return this.#bytes[this.#take(1)] ?? 0
  }

  int2(): number {
    return this.#bytes.readUInt16LE(this.#take(2))
  }

  int3(): number {
    return this.#bytes.readUIntLE(this.#take(3), 3)
  }

  int4(): number {
    return this.#bytes.readUInt32LE(this.#take(4))
  }

  int8(): bigint {
    return this.#bytes.readBigUInt64LE(this.#take(8))
  }

  /** A length or a count. Throws `BAD_VALUE` for NULL, for what begins no integer, and above 2^53 - 1. */
  lenencInt(): number {
    const first = this.int1()
    if (first < LENENC_NULL) return first
    switch (first) {
      case 0xfc:
        return this.int2()
      case 0xfd:
        return this.int3()
      case 0xfe: {
        const value = this.int8()
        if (value > Number.MAX_SAFE_INTEGER) throw new ProtocolError('BAD_VALUE', 'a length is above 2^53')
        return Number(value)
      }
      default:
        throw new ProtocolError('BAD_VALUE', `0x${first.toString(16)} begins no length-encoded integer`)
    }
  }

  /** As `lenencInt`, exact over all of 64 bits: row counts and ids. */
  lenencBigInt(): bigint {
    if (this.peek() !== 0xfe) return BigInt(this.lenencInt())
    this.#take(1)
    return this.int8()
  }

  /** A view of the next `length` bytes: valid as long as the buffer's content is. */
  bytes(length: number): Buffer {
    const start = this.#take(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** Passes over `length` bytes. */
  skip(length: number): void {
    this.#take(length)
  }

  /** string<lenenc> as a view. */
  lenencBytes(): Buffer {
    return this.bytes(this.lenencInt())
  }

  /** string<lenenc> as a view, or null for NULL. */
  lenencBytesOrNull(): Buffer | null {
    if (this.peek() !== LENENC_NULL) return this.lenencBytes()
    this.#take(1)
    return null
  }

  /** string<lenenc> in UTF-8. Throws `BAD_TEXT` for anything that is not. */
  lenencText(): string {
    return this.text(this.lenencInt())
  }

  /** string<NUL> as a view without the NUL, which is consumed. */
  nulBytes(): Buffer {
    const start = this.#at
    return this.#bytes.subarray(start, this.#takeString())
  }

  /** string<NUL> in UTF-8. Throws `BAD_TEXT` for anything that is not. */
  nulText(): string {
    const start = this.#at
    return this.#text(start, this.#takeString())
  }

  /** string<fix> in UTF-8. Throws `BAD_TEXT` for anything that is not. */
  text(length: number): string {
    const start = this.#take(length)
    return this.#text(start, start + length)
  }

  /** As `text`, but bytes that are not UTF-8 become U+FFFD: for reports, which come in the session's character set. */
  reportText(length: number): string {
    const start = this.#take(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  /** string<EOF>: a view of everything that is left. */
  rest(): Buffer {
    return this.bytes(this.remaining)
  }

  /** Ends the payload. Throws `TRAILING_BYTES` when something is left. */
  end(): void {
    if (this.#at !== this.#end) {
      throw new ProtocolError('TRAILING_BYTES', `the payload goes on for ${this.#end - this.#at} bytes after its end`)
    }
  }

  #text(start: number, end: number): string {
    const text = this.#bytes.toString('utf8', start, end)
    // Two different byte strings must never decode to one text: a policy would judge another name than the server.
    if (text.includes('\uFFFD') && !Buffer.from(text).equals(this.#bytes.subarray(start, end))) {
      throw new ProtocolError('BAD_TEXT', 'a string is not UTF-8')
    }
    return text
  }

  /** Consumes `length` bytes and returns where they start. */
  #take(length: number): number {
    const start = this.#at
    // Written so that a negative or NaN length fails too.
    if (!(length >= 0 && length <= this.#end - start)) {
      throw new ProtocolError('SHORT_READ', `the payload ends ${this.#end - start} bytes on; ${length} were to be read`)
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
