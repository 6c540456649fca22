import { ProtocolError } from './protocol-error.ts'
import { BINARY_FORMS, BinaryForm } from './result-column-type.ts'
import { lengthOf8 } from './row-text.ts'
import type { RowWalker } from './row-walker.ts'

const NOTHING: Buffer = Buffer.alloc(0)
/** The first two bits of the NULL bitmap are not used. */
const NULL_BITMAP_OFFSET = 2

/** Bytes of the NULL bitmap of a binary row. */
export function nullBitmapBytes(columns: number): number {
  return (columns + 7 + NULL_BITMAP_OFFSET) >> 3
}

/** Byte of a column's bit in the NULL bitmap, and the bit. The bitmap begins behind the row's first byte. */
export function nullBitmapByte(column: number): number {
  return (column + NULL_BITMAP_OFFSET) >> 3
}

export function nullBitmapBit(column: number): number {
  return 1 << ((column + NULL_BITMAP_OFFSET) & 7)
}

/** Walks the cells of a binary row. Manual: "Binary Protocol Resultset Row". */
export class BinaryRowWalker implements RowWalker {
  index: number = -1
  isNull: boolean = false
  cell: number = 0
  start: number = 0
  end: number = 0
  lengthEncoded: boolean = false

  #bytes: Buffer = NOTHING
  #bitmap = 0
  #rowEnd = 0
  readonly #forms: Int8Array

  /** `types`: the `ColumnType` of each column. Throws `BAD_VALUE` for one that binary rows do not have. */
  constructor(types: Iterable<number>) {
    this.#forms = Int8Array.from(types, (type) => {
      const form = BINARY_FORMS[type] ?? BinaryForm.Unknown
      if (form === BinaryForm.Unknown) throw new ProtocolError('BAD_VALUE', `binary rows have no column type ${type}`)
      return form
    })
  }

  reset(bytes: Buffer, start: number, end: number): void {
    if (!(start >= 0 && start <= end && end <= bytes.length)) throw new RangeError('no such range of the buffer')
    const values = start + 1 + nullBitmapBytes(this.#forms.length)
    if (values > end) throw new ProtocolError('SHORT_READ', 'a row ends inside its NULL bitmap')
    if (bytes[start] !== 0) throw new ProtocolError('BAD_VALUE', 'a binary row begins with another byte than 0x00')
    this.#bytes = bytes
    this.#bitmap = start + 1
    this.#rowEnd = end
    this.index = -1
    this.cell = this.start = this.end = values
  }

  next(): boolean {
    const at = this.end
    const index = this.index + 1
    if (index >= this.#forms.length) {
      if (at !== this.#rowEnd) throw new ProtocolError('TRAILING_BYTES', 'a row goes on after its last cell')
      return false
    }
    const bytes = this.#bytes
    this.index = index
    this.cell = at
    this.start = at
    const form = this.#forms[index] ?? 0
    this.lengthEncoded = form === BinaryForm.LengthEncoded
    this.isNull = ((bytes[this.#bitmap + nullBitmapByte(index)] ?? 0) & nullBitmapBit(index)) !== 0
    if (this.isNull) this.end = at
    else if (form >= 0) this.#ends(at + form)
    else this.#lengthEncodedValue(at)
    return true
  }

  #lengthEncodedValue(at: number): void {
    const first = this.#byte(at)
    const size = first < 0xfb ? 1 : first === 0xfc ? 3 : first === 0xfd ? 4 : first === 0xfe ? 9 : 0
    if (size === 0) throw new ProtocolError('BAD_VALUE', `0x${first.toString(16)} begins no cell`)
    if (size > this.#rowEnd - at) throw new ProtocolError('SHORT_READ', 'a row ends inside the length of a cell')
    const bytes = this.#bytes
    this.start = at + size
    if (size === 1) this.#ends(at + 1 + first)
    else if (size === 3) this.#ends(at + 3 + bytes.readUInt16LE(at + 1))
    else if (size === 4) this.#ends(at + 4 + bytes.readUIntLE(at + 1, 3))
    else this.#ends(at + 9 + lengthOf8(bytes, at + 1))
  }

  #byte(at: number): number {
    if (at >= this.#rowEnd) throw new ProtocolError('SHORT_READ', 'a row ends before its last cell')
    return this.#bytes[at] ?? 0
  }

  #ends(end: number): void {
    if (end > this.#rowEnd) throw new ProtocolError('SHORT_READ', 'a row ends inside a cell')
    this.end = end
  }
}
