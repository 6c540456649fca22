import type { KeyedStream } from './keyed-stream.ts'
import { Lanes } from './lane-permutation.ts'
import { RangePermutation } from './range-permutation.ts'

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
export class WholeNumbers {
  readonly #stream: KeyedStream
  readonly #digits: DigitPermutation
  /** By sign and number of digits: the ranges that are permuted, from the least. */
  readonly #ranges = new Map<number, readonly Digits[]>()

  constructor(stream: KeyedStream) {
    this.#stream = stream
    this.#digits = new DigitPermutation(stream)
  }

  /** `magnitude` is above zero. */
  permute(magnitude: bigint, negative: boolean): bigint {
    const text = magnitude.toString()
    const digits = text.length
    if (digits > maxRangeDigits) return BigInt(this.#digits.permute(text, digits, negative, false))
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

/** Permutes decimal digits among those of the same sign and as many before and behind the point. */
export class DigitPermutation {
  readonly #stream: KeyedStream
  readonly #lanes = new Lanes()
  readonly #tweaks = new Map<string, Buffer>()

  constructor(stream: KeyedStream) {
    this.#stream = stream
  }

  /** Permutes digits of which the first is not zero; nor is the last, where they end behind the point. */
  permute(digits: string, point: number, negative: boolean, fractional: boolean): string {
    const lanes = this.#lanes
    lanes.clear()
    const last = digits.length - 1
    for (let at = 0; at <= last; at++) {
      const digit = digits.charCodeAt(at) - 0x30
      if (isNeverZero(at, last, fractional)) lanes.add(digit - 1, 9)
      else lanes.add(digit, 10)
    }
    lanes.permute(
      this.#stream,
      this.#tweak(`${digits.length} digits, point at ${point}, negative ${negative}, fractional ${fractional}`),
    )
    let permuted = ''
    for (let at = 0; at <= last; at++)
      permuted += String((lanes.values[at] ?? 0) + (isNeverZero(at, last, fractional) ? 1 : 0))
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
