import type { CellMask } from './cell-mask.ts'
import { appendAscii, appendBytes } from './cell-output.ts'
import type { CellOutput } from './cell-output.ts'
import { DigitPermutation, WholeNumbers } from './digit-permutation.ts'
import type { IntegerCells } from './integer-value.ts'
import type { KeyedStream } from './keyed-stream.ts'
import { numericBinary, numericModifier, numericText, parseNumeric, readNumericBinary } from './numeric-value.ts'
import type { NumericValue } from './numeric-value.ts'
import type { CellFormat, ValueType } from './value-type.ts'

const maxNumericTextBytes = 1024
/** A whole number of the same sign and number of digits, in the type's range. */
export class PseudonymIntegerMask implements CellMask {
  readonly #numbers: WholeNumbers
  readonly #cells: IntegerCells
  readonly #redacted: CellMask

  constructor(stream: KeyedStream, cells: IntegerCells, redacted: CellMask) {
    this.#numbers = new WholeNumbers(stream)
    this.#cells = cells
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const value = this.#cells.read(source, start, end)
    if (value === null) return this.#redacted.apply(source, start, end, out)
    this.#cells.write(out, value === 0n ? value : this.#pseudonym(value))
    return true
  }

  /** What falls outside the type goes through again: each range is one single cycle, so none of it stays what it is. */
  #pseudonym(value: bigint): bigint {
    const { least, greatest } = this.#cells
    let at = value
    do at = at < 0n ? -this.#numbers.permute(-at, true) : this.#numbers.permute(at, false)
    while (at < least || at > greatest)
    return at
  }
}

/**
 * A `numeric` of the same sign, with as many digits before the point and, zeros at the end apart, behind it. Numbers that
 * are equal have equal pseudonyms, whatever their scale; whole ones the same as integers have. NaN and the infinities stay.
 */
export class PseudonymNumericMask implements CellMask {
  readonly #numbers: WholeNumbers
  readonly #digits: DigitPermutation
  readonly #format: CellFormat
  readonly #redacted: CellMask
  /** Digits before the point that are zero in every value: of numeric(3,-2) the last two. */
  readonly #fixedZeros: number

  constructor(stream: KeyedStream, type: ValueType, format: CellFormat, redacted: CellMask) {
    this.#numbers = new WholeNumbers(stream)
    this.#digits = new DigitPermutation(stream)
    this.#format = format
    this.#redacted = redacted
    this.#fixedZeros = Math.max(-(numericModifier(type.modifier)?.scale ?? 0), 0)
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const value = this.#format === 1 ? readNumericBinary(source, start, end) : readText(source, start, end)
    if (value === null) return this.#redacted.apply(source, start, end, out)
    const pseudonym = typeof value === 'string' ? value : this.#pseudonym(value)
    if (this.#format === 0) {
      appendAscii(out, numericText(pseudonym))
    } else {
      const bytes = numericBinary(pseudonym)
      appendBytes(out, bytes, 0, bytes.length)
    }
    return true
  }

  #pseudonym(value: NumericValue): NumericValue {
    const { negative, whole, fraction } = value
    const shown = fraction.replace(/0+$/, '')
    if (shown !== '') {
      const zeros = whole === '' ? shown.length - shown.replace(/^0+/, '').length : 0
      const digits = this.#digits.permute(whole + shown.slice(zeros), whole.length - zeros, negative, true)
      const moved = digits.slice(whole.length)
      return {
        negative,
        whole: digits.slice(0, whole.length),
        fraction: ('0'.repeat(zeros) + moved).padEnd(fraction.length, '0'),
      }
    }
    if (whole === '') return value
    const fixed = '0'.repeat(this.#fixedZeros)
    const head =
      fixed !== '' && whole.length > fixed.length && whole.endsWith(fixed) ? whole.slice(0, -fixed.length) : whole
    const permuted = this.#numbers.permute(BigInt(head), negative).toString()
    return { negative, whole: permuted + whole.slice(head.length), fraction }
  }
}

function readText(source: Buffer, start: number, end: number): ReturnType<typeof parseNumeric> {
  return parseNumeric(end - start > maxNumericTextBytes ? '' : source.toString('latin1', start, end))
}
