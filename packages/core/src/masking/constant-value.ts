import { MaskNotApplicable } from './cell-mask.ts'
import { integerBytes, isInRange } from './integer-value.ts'
import { jsonProblem } from './json-constant.ts'
import { parseHardwareAddress, parseNetwork } from './network-constant.ts'
import { numericBinary, numericModifier, parseNumeric } from './numeric-value.ts'
import { bitsValue, bitWidth, characterLimit, filledWidth, formatted, redactedValue } from './redacted-value.ts'
import { momentConstant } from './time-constant.ts'
import { parseFloatText } from './truncate-number.ts'
import { rowOf } from './type-table.ts'
import type { TypeRow } from './type-table.ts'
import { parseUuid } from './uuid-value.ts'
import type { CellFormat, ValueType } from './value-type.ts'

/**
 * A mask's constant as a value of a type, in the format asked for. Null where no value but NULL can be written for the
 * type. Throws `MaskNotApplicable` where the text is not a value of the type, in the notation docs/masks.md gives for it.
 */
export function constantValue(value: string, type: ValueType, format: CellFormat): Buffer | null {
  if (redactedValue(type, format) === null) return null
  const row = rowOf(type)
  const bytes = row === null ? enumLabel(value, type) : rowConstant(value, row, type, format)
  if (bytes === null) throw new MaskNotApplicable(`constant: ${shown(value)} is not a value of type ${shownType(type)}`)
  return bytes
}

/** A label of the enum, which is the same bytes in both formats. */
function enumLabel(value: string, type: ValueType): Buffer | null {
  return type.enumLabels?.includes(value) === true ? Buffer.from(value) : null
}

function rowConstant(value: string, row: TypeRow, type: ValueType, format: CellFormat): Buffer | null {
  switch (row.kind) {
    case 'character':
      return characters(value, row, type, format)
    case 'byte':
      // "char" holds one byte; beyond ASCII it is no character of UTF-8.
      return /^[\x20-\x7e]$/.test(value) ? Buffer.from(value) : null
    case 'integer':
    case 'oid':
      return integer(value, type, format)
    case 'numeric':
      return numeric(value, type, format)
    case 'float':
      return float(value, type, format)
    case 'boolean':
      return boolean(value, format)
    case 'date':
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
    case 'interval':
      return inFormat(value, momentConstant(value, row.kind), format)
    case 'uuid':
      return inFormat(value, parseUuid(value), format)
    case 'bytea':
      return /^\\x(?:[0-9a-f]{2})*$/i.test(value) ? inFormat(value, Buffer.from(value.slice(2), 'hex'), format) : null
    case 'json':
      return jsonProblem(value) ? null : formatted(row, value, format)
    case 'xml':
      // Without a reader for markup: plain text, which is content, or the redacted element.
      return value === row.text || isPlainXmlText(value) ? Buffer.from(value) : null
    case 'bit':
      return bits(value, type, format)
    case 'network':
      return inFormat(value, parseNetwork(value, type.name === 'cidr'), format)
    case 'hardware':
      return inFormat(value, parseHardwareAddress(value, type.name === 'macaddr8' ? 8 : 6), format)
    case 'other':
      break
  }
  return value === row.text ? formatted(row, value, format) : null
}

function inFormat(text: string, binary: Buffer | null, format: CellFormat): Buffer | null {
  return binary === null || format === 1 ? binary : Buffer.from(text)
}

function characters(value: string, row: TypeRow, type: ValueType, format: CellFormat): Buffer | null {
  if (!value.isWellFormed() || value.includes('\0')) return null
  const length = type.name === 'name' ? Buffer.byteLength(value) : Array.from(value).length
  if (length > characterLimit(type)) return null
  return formatted(row, value + ' '.repeat(Math.max(filledWidth(type) - length, 0)), format)
}

function integer(value: string, type: ValueType, format: CellFormat): Buffer | null {
  if (!/^-?\d{1,20}$/.test(value) || !isInRange(BigInt(value), type.name)) return null
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return inFormat(value, bytes.subarray(8 - integerBytes(type.name)), format)
}

function numeric(value: string, type: ValueType, format: CellFormat): Buffer | null {
  const parsed = parseNumeric(value)
  if (parsed === null) return null
  const modifier = numericModifier(type.modifier)
  if (typeof parsed !== 'string' && modifier !== null) {
    const { precision, scale } = modifier
    if (parsed.whole.length > precision - scale || parsed.fraction.length > Math.max(scale, 0)) return null
    if (scale < 0 && !/^0*$/.test(parsed.whole.slice(scale))) return null
    // Of numeric(2,4) the first two digits behind the point are always zero.
    if (scale > precision && !/^0*$/.test(parsed.fraction.slice(0, scale - precision))) return null
  }
  // The infinities do not fit a precision.
  if (modifier !== null && (parsed === 'Infinity' || parsed === '-Infinity')) return null
  return inFormat(value, numericBinary(parsed), format)
}

function float(value: string, type: ValueType, format: CellFormat): Buffer | null {
  const parsed = parseFloatText(value)
  if (parsed === null) return null
  const stored = type.name === 'float4' ? Math.fround(parsed) : parsed
  // The server refuses what rounds to infinity or to zero.
  if (Number.isFinite(parsed) && !Number.isFinite(stored)) return null
  if (stored === 0 && /[1-9]/.test(value.replace(/e.*$/i, ''))) return null
  const bytes = Buffer.alloc(type.name === 'float4' ? 4 : 8)
  if (type.name === 'float4') bytes.writeFloatBE(stored)
  else bytes.writeDoubleBE(stored)
  return inFormat(value, bytes, format)
}

function boolean(value: string, format: CellFormat): Buffer | null {
  const truth = value === 'true' || value === 't' ? true : value === 'false' || value === 'f' ? false : null
  return truth === null ? null : inFormat(truth ? 't' : 'f', Buffer.from([truth ? 1 : 0]), format)
}

function bits(value: string, type: ValueType, format: CellFormat): Buffer | null {
  const exact = bitWidth(type)
  const most = type.name === 'varbit' && type.modifier > 0 ? type.modifier : Infinity
  if (!/^[01]*$/.test(value) || value.length > most || (exact !== -1 && value.length !== exact)) return null
  return bitsValue(value, format)
}

function isPlainXmlText(value: string): boolean {
  return value.isWellFormed() && /^[^<>&\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]+$/.test(value)
}

function shown(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
}

function shownType(type: ValueType): string {
  if (type.enumLabels !== null) return `${type.name} (labels: ${type.enumLabels.slice(0, 10).join(', ')})`
  const limit = characterLimit(type)
  return Number.isFinite(limit) && type.name !== 'name' ? `${type.name}(${limit})` : type.name
}
