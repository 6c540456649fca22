/** Capacity that an emptied carry may keep; a larger one is given back, so that an idle connection holds almost nothing. */
const KEPT_BYTES = 1024
const SMALLEST_BYTES = 64
const NOTHING: Buffer = Buffer.alloc(0)

/** The bytes of one packet (or payload) cut by the end of a chunk. Grows with what really arrives, never with what is announced. */
export class CarryBuffer {
  bytes: Buffer = NOTHING
  length: number = 0

  /** Appends chunk[start, end). `most` is the announced size of what is collected: capacity never grows beyond it. */
  append(chunk: Buffer, start: number, end: number, most: number): void {
    const length = this.length + end - start
    if (length > this.bytes.length) {
      const capacity = Math.max(length, Math.min(most, Math.max(SMALLEST_BYTES, this.bytes.length * 2)))
      // Slow: a slice of the shared pool would keep the whole pool alive for as long as the connection idles.
      const grown = Buffer.allocUnsafeSlow(capacity)
      this.bytes.copy(grown, 0, 0, this.length)
      this.bytes = grown
    }
    chunk.copy(this.bytes, this.length, start, end)
    this.length = length
  }

  /** Empties it, and lets go of the memory when there is much of it. */
  clear(): void {
    this.length = 0
    if (this.bytes.length > KEPT_BYTES) this.bytes = NOTHING
  }
}
