import type { CellMask } from './cell-mask.ts'
import { appendAscii, appendBytes } from './cell-output.ts'
import type { CellOutput } from './cell-output.ts'
import { readInteger, writeInteger } from './integer-value.ts'
import type { KeyedStream } from './keyed-stream.ts'
import { Lanes } from './lane-permutation.ts'
import { numericBinary, numericModifier, numericText, parseNumeric, readNumericBinary } from './numeric-value.ts'
import type { NumericValue } from './numeric-value.ts'
import { RangePermutation } from './range-permutation.ts'
import type { CellFormat, ValueType } from './value-type.ts'

const maxNumericTextBytes = 1024
/** More digits than any integer type has are permuted digit by digit. */
const maxRangeDigits = 19
const maxKept = 256

/** The greatest numbers of int2, int4, oid and int8; of the signed types, one more below zero. */
const limits: readonly bigint[] = [2n ** 15n - 1n, 2n ** 31n - 1n, 2n ** 32n - 1n, 2n ** 63n - 1n]
const limitsBelowZero: readonly bigint[] = [2n ** 15n, 2n ** 31n, 2n ** 63n]

interface Digits {
  readonly low: bigint
  readonly high: bigint
  readonly permutation: RangePermutation
}

/**
 * Permutes whole numbers of the same sign and the same number of digits. Zero stays zero. What fits `int2`, `int4`, `oid`
 * or `int8` gives what fits the same, so a number has one pseudonym in all of these types.
 */
class WholeNumbers {
  readonly #stream: KeyedStream
  /** By sign and number of digits: the ranges that are permuted, from the least. */
  readonly #ranges = new Map<number, readonly Digits[]>()

  constructor(stream: KeyedStream) {
    this.#stream = stream
  }

  /** `magnitude` is above zero and has at most 19 digits. */
  permute(magnitude: bigint, negative: boolean): bigint {
    const digits = magnitude.toString().length
    const kept = this.#ranges.get(negative ? -digits : digits)
    const ranges = kept ?? this.#rangesOf(digits, negative)
    const range = ranges.find(({ high }) => magnitude <= high)
    return range === undefined ? magnitude : range.low + range.permutation.permute(magnitude - range.low)
  }

  #rangesOf(digits: number, negative: boolean): readonly Digits[] {
    const ranges: Digits[] = []
    const last = 10n ** BigInt(digits) - 1n
    let low = 10n ** BigInt(digits - 1)
    const within = (negative ? limitsBelowZero : limits).filter((limit) => limit >= low && limit < last)
    for (const high of [...within, last]) {
      const name = `whole numbers from ${negative ? '-' : ''}${low}`
      ranges.push({ low, high, permutation: new RangePermutation(this.#stream, name, high - low + 1n) })
      low = high + 1n
    }
    this.#ranges.set(negative ? -digits : digits, ranges)
    return ranges
  }
}

/** A whole number of the same sign and number of digits, in the type's range. */
export class PseudonymIntegerMask implements CellMask {
  readonly #numbers: WholeNumbers
  readonly #name: string
  readonly #format: CellFormat
  readonly #redacted: CellMask

  constructor(stream: KeyedStream, name: string, format: CellFormat, redacted: CellMask) {
    this.#numbers = new WholeNumbers(stream)
    this.#name = name
    this.#format = format
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const value = readInteger(source, start, end, this.#name, this.#format)
    if (value === null) return this.#redacted.apply(source, start, end, out)
    writeInteger(out, this.#pseudonym(value), this.#name, this.#format)
    return true
  }

  #pseudonym(value: bigint): bigint {
    if (value === 0n) return value
    return value < 0n ? -this.#numbers.permute(-value, true) : this.#numbers.permute(value, false)
  }
}

/**
 * A `numeric` of the same sign, with as many digits before the point and, zeros at the end apart, behind it. Numbers that
 * are equal have equal pseudonyms, whatever their scale; whole ones the same as integers have. NaN and the infinities stay.
 */
export class PseudonymNumericMask implements CellMask {
  readonly #stream: KeyedStream
  readonly #numbers: WholeNumbers
  readonly #format: CellFormat
  readonly #redacted: CellMask
  readonly #lanes = new Lanes()
  readonly #tweaks = new Map<string, Buffer>()
  /** Digits before the point that are zero in every value: of numeric(3,-2) the last two. */
  readonly #fixedZeros: number

  constructor(stream: KeyedStream, type: ValueType, format: CellFormat, redacted: CellMask) {
    this.#stream = stream
    this.#numbers = new WholeNumbers(stream)
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
      const digits = this.#permuteDigits(whole + shown.slice(zeros), whole.length - zeros, negative, true)
      const moved = digits.slice(whole.length)
      return { negative, whole: digits.slice(0, whole.length), fraction: ('0'.repeat(zeros) + moved).padEnd(fraction.length, '0') }
    }
    if (whole === '') return value
    const fixed = '0'.repeat(this.#fixedZeros)
    const head = fixed !== '' && whole.length > fixed.length && whole.endsWith(fixed) ? whole.slice(0, -fixed.length) : whole
    const permuted =
      head.length <= maxRangeDigits
        ? this.#numbers.permute(BigInt(head), negative).toString()
        : this.#permuteDigits(head, head.length, negative, false)
    return { negative, whole: permuted + whole.slice(head.length), fraction }
  }

  /** Permutes digits of which the first is not zero; nor is the last, where they end behind the point. */
  #permuteDigits(digits: string, point: number, negative: boolean, fractional: boolean): string {
    const lanes = this.#lanes
    lanes.clear()
    const last = digits.length - 1
    for (let at = 0; at <= last; at++) {
      const digit = digits.charCodeAt(at) - 0x30
      if (isNeverZero(at, last, fractional)) lanes.add(digit - 1, 9)
      else lanes.add(digit, 10)
    }
    lanes.permute(this.#stream, this.#tweak(`${digits.length} digits, point at ${point}, negative ${negative}, fractional ${fractional}`))
    let permuted = ''
    for (let at = 0; at <= last; at++) permuted += String((lanes.values[at] ?? 0) + (isNeverZero(at, last, fractional) ? 1 : 0))
    return permuted
  }

  #tweak(name: string): Buffer {
    const kept = this.#tweaks.get(name)
    if (kept !== undefined) return kept
    if (this.#tweaks.size >= maxKept) this.#tweaks.clear()
    const tweak = this.#stream.tweakOf(name)
    this.#tweaks.set(name, tweak)
    return tweak
  }
}

function isNeverZero(at: number, last: number, fractional: boolean): boolean {
  return at === 0 || (fractional && at === last)
}

function readText(source: Buffer, start: number, end: number): ReturnType<typeof parseNumeric> {
  return parseNumeric(end - start > maxNumericTextBytes ? '' : source.toString('latin1', start, end))
}
