import { elementOf, rowOf } from './type-table.ts'
import type { TypeRow } from './type-table.ts'
import type { CellFormat, ValueType } from './value-type.ts'

/** `char(n)` is filled up with blanks to at most this many characters; beyond, the server accepts it unfilled. */
const maxFilledCharacters = 4096
/** A `bit(n)` longer than this many bits becomes NULL: its neutral value would itself be large. */
const maxBits = 65_536
/** `NAMEDATALEN` - 1 (PostgreSQL manual, "Identifiers and Key Words"). */
const maxNameBytes = 63

/** The most characters a value of this type may have; `Infinity` where nothing limits it. For `name` the unit is bytes. */
export function characterLimit(type: ValueType): number {
  if (type.name === 'name') return maxNameBytes
  // The modifier of varchar(n) and char(n) counts a 4-byte header that is no longer stored.
  if ((type.name === 'varchar' || type.name === 'bpchar') && type.modifier >= 4) return type.modifier - 4
  return Infinity
}

/** How many characters `char(n)` is filled up to with blanks; 0 for every other type. */
export function filledWidth(type: ValueType): number {
  const limit = type.name === 'bpchar' ? characterLimit(type) : Infinity
  return limit <= maxFilledCharacters ? limit : 0
}

/** The exact number of bits of `bit(n)`; -1 where any number will do. */
export function bitWidth(type: ValueType): number {
  return type.name === 'bit' && type.modifier > 0 ? type.modifier : -1
}

/**
 * The redacted value of a type, in the format asked for, valid under its modifier; see docs/masks.md for each.
 * Null where there is none, and the value must become NULL: composites, enums without labels, and types not in the table.
 */
export function redactedValue(type: ValueType, format: CellFormat): Buffer | null {
  if (type.enumLabels !== null) {
    const label = type.enumLabels[0]
    return label === undefined ? null : Buffer.from(label)
  }
  const row = rowOf(type)
  if (row !== null) return redactedRowValue(row, type, format)
  const element = elementOf(type)
  return element === null ? null : emptyArray(element, format)
}

function redactedRowValue(row: TypeRow, type: ValueType, format: CellFormat): Buffer | null {
  const bits = bitWidth(type)
  if (bits !== -1) return bits > maxBits ? null : bitsValue('0'.repeat(bits), format)
  const text = row.kind === 'character' ? row.text.slice(0, characterLimit(type)).padEnd(filledWidth(type)) : row.text
  return formatted(row, text, format)
}

/** A row's text as bytes; in binary format only for types whose binary form is made of text, or for the row's own redacted text. */
export function formatted(row: TypeRow, text: string, format: CellFormat): Buffer {
  if (format === 0 || row.binary === 'text') return Buffer.from(text)
  if (row.binary === 'versioned') return Buffer.from(`\u0001${text}`)
  return Buffer.from(row.binary, 'hex')
}

/** A value of `bit` or `varbit` from its zeros and ones. */
export function bitsValue(bits: string, format: CellFormat): Buffer {
  if (format === 0) return Buffer.from(bits)
  const bytes = Buffer.alloc(4 + Math.ceil(bits.length / 8))
  bytes.writeInt32BE(bits.length)
  for (let index = 0; index < bits.length; index++) {
    if (bits[index] === '1') bytes[4 + (index >> 3)] = (bytes[4 + (index >> 3)] ?? 0) | (0x80 >> (index & 7))
  }
  return bytes
}

function emptyArray(element: ValueType, format: CellFormat): Buffer {
  if (format === 0) return Buffer.from('{}')
  const bytes = Buffer.alloc(12)
  bytes.writeUInt32BE(element.oid, 8)
  return bytes
}
