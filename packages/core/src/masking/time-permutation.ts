import type { KeyedStream } from './keyed-stream.ts'
import { civilDay, dayNumber, endOfTimestamps, firstDay, microsecondsPerSecond } from './moment.ts'
import { RangePermutation } from './range-permutation.ts'

/** A date becomes another one of the same span of years: 1975 to 1999, 2000 to 2024. */
const spanYears = 25
const secondsPerDay = 86_400
const maxKeptSpans = 256

interface Span {
  readonly firstDay: number
  readonly permutation: RangePermutation
}

/** Permutes the days, or the moments, of each span of 25 years among themselves. */
class Spans {
  readonly #stream: KeyedStream
  readonly #what: string
  readonly #endDay: number
  readonly #spans = new Map<string, Span>()

  constructor(stream: KeyedStream, what: string, endDay: number) {
    this.#stream = stream
    this.#what = what
    this.#endDay = endDay
  }

  has(day: number): boolean {
    return day >= firstDay && day < this.#endDay
  }

  /** The span a day is in. `momentsPerDay` of them are permuted; `kind` keeps those of one kind apart from others. */
  of(day: number, momentsPerDay: number, kind: number): Span {
    const { year } = civilDay(day)
    // There is no year 0 to be shown: it is 1 BC, and a span of its own, so that no other crosses into the era before.
    const number = year === 0 ? 'none' : Math.floor(year / spanYears)
    const name = `${this.#what} of span ${number}, kind ${kind}`
    const kept = this.#spans.get(name)
    if (kept !== undefined) return kept
    if (this.#spans.size >= maxKeptSpans) this.#spans.clear()
    const firstYear = number === 'none' ? 0 : number === 0 ? 1 : number * spanYears
    const endYear = number === 'none' ? 1 : (number + 1) * spanYears
    const from = Math.max(dayNumber(firstYear, 1, 1), firstDay)
    const to = Math.min(dayNumber(endYear, 1, 1), this.#endDay)
    const size = BigInt(to - from) * BigInt(momentsPerDay)
    const span = { firstDay: from, permutation: new RangePermutation(this.#stream, name, size) }
    this.#spans.set(name, span)
    return span
  }
}

/** Permutes the days of each span of 25 years. Days are counted from 1970-01-01. */
export class DayPermutation {
  readonly #spans: Spans

  /** `endDay`: the day behind the last one there is. */
  constructor(stream: KeyedStream, endDay: number) {
    this.#spans = new Spans(stream, 'days', endDay)
  }

  has(day: number): boolean {
    return this.#spans.has(day)
  }

  /** `day` must be one there is. */
  permute(day: number): number {
    const span = this.#spans.of(day, 1, 0)
    return span.firstDay + Number(span.permutation.permute(BigInt(day - span.firstDay)))
  }
}

/** Permutes the moments of each span of 25 years that have as many decimals of a second. */
export class MomentPermutation {
  /** What the last call of `permute` came to. */
  day = 0
  microseconds = 0
  readonly #spans: Spans
  readonly #firstDay: number
  readonly #endDay: number

  /** Moments outside [firstDay, endDay) there are not. */
  constructor(stream: KeyedStream, firstDay: number, endDay: number) {
    // The spans are the same whatever the limits, so that what fits both of two types has one pseudonym in most cases.
    this.#spans = new Spans(stream, 'moments', endOfTimestamps)
    this.#firstDay = firstDay
    this.#endDay = endDay
  }

  /** Sets `day` and `microseconds` to the pseudonym of a moment; false where there is no such moment. */
  permute(day: number, microseconds: number): boolean {
    if (!this.#has(day)) return false
    const decimals = decimalsOf(microseconds)
    const perDay = timesPerDay(decimals)
    const span = this.#spans.of(day, perDay, decimals)
    let permuted = BigInt(day - span.firstDay) * BigInt(perDay) + BigInt(timeIndex(microseconds, decimals))
    // What falls outside goes through again. Each span is one single cycle, so no moment stays what it is.
    do {
      permuted = span.permutation.permute(permuted)
      this.day = span.firstDay + Number(permuted / BigInt(perDay))
    } while (!this.#has(this.day))
    this.microseconds = timeAt(Number(permuted % BigInt(perDay)), decimals)
    return true
  }

  #has(day: number): boolean {
    return day >= this.#firstDay && day < this.#endDay
  }
}

/** Permutes the times of day that have as many decimals of a second. */
export class TimePermutation {
  readonly #permutations: readonly RangePermutation[]

  constructor(stream: KeyedStream) {
    this.#permutations = [0, 1, 2, 3, 4, 5, 6].map(
      (decimals) => new RangePermutation(stream, `times of ${decimals} decimals`, BigInt(timesPerDay(decimals))),
    )
  }

  /** `microseconds` since midnight, less than a day. */
  permute(microseconds: number): number {
    const decimals = decimalsOf(microseconds)
    const index = this.#permutations[decimals]?.permute(BigInt(timeIndex(microseconds, decimals))) ?? 0n
    return timeAt(Number(index), decimals)
  }
}

/** How many decimals of a second are shown: zeros at their end are not. */
function decimalsOf(microseconds: number): number {
  let rest = microseconds % microsecondsPerSecond
  if (rest === 0) return 0
  let decimals = 6
  for (; rest % 10 === 0; rest /= 10) decimals--
  return decimals
}

/** Of so many decimals the last is not zero. */
function fractionsPerSecond(decimals: number): number {
  return decimals === 0 ? 1 : 9 * 10 ** (decimals - 1)
}

function timesPerDay(decimals: number): number {
  return secondsPerDay * fractionsPerSecond(decimals)
}

/** The place of a time among those with as many decimals. */
function timeIndex(microseconds: number, decimals: number): number {
  const second = Math.floor(microseconds / microsecondsPerSecond)
  if (decimals === 0) return second
  const fraction = (microseconds % microsecondsPerSecond) / 10 ** (6 - decimals)
  return second * fractionsPerSecond(decimals) + fraction - Math.floor(fraction / 10) - 1
}

/** The time at a place; the other way round than `timeIndex`. */
function timeAt(index: number, decimals: number): number {
  if (decimals === 0) return index * microsecondsPerSecond
  const perSecond = fractionsPerSecond(decimals)
  const second = Math.floor(index / perSecond)
  const place = index - second * perSecond
  const fraction = Math.floor(place / 9) * 10 + (place % 9) + 1
  return second * microsecondsPerSecond + fraction * 10 ** (6 - decimals)
}

/** Permutes the times of MySQL, up to 838:59:59 and of either sign: those of a day as `TimePermutation` does. */
export class IntervalPermutation {
  readonly #stream: KeyedStream
  readonly #times: TimePermutation
  readonly #others = new Map<number, { readonly from: number; readonly permutation: RangePermutation }>()

  constructor(stream: KeyedStream) {
    this.#stream = stream
    this.#times = new TimePermutation(stream)
  }

  /** `microseconds` without the sign: a time of the same sign, above or below a day as it was. Zero must not be negative. */
  permute(microseconds: number, negative: boolean): number {
    const long = microseconds >= secondsPerDay * microsecondsPerSecond
    if (!long && !negative) return this.#times.permute(microseconds)
    const decimals = decimalsOf(microseconds)
    const key = decimals + (long ? 10 : 0) + (negative ? 20 : 0)
    const other = this.#others.get(key) ?? this.#rangeOf(key, decimals, long, negative)
    const from = other.from * microsecondsPerSecond
    const index = other.permutation.permute(BigInt(timeIndex(microseconds - from, decimals)))
    return from + timeAt(Number(index), decimals)
  }

  #rangeOf(
    key: number,
    decimals: number,
    long: boolean,
    negative: boolean,
  ): { readonly from: number; readonly permutation: RangePermutation } {
    // Zero has no sign, and nothing is longer than 838:59:59.
    const from = long ? secondsPerDay : decimals === 0 ? 1 : 0
    const to = long ? maxIntervalSeconds + (decimals === 0 ? 1 : 0) : secondsPerDay
    const name = `${negative ? 'negative' : 'positive'} ${long ? 'long times' : 'times'} of ${decimals} decimals`
    const size = BigInt(to - from) * BigInt(fractionsPerSecond(decimals))
    const range = { from, permutation: new RangePermutation(this.#stream, name, size) }
    this.#others.set(key, range)
    return range
  }
}

/** 838:59:59 */
const maxIntervalSeconds = 838 * 3600 + 59 * 60 + 59
