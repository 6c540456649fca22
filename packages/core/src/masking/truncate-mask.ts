import type { CellMask } from './cell-mask.ts'
import { PostgresIntegers } from './integer-value.ts'
import { numericModifier } from './numeric-value.ts'
import { PostgresFloats, TruncateFloatMask, TruncateIntegerMask, TruncateNumericMask } from './truncate-number.ts'
import { TruncateDateMask, TruncateTimestampMask } from './truncate-time.ts'
import type { TimeUnit } from './truncate-time.ts'
import type { TypeKind } from './type-table.ts'
import type { CellFormat, ValueType } from './value-type.ts'

/**
 * Makes the truncation of a type; null where `to` means nothing on it, or would leave every value as it is: a date cut to
 * the day, a whole number cut to multiples of one.
 */
export function compileTruncateMask(
  to: TimeUnit | number,
  type: ValueType,
  kind: TypeKind,
  format: CellFormat,
  redacted: CellMask,
): CellMask | null {
  if (typeof to === 'number') return compileNumber(to, type, kind, format, redacted)
  if (kind === 'date') return to === 'year' || to === 'month' ? new TruncateDateMask(to, format, redacted) : null
  if (kind === 'timestamp') return new TruncateTimestampMask(to, format, false, redacted)
  if (kind === 'timestamptz') return new TruncateTimestampMask(to, format, true, redacted)
  return null
}

function compileNumber(
  multiple: number,
  type: ValueType,
  kind: TypeKind,
  format: CellFormat,
  redacted: CellMask,
): CellMask | null {
  if (kind === 'float') return new TruncateFloatMask(multiple, new PostgresFloats(type.name, format), redacted)
  if (kind === 'integer') {
    return multiple === 1 ? null : new TruncateIntegerMask(multiple, new PostgresIntegers(type.name, format), redacted)
  }
  if (kind !== 'numeric') return null
  const scale = numericModifier(type.modifier)?.scale ?? 1
  // numeric(p,-2) holds multiples of 100 anyway.
  const unchanged = scale <= 0 && 10 ** -scale % multiple === 0
  return unchanged ? null : new TruncateNumericMask(multiple, type, format, redacted)
}
