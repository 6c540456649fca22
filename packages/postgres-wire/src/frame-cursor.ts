import { CarryBuffer } from './carry-buffer.ts'
import { ProtocolError } from './protocol-error.ts'

const HEADER_BYTES = 5
const NOTHING: Buffer = Buffer.alloc(0)

/**
 * Walks the frames (tag, length, body) of a byte stream that arrives in chunks, without a copy or an allocation for a
 * frame that lies whole in its chunk.
 *
 * Feed a chunk, then call `next()` until it says false. After true, the fields describe one frame, or one piece of a
 * streamed frame, until the following `next()` or `feed()`. Any ProtocolError (`UNKNOWN_MESSAGE`, `BAD_LENGTH`,
 * `MESSAGE_TOO_LARGE`) is thrown on the header, before the body is buffered, and leaves a cursor that only throws again.
 */
export class FrameCursor {
  /** Tags (1 = yes) whose frames may be delivered in pieces as bytes arrive. May change between frames. */
  readonly streamed: Uint8Array = new Uint8Array(256)
  /** What the offsets below refer to: the chunk, or the cursor's own carry. */
  bytes: Buffer = NOTHING
  tag: number = 0
  /** Offset of the tag byte; in a later piece of a streamed frame, of the piece. */
  start: number = 0
  /** Offset of the body in this delivery: `start + 5` when `first`, else `start`. */
  body: number = 0
  /** Past the last byte of this delivery. */
  end: number = 0
  /** Bytes of the whole frame's body, of which a piece holds only some. */
  bodyLength: number = 0
  /** This delivery holds the frame's header. */
  first: boolean = false
  /** This delivery holds the frame's last byte. */
  last: boolean = false

  #limits: Uint32Array
  #chunk: Buffer = NOTHING
  #at = 0
  #chunkEnd = 0
  readonly #carry = new CarryBuffer()
  #carryDelivered = false
  #streamLeft = 0

  /** `limits[tag]`: the most that a frame's length field may say; 0 for a tag that this side does not have. */
  constructor(limits: Uint32Array) {
    this.#limits = limits
  }

  /** Other limits from the next header on: before login a peer is allowed less. */
  setLimits(limits: Uint32Array): void {
    this.#limits = limits
  }

  /**
   * The bytes of the stream that come next: chunk[start, end). The chunk may be reused once `next()` has said false or
   * `rest()` was taken. Throws an Error (a fault of the caller) when the previous chunk was not used up.
   */
  feed(chunk: Buffer, start: number, end: number): void {
    if (this.#at !== this.#chunkEnd) throw new Error('the previous chunk is not used up')
    if (!(start >= 0 && start <= end && end <= chunk.length)) throw new RangeError('no such range of the chunk')
    this.#chunk = chunk
    this.#at = start
    this.#chunkEnd = end
  }

  /** Moves to the next frame or piece. False: more bytes are needed, and the chunk is used up. */
  next(): boolean {
    if (this.#carryDelivered) {
      this.#carryDelivered = false
      this.#carry.clear()
    }
    if (this.#streamLeft > 0) return this.#nextPiece()
    const at = this.#at
    const available = this.#chunkEnd - at
    if (this.#carry.length > 0 || available < HEADER_BYTES) return this.#nextCarried()

    const chunk = this.#chunk
    const frameLength = this.#readHeader(chunk, at)
    const whole = frameLength <= available
    if (!whole && this.streamed[this.tag] !== 1) {
      this.#carry.append(chunk, at, this.#chunkEnd, frameLength)
      this.#at = this.#chunkEnd
      return false
    }
    this.bytes = chunk
    this.start = at
    this.body = at + HEADER_BYTES
    this.end = whole ? at + frameLength : this.#chunkEnd
    this.first = true
    this.last = whole
    this.#streamLeft = whole ? 0 : frameLength - available
    this.#at = this.end
    return true
  }

  /**
   * A copy of the chunk's bytes after the current frame or piece, which count as used up from now on: feed the copy when
   * the walk may go on. The current frame stays valid. Empty when nothing is left.
   */
  rest(): Buffer {
    const rest = Buffer.from(this.#chunk.subarray(this.#at, this.#chunkEnd))
    this.#at = this.#chunkEnd
    return rest
  }

  /** Bytes of an unfinished frame that the cursor keeps. 0 between frames. */
  get carriedBytes(): number {
    return this.#carryDelivered ? 0 : this.#carry.length
  }

  /** Memory that the cursor holds for unfinished frames, in bytes. */
  get heldBytes(): number {
    return this.#carry.bytes.length
  }

  /** True when the stream stops between two frames: an end of the connection here cuts nothing. */
  get betweenFrames(): boolean {
    return this.#streamLeft === 0 && this.carriedBytes === 0 && this.#at === this.#chunkEnd
  }

  /** Checks the header at `at`, sets `tag` and `bodyLength`, and returns the length of the whole frame. */
  #readHeader(bytes: Buffer, at: number): number {
    const tag = bytes[at] ?? 0
    const length =
      ((bytes[at + 1] ?? 0) << 24) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 8) | (bytes[at + 4] ?? 0)
    const limit = this.#limits[tag] ?? 0
    if (length < 4 || length > limit) throw headerFault(tag, length, limit)
    this.tag = tag
    this.bodyLength = length - 4
    return length + 1
  }

  #nextPiece(): boolean {
    const available = this.#chunkEnd - this.#at
    if (available === 0) return false
    const size = Math.min(available, this.#streamLeft)
    this.bytes = this.#chunk
    this.start = this.#at
    this.body = this.#at
    this.end = this.#at + size
    this.first = false
    this.#streamLeft -= size
    this.last = this.#streamLeft === 0
    this.#at = this.end
    return true
  }

  /** The frame whose beginning is in the carry, or has to go there because its header is cut. */
  #nextCarried(): boolean {
    const carry = this.#carry
    if (carry.length < HEADER_BYTES) {
      this.#moveToCarry(HEADER_BYTES, HEADER_BYTES)
      if (carry.length < HEADER_BYTES) return false
    }
    const frameLength = this.#readHeader(carry.bytes, 0)
    // Asked only while the carry holds a bare header: a frame that began to be collected is delivered whole.
    const streaming = carry.length === HEADER_BYTES && this.streamed[this.tag] === 1
    if (!streaming) {
      this.#moveToCarry(frameLength, frameLength)
      if (carry.length < frameLength) return false
    }
    this.bytes = carry.bytes
    this.start = 0
    this.body = HEADER_BYTES
    this.end = carry.length
    this.first = true
    this.last = carry.length === frameLength
    this.#streamLeft = frameLength - carry.length
    this.#carryDelivered = true
    return true
  }

  #moveToCarry(wanted: number, most: number): void {
    const size = Math.min(wanted - this.#carry.length, this.#chunkEnd - this.#at)
    if (size <= 0) return
    this.#carry.append(this.#chunk, this.#at, this.#at + size, most)
    this.#at += size
  }
}

function headerFault(tag: number, length: number, limit: number): ProtocolError {
  const name = tag > 0x20 && tag < 0x7f ? `'${String.fromCharCode(tag)}'` : `0x${tag.toString(16).padStart(2, '0')}`
  if (limit === 0) return new ProtocolError('UNKNOWN_MESSAGE', `no message has the tag ${name}`)
  if (length < 4) return new ProtocolError('BAD_LENGTH', `message ${name} announces a length of ${length}`)
  return new ProtocolError(
    'MESSAGE_TOO_LARGE',
    `message ${name} announces ${length} bytes; at most ${limit} are allowed`,
  )
}
