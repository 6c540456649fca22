import type { CellMask } from './cell-mask.ts'
import { appendAscii, appendBytes } from './cell-output.ts'
import type { CellOutput } from './cell-output.ts'
import type { IntegerCells } from './integer-value.ts'
import { numericBinary, numericModifier, numericText, parseNumeric, readNumericBinary } from './numeric-value.ts'
import type { CellFormat, ValueType } from './value-type.ts'

const maxNumericTextBytes = 1024
const maxFloatTextBytes = 32

/** Cuts an integer to a multiple, towards zero: that never leaves the type's range. */
export class TruncateIntegerMask implements CellMask {
  readonly #multiple: bigint
  readonly #cells: IntegerCells
  readonly #redacted: CellMask

  constructor(multiple: number, cells: IntegerCells, redacted: CellMask) {
    this.#multiple = BigInt(multiple)
    this.#cells = cells
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const value = this.#cells.read(source, start, end)
    if (value === null) return this.#redacted.apply(source, start, end, out)
    this.#cells.write(out, value - (value % this.#multiple))
    return true
  }
}

/** Cuts a `numeric` to a multiple, towards zero, written with the column's own scale. NaN and the infinities stay. */
export class TruncateNumericMask implements CellMask {
  readonly #multiple: bigint
  readonly #fraction: string
  readonly #format: CellFormat
  readonly #redacted: CellMask

  constructor(multiple: number, type: ValueType, format: CellFormat, redacted: CellMask) {
    this.#multiple = BigInt(multiple)
    // The scale of one value would say something of it; that of the column does not.
    this.#fraction = '0'.repeat(Math.max(numericModifier(type.modifier)?.scale ?? 0, 0))
    this.#format = format
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const value = this.#format === 1 ? readNumericBinary(source, start, end) : readText(source, start, end)
    if (value === null) return this.#redacted.apply(source, start, end, out)
    const cut =
      typeof value === 'string' ? value : { ...value, whole: this.#cut(value.whole), fraction: this.#fraction }
    if (this.#format === 0) {
      appendAscii(out, numericText(cut))
    } else {
      const bytes = numericBinary(cut)
      appendBytes(out, bytes, 0, bytes.length)
    }
    return true
  }

  #cut(whole: string): string {
    const value = BigInt(whole)
    const cut = value - (value % this.#multiple)
    return cut === 0n ? '' : cut.toString()
  }
}

/** How the floating-point numbers of one column are read and written: its type and its format are settled. */
export interface FloatCells {
  /** The number in the cell `source[start,end)`; null where it is none. */
  read(source: Buffer, start: number, end: number): number | null
  /** Appends a number of the type. */
  write(out: CellOutput, value: number): void
}

/** Cells of `float4` or `float8`. */
export class PostgresFloats implements FloatCells {
  readonly #bytes: 4 | 8
  readonly #format: CellFormat

  constructor(name: string, format: CellFormat) {
    this.#bytes = name === 'float4' ? 4 : 8
    this.#format = format
  }

  read(source: Buffer, start: number, end: number): number | null {
    if (end > source.length) return null
    if (this.#format === 0) return readFloatText(source, start, end)
    if (end - start !== this.#bytes) return null
    return this.#bytes === 4 ? source.readFloatBE(start) : source.readDoubleBE(start)
  }

  write(out: CellOutput, value: number): void {
    if (this.#format === 0) {
      appendAscii(out, String(value))
      return
    }
    const bytes = this.#bytes
    out.ensure(bytes)
    out.length = bytes === 4 ? out.bytes.writeFloatBE(value, out.length) : out.bytes.writeDoubleBE(value, out.length)
  }
}

/** Cuts a floating-point number to a multiple, towards zero. NaN and the infinities stay. */
export class TruncateFloatMask implements CellMask {
  readonly #multiple: number
  readonly #cells: FloatCells
  readonly #redacted: CellMask

  constructor(multiple: number, cells: FloatCells, redacted: CellMask) {
    this.#multiple = multiple
    this.#cells = cells
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const value = this.#cells.read(source, start, end)
    if (value === null) return this.#redacted.apply(source, start, end, out)
    // The remainder is exact, and taking it away cannot overflow.
    this.#cells.write(out, Number.isFinite(value) ? value - (value % this.#multiple) : value)
    return true
  }
}

/** The number in a cell in text format; null where it is none, or longer than any. */
export function readFloatText(source: Buffer, start: number, end: number): number | null {
  return parseFloatText(end - start > maxFloatTextBytes ? '' : source.toString('latin1', start, end))
}

/** The number in the text form of `float4` or `float8`; null where it is none, or too large for a number here. */
export function parseFloatText(text: string): number | null {
  if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') return Number(text)
  if (!/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text)) return null
  const value = Number(text)
  return Number.isFinite(value) ? value : null
}

function readText(source: Buffer, start: number, end: number): ReturnType<typeof parseNumeric> {
  return parseNumeric(end - start > maxNumericTextBytes ? '' : source.toString('latin1', start, end))
}
