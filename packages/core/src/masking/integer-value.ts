import { appendAscii } from './cell-output.ts'
import type { CellOutput } from './cell-output.ts'
import type { CellFormat } from './value-type.ts'

/** How the whole numbers of one column are read and written: its type and its format are settled. */
export interface IntegerCells {
  /** The least and the greatest number of the type. */
  readonly least: bigint
  readonly greatest: bigint
  /** The number in the cell `source[start,end)`; null where it is none of the type. */
  read(source: Buffer, start: number, end: number): bigint | null
  /** Appends a number that is in the type's range. */
  write(out: CellOutput, value: bigint): void
}

/** `-9223372036854775808` */
const maxTextBytes = 20

/** The size in bytes of an integer type's binary form. */
export function integerBytes(name: string): 2 | 4 | 8 {
  return name === 'int2' ? 2 : name === 'int8' ? 8 : 4
}

/** Whether a number is in the range of `int2`, `int4`, `int8` or `oid`. */
export function isInRange(value: bigint, name: string): boolean {
  const bits = integerBytes(name) * 8
  return name === 'oid' ? BigInt.asUintN(bits, value) === value : BigInt.asIntN(bits, value) === value
}

/** The number in a cell of `int2`, `int4`, `int8` or `oid`; null where it is none. */
function readInteger(source: Buffer, start: number, end: number, name: string, format: CellFormat): bigint | null {
  if (end > source.length) return null
  if (format === 0) {
    const text = end - start <= maxTextBytes ? source.toString('latin1', start, end) : ''
    const value = /^-?\d+$/.test(text) ? BigInt(text) : null
    return value !== null && isInRange(value, name) ? value : null
  }
  const bytes = integerBytes(name)
  if (end - start !== bytes) return null
  if (bytes === 2) return BigInt(source.readInt16BE(start))
  if (bytes === 8) return source.readBigInt64BE(start)
  return BigInt(name === 'oid' ? source.readUInt32BE(start) : source.readInt32BE(start))
}

/** Appends a number that is in the type's range. */
function writeInteger(out: CellOutput, value: bigint, name: string, format: CellFormat): void {
  if (format === 0) {
    appendAscii(out, value.toString())
    return
  }
  const bytes = integerBytes(name)
  out.ensure(bytes)
  if (bytes === 2) out.bytes.writeInt16BE(Number(value), out.length)
  else if (bytes === 8) out.bytes.writeBigInt64BE(value, out.length)
  else if (name === 'oid') out.bytes.writeUInt32BE(Number(value), out.length)
  else out.bytes.writeInt32BE(Number(value), out.length)
  out.length += bytes
}

/** Cells of `int2`, `int4`, `int8` or `oid`. */
export class PostgresIntegers implements IntegerCells {
  readonly least: bigint
  readonly greatest: bigint
  readonly #name: string
  readonly #format: CellFormat

  constructor(name: string, format: CellFormat) {
    const bits = BigInt(integerBytes(name) * 8)
    this.least = name === 'oid' ? 0n : -(1n << (bits - 1n))
    this.greatest = (1n << (name === 'oid' ? bits : bits - 1n)) - 1n
    this.#name = name
    this.#format = format
  }

  read(source: Buffer, start: number, end: number): bigint | null {
    return readInteger(source, start, end, this.#name, this.#format)
  }

  write(out: CellOutput, value: bigint): void {
    writeInteger(out, value, this.#name, this.#format)
  }
}
