import { MaskNotApplicable } from '../cell-mask.ts'
import { GrowableOutput } from '../cell-output.ts'
import { constantValue } from '../constant-value.ts'
import { parseFloatText } from '../truncate-number.ts'
import { bitBytes, filledBytes, fixedDecimals, isUnsigned, kindOf, lengthLimit, MYSQL_TYPES } from './column-type.ts'
import type { MysqlCellFormat, MysqlColumnType, MysqlKind } from './column-type.ts'
import { characterSetOf } from './character-sets.ts'
import { MysqlFloats } from './mysql-floats.ts'
import { integerBytes, MysqlIntegers } from './mysql-integers.ts'
import { postgresTwin } from './postgres-twin.ts'
import { redactedMysqlValue } from './redacted-mysql-value.ts'
import { endOfTimestampDays, firstTimestampDay, YearCells } from './temporal-masks.ts'
import { TemporalValue } from './temporal-value.ts'

/**
 * A mask's constant as a value of a column, in the format asked for and without a length before it. Null where no value
 * but NULL can be written for the type. Throws `MaskNotApplicable` where the text is not a value of the type.
 */
export function mysqlConstant(value: string, type: MysqlColumnType, format: MysqlCellFormat): Buffer | null {
  if (redactedMysqlValue(type, format) === null) return null
  const kind = kindOf(type)
  const bytes = constantOf(value, type, kind, format)
  if (bytes === null) {
    const shown = JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
    throw new MaskNotApplicable(`constant: ${shown} is not a value of the column's type (${shownKind(kind, type)})`)
  }
  return bytes
}

function constantOf(value: string, type: MysqlColumnType, kind: MysqlKind, format: MysqlCellFormat): Buffer | null {
  switch (kind) {
    case 'text':
      return characterSetOf(type.characterSet) === 'utf8mb4' || !/[\u{10000}-\u{10ffff}]/u.test(value)
        ? throughTwin(value, type, kind)
        : null
    case 'foreign text':
      return /^[\x20-\x7e]*$/.test(value) && value.length <= lengthLimit(type) ? Buffer.from(value) : null
    case 'decimal':
      return /^-?\d+(?:\.\d+)?$/.test(value) && fitsSign(value, type) ? throughTwin(value, type, kind) : null
    case 'inet4':
    case 'inet6':
      return !value.includes('/') && value.includes(':') === (kind === 'inet6') ? throughTwin(value, type, kind) : null
    case 'json':
    case 'uuid':
      return throughTwin(value, type, kind)
    case 'integer':
    case 'year':
      return integer(value, type, kind, format)
    case 'float':
      return float(value, type, format)
    case 'date':
    case 'datetime':
    case 'timestamp':
    case 'time':
      return moment(value, kind, type, format)
    case 'bytes':
      return bytesOf(value, type)
    case 'bit':
      return bits(value, type)
    case 'other':
      break
  }
  return null
}

function throughTwin(value: string, type: MysqlColumnType, kind: MysqlKind): Buffer | null {
  const twin = postgresTwin(type, kind)
  return twin === null ? null : constantValue(value, twin, 0)
}

function integer(
  value: string,
  type: MysqlColumnType,
  kind: 'integer' | 'year',
  format: MysqlCellFormat,
): Buffer | null {
  const text = Buffer.from(value)
  const inText = cells(type, kind, 'text')
  const read = /^-?\d{1,20}$/.test(value) ? inText.read(text, 0, text.length) : null
  if (read === null) return null
  const out = new GrowableOutput(integerBytes(type) + 20)
  cells(type, kind, format).write(out, read)
  return out.bytes.subarray(0, out.length)
}

function cells(type: MysqlColumnType, kind: 'integer' | 'year', format: MysqlCellFormat): MysqlIntegers | YearCells {
  const integers = new MysqlIntegers(type, format)
  return kind === 'integer' ? integers : new YearCells(integers, format)
}

function float(value: string, type: MysqlColumnType, format: MysqlCellFormat): Buffer | null {
  const parsed = parseFloatText(value)
  if (parsed === null || !Number.isFinite(parsed) || !fitsSign(value, type)) return null
  const stored = type.type === MYSQL_TYPES.float ? Math.fround(parsed) : parsed
  if (!Number.isFinite(stored)) return null
  if (format === 'text') return Buffer.from(value)
  const out = new GrowableOutput(8)
  new MysqlFloats(type, format).write(out, stored)
  return out.bytes.subarray(0, out.length)
}

function fitsSign(value: string, type: MysqlColumnType): boolean {
  return !value.startsWith('-') || !isUnsigned(type)
}

function moment(
  value: string,
  kind: 'date' | 'datetime' | 'timestamp' | 'time',
  type: MysqlColumnType,
  format: MysqlCellFormat,
): Buffer | null {
  const parsed = new TemporalValue(kind === 'timestamp' ? 'datetime' : kind)
  const text = Buffer.from(value)
  if (!parsed.read(text, 0, text.length, 'text')) return null
  if (parsed.fractionDigits > (fixedDecimals(type) ?? 0)) return null
  if (kind !== 'time' && !parsed.isDay()) return null
  if (kind === 'timestamp' && !(parsed.dayNumber() >= firstTimestampDay && parsed.dayNumber() < endOfTimestampDays))
    return null
  if (parsed.timeMicroseconds() === 0) parsed.negative = false
  const out = new GrowableOutput(32)
  parsed.write(out, format)
  return out.bytes.subarray(0, out.length)
}

/** Hexadecimal digits behind `\x` or `0x`, filled with zeros to the length of BINARY(n). */
function bytesOf(value: string, type: MysqlColumnType): Buffer | null {
  if (!/^(?:\\x|0x)(?:[0-9a-f]{2})*$/i.test(value)) return null
  const bytes = Buffer.from(value.slice(2), 'hex')
  if (bytes.length > lengthLimit(type)) return null
  return Buffer.concat([bytes, Buffer.alloc(Math.max(filledBytes(type) - bytes.length, 0))])
}

/** Zeros and ones, as many as the type says. */
function bits(value: string, type: MysqlColumnType): Buffer | null {
  if (!/^[01]{1,64}$/.test(value) || value.length !== Math.min(Math.max(type.columnLength, 1), 64)) return null
  return Buffer.from(
    BigInt(`0b${value}`)
      .toString(16)
      .padStart(bitBytes(type) * 2, '0'),
    'hex',
  )
}

function shownKind(kind: MysqlKind, type: MysqlColumnType): string {
  return kind === 'text' || kind === 'bytes' ? `${kind}, at most ${lengthLimit(type)} long` : kind
}
