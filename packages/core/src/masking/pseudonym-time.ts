import type { CellMask } from './cell-mask.ts'
import { appendAscii } from './cell-output.ts'
import type { CellOutput } from './cell-output.ts'
import type { KeyedStream } from './keyed-stream.ts'
import {
  civilDay,
  dateText,
  dayNumber,
  daysToPostgresEpoch,
  endOfDates,
  endOfTimestamps,
  firstDay,
  microsecondsPerDay,
  microsecondsPerSecond,
  parseMoment,
  parseTimeOfDay,
  twoDigits,
} from './moment.ts'
import { RangePermutation } from './range-permutation.ts'
import type { CellFormat } from './value-type.ts'

/** A date becomes another one of the same span of years: 1975 to 1999, 2000 to 2024. */
const spanYears = 25
/** Longer than any date or timestamp the server writes. */
const maxTextBytes = 48
const secondsPerDay = 86_400
const maxKeptSpans = 256
/** `DATEVAL_NOBEGIN`, `DATEVAL_NOEND`; `DT_NOBEGIN`, `DT_NOEND`. */
const infiniteDays = [-2_147_483_648, 2_147_483_647]
const infiniteTimes = [-(2n ** 63n), 2n ** 63n - 1n]

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

/** Another day of the same 25 years. Infinity stays. What cannot be read is redacted. */
export class PseudonymDateMask implements CellMask {
  readonly #spans: Spans
  readonly #format: CellFormat
  readonly #redacted: CellMask

  constructor(stream: KeyedStream, format: CellFormat, redacted: CellMask) {
    this.#spans = new Spans(stream, 'days', endOfDates)
    this.#format = format
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    if (this.#format === 0) {
      const text = cellText(source, start, end)
      if (isInfinity(text)) return appended(out, text)
      const day = text.includes(':') ? undefined : parseMoment(text)?.day
      if (day === undefined || !this.#spans.has(day)) return this.#redacted.apply(source, start, end, out)
      return appended(out, dateText(this.#permute(day), ''))
    }
    const stored = end - start === 4 && end <= source.length ? source.readInt32BE(start) : null
    if (stored === null) return this.#redacted.apply(source, start, end, out)
    const infinite = infiniteDays.includes(stored)
    const day = stored + daysToPostgresEpoch
    if (!infinite && !this.#spans.has(day)) return this.#redacted.apply(source, start, end, out)
    out.ensure(4)
    out.length = out.bytes.writeInt32BE(infinite ? stored : this.#permute(day) - daysToPostgresEpoch, out.length)
    return true
  }

  #permute(day: number): number {
    const span = this.#spans.of(day, 1, 0)
    return span.firstDay + Number(span.permutation.permute(BigInt(day - span.firstDay)))
  }
}

/**
 * Another moment of the same 25 years with as many decimals of its seconds; with a time zone those are years in UTC, and
 * the text form has the offset `+00`. Infinity stays. What cannot be read is redacted.
 */
export class PseudonymTimestampMask implements CellMask {
  readonly #spans: Spans
  readonly #format: CellFormat
  readonly #zoned: boolean
  readonly #redacted: CellMask

  constructor(stream: KeyedStream, format: CellFormat, zoned: boolean, redacted: CellMask) {
    this.#spans = new Spans(stream, 'moments', endOfTimestamps)
    this.#format = format
    this.#zoned = zoned
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    if (this.#format === 1) return this.#applyBinary(source, start, end, out)
    const text = cellText(source, start, end)
    if (isInfinity(text)) return appended(out, text)
    const moment = text.includes(':') ? parseMoment(text) : null
    if (moment === null || (moment.offset !== null) !== this.#zoned) {
      return this.#redacted.apply(source, start, end, out)
    }
    const east = (moment.offset ?? 0) * microsecondsPerSecond
    const shifted = moment.microseconds - east
    const days = Math.floor(shifted / microsecondsPerDay)
    const permuted = this.#permute(moment.day + days, shifted - days * microsecondsPerDay)
    if (permuted === null) return this.#redacted.apply(source, start, end, out)
    return appended(out, dateText(permuted.day, ` ${timeText(permuted.microseconds)}${this.#zoned ? '+00' : ''}`))
  }

  #applyBinary(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const stored = end - start === 8 && end <= source.length ? source.readBigInt64BE(start) : null
    if (stored === null) return this.#redacted.apply(source, start, end, out)
    let written = stored
    if (!infiniteTimes.includes(stored)) {
      const perDay = BigInt(microsecondsPerDay)
      const inDay = ((stored % perDay) + perDay) % perDay
      const permuted = this.#permute(Number((stored - inDay) / perDay) + daysToPostgresEpoch, Number(inDay))
      if (permuted === null) return this.#redacted.apply(source, start, end, out)
      written = BigInt(permuted.day - daysToPostgresEpoch) * perDay + BigInt(permuted.microseconds)
    }
    out.ensure(8)
    out.length = out.bytes.writeBigInt64BE(written, out.length)
    return true
  }

  #permute(day: number, microseconds: number): { day: number; microseconds: number } | null {
    if (!this.#spans.has(day)) return null
    const decimals = decimalsOf(microseconds)
    const perDay = timesPerDay(decimals)
    const span = this.#spans.of(day, perDay, decimals)
    const index = BigInt(day - span.firstDay) * BigInt(perDay) + BigInt(timeIndex(microseconds, decimals))
    const permuted = Number(span.permutation.permute(index))
    const days = Math.floor(permuted / perDay)
    return { day: span.firstDay + days, microseconds: timeAt(permuted - days * perDay, decimals) }
  }
}

/** Another time of day with as many decimals of its seconds. What cannot be read, as `24:00:00`, is redacted. */
export class PseudonymTimeMask implements CellMask {
  readonly #permutations: readonly RangePermutation[]
  readonly #format: CellFormat
  readonly #redacted: CellMask

  constructor(stream: KeyedStream, format: CellFormat, redacted: CellMask) {
    this.#permutations = [0, 1, 2, 3, 4, 5, 6].map(
      (decimals) => new RangePermutation(stream, `times of ${decimals} decimals`, BigInt(timesPerDay(decimals))),
    )
    this.#format = format
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const time = this.#read(source, start, end)
    if (time === null || time < 0 || time >= microsecondsPerDay) return this.#redacted.apply(source, start, end, out)
    const decimals = decimalsOf(time)
    const index = this.#permutations[decimals]?.permute(BigInt(timeIndex(time, decimals))) ?? 0n
    const permuted = timeAt(Number(index), decimals)
    if (this.#format === 0) return appended(out, timeText(permuted))
    out.ensure(8)
    out.length = out.bytes.writeBigInt64BE(BigInt(permuted), out.length)
    return true
  }

  #read(source: Buffer, start: number, end: number): number | null {
    if (this.#format === 1) return end - start === 8 && end <= source.length ? Number(source.readBigInt64BE(start)) : null
    const time = parseTimeOfDay(cellText(source, start, end))
    return time === null || time.offset !== null ? null : time.microseconds
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

function timeText(microseconds: number): string {
  const seconds = Math.floor(microseconds / microsecondsPerSecond)
  const fraction = String(microseconds - seconds * microsecondsPerSecond).padStart(6, '0').replace(/0+$/, '')
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(twoDigits).join(':')
  return fraction === '' ? clock : `${clock}.${fraction}`
}

function cellText(source: Buffer, start: number, end: number): string {
  return end - start <= maxTextBytes ? source.toString('latin1', start, end) : ''
}

function isInfinity(text: string): boolean {
  return text === 'infinity' || text === '-infinity'
}

function appended(out: CellOutput, text: string): boolean {
  appendAscii(out, text)
  return true
}
