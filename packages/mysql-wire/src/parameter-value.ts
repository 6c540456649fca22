import { PayloadReader } from './payload-reader.ts'
import { ProtocolError } from './protocol-error.ts'
import { BINARY_FORMS, BinaryForm, ColumnType } from './result-column-type.ts'

/** Types whose values the manual gives no form that a client sends. A NULL is in the bitmap, whatever its type. */
const NOT_SENT: readonly number[] = [
  ColumnType.NULL,
  ColumnType.NEWDATE,
  ColumnType.TIMESTAMP2,
  ColumnType.DATETIME2,
  ColumnType.TIME2,
]
const FORMS = BINARY_FORMS.slice()
for (const type of NOT_SENT) FORMS[type] = BinaryForm.Unknown

/** Of a parameter's two bytes of type, the flag that its integer is unsigned. */
export const UNSIGNED_FLAG = 0x8000
const TIME_LENGTHS: readonly number[] = [0, 8, 12]
/** The last one has a time zone's offset: MySQL from 8.0.19 on. */
const DATETIME_LENGTHS: readonly number[] = [0, 4, 7, 11, 13]

/**
 * Passes over one value of the binary protocol and returns where its content starts, its length left out. Throws
 * `BAD_VALUE` for a type that no parameter has, NULL among them: a NULL is in the bitmap. Manual: "Binary Protocol
 * Value".
 */
export function skipParameterValue(payload: PayloadReader, type: number): number {
  const size = FORMS[type & 0xff] ?? BinaryForm.Unknown
  if (size >= 0) {
    const start = payload.offset
    payload.skip(size)
    return start
  }
  if (size === BinaryForm.Unknown)
    throw new ProtocolError('BAD_VALUE', `a parameter of the type 0x${(type & 0xff).toString(16)}`)
  const length = payload.lenencInt()
  checkLength(type & 0xff, length)
  const start = payload.offset
  payload.skip(length)
  return start
}

/**
 * A parameter's value to be recorded or compared: integers as bigint, FLOAT and DOUBLE as number, dates and times as
 * MySQL writes them, blobs, bits and geometry as a view, everything else as text (what is not UTF-8 becomes U+FFFD).
 * `type`: as sent, with `UNSIGNED_FLAG`. `bytes`: the content, its length left out.
 */
export function decodeParameterValue(type: number, bytes: Buffer): bigint | number | string | Buffer {
  const unsigned = (type & UNSIGNED_FLAG) !== 0
  switch (type & 0xff) {
    case ColumnType.TINY:
      return BigInt(unsigned ? bytes.readUInt8() : bytes.readInt8())
    case ColumnType.SHORT:
    case ColumnType.YEAR:
      return BigInt(unsigned ? bytes.readUInt16LE() : bytes.readInt16LE())
    case ColumnType.LONG:
    case ColumnType.INT24:
      return BigInt(unsigned ? bytes.readUInt32LE() : bytes.readInt32LE())
    case ColumnType.LONGLONG:
      return unsigned ? bytes.readBigUInt64LE() : bytes.readBigInt64LE()
    case ColumnType.FLOAT:
      return bytes.readFloatLE()
    case ColumnType.DOUBLE:
      return bytes.readDoubleLE()
    case ColumnType.DATE:
    case ColumnType.DATETIME:
    case ColumnType.TIMESTAMP:
      return datetimeText(bytes, (type & 0xff) === ColumnType.DATE)
    case ColumnType.TIME:
      return timeText(bytes)
    case ColumnType.TINY_BLOB:
    case ColumnType.MEDIUM_BLOB:
    case ColumnType.LONG_BLOB:
    case ColumnType.BLOB:
    case ColumnType.BIT:
    case ColumnType.GEOMETRY:
    case ColumnType.VECTOR:
      return bytes
    default:
      return bytes.toString('utf8')
  }
}

/** Dates and times have a few lengths only. */
function checkLength(type: number, length: number): void {
  if (type === ColumnType.TIME) {
    if (TIME_LENGTHS.includes(length)) return
  } else if (type === ColumnType.DATE || type === ColumnType.DATETIME || type === ColumnType.TIMESTAMP) {
    if (DATETIME_LENGTHS.includes(length)) return
  } else return
  throw new ProtocolError('BAD_VALUE', `a date or time of ${length} bytes`)
}

function datetimeText(bytes: Buffer, dateOnly: boolean): string {
  const reader = new PayloadReader(bytes)
  if (reader.remaining === 0) return dateOnly ? '0000-00-00' : '0000-00-00 00:00:00'
  const date = `${digits(reader.int2(), 4)}-${digits(reader.int1(), 2)}-${digits(reader.int1(), 2)}`
  if (reader.remaining === 0) return dateOnly ? date : `${date} 00:00:00`
  const time = clockText(reader)
  if (reader.remaining < 2) return `${date} ${time}`
  const minutes = bytes.readInt16LE(reader.offset)
  const offset = Math.abs(minutes)
  return `${date} ${time}${minutes < 0 ? '-' : '+'}${digits(Math.floor(offset / 60), 2)}:${digits(offset % 60, 2)}`
}

function timeText(bytes: Buffer): string {
  const reader = new PayloadReader(bytes)
  if (reader.remaining === 0) return '00:00:00'
  const sign = reader.int1() === 0 ? '' : '-'
  const days = reader.int4()
  return sign + clockText(reader, days * 24)
}

function clockText(reader: PayloadReader, moreHours: number = 0): string {
  const hours = reader.int1() + moreHours
  const clock = `${digits(hours, 2)}:${digits(reader.int1(), 2)}:${digits(reader.int1(), 2)}`
  return reader.remaining >= 4 ? `${clock}.${digits(reader.int4(), 6)}` : clock
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0')
}
