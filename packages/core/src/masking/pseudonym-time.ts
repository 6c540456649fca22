import type { CellMask } from './cell-mask.ts'
import { appendAscii } from './cell-output.ts'
import type { CellOutput } from './cell-output.ts'
import type { KeyedStream } from './keyed-stream.ts'
import {
  dateText,
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
import { DayPermutation, MomentPermutation, TimePermutation } from './time-permutation.ts'
import type { CellFormat } from './value-type.ts'

/** Longer than any date or timestamp the server writes. */
const maxTextBytes = 48
/** `DATEVAL_NOBEGIN`, `DATEVAL_NOEND`; `DT_NOBEGIN`, `DT_NOEND`. */
const infiniteDays = [-2_147_483_648, 2_147_483_647]
const infiniteTimes = [-(2n ** 63n), 2n ** 63n - 1n]

/** Another day of the same 25 years. Infinity stays. What cannot be read is redacted. */
export class PseudonymDateMask implements CellMask {
  readonly #days: DayPermutation
  readonly #format: CellFormat
  readonly #redacted: CellMask

  constructor(stream: KeyedStream, format: CellFormat, redacted: CellMask) {
    this.#days = new DayPermutation(stream, endOfDates)
    this.#format = format
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    if (this.#format === 0) {
      const text = cellText(source, start, end)
      if (isInfinity(text)) return appended(out, text)
      const day = text.includes(':') ? undefined : parseMoment(text)?.day
      if (day === undefined || !this.#days.has(day)) return this.#redacted.apply(source, start, end, out)
      return appended(out, dateText(this.#days.permute(day), ''))
    }
    const stored = end - start === 4 && end <= source.length ? source.readInt32BE(start) : null
    if (stored === null) return this.#redacted.apply(source, start, end, out)
    const infinite = infiniteDays.includes(stored)
    const day = stored + daysToPostgresEpoch
    if (!infinite && !this.#days.has(day)) return this.#redacted.apply(source, start, end, out)
    out.ensure(4)
    out.length = out.bytes.writeInt32BE(infinite ? stored : this.#days.permute(day) - daysToPostgresEpoch, out.length)
    return true
  }
}

/**
 * Another moment of the same 25 years with as many decimals of its seconds; with a time zone those are years in UTC, and
 * the text form has the offset `+00`. Infinity stays. What cannot be read is redacted.
 */
export class PseudonymTimestampMask implements CellMask {
  readonly #moments: MomentPermutation
  readonly #format: CellFormat
  readonly #zoned: boolean
  readonly #redacted: CellMask

  constructor(stream: KeyedStream, format: CellFormat, zoned: boolean, redacted: CellMask) {
    this.#moments = new MomentPermutation(stream, firstDay, endOfTimestamps)
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
    const moments = this.#moments
    if (!moments.permute(moment.day + days, shifted - days * microsecondsPerDay)) {
      return this.#redacted.apply(source, start, end, out)
    }
    return appended(out, dateText(moments.day, ` ${timeText(moments.microseconds)}${this.#zoned ? '+00' : ''}`))
  }

  #applyBinary(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const stored = end - start === 8 && end <= source.length ? source.readBigInt64BE(start) : null
    if (stored === null) return this.#redacted.apply(source, start, end, out)
    let written = stored
    if (!infiniteTimes.includes(stored)) {
      const perDay = BigInt(microsecondsPerDay)
      const inDay = ((stored % perDay) + perDay) % perDay
      const moments = this.#moments
      if (!moments.permute(Number((stored - inDay) / perDay) + daysToPostgresEpoch, Number(inDay))) {
        return this.#redacted.apply(source, start, end, out)
      }
      written = BigInt(moments.day - daysToPostgresEpoch) * perDay + BigInt(moments.microseconds)
    }
    out.ensure(8)
    out.length = out.bytes.writeBigInt64BE(written, out.length)
    return true
  }
}

/** Another time of day with as many decimals of its seconds. What cannot be read, as `24:00:00`, is redacted. */
export class PseudonymTimeMask implements CellMask {
  readonly #times: TimePermutation
  readonly #format: CellFormat
  readonly #redacted: CellMask

  constructor(stream: KeyedStream, format: CellFormat, redacted: CellMask) {
    this.#times = new TimePermutation(stream)
    this.#format = format
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const time = this.#read(source, start, end)
    if (time === null || time < 0 || time >= microsecondsPerDay) return this.#redacted.apply(source, start, end, out)
    const permuted = this.#times.permute(time)
    if (this.#format === 0) return appended(out, timeText(permuted))
    out.ensure(8)
    out.length = out.bytes.writeBigInt64BE(BigInt(permuted), out.length)
    return true
  }

  #read(source: Buffer, start: number, end: number): number | null {
    if (this.#format === 1)
      return end - start === 8 && end <= source.length ? Number(source.readBigInt64BE(start)) : null
    const time = parseTimeOfDay(cellText(source, start, end))
    return time === null || time.offset !== null ? null : time.microseconds
  }
}

function timeText(microseconds: number): string {
  const seconds = Math.floor(microseconds / microsecondsPerSecond)
  const fraction = String(microseconds - seconds * microsecondsPerSecond)
    .padStart(6, '0')
    .replace(/0+$/, '')
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
