import { daysToPostgresEpoch, endOfDates, endOfTimestamps, firstDay, microsecondsPerDay } from './moment.ts'
import { parseMoment, parseTimeOfDay } from './moment.ts'
import type { TypeKind } from './type-table.ts'

type TimeKind = Extract<TypeKind, 'date' | 'time' | 'timetz' | 'timestamp' | 'timestamptz' | 'interval'>

const intervalText =
  /^(?:(-?\d{1,5}) years?)?(?: ?\b(-?\d{1,5}) (?:mons?|months?))?(?: ?\b(-?\d{1,6}) days?)?(?: ?\b(\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?))?$/

/**
 * The binary form of a constant of a date or time type; null where the text is not one in the ISO style. A time zone must be
 * written as an offset where the type has one, and must not be where it has none: else the session would decide what is meant.
 */
export function momentConstant(text: string, kind: TimeKind): Buffer | null {
  switch (kind) {
    case 'date':
      return date(text)
    case 'timestamp':
    case 'timestamptz':
      return timestamp(text, kind === 'timestamptz')
    case 'time':
    case 'timetz':
      return time(text, kind === 'timetz')
    case 'interval':
      break
  }
  return interval(text)
}

function date(text: string): Buffer | null {
  if (text === 'infinity') return Buffer.from('7fffffff', 'hex')
  if (text === '-infinity') return Buffer.from('80000000', 'hex')
  const moment = text.includes(':') ? null : parseMoment(text)
  return moment === null || moment.day < firstDay || moment.day >= endOfDates
    ? null
    : int32(moment.day - daysToPostgresEpoch)
}

function timestamp(text: string, zoned: boolean): Buffer | null {
  if (text === 'infinity') return Buffer.from('7fffffffffffffff', 'hex')
  if (text === '-infinity') return Buffer.from('8000000000000000', 'hex')
  const moment = text.includes(':') ? parseMoment(text) : null
  if (moment === null || (moment.offset !== null) !== zoned) return null
  // A day's margin at both ends, so that no offset leads out of the range.
  if (moment.day <= firstDay || moment.day >= endOfTimestamps - 1) return null
  const days = BigInt(moment.day - daysToPostgresEpoch) * BigInt(microsecondsPerDay)
  return int64(days + BigInt(moment.microseconds) - BigInt(moment.offset ?? 0) * 1_000_000n)
}

function time(text: string, zoned: boolean): Buffer | null {
  const moment = parseTimeOfDay(text)
  if (moment === null || (moment.offset !== null) !== zoned) return null
  const microseconds = int64(BigInt(moment.microseconds))
  // The binary form counts seconds west of UTC.
  return moment.offset === null ? microseconds : Buffer.concat([microseconds, int32(0 - moment.offset)])
}

/** `1 year 2 mons 3 days 04:05:06`, each part at will. */
function interval(text: string): Buffer | null {
  const parts = intervalText.exec(text)
  if (text === '' || text.startsWith(' ') || parts === null) return null
  const [, years = '0', months = '0', days = '0', clock = '00:00:00'] = parts
  const microseconds = parseTimeOfDay(clock)?.microseconds
  if (microseconds === undefined) return null
  return Buffer.concat([int64(BigInt(microseconds)), int32(Number(days)), int32(Number(years) * 12 + Number(months))])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}
