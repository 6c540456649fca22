import { bitBytes, filledBytes, fixedDecimals, kindOf, lengthLimit } from './column-type.ts'
import type { MysqlCellFormat, MysqlColumnType } from './column-type.ts'
import { floatBytes } from './mysql-floats.ts'
import { integerBytes } from './mysql-integers.ts'
import { TemporalValue } from './temporal-value.ts'
import { GrowableOutput } from '../cell-output.ts'

/**
 * The redacted value of a column, without a length before it; see docs/masks.md for each. Null where there is none, and the
 * value must become NULL: ENUM and SET, geometry, and what is not known.
 */
export function redactedMysqlValue(type: MysqlColumnType, format: MysqlCellFormat): Buffer | null {
  const kind = kindOf(type)
  switch (kind) {
    case 'text':
    case 'foreign text':
      return Buffer.from('[redacted]'.slice(0, lengthLimit(type)))
    case 'bytes':
      return Buffer.alloc(filledBytes(type))
    case 'integer':
      return format === 'text' ? Buffer.from('0') : Buffer.alloc(integerBytes(type))
    case 'year':
      return format === 'text' ? Buffer.from('0000') : Buffer.alloc(integerBytes(type))
    case 'decimal':
      return Buffer.from('0')
    case 'float':
      return format === 'text' ? Buffer.from('0') : Buffer.alloc(floatBytes(type))
    case 'date':
    case 'datetime':
    case 'timestamp':
    case 'time':
      return redactedTime(kind, type, format)
    case 'bit':
      return Buffer.alloc(bitBytes(type))
    case 'json':
      return Buffer.from('"[redacted]"')
    case 'uuid':
      return Buffer.from('00000000-0000-0000-0000-000000000000')
    case 'inet4':
      return Buffer.from('0.0.0.0')
    case 'inet6':
      return Buffer.from('::')
    case 'other':
      break
  }
  return null
}

/** The first day of 1970; of a TIMESTAMP the second one, which there is in every time zone. */
function redactedTime(
  kind: 'date' | 'datetime' | 'timestamp' | 'time',
  type: MysqlColumnType,
  format: MysqlCellFormat,
): Buffer {
  const value = new TemporalValue(kind === 'timestamp' ? 'datetime' : kind)
  if (kind !== 'time') value.setDay(kind === 'timestamp' ? 1 : 0)
  value.fractionDigits = Math.min(fixedDecimals(type) ?? 0, 6)
  const out = new GrowableOutput(32)
  value.write(out, format)
  return out.bytes.subarray(0, out.length)
}
