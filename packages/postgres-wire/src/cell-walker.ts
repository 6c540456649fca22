import { ProtocolError } from './protocol-error.ts'

const NOTHING: Buffer = Buffer.alloc(0)

/** Walks the cells of one DataRow body and gives offsets: no view, string or object for a cell. Reusable by `reset()`. */
export class CellWalker {
  /** The row's number of cells, as its body says. */
  count: number = 0
  /** The current cell, from 0. */
  index: number = -1
  /** SQL's NULL: `start` and `end` are equal. */
  isNull: boolean = false
  /** Offset of the value. Its Int32 length stands in the four bytes before. */
  start: number = 0
  /** Past the value. */
  end: number = 0

  #bytes: Buffer = NOTHING
  #rowEnd = 0

  /** Starts on the body bytes[body, end) of a whole DataRow. Throws `SHORT_READ` when it has no count. */
  reset(bytes: Buffer, body: number, end: number): this {
    if (!(body >= 0 && body <= end && end <= bytes.length)) throw new RangeError('no such range of the buffer')
    if (end - body < 2) throw new ProtocolError('SHORT_READ', 'a row ends before its number of cells')
    this.#bytes = bytes
    this.#rowEnd = end
    this.count = ((bytes[body] ?? 0) << 8) | (bytes[body + 1] ?? 0)
    this.index = -1
    this.start = body + 2
    this.end = body + 2
    return this
  }

  /**
   * Moves to the next cell. False after the last. Throws `SHORT_READ` or `BAD_VALUE` for a cell that leaves its row,
   * and `TRAILING_BYTES` when the row goes on after its last cell.
   */
  next(): boolean {
    const at = this.end
    if (this.index + 1 >= this.count) {
      if (at !== this.#rowEnd) throw new ProtocolError('TRAILING_BYTES', 'a row goes on after its last cell')
      return false
    }
    if (this.#rowEnd - at < 4) throw new ProtocolError('SHORT_READ', 'a row ends before the length of a cell')
    const bytes = this.#bytes
    const length =
      ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
    if (length < -1) throw new ProtocolError('BAD_VALUE', `a cell announces a length of ${length}`)
    if (length > this.#rowEnd - at - 4) throw new ProtocolError('SHORT_READ', 'a row ends inside a cell')
    this.index++
    this.isNull = length === -1
    this.start = at + 4
    this.end = this.isNull ? at + 4 : at + 4 + length
    return true
  }
}
