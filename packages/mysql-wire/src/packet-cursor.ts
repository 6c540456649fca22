import { CarryBuffer } from './carry-buffer.ts'
import { LARGEST_PACKET, LARGEST_PAYLOAD, PACKET_HEADER_BYTES } from './packet-limits.ts'
import { ProtocolError } from './protocol-error.ts'

const NOTHING: Buffer = Buffer.alloc(0)

/** A value of `nextSequenceId` by which any sequence id is taken. */
export const ANY_SEQUENCE_ID = -1

/**
 * Walks the packets of a byte stream that arrives in chunks, without a copy or an allocation for a packet that lies
 * whole in its chunk. Manual: "MySQL Packets".
 *
 * Feed a chunk, then call `next()` until it says false. After true, the fields describe one packet, one piece of a
 * streamed packet, or one joined payload, until the following `next()` or `feed()`. Any ProtocolError
 * (`PACKET_TOO_LARGE`, `BAD_SEQUENCE`) is thrown on the header, before the payload is buffered, and leaves a cursor that
 * only throws again.
 */
export class PacketCursor {
  /**
   * Packets with a payload at least this long may be delivered in pieces as bytes arrive: Infinity for none, 0 for all.
   * May change between packets.
   */
  streamedFrom: number = Infinity
  /** Payloads of more than one packet are delivered as one, their parts joined in a copy. May change between payloads. */
  joined: boolean = false
  /**
   * The sequence id that the next packet must have: 0 to 255, or `ANY_SEQUENCE_ID`. Counts up by itself; whoever knows
   * that a command or a response begins sets it.
   */
  nextSequenceId: number = 0
  /** What the offsets below refer to: the chunk, or the cursor's own carry. */
  bytes: Buffer = NOTHING
  /** Of the packet; of a joined payload, of its first packet. */
  sequenceId: number = 0
  /** Offset of the header; in a later piece of a streamed packet, of the piece. */
  start: number = 0
  /** Offset of the payload in this delivery: `start + 4` when `first`, else `start`. */
  payload: number = 0
  /** Past the last byte of this delivery. */
  end: number = 0
  /** Bytes of the whole packet's payload, or of the joined payload. */
  payloadLength: number = 0
  /** Packets that the delivered payload was joined from. More than 1: bytes[start, payload) is no header to forward. */
  packets: number = 1
  /** This delivery holds the packet's header, and the first byte of its payload unless it is empty. */
  first: boolean = false
  /** This delivery holds the packet's last byte. */
  last: boolean = false
  /** The packet goes on with a payload begun in an earlier one: its first byte is no header of anything. */
  continuation: boolean = false
  /** The payload goes on in the next packet. */
  continued: boolean = false

  #limit: number
  #chunk: Buffer = NOTHING
  #at = 0
  #chunkEnd = 0
  readonly #carry = new CarryBuffer()
  #carryDelivered = false
  #streamLeft = 0
  /** Bytes of the current payload in earlier packets. */
  #earlier = 0
  /** A payload is being joined: the carry holds a header and what came of the payload. */
  #joining = false
  /** Of the part being joined: bytes still to come. -1: its header. */
  #partLeft = 0
  #partContinued = false
  #firstSequenceId = 0
  #fault: ProtocolError | undefined

  /** `limit`: the most bytes that a payload may have, its continuation packets counted; at most 1 GiB. */
  constructor(limit: number) {
    this.#limit = checkedLimit(limit)
  }

  /** Another limit from the next header on: before login a peer is allowed less. */
  setLimit(limit: number): void {
    this.#limit = checkedLimit(limit)
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

  /** Moves to the next packet, piece, or joined payload. False: more bytes are needed, and the chunk is used up. */
  next(): boolean {
    if (this.#carryDelivered) {
      this.#carryDelivered = false
      this.#carry.clear()
    }
    if (this.#streamLeft > 0) return this.#nextPiece()
    if (this.#joining) return this.#join()
    const at = this.#at
    const available = this.#chunkEnd - at
    // One byte of payload more than the header, so that a first piece tells what it is a piece of.
    if (this.#carry.length > 0 || available <= PACKET_HEADER_BYTES) return this.#nextCarried()

    const length = this.#readHeader(this.#chunk, at)
    if (this.joined && this.continued && !this.continuation) return this.#startJoining(length)
    const packetLength = length + PACKET_HEADER_BYTES
    const whole = packetLength <= available
    if (!whole && length < this.streamedFrom) {
      this.#carry.append(this.#chunk, at, this.#chunkEnd, packetLength)
      this.#at = this.#chunkEnd
      return false
    }
    this.bytes = this.#chunk
    this.start = at
    this.payload = at + PACKET_HEADER_BYTES
    this.end = whole ? at + packetLength : this.#chunkEnd
    this.#at = this.end
    return this.#delivered(length, whole ? 0 : packetLength - available)
  }

  /**
   * A copy of the chunk's bytes after the current packet or piece, which count as used up from now on: feed the copy when
   * the walk may go on. The current packet stays valid. Empty when nothing is left.
   */
  rest(): Buffer {
    const rest = Buffer.from(this.#chunk.subarray(this.#at, this.#chunkEnd))
    this.#at = this.#chunkEnd
    return rest
  }

  /** Bytes of an unfinished packet or payload that the cursor keeps. 0 between packets. */
  get carriedBytes(): number {
    return this.#carryDelivered ? 0 : this.#carry.length
  }

  /** Memory that the cursor holds for unfinished packets, in bytes. */
  get heldBytes(): number {
    return this.#carry.bytes.length
  }

  /** True when the stream stops between two payloads: an end of the connection here cuts nothing. */
  get betweenPayloads(): boolean {
    return this.#streamLeft === 0 && this.carriedBytes === 0 && this.#at === this.#chunkEnd && this.#earlier === 0
  }

  /** Checks the header at `at`, sets what it says, and returns the payload's length. Changes nothing when called again. */
  #readHeader(bytes: Buffer, at: number): number {
    if (this.#fault !== undefined) throw this.#fault
    const length = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16)
    const sequenceId = bytes[at + 3] ?? 0
    if (sequenceId !== this.nextSequenceId && this.nextSequenceId !== ANY_SEQUENCE_ID) {
      throw (this.#fault = new ProtocolError(
        'BAD_SEQUENCE',
        `a packet has the sequence id ${sequenceId}; ${this.nextSequenceId} comes next`,
      ))
    }
    if (length + this.#earlier > this.#limit) {
      const announced =
        length === LARGEST_PACKET ? `${this.#earlier + length} bytes and more` : `${this.#earlier + length} bytes`
      throw (this.#fault = new ProtocolError(
        'PACKET_TOO_LARGE',
        `a payload of ${announced} is announced; at most ${this.#limit} are allowed`,
      ))
    }
    this.sequenceId = sequenceId
    this.continuation = this.#earlier > 0
    this.continued = length === LARGEST_PACKET
    return length
  }

  /** Sets the fields of a delivery that begins a packet. */
  #delivered(length: number, left: number): true {
    this.nextSequenceId = (this.sequenceId + 1) & 0xff
    this.#earlier = this.continued ? this.#earlier + length : 0
    this.payloadLength = length
    this.packets = 1
    this.first = true
    this.last = left === 0
    this.#streamLeft = left
    return true
  }

  #nextPiece(): boolean {
    const available = this.#chunkEnd - this.#at
    if (available === 0) return false
    const size = Math.min(available, this.#streamLeft)
    this.bytes = this.#chunk
    this.start = this.#at
    this.payload = this.#at
    this.end = this.#at + size
    this.first = false
    this.#streamLeft -= size
    this.last = this.#streamLeft === 0
    this.#at = this.end
    return true
  }

  /** The packet whose beginning is in the carry, or has to go there because its header is cut. */
  #nextCarried(): boolean {
    const carry = this.#carry
    this.#moveToCarry(PACKET_HEADER_BYTES, PACKET_HEADER_BYTES + 1)
    if (carry.length < PACKET_HEADER_BYTES) return false
    const length = this.#readHeader(carry.bytes, 0)
    if (this.joined && this.continued && !this.continuation) return this.#startJoining(length)
    const packetLength = length + PACKET_HEADER_BYTES
    // Asked only while the carry holds a bare header: a packet that began to be collected is delivered whole.
    const streaming = carry.length === PACKET_HEADER_BYTES && length > 0 && length >= this.streamedFrom
    const wanted = streaming ? PACKET_HEADER_BYTES + 1 : packetLength
    this.#moveToCarry(wanted, packetLength)
    if (carry.length < wanted) return false
    this.bytes = carry.bytes
    this.start = 0
    this.payload = PACKET_HEADER_BYTES
    this.end = carry.length
    this.#carryDelivered = true
    return this.#delivered(length, packetLength - carry.length)
  }

  /** Begins to collect a payload of several packets. The first header goes, or is, in the carry. */
  #startJoining(length: number): boolean {
    this.#moveToCarry(PACKET_HEADER_BYTES, PACKET_HEADER_BYTES + length)
    this.#joining = true
    this.#partLeft = length - (this.#carry.length - PACKET_HEADER_BYTES)
    this.#partContinued = true
    this.payloadLength = length
    this.packets = 1
    this.#earlier = length
    this.nextSequenceId = (this.sequenceId + 1) & 0xff
    this.#firstSequenceId = this.sequenceId
    return this.#join()
  }

  /** Goes on collecting: parts without their headers, which stand at the carry's end only until they are read. */
  #join(): boolean {
    const carry = this.#carry
    for (;;) {
      const collected = PACKET_HEADER_BYTES + this.payloadLength
      if (this.#partLeft >= 0) {
        // Room by doubling, not to the end of this part: or each part would have all parts before it copied again.
        this.#moveToCarry(collected, this.#limit + 2 * PACKET_HEADER_BYTES)
        this.#partLeft = collected - carry.length
        if (this.#partLeft > 0) return false
        if (!this.#partContinued) return this.#joinedWhole()
        this.#partLeft = -1
      }
      this.#moveToCarry(collected + PACKET_HEADER_BYTES, this.#limit + 2 * PACKET_HEADER_BYTES)
      if (carry.length < collected + PACKET_HEADER_BYTES) return false
      const length = this.#readHeader(carry.bytes, collected)
      carry.length = collected
      this.nextSequenceId = (this.sequenceId + 1) & 0xff
      this.#partContinued = this.continued
      this.#partLeft = length
      this.#earlier += length
      this.payloadLength += length
      this.packets++
    }
  }

  #joinedWhole(): boolean {
    this.#joining = false
    this.#carryDelivered = true
    this.#earlier = 0
    this.bytes = this.#carry.bytes
    this.start = 0
    this.payload = PACKET_HEADER_BYTES
    this.end = this.#carry.length
    this.sequenceId = this.#firstSequenceId
    this.first = true
    this.last = true
    this.continuation = false
    this.continued = false
    return true
  }

  /** Appends to the carry what the chunk has, until the carry holds `wanted` bytes. */
  #moveToCarry(wanted: number, most: number): void {
    const size = Math.min(wanted - this.#carry.length, this.#chunkEnd - this.#at)
    if (size <= 0) return
    this.#carry.append(this.#chunk, this.#at, this.#at + size, most)
    this.#at += size
  }
}

function checkedLimit(limit: number): number {
  if (!(limit >= 1 && limit <= LARGEST_PAYLOAD)) throw new RangeError('the limit must be from 1 byte to 1 GiB')
  return limit
}
