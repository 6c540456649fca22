import type { CellMask } from './cell-mask.ts'
import { appendAscii } from './cell-output.ts'
import type { CellOutput } from './cell-output.ts'
import { civilDay, dateText, dayNumber, daysToPostgresEpoch, endOfDates, endOfTimestamps, firstDay } from './moment.ts'
import { microsecondsPerSecond, parseMoment, twoDigits } from './moment.ts'
import type { CellFormat } from './value-type.ts'

export type TimeUnit = 'year' | 'month' | 'day' | 'hour'

/** Longer than any date or timestamp the server writes. */
const maxTextBytes = 48
const secondsPerDay = 86_400
const secondsToPostgresEpoch = daysToPostgresEpoch * secondsPerDay
/** `DATEVAL_NOBEGIN`, `DATEVAL_NOEND`; `DT_NOBEGIN`, `DT_NOEND`. */
const infiniteDays = [-2_147_483_648, 2_147_483_647]
const infiniteTimes = [-(2n ** 63n), 2n ** 63n - 1n]

/**
 * Cuts a date down to the first day of its year or month. Infinity stays infinity. What would leave the type's range (the
 * year 4714 BC has no January), and text that is not in the ISO date style, is redacted.
 */
export class TruncateDateMask implements CellMask {
  readonly #unit: TimeUnit
  readonly #format: CellFormat
  readonly #redacted: CellMask

  constructor(unit: 'year' | 'month', format: CellFormat, redacted: CellMask) {
    this.#unit = unit
    this.#format = format
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    if (this.#format === 0) {
      const text = cellText(source, start, end)
      if (isInfinity(text)) return appended(out, text)
      const moment = text.length <= 16 ? parseMoment(text) : null
      const day = moment === null ? null : truncateDay(moment.day, this.#unit, endOfDates)
      return day === null ? this.#redacted.apply(source, start, end, out) : appended(out, dateText(day, ''))
    }
    const stored = end - start === 4 && end <= source.length ? source.readInt32BE(start) : null
    const infinite = stored !== null && infiniteDays.includes(stored)
    const day = stored === null || infinite ? null : truncateDay(stored + daysToPostgresEpoch, this.#unit, endOfDates)
    if (stored === null || (day === null && !infinite)) return this.#redacted.apply(source, start, end, out)
    out.ensure(4)
    out.length = out.bytes.writeInt32BE(day === null ? stored : day - daysToPostgresEpoch, out.length)
    return true
  }
}

/**
 * Cuts a timestamp down to the start of its year, month, day or hour. With a time zone that is the one in UTC, written
 * with the offset `+00`: the session's own offset would tell summer from winter. Infinity stays infinity.
 */
export class TruncateTimestampMask implements CellMask {
  readonly #unit: TimeUnit
  readonly #format: CellFormat
  readonly #zoned: boolean
  readonly #redacted: CellMask

  constructor(unit: TimeUnit, format: CellFormat, zoned: boolean, redacted: CellMask) {
    this.#unit = unit
    this.#format = format
    this.#zoned = zoned
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    if (this.#format === 0) {
      const text = cellText(source, start, end)
      if (isInfinity(text)) return appended(out, text)
      const seconds = this.#readText(text)
      return seconds === null
        ? this.#redacted.apply(source, start, end, out)
        : appended(out, timestampText(seconds, this.#zoned))
    }
    const stored = end - start === 8 && end <= source.length ? source.readBigInt64BE(start) : null
    if (stored === null) return this.#redacted.apply(source, start, end, out)
    if (infiniteTimes.includes(stored)) return this.#writeBinary(out, stored)
    const seconds = truncateSeconds(floorSeconds(stored) + secondsToPostgresEpoch, this.#unit)
    if (seconds === null) return this.#redacted.apply(source, start, end, out)
    return this.#writeBinary(out, BigInt(seconds - secondsToPostgresEpoch) * BigInt(microsecondsPerSecond))
  }

  #readText(text: string): number | null {
    const moment = parseMoment(text)
    if (moment === null || (moment.offset !== null) !== this.#zoned) return null
    const seconds = moment.day * secondsPerDay + Math.floor(moment.microseconds / microsecondsPerSecond)
    return truncateSeconds(seconds - (moment.offset ?? 0), this.#unit)
  }

  #writeBinary(out: CellOutput, value: bigint): boolean {
    out.ensure(8)
    out.length = out.bytes.writeBigInt64BE(value, out.length)
    return true
  }
}

/** The start of the year or month a day is in, or the day itself; null where PostgreSQL does not have it. */
function truncateDay(day: number, unit: TimeUnit, end: number): number | null {
  if (day < firstDay || day >= end) return null
  if (unit === 'day' || unit === 'hour') return day
  const { year, month } = civilDay(day)
  const first = dayNumber(year, unit === 'year' ? 1 : month, 1)
  return first < firstDay ? null : first
}

function truncateSeconds(seconds: number, unit: TimeUnit): number | null {
  const inDay = ((seconds % secondsPerDay) + secondsPerDay) % secondsPerDay
  const day = truncateDay((seconds - inDay) / secondsPerDay, unit, endOfTimestamps)
  if (day === null) return null
  return day * secondsPerDay + (unit === 'hour' ? inDay - (inDay % 3600) : 0)
}

function floorSeconds(microseconds: bigint): number {
  const remainder = microseconds % 1_000_000n
  return Number((microseconds - remainder) / 1_000_000n) - (remainder < 0n ? 1 : 0)
}

function timestampText(seconds: number, zoned: boolean): string {
  const day = Math.floor(seconds / secondsPerDay)
  const hour = (seconds - day * secondsPerDay) / 3600
  return dateText(day, ` ${twoDigits(hour)}:00:00${zoned ? '+00' : ''}`)
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
