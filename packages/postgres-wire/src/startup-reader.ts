import { CarryBuffer } from './carry-buffer.ts'
import { ProtocolError } from './protocol-error.ts'

/** Most bytes after the length field of a start-up packet: the server's MAX_STARTUP_PACKET_LENGTH. */
export const MAX_STARTUP_PACKET_BYTES = 10_000
const TLS_HANDSHAKE_RECORD = 0x16
const NOTHING: Buffer = Buffer.alloc(0)

/**
 * - `more`: the packet is not complete.
 * - `packet`: `packet` holds one.
 * - `tls`: the peer opened with a TLS ClientHello (direct TLS); nothing of it was consumed, `rest()` has all of it.
 */
export type StartupRead = 'more' | 'packet' | 'tls'

/**
 * Collects the packets before login that have no tag: StartupMessage, SSLRequest, GSSENCRequest, CancelRequest.
 * Manual: "Message Flow", "Start-up". Throws `BAD_LENGTH` or `MESSAGE_TOO_LARGE` on the length field, before buffering.
 */
export class StartupReader {
  /** The last packet read, without its length field: a copy that may be kept. */
  packet: Buffer = NOTHING

  readonly #carry = new CarryBuffer()
  #chunk: Buffer = NOTHING
  #at = 0
  #chunkEnd = 0

  /** The bytes that come next: chunk[start, end). Throws an Error when the previous chunk was not used up. */
  feed(chunk: Buffer, start: number, end: number): void {
    if (this.#at !== this.#chunkEnd) throw new Error('the previous chunk is not used up')
    if (!(start >= 0 && start <= end && end <= chunk.length)) throw new RangeError('no such range of the chunk')
    this.#chunk = chunk
    this.#at = start
    this.#chunkEnd = end
  }

  next(): StartupRead {
    const carry = this.#carry
    if (carry.length === 0 && this.#at < this.#chunkEnd && this.#chunk[this.#at] === TLS_HANDSHAKE_RECORD) return 'tls'
    this.#collect(4, MAX_STARTUP_PACKET_BYTES)
    if (carry.length < 4) return 'more'
    const length = carry.bytes.readInt32BE(0)
    if (length < 8) throw new ProtocolError('BAD_LENGTH', `a start-up packet announces a length of ${length}`)
    if (length > MAX_STARTUP_PACKET_BYTES + 4) {
      throw new ProtocolError('MESSAGE_TOO_LARGE', `a start-up packet announces ${length} bytes`)
    }
    this.#collect(length, length)
    if (carry.length < length) return 'more'
    this.packet = Buffer.from(carry.bytes.subarray(4, length))
    carry.clear()
    return 'packet'
  }

  /**
   * A copy of the bytes after the last packet, which count as used up. After an SSLRequest there must be none: bytes
   * sent before the TLS handshake would be taken for encrypted ones (CVE-2021-23214).
   */
  rest(): Buffer {
    const rest = Buffer.from(this.#chunk.subarray(this.#at, this.#chunkEnd))
    this.#at = this.#chunkEnd
    return rest
  }

  #collect(wanted: number, most: number): void {
    const size = Math.min(wanted - this.#carry.length, this.#chunkEnd - this.#at)
    if (size <= 0) return
    this.#carry.append(this.#chunk, this.#at, this.#at + size, most)
    this.#at += size
  }
}
