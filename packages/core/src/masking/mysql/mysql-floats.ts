import { appendAscii } from '../cell-output.ts'
import type { CellOutput } from '../cell-output.ts'
import { readFloatText } from '../truncate-number.ts'
import type { FloatCells } from '../truncate-number.ts'
import { MYSQL_TYPES } from './column-type.ts'
import type { MysqlCellFormat, MysqlColumnType } from './column-type.ts'

/** Cells of FLOAT and DOUBLE: little-endian in binary format. */
export class MysqlFloats implements FloatCells {
  readonly #bytes: 4 | 8
  readonly #format: MysqlCellFormat

  constructor(type: MysqlColumnType, format: MysqlCellFormat) {
    this.#bytes = floatBytes(type)
    this.#format = format
  }

  /** Null for the infinities and NaN as well, which neither type holds. */
  read(source: Buffer, start: number, end: number): number | null {
    if (end > source.length) return null
    const value = this.#format === 'text' ? readFloatText(source, start, end) : this.#readBinary(source, start, end)
    return value !== null && Number.isFinite(value) ? value : null
  }

  write(out: CellOutput, value: number): void {
    if (this.#format === 'text') {
      appendAscii(out, String(value))
      return
    }
    const bytes = this.#bytes
    out.ensure(bytes)
    out.length = bytes === 4 ? out.bytes.writeFloatLE(value, out.length) : out.bytes.writeDoubleLE(value, out.length)
  }

  #readBinary(source: Buffer, start: number, end: number): number | null {
    if (end - start !== this.#bytes) return null
    return this.#bytes === 4 ? source.readFloatLE(start) : source.readDoubleLE(start)
  }
}

/** The size of FLOAT's or DOUBLE's binary form. */
export function floatBytes(type: MysqlColumnType): 4 | 8 {
  return type.type === MYSQL_TYPES.float ? 4 : 8
}
