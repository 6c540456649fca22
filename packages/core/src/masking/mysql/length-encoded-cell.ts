import type { CellMask } from '../cell-mask.ts'
import type { CellOutput } from '../cell-output.ts'

/** From this length on, an integer with its own length stands before the bytes (MySQL manual, "Protocol::LengthEncodedInteger"). */
const longFrom = 251

/**
 * Appends the masked form of the cell `source[start,end)`, its bytes without their length, as a length-encoded string: all
 * cells of text rows, and those of binary rows but numbers (a date's one byte of length is the same as such an integer).
 * Returns false, with nothing appended, where it becomes NULL.
 */
export function appendLengthEncodedCell(
  mask: CellMask,
  source: Buffer,
  start: number,
  end: number,
  out: CellOutput,
): boolean {
  const lengthAt = out.length
  out.ensure(1)
  out.length = lengthAt + 1
  if (!mask.apply(source, start, end, out)) {
    out.length = lengthAt
    return false
  }
  const length = out.length - lengthAt - 1
  if (length < longFrom) {
    out.bytes[lengthAt] = length
    return true
  }
  const more = length < 0x1_0000 ? 2 : length < 0x100_0000 ? 3 : 8
  out.ensure(more)
  const { bytes } = out
  bytes.copyWithin(lengthAt + 1 + more, lengthAt + 1, out.length)
  bytes[lengthAt] = more === 2 ? 0xfc : more === 3 ? 0xfd : 0xfe
  // A cell is far shorter than six bytes can tell.
  bytes.writeUIntLE(length, lengthAt + 1, Math.min(more, 6))
  if (more === 8) bytes.fill(0, lengthAt + 7, lengthAt + 9)
  out.length += more
  return true
}
