import { appendByte } from '../cell-output.ts'
import type { CellOutput } from '../cell-output.ts'
import { civilDay, dayNumber, microsecondsPerSecond } from '../moment.ts'
import type { MysqlCellFormat } from './column-type.ts'

/** What a temporal column holds: DATE, TIME, or DATETIME and TIMESTAMP, which are written alike. */
export type TemporalForm = 'date' | 'time' | 'datetime'

/** MySQL manual, "The TIME Type": 838:59:59. */
export const maxTimeMicroseconds: number = (838 * 3600 + 59 * 60 + 59) * microsecondsPerSecond
/** MySQL manual, "The DATE, DATETIME, and TIMESTAMP Types": the day behind 9999-12-31. */
export const endOfMysqlDates: number = dayNumber(10_000, 1, 1)

const maxFractionDigits = 6
const dash = 0x2d
const colon = 0x3a
const blank = 0x20
const point = 0x2e
const zero = 0x30

/**
 * One value of a temporal type, filled by `read` and written by `write`: one object for all the cells of a column.
 * MySQL manual, "Binary Protocol Resultset Row" and "Date and Time Literals".
 */
export class TemporalValue {
  negative = false
  year = 0
  month = 0
  day = 0
  /** Of a time the hours may be more than 23. */
  hour = 0
  minute = 0
  second = 0
  microseconds = 0
  /** How many digits of a fraction the text had, and is written with. */
  fractionDigits = 0
  readonly #form: TemporalForm
  #at = 0

  constructor(form: TemporalForm) {
    this.#form = form
  }

  /** Reads the cell `source[start,end)`; false where it is no such value. Days need not exist: see `isZero` and `isDay`. */
  read(source: Buffer, start: number, end: number, format: MysqlCellFormat): boolean {
    this.clear()
    if (end > source.length) return false
    const read = format === 'text' ? this.#readText(source, start, end) : this.#readBinary(source, start, end)
    if (!read || this.minute > 59 || this.second > 59 || this.microseconds >= microsecondsPerSecond) return false
    if (this.#form === 'time') return this.timeMicroseconds() <= maxTimeMicroseconds
    return this.year <= 9999 && this.month <= 12 && this.day <= 31 && this.hour <= 23
  }

  /** Appends the value. */
  write(out: CellOutput, format: MysqlCellFormat): void {
    out.ensure(32)
    if (format === 'text') this.#writeText(out)
    else if (this.#form === 'time') this.#writeTime(out)
    else this.#writeMoment(out)
  }

  clear(): void {
    this.negative = false
    this.year = this.month = this.day = 0
    this.hour = this.minute = this.second = this.microseconds = 0
    this.fractionDigits = 0
  }

  /** Of a date: it is 0000-00-00. */
  isZeroDate(): boolean {
    return this.year === 0 && this.month === 0 && this.day === 0
  }

  /** Of a date: it is a day of the calendar, from the year 1 on. MySQL may hold others, such as 2024-02-00. */
  isDay(): boolean {
    if (this.year === 0 || this.month === 0 || this.day === 0) return false
    return this.day <= 28 || civilDay(this.dayNumber()).day === this.day
  }

  /** Days since 1970-01-01. */
  dayNumber(): number {
    return dayNumber(this.year, this.month, this.day)
  }

  setDay(number: number): void {
    const { year, month, day } = civilDay(number)
    this.year = year
    this.month = month
    this.day = day
  }

  /** The time, without its sign. */
  timeMicroseconds(): number {
    return (this.hour * 3600 + this.minute * 60 + this.second) * microsecondsPerSecond + this.microseconds
  }

  setTime(microseconds: number): void {
    const seconds = Math.floor(microseconds / microsecondsPerSecond)
    this.microseconds = microseconds - seconds * microsecondsPerSecond
    this.hour = Math.floor(seconds / 3600)
    this.minute = Math.floor(seconds / 60) % 60
    this.second = seconds % 60
  }

  #readText(source: Buffer, start: number, end: number): boolean {
    this.#at = start
    if (this.#form === 'time') {
      if (source[start] === dash) {
        this.negative = true
        this.#at++
      }
      const three = source[this.#at + 3] === colon
      this.hour = this.#number(source, end, three ? 3 : 2)
    } else {
      this.year = this.#number(source, end, 4)
      if (!this.#sign(source, end, dash)) return false
      this.month = this.#number(source, end, 2)
      if (!this.#sign(source, end, dash)) return false
      this.day = this.#number(source, end, 2)
      if (this.#form === 'date') return this.#at === end && !this.#bad()
      if (!this.#sign(source, end, blank)) return false
      this.hour = this.#number(source, end, 2)
    }
    if (!this.#sign(source, end, colon)) return false
    this.minute = this.#number(source, end, 2)
    if (!this.#sign(source, end, colon)) return false
    this.second = this.#number(source, end, 2)
    if (this.#at < end) {
      this.fractionDigits = end - this.#at - 1
      if (this.fractionDigits < 1 || this.fractionDigits > maxFractionDigits) return false
      if (!this.#sign(source, end, point)) return false
      const fraction = this.#number(source, end, this.fractionDigits)
      this.microseconds = fraction < 0 ? -1 : fraction * 10 ** (maxFractionDigits - this.fractionDigits)
    }
    return this.#at === end && !this.#bad()
  }

  #bad(): boolean {
    return (
      this.year < 0 ||
      this.month < 0 ||
      this.day < 0 ||
      this.hour < 0 ||
      this.minute < 0 ||
      this.second < 0 ||
      this.microseconds < 0
    )
  }

  /** The number in the next `digits` bytes; -1 where they are no digits. */
  #number(source: Buffer, end: number, digits: number): number {
    const stop = this.#at + digits
    if (stop > end) return -1
    let value = 0
    for (; this.#at < stop; this.#at++) {
      const digit = (source[this.#at] ?? 0) - zero
      if (digit < 0 || digit > 9) return -1
      value = value * 10 + digit
    }
    return value
  }

  #sign(source: Buffer, end: number, byte: number): boolean {
    return this.#at < end && source[this.#at++] === byte
  }

  #readBinary(source: Buffer, start: number, end: number): boolean {
    const length = end - start
    if (this.#form === 'time') {
      if (length === 0) return true
      if ((length !== 8 && length !== 12) || (source[start] ?? 2) > 1) return false
      this.negative = source[start] === 1
      this.hour = source.readUInt32LE(start + 1) * 24 + (source[start + 5] ?? 0)
      this.minute = source[start + 6] ?? 0
      this.second = source[start + 7] ?? 0
      if (length === 12) this.microseconds = source.readUInt32LE(start + 8)
      return true
    }
    if (length === 0) return true
    const known = length === 4 || (this.#form === 'datetime' && (length === 7 || length === 11))
    if (!known) return false
    this.year = source.readUInt16LE(start)
    this.month = source[start + 2] ?? 0
    this.day = source[start + 3] ?? 0
    if (length === 4) return true
    this.hour = source[start + 4] ?? 0
    this.minute = source[start + 5] ?? 0
    this.second = source[start + 6] ?? 0
    if (length === 11) this.microseconds = source.readUInt32LE(start + 7)
    return true
  }

  #writeText(out: CellOutput): void {
    if (this.#form === 'time') {
      if (this.negative) appendByte(out, dash)
      appendDigits(out, this.hour, this.hour > 99 ? 3 : 2)
    } else {
      appendDigits(out, this.year, 4)
      appendByte(out, dash)
      appendDigits(out, this.month, 2)
      appendByte(out, dash)
      appendDigits(out, this.day, 2)
      if (this.#form === 'date') return
      appendByte(out, blank)
      appendDigits(out, this.hour, 2)
    }
    appendByte(out, colon)
    appendDigits(out, this.minute, 2)
    appendByte(out, colon)
    appendDigits(out, this.second, 2)
    if (this.fractionDigits === 0) return
    appendByte(out, point)
    appendDigits(
      out,
      Math.floor(this.microseconds / 10 ** (maxFractionDigits - this.fractionDigits)),
      this.fractionDigits,
    )
  }

  #writeMoment(out: CellOutput): void {
    const timed = this.#form === 'datetime' && this.timeMicroseconds() !== 0
    if (!timed && this.isZeroDate()) return
    out.length = out.bytes.writeUInt16LE(this.year, out.length)
    appendByte(out, this.month)
    appendByte(out, this.day)
    if (!timed) return
    appendByte(out, this.hour)
    appendByte(out, this.minute)
    appendByte(out, this.second)
    if (this.microseconds !== 0) out.length = out.bytes.writeUInt32LE(this.microseconds, out.length)
  }

  #writeTime(out: CellOutput): void {
    if (this.timeMicroseconds() === 0) return
    appendByte(out, this.negative ? 1 : 0)
    const days = Math.floor(this.hour / 24)
    out.length = out.bytes.writeUInt32LE(days, out.length)
    appendByte(out, this.hour - days * 24)
    appendByte(out, this.minute)
    appendByte(out, this.second)
    if (this.microseconds !== 0) out.length = out.bytes.writeUInt32LE(this.microseconds, out.length)
  }
}

function appendDigits(out: CellOutput, value: number, digits: number): void {
  let rest = value
  for (let at = out.length + digits - 1; at >= out.length; at--) {
    out.bytes[at] = zero + (rest % 10)
    rest = Math.floor(rest / 10)
  }
  out.length += digits
}
