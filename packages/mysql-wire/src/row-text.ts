import { ProtocolError } from './protocol-error.ts'
import type { RowWalker } from './row-walker.ts'

const NOTHING: Buffer = Buffer.alloc(0)

/** Walks the cells of a text row. Manual: "Text Resultset Row". */
export class TextRowWalker implements RowWalker {
  index: number = -1
  isNull: boolean = false
  cell: number = 0
  start: number = 0
  end: number = 0
  readonly lengthEncoded: boolean = true

  #bytes: Buffer = NOTHING
  #rowEnd = 0
  #count: number

  /** `columns`: how many the result has. */
  constructor(columns: number) {
    this.#count = columns
  }

  reset(bytes: Buffer, start: number, end: number): void {
    if (!(start >= 0 && start <= end && end <= bytes.length)) throw new RangeError('no such range of the buffer')
    this.#bytes = bytes
    this.#rowEnd = end
    this.index = -1
    this.cell = this.start = this.end = start
  }

  next(): boolean {
    const at = this.end
    if (this.index + 1 >= this.#count) {
      if (at !== this.#rowEnd) throw new ProtocolError('TRAILING_BYTES', 'a row goes on after its last cell')
      return false
    }
    if (at >= this.#rowEnd) throw new ProtocolError('SHORT_READ', 'a row ends before its last cell')
    this.index++
    this.cell = at
    const first = this.#bytes[at] ?? 0
    this.isNull = first === 0xfb
    if (first < 0xfb) this.#value(at + 1, first)
    else if (this.isNull) this.start = this.end = at + 1
    else this.#longValue(at, first)
    return true
  }

  #value(start: number, length: number): void {
    if (length > this.#rowEnd - start) throw new ProtocolError('SHORT_READ', 'a row ends inside a cell')
    this.start = start
    this.end = start + length
  }

  #longValue(at: number, first: number): void {
    const size = first === 0xfc ? 3 : first === 0xfd ? 4 : first === 0xfe ? 9 : 0
    if (size === 0) throw new ProtocolError('BAD_VALUE', `0x${first.toString(16)} begins no cell`)
    if (size > this.#rowEnd - at) throw new ProtocolError('SHORT_READ', 'a row ends inside the length of a cell')
    const bytes = this.#bytes
    const length =
      size === 3 ? bytes.readUInt16LE(at + 1) : size === 4 ? bytes.readUIntLE(at + 1, 3) : lengthOf8(bytes, at + 1)
    this.#value(at + size, length)
  }
}

/** The lower six bytes; more than any row has when one of the upper two is set. */
export function lengthOf8(bytes: Buffer, at: number): number {
  return bytes.readUInt16LE(at + 6) === 0 ? bytes.readUIntLE(at, 6) : Infinity
}
