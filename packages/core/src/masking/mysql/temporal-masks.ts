import type { CellMask } from '../cell-mask.ts'
import { appendAscii } from '../cell-output.ts'
import type { CellOutput } from '../cell-output.ts'
import type { IntegerCells } from '../integer-value.ts'
import type { KeyedStream } from '../keyed-stream.ts'
import { dayNumber } from '../moment.ts'
import { RangePermutation } from '../range-permutation.ts'
import { DayPermutation, IntervalPermutation, MomentPermutation } from '../time-permutation.ts'
import type { TimeUnit } from '../truncate-time.ts'
import type { MysqlCellFormat } from './column-type.ts'
import { endOfMysqlDates, TemporalValue } from './temporal-value.ts'

/**
 * The days of TIMESTAMP that are whole in every time zone: it begins at 1970-01-01 00:00:01 and ends at
 * 2038-01-19 03:14:07 in UTC, and is shown in the session's zone.
 */
export const firstTimestampDay: number = dayNumber(1970, 1, 2)
export const endOfTimestampDays: number = dayNumber(2038, 1, 18)

/** YEAR holds 1901 to 2155, and 0000. */
const firstYear = 1901n
const years = 255n

/** Another day of the same 25 years. 0000-00-00 stays; what is no day of the calendar is redacted. */
export class PseudonymMysqlDateMask implements CellMask {
  readonly #days: DayPermutation
  readonly #value = new TemporalValue('date')
  readonly #format: MysqlCellFormat
  readonly #redacted: CellMask

  constructor(stream: KeyedStream, format: MysqlCellFormat, redacted: CellMask) {
    this.#days = new DayPermutation(stream, endOfMysqlDates)
    this.#format = format
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const value = this.#value
    const read = value.read(source, start, end, this.#format)
    if (!read || !(value.isDay() || value.isZeroDate())) return this.#redacted.apply(source, start, end, out)
    if (!value.isZeroDate()) value.setDay(this.#days.permute(value.dayNumber()))
    value.write(out, this.#format)
    return true
  }
}

/**
 * Another moment of the same 25 years with as many decimals of its seconds. The zero date stays; what is no moment of
 * the calendar, or outside the type's range, is redacted.
 */
export class PseudonymMysqlDatetimeMask implements CellMask {
  readonly #moments: MomentPermutation
  readonly #value = new TemporalValue('datetime')
  readonly #format: MysqlCellFormat
  readonly #redacted: CellMask

  constructor(stream: KeyedStream, isTimestamp: boolean, format: MysqlCellFormat, redacted: CellMask) {
    this.#moments = isTimestamp
      ? new MomentPermutation(stream, firstTimestampDay, endOfTimestampDays)
      : new MomentPermutation(stream, dayNumber(1, 1, 1), endOfMysqlDates)
    this.#format = format
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const value = this.#value
    if (!value.read(source, start, end, this.#format)) return this.#redacted.apply(source, start, end, out)
    if (!(value.isZeroDate() && value.timeMicroseconds() === 0)) {
      const moments = this.#moments
      const permuted = value.isDay() && moments.permute(value.dayNumber(), value.timeMicroseconds())
      if (!permuted) return this.#redacted.apply(source, start, end, out)
      value.setDay(moments.day)
      value.setTime(moments.microseconds)
    }
    value.write(out, this.#format)
    return true
  }
}

/** Another time of the same sign, below or above a day as it was, with as many decimals of its seconds. */
export class PseudonymMysqlTimeMask implements CellMask {
  readonly #intervals: IntervalPermutation
  readonly #value = new TemporalValue('time')
  readonly #format: MysqlCellFormat
  readonly #redacted: CellMask

  constructor(stream: KeyedStream, format: MysqlCellFormat, redacted: CellMask) {
    this.#intervals = new IntervalPermutation(stream)
    this.#format = format
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const value = this.#value
    if (!value.read(source, start, end, this.#format)) return this.#redacted.apply(source, start, end, out)
    const time = value.timeMicroseconds()
    // `-00:00:00` is zero.
    if (time === 0) value.negative = false
    value.setTime(this.#intervals.permute(time, value.negative))
    value.write(out, this.#format)
    return true
  }
}

/** Another year from 1901 to 2155; 0000 stays. */
export class PseudonymYearMask implements CellMask {
  readonly #permutation: RangePermutation
  readonly #cells: IntegerCells
  readonly #redacted: CellMask

  constructor(stream: KeyedStream, cells: IntegerCells, redacted: CellMask) {
    this.#permutation = new RangePermutation(stream, 'years', years)
    this.#cells = cells
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const value = this.#cells.read(source, start, end)
    if (value === null || value === 0n) return this.#redacted.apply(source, start, end, out)
    this.#cells.write(out, firstYear + this.#permutation.permute(value - firstYear))
    return true
  }
}

/** Cells of YEAR: four digits, or two bytes; 0 is 0000. */
export class YearCells implements IntegerCells {
  readonly least = 0n
  readonly greatest: bigint = firstYear + years - 1n
  readonly #integers: IntegerCells
  readonly #format: MysqlCellFormat

  /** `integers`: how the numbers are read and written. */
  constructor(integers: IntegerCells, format: MysqlCellFormat) {
    this.#integers = integers
    this.#format = format
  }

  read(source: Buffer, start: number, end: number): bigint | null {
    const value = this.#integers.read(source, start, end)
    return value === 0n || (value !== null && value >= firstYear && value <= this.greatest) ? value : null
  }

  write(out: CellOutput, value: bigint): void {
    if (value === 0n && this.#format === 'text') appendAscii(out, '0000')
    else this.#integers.write(out, value)
  }
}

/** Cuts a year to a multiple; redacted where that is no YEAR. */
export class TruncateYearMask implements CellMask {
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
    const cut = value === null ? 0n : value - (value % this.#multiple)
    if (cut < firstYear) return this.#redacted.apply(source, start, end, out)
    this.#cells.write(out, cut)
    return true
  }
}

/**
 * Cuts a date, or a date and time, down to the start of its year, month, day or hour, in the session's time zone. The zero
 * date stays; what is no day of the calendar, or would leave the type's range, is redacted.
 */
export class TruncateMysqlMask implements CellMask {
  readonly #unit: TimeUnit
  readonly #firstDay: number
  readonly #value: TemporalValue
  readonly #format: MysqlCellFormat
  readonly #redacted: CellMask

  constructor(unit: TimeUnit, kind: 'date' | 'datetime' | 'timestamp', format: MysqlCellFormat, redacted: CellMask) {
    this.#unit = unit
    this.#firstDay = kind === 'timestamp' ? firstTimestampDay : dayNumber(1, 1, 1)
    this.#value = new TemporalValue(kind === 'date' ? 'date' : 'datetime')
    this.#format = format
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const value = this.#value
    if (!value.read(source, start, end, this.#format)) return this.#redacted.apply(source, start, end, out)
    if (!(value.isZeroDate() && value.timeMicroseconds() === 0)) {
      if (!value.isDay()) return this.#redacted.apply(source, start, end, out)
      if (this.#unit === 'year') value.month = 1
      if (this.#unit === 'year' || this.#unit === 'month') value.day = 1
      if (this.#unit !== 'hour') value.hour = 0
      value.minute = value.second = value.microseconds = 0
      if (value.dayNumber() < this.#firstDay) return this.#redacted.apply(source, start, end, out)
    }
    value.write(out, this.#format)
    return true
  }
}
