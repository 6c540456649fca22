import { LARGEST_PACKET, PACKET_HEADER_BYTES } from './packet-limits.ts'
import { ProtocolError } from './protocol-error.ts'

const FIRST_BYTES = 512
/** Capacity that survives `take()` and `clear()`; more is given back. */
const KEPT_BYTES = 16_384

/**
 * Writes payloads as packets, one after another, into one growing buffer. `begin` … fields … `end`; the header is filled
 * in by `end`, which also splits a payload of 16 MiB - 1 or more. `take()` hands over everything written.
 */
export class PacketWriter {
  /** The sequence id after the last packet ended: what the next packet of the same exchange has. */
  nextSequenceId: number = 0
  #buffer: Buffer
  #length = 0
  /** Offset of the open payload's first header; -1 when none is open. */
  #headerAt = -1

  constructor(capacity: number = FIRST_BYTES) {
    this.#buffer = Buffer.allocUnsafeSlow(capacity)
  }

  /** Bytes written since the last `take()`. */
  get length(): number {
    return this.#length
  }

  /**
   * Starts a payload; its first packet gets this sequence id, by default the one after the last packet's. Throws an
   * Error while another payload is open.
   */
  begin(sequenceId: number = this.nextSequenceId): this {
    this.#mustBeWhole()
    this.#headerAt = this.#reserve(PACKET_HEADER_BYTES)
    this.nextSequenceId = sequenceId & 0xff
    return this
  }

  /** Ends the open payload: its length is known now. */
  end(): this {
    if (this.#headerAt < 0) throw new Error('no payload is open')
    const start = this.#headerAt + PACKET_HEADER_BYTES
    const size = this.#length - start
    const continuations = Math.floor(size / LARGEST_PACKET)
    if (continuations > 0) this.#makeRoomForHeaders(start, size, continuations)
    for (let index = 0; index <= continuations; index++) {
      const length = index < continuations ? LARGEST_PACKET : size % LARGEST_PACKET
      const at = this.#headerAt + index * (LARGEST_PACKET + PACKET_HEADER_BYTES)
      this.#buffer.writeUIntLE(length, at, 3)
      this.#buffer[at + 3] = this.nextSequenceId
      this.nextSequenceId = (this.nextSequenceId + 1) & 0xff
    }
    this.#headerAt = -1
    return this
  }

  /** Takes back everything since `begin()`: for an encoder that finds that it must not send the payload. */
  abandon(): void {
    if (this.#headerAt >= 0) this.#length = this.#headerAt
    this.#headerAt = -1
  }

  int1(value: number): this {
    const at = this.#reserve(1)
    this.#buffer[at] = value
    return this
  }

  int2(value: number): this {
    const at = this.#reserve(2)
    this.#buffer.writeUInt16LE(value, at)
    return this
  }

  int3(value: number): this {
    const at = this.#reserve(3)
    this.#buffer.writeUIntLE(value, at, 3)
    return this
  }

  int4(value: number): this {
    const at = this.#reserve(4)
    this.#buffer.writeUInt32LE(value >>> 0, at)
    return this
  }

  int8(value: bigint): this {
    const at = this.#reserve(8)
    this.#buffer.writeBigUInt64LE(value, at)
    return this
  }

  /** int<lenenc> in its shortest form. Throws a RangeError for what no 64 bits hold. */
  lenencInt(value: number | bigint): this {
    if (value < 0xfb) return this.int1(Number(value))
    if (value <= 0xffff) return this.int1(0xfc).int2(Number(value))
    if (value <= 0xff_ffff) return this.int1(0xfd).int3(Number(value))
    return this.int1(0xfe).int8(BigInt(value))
  }

  /** string<lenenc> */
  lenencBytes(bytes: Uint8Array): this {
    return this.lenencInt(bytes.length).bytes(bytes)
  }

  /** string<lenenc> in UTF-8. Throws `BAD_TEXT` for a lone surrogate. */
  lenencText(text: string): this {
    return this.lenencInt(Buffer.byteLength(text)).text(text)
  }

  /** string<NUL> in UTF-8. Throws `BAD_TEXT` when the text has a NUL inside, or a lone surrogate. */
  nulText(text: string): this {
    // INVARIANT: a NUL inside would end the field early, and let the rest of the text be read as other fields.
    if (text.includes('\0')) throw new ProtocolError('BAD_TEXT', 'a string to be sent has a NUL inside')
    return this.text(text).int1(0)
  }

  /** UTF-8 without an end mark. Throws `BAD_TEXT` for a lone surrogate. */
  text(text: string): this {
    if (!text.isWellFormed()) throw new ProtocolError('BAD_TEXT', 'a string to be sent is not well-formed')
    const size = Buffer.byteLength(text)
    const at = this.#reserve(size)
    this.#buffer.write(text, at, size)
    return this
  }

  /** `count` bytes of 0. */
  zeros(count: number): this {
    const at = this.#reserve(count)
    this.#buffer.fill(0, at, at + count)
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

  /** A copy of what was written; the writer is empty afterwards. Throws an Error while a payload is open. */
  take(): Buffer {
    const taken = Buffer.from(this.written())
    this.clear()
    return taken
  }

  /** Forgets what was written. `nextSequenceId` stays. */
  clear(): void {
    this.#length = 0
    this.#headerAt = -1
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  }

  /** Moves the parts of a long payload apart, last one first, so that each has room for its header. */
  #makeRoomForHeaders(start: number, size: number, continuations: number): void {
    this.#reserve(continuations * PACKET_HEADER_BYTES)
    for (let index = continuations; index > 0; index--) {
      const from = start + index * LARGEST_PACKET
      const end = Math.min(from + LARGEST_PACKET, start + size)
      this.#buffer.copyWithin(from + index * PACKET_HEADER_BYTES, from, end)
    }
  }

  #mustBeWhole(): void {
    if (this.#headerAt >= 0) throw new Error('a payload is still open')
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
