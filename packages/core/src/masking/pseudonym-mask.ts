import type { CellMask } from './cell-mask.ts'
import { PostgresIntegers } from './integer-value.ts'
import type { KeyedStream } from './keyed-stream.ts'
import { PseudonymByteaMask, PseudonymHardwareMask, PseudonymUuidMask } from './pseudonym-bytes.ts'
import { PseudonymNetworkMask } from './pseudonym-network.ts'
import { PseudonymIntegerMask, PseudonymNumericMask } from './pseudonym-number.ts'
import { PseudonymTextMask } from './pseudonym-text.ts'
import { PseudonymDateMask, PseudonymTimeMask, PseudonymTimestampMask } from './pseudonym-time.ts'
import { characterLimit, filledWidth } from './redacted-value.ts'
import { RememberingMask } from './remembering-mask.ts'
import type { TypeKind } from './type-table.ts'
import type { CellFormat, ValueType } from './value-type.ts'

/**
 * Replaces values by other values of their shape: the same value gives the same one under one key and domain, in both
 * formats and in every type of its kind; different values give different ones where docs/masks.md says so; nothing leads
 * back without the key. A type that has no pseudonyms is redacted.
 */
export function compilePseudonymMask(
  stream: KeyedStream,
  type: ValueType,
  kind: TypeKind,
  format: CellFormat,
  redacted: CellMask,
): CellMask {
  const mask = pseudonymOf(stream, type, kind, format, redacted)
  return mask === null ? redacted : new RememberingMask(mask)
}

function pseudonymOf(
  stream: KeyedStream,
  type: ValueType,
  kind: TypeKind,
  format: CellFormat,
  redacted: CellMask,
): CellMask | null {
  switch (kind) {
    case 'character':
      return new PseudonymTextMask(stream, characterLimit(type), filledWidth(type), type.name === 'bpchar', redacted)
    case 'integer':
    case 'oid':
      return new PseudonymIntegerMask(stream, new PostgresIntegers(type.name, format), redacted)
    case 'numeric':
      return new PseudonymNumericMask(stream, type, format, redacted)
    case 'date':
      return new PseudonymDateMask(stream, format, redacted)
    case 'timestamp':
    case 'timestamptz':
      return new PseudonymTimestampMask(stream, format, kind === 'timestamptz', redacted)
    case 'time':
      return new PseudonymTimeMask(stream, format, redacted)
    case 'uuid':
      return new PseudonymUuidMask(stream, format, redacted)
    case 'bytea':
      return new PseudonymByteaMask(stream, format, redacted)
    case 'network':
      return new PseudonymNetworkMask(stream, type.name === 'cidr', format, redacted)
    case 'hardware':
      return new PseudonymHardwareMask(stream, type.name === 'macaddr8' ? 8 : 6, format, redacted)
    default:
      return null
  }
}
