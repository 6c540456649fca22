/** Walks the cells of one row and gives offsets: no view, string or object for a cell. Reusable by `reset()`. */
export interface RowWalker {
  /** The current cell, from 0; -1 before the first. */
  readonly index: number
  /** SQL's NULL: `start` and `end` are equal. */
  readonly isNull: boolean
  /** Offset of the cell's encoding: of its length where it has one. */
  readonly cell: number
  /** Offset of the value, behind its length where it has one. */
  readonly start: number
  /** Past the value. */
  readonly end: number
  /** The value stands behind a length-encoded integer (dates and times of binary rows too). */
  readonly lengthEncoded: boolean
  /** Starts on the row whose whole payload is bytes[start, end). Throws ProtocolError. */
  reset(bytes: Buffer, start: number, end: number): void
  /**
   * Moves to the next cell. False after the last. Throws `SHORT_READ` or `BAD_VALUE` for a cell that leaves its row,
   * and `TRAILING_BYTES` when the row goes on after its last cell.
   */
  next(): boolean
}
