import { appendAscii } from '../cell-output.ts'
import type { CellOutput } from '../cell-output.ts'
import type { IntegerCells } from '../integer-value.ts'
import { isUnsigned, MYSQL_TYPES } from './column-type.ts'
import type { MysqlCellFormat, MysqlColumnType } from './column-type.ts'

/** The greatest display width: so many zeros may stand before a number. */
const maxTextBytes = 255
/** So many digits are exact in a number of the runtime. */
const exactDigits = 15
const minus = 0x2d
const zero = 0x30

/** Cells of TINYINT, SMALLINT, MEDIUMINT, INT and BIGINT, signed or not. Numbers are little-endian in binary format. */
export class MysqlIntegers implements IntegerCells {
  readonly least: bigint
  readonly greatest: bigint
  readonly #bytes: 1 | 2 | 4 | 8
  readonly #unsigned: boolean
  readonly #format: MysqlCellFormat

  constructor(type: MysqlColumnType, format: MysqlCellFormat) {
    this.#bytes = integerBytes(type)
    this.#unsigned = isUnsigned(type)
    this.#format = format
    const bits = BigInt(type.type === MYSQL_TYPES.int24 ? 24 : this.#bytes * 8)
    this.least = this.#unsigned ? 0n : -(1n << (bits - 1n))
    this.greatest = (1n << (this.#unsigned ? bits : bits - 1n)) - 1n
  }

  read(source: Buffer, start: number, end: number): bigint | null {
    if (end > source.length) return null
    const value = this.#format === 'text' ? readText(source, start, end) : this.#readBinary(source, start, end)
    return value !== null && value >= this.least && value <= this.greatest ? value : null
  }

  write(out: CellOutput, value: bigint): void {
    if (this.#format === 'text') {
      appendAscii(out, value.toString())
      return
    }
    const bytes = this.#bytes
    out.ensure(bytes)
    if (bytes === 8) out.bytes.writeBigUInt64LE(BigInt.asUintN(64, value), out.length)
    else out.bytes.writeUIntLE(Number(BigInt.asUintN(bytes * 8, value)), out.length, bytes)
    out.length += bytes
  }

  #readBinary(source: Buffer, start: number, end: number): bigint | null {
    const bytes = this.#bytes
    if (end - start !== bytes) return null
    if (bytes === 8) return this.#unsigned ? source.readBigUInt64LE(start) : source.readBigInt64LE(start)
    return BigInt(this.#unsigned ? source.readUIntLE(start, bytes) : source.readIntLE(start, bytes))
  }
}

/** The size of an integer's binary form: MEDIUMINT has that of INT. */
export function integerBytes(type: MysqlColumnType): 1 | 2 | 4 | 8 {
  if (type.type === MYSQL_TYPES.tiny) return 1
  if (type.type === MYSQL_TYPES.short || type.type === MYSQL_TYPES.year) return 2
  return type.type === MYSQL_TYPES.longlong ? 8 : 4
}

function readText(source: Buffer, start: number, end: number): bigint | null {
  const digits = source[start] === minus ? start + 1 : start
  if (end - start > maxTextBytes || digits >= end) return null
  let value = 0
  for (let at = digits; at < end; at++) {
    const digit = (source[at] ?? 0) - zero
    if (digit < 0 || digit > 9) return null
    if (at - digits < exactDigits) value = value * 10 + digit
  }
  const magnitude = end - digits <= exactDigits ? BigInt(value) : BigInt(source.toString('latin1', digits, end))
  return digits > start ? -magnitude : magnitude
}
