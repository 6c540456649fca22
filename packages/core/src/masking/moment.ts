/** A day and a time on it, as PostgreSQL writes them in the ISO date style (PostgreSQL manual, "Date/Time Output"). */
export interface Moment {
  /** Since 1970-01-01, in the proleptic Gregorian calendar. */
  readonly day: number
  /** Since midnight. */
  readonly microseconds: number
  /** East of UTC, in seconds; null where none is written. */
  readonly offset: number | null
}

/** From 1970-01-01 to 2000-01-01, where PostgreSQL starts to count. */
export const daysToPostgresEpoch = 10_957
/** The first day PostgreSQL has: 4714-11-24 BC. */
export const firstDay: number = -2_451_545 + daysToPostgresEpoch
/** The day behind the last one of type `date`. */
export const endOfDates: number = 2_145_031_949 + daysToPostgresEpoch
/** The day behind the last one of `timestamp`: 294277-01-01. */
export const endOfTimestamps: number = 106_751_983 + daysToPostgresEpoch

export const microsecondsPerSecond = 1_000_000
export const microsecondsPerDay = 86_400_000_000

const timePattern = String.raw`(?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2})(?:\.(?<fraction>\d{1,6}))?`
const offsetPattern = String.raw`(?<sign>[+-])(?<east>\d{2})(?::(?<eastMinute>\d{2})(?::(?<eastSecond>\d{2}))?)?`
const datePattern = String.raw`(?<year>\d{4,7})-(?<month>\d{2})-(?<day>\d{2})`
const momentText = new RegExp(`^${datePattern}(?: ${timePattern}(?:${offsetPattern})?)?(?<era> BC)?$`)
const timeText = new RegExp(`^${timePattern}(?:${offsetPattern})?$`)

type Parts = Readonly<Record<string, string | undefined>>

/** Reads a date, or a date and time, with or without an offset; null where the text is none. Knows nothing of infinity. */
export function parseMoment(text: string): Moment | null {
  const parts = partsOf(momentText, text)
  if (parts === null) return null
  const [shownYear, month, dayOfMonth] = [Number(parts['year']), Number(parts['month']), Number(parts['day'])]
  const day = dayNumber(parts['era'] === undefined ? shownYear : 1 - shownYear, month, dayOfMonth)
  const civil = civilDay(day)
  const microseconds = parts['hour'] === undefined ? 0 : timeOf(parts)
  const offset = offsetOf(parts)
  // A day the month does not have has run on into the next month.
  if (shownYear === 0 || civil.month !== month || civil.day !== dayOfMonth) return null
  return microseconds === null || offset === undefined ? null : { day, microseconds, offset }
}

/** Reads a time of day, with or without an offset; null where the text is none. `day` is 0. */
export function parseTimeOfDay(text: string): Moment | null {
  const parts = partsOf(timeText, text)
  if (parts === null) return null
  const microseconds = timeOf(parts)
  const offset = offsetOf(parts)
  return microseconds === null || offset === undefined ? null : { day: 0, microseconds, offset }
}

function partsOf(pattern: RegExp, text: string): Parts | null {
  return pattern.exec(text)?.groups ?? null
}

function timeOf(parts: Parts): number | null {
  const [hour, minute, second] = [Number(parts['hour']), Number(parts['minute']), Number(parts['second'])]
  if (hour > 23 || minute > 59 || second > 59) return null
  const fraction = Number((parts['fraction'] ?? '').padEnd(6, '0'))
  return (hour * 3600 + minute * 60 + second) * microsecondsPerSecond + fraction
}

/** Null where no offset is written, undefined where it cannot be one: PostgreSQL has them below 16 hours. */
function offsetOf(parts: Parts): number | null | undefined {
  if (parts['sign'] === undefined) return null
  const [hour, minute] = [Number(parts['east']), Number(parts['eastMinute'] ?? 0)]
  const second = Number(parts['eastSecond'] ?? 0)
  if (hour > 15 || minute > 59 || second > 59) return undefined
  const seconds = hour * 3600 + minute * 60 + second
  return parts['sign'] === '-' ? -seconds : seconds
}

/** The days from 1970-01-01 to a date; year 0 is 1 BC. A day the month does not have runs on into the next. */
export function dayNumber(year: number, month: number, day: number): number {
  // The year starts in March here, so that the day that comes and goes is its last; an era is 400 years.
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** The date that is `number` days from 1970-01-01; year 0 is 1 BC. */
export function civilDay(number: number): { readonly year: number; readonly month: number; readonly day: number } {
  const shifted = number + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

/** A date in the ISO style, `time` behind it, then the era where it is the earlier one. */
export function dateText(day: number, time: string): string {
  const { year, month, day: dayOfMonth } = civilDay(day)
  const shownYear = String(year > 0 ? year : 1 - year).padStart(4, '0')
  return `${shownYear}-${twoDigits(month)}-${twoDigits(dayOfMonth)}${time}${year > 0 ? '' : ' BC'}`
}

/** A number below 100 in two digits. */
export function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
