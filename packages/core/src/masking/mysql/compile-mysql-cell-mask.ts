import { createSecretKey } from 'node:crypto'
import { ConstantMask, MaskNotApplicable, NullMask, WithholdingMask } from '../cell-mask.ts'
import type { CellMask } from '../cell-mask.ts'
import { EmailMask } from '../email-mask.ts'
import { compileHashMask, IntegerHashMask } from '../hash-mask.ts'
import { refuseNonsense } from '../mask-numbers.ts'
import type { MaskSpec } from '../mask-spec.ts'
import type { MaskingKeys } from '../masking-keys.ts'
import { PartialMask } from '../partial-mask.ts'
import { compilePseudonymMask } from '../pseudonym-mask.ts'
import { PseudonymIntegerMask } from '../pseudonym-number.ts'
import { RememberingMask } from '../remembering-mask.ts'
import { TruncateFloatMask, TruncateIntegerMask, TruncateNumericMask } from '../truncate-number.ts'
import type { TimeUnit } from '../truncate-time.ts'
import type { TypeKind } from '../type-table.ts'
import { filledBytes, kindOf, lengthLimit, MYSQL_FLAGS } from './column-type.ts'
import type { MysqlCellFormat, MysqlColumnType, MysqlKind } from './column-type.ts'
import { mysqlConstant } from './mysql-constant.ts'
import { MysqlFloats } from './mysql-floats.ts'
import { MysqlIntegers } from './mysql-integers.ts'
import { bytesTwin, postgresTwin } from './postgres-twin.ts'
import { redactedMysqlValue } from './redacted-mysql-value.ts'
import { SizedBytesMask, ZeroFilledMask } from './shaped-masks.ts'
import {
  PseudonymMysqlDateMask,
  PseudonymMysqlDatetimeMask,
  PseudonymMysqlTimeMask,
  PseudonymYearMask,
  TruncateMysqlMask,
  TruncateYearMask,
  YearCells,
} from './temporal-masks.ts'

/** A ZEROFILL column is filled up to at most so many digits. */
const maxFilledDigits = 255

/** The masks that mean more on a kind of column than `redact`, which works on every one, as do `null` and `constant`. */
const ownMasks: Readonly<Record<MysqlKind, readonly MaskSpec['kind'][]>> = {
  text: ['partial', 'email', 'hash', 'pseudonym'],
  bytes: ['hash', 'pseudonym'],
  'foreign text': [],
  integer: ['hash', 'pseudonym', 'truncate'],
  year: ['pseudonym', 'truncate'],
  decimal: ['pseudonym', 'truncate'],
  float: ['truncate'],
  date: ['pseudonym', 'truncate'],
  time: ['pseudonym'],
  datetime: ['pseudonym', 'truncate'],
  timestamp: ['pseudonym', 'truncate'],
  bit: [],
  json: [],
  uuid: ['hash', 'pseudonym'],
  inet4: ['pseudonym'],
  inet6: ['pseudonym'],
  other: [],
}

/** The kinds of PostgreSQL's types that stand in for a kind of column, for the masks that are the same in both. */
const twinKinds: Partial<Record<MysqlKind, TypeKind>> = {
  text: 'character',
  decimal: 'numeric',
  uuid: 'uuid',
  inet4: 'network',
  inet6: 'network',
}

/**
 * Makes a mask ready for the cells of one column of a result. It reads and writes a cell's bytes without the length before
 * them; `appendLengthEncodedCell` writes that. What is masked in text format is what is masked in binary format, and what
 * a PostgreSQL column of the like type shows. A mask that means nothing on a type redacts; a type no masked value can be
 * written for becomes NULL.
 * Throws `MaskNotApplicable` where the constant is not a value of the type, the mask's own numbers make no sense, or the
 * key it names is not there.
 */
export function compileMysqlCellMask(
  spec: MaskSpec,
  type: MysqlColumnType,
  format: MysqlCellFormat,
  keys: MaskingKeys,
): CellMask {
  refuseNonsense(spec)
  const mask = compileMask(spec, type, format, keys)
  const kind = kindOf(type)
  const digits = kind === 'decimal' || (format === 'text' && (kind === 'integer' || kind === 'float'))
  if (!digits || (type.flags & MYSQL_FLAGS.zerofill) === 0 || type.columnLength > maxFilledDigits) return mask
  return mask instanceof NullMask ? mask : new ZeroFilledMask(mask, type.columnLength)
}

/** Says in one sentence why `compileMysqlCellMask` would throw; null where it would not. For policy checks, before any row is there. */
export function checkMysqlMask(spec: MaskSpec, type: MysqlColumnType): string | null {
  try {
    refuseNonsense(spec)
    if (spec.kind === 'constant') mysqlConstant(spec.value, type, 'binary')
    return null
  } catch (error) {
    if (error instanceof MaskNotApplicable) return error.message
    throw error
  }
}

/** What a mask comes to on a column: what its name says, or `redact`, or NULL. */
export function mysqlMaskEffect(spec: MaskSpec, type: MysqlColumnType): 'as named' | 'redacts' | 'becomes NULL' {
  if (spec.kind === 'null') return 'as named'
  if (redactedMysqlValue(type, 'text') === null) return 'becomes NULL'
  if (spec.kind === 'redact' || spec.kind === 'withhold' || spec.kind === 'constant') return 'as named'
  const kind = kindOf(type)
  if (!ownMasks[kind].includes(spec.kind)) return 'redacts'
  return spec.kind === 'truncate' && compileTruncation(spec.to, type, kind, 'text', new NullMask()) === null
    ? 'redacts'
    : 'as named'
}

function compileMask(spec: MaskSpec, type: MysqlColumnType, format: MysqlCellFormat, keys: MaskingKeys): CellMask {
  const kind = kindOf(type)
  const bytes = redactedMysqlValue(type, format)
  if (bytes === null || spec.kind === 'null') return new NullMask()
  const redacted = new ConstantMask(bytes)
  if (spec.kind === 'withhold') {
    // A number of one digit is what a condition gives: a constant 0 would be read as the answer to a question.
    return kind === 'integer' && type.columnLength <= 1 ? new NullMask() : new WithholdingMask(bytes)
  }
  if (spec.kind === 'constant') {
    const constant = mysqlConstant(spec.value, type, format)
    return constant === null ? new NullMask() : new ConstantMask(constant)
  }
  if (!ownMasks[kind].includes(spec.kind)) return redacted
  switch (spec.kind) {
    case 'partial':
      return new PartialMask(spec.keepFirst, spec.keepLast, false, redacted)
    case 'email':
      return new EmailMask(lengthLimit(type), 0, false, redacted)
    case 'hash':
      return compileHash(spec.key ?? null, type, kind, format, keys, redacted)
    case 'pseudonym':
      return compilePseudonym(spec, type, kind, format, keys, redacted)
    case 'truncate':
      return compileTruncation(spec.to, type, kind, format, redacted) ?? redacted
    case 'redact':
      break
  }
  return redacted
}

function compileHash(
  key: string | null,
  type: MysqlColumnType,
  kind: MysqlKind,
  format: MysqlCellFormat,
  keys: MaskingKeys,
  redacted: CellMask,
): CellMask {
  const hashKey = keys.hashKey(key)
  if (kind === 'integer') {
    return new IntegerHashMask(createSecretKey(hashKey.expose()), new MysqlIntegers(type, format), redacted)
  }
  if (kind === 'bytes') {
    const inner = compileHashMask(bytesTwin, 'bytea', 1, hashKey, redacted)
    return new SizedBytesMask(inner, lengthLimit(type), filledBytes(type))
  }
  const twin = postgresTwin(type, kind)
  const twinKind = twinKinds[kind]
  return twin === null || twinKind === undefined ? redacted : compileHashMask(twin, twinKind, 0, hashKey, redacted)
}

function compilePseudonym(
  spec: Extract<MaskSpec, { kind: 'pseudonym' }>,
  type: MysqlColumnType,
  kind: MysqlKind,
  format: MysqlCellFormat,
  keys: MaskingKeys,
  redacted: CellMask,
): CellMask {
  const stream = keys.pseudonymStream(spec.key ?? null, spec.domain)
  switch (kind) {
    case 'integer':
      return new RememberingMask(new PseudonymIntegerMask(stream, new MysqlIntegers(type, format), redacted))
    case 'year': {
      const cells = new YearCells(new MysqlIntegers(type, format), format)
      return new RememberingMask(new PseudonymYearMask(stream, cells, redacted))
    }
    case 'date':
      return new RememberingMask(new PseudonymMysqlDateMask(stream, format, redacted))
    case 'datetime':
    case 'timestamp':
      return new RememberingMask(new PseudonymMysqlDatetimeMask(stream, kind === 'timestamp', format, redacted))
    case 'time':
      return new RememberingMask(new PseudonymMysqlTimeMask(stream, format, redacted))
    case 'bytes': {
      const inner = compilePseudonymMask(stream, bytesTwin, 'bytea', 1, redacted)
      return new SizedBytesMask(inner, lengthLimit(type), filledBytes(type))
    }
    default: {
      const twin = postgresTwin(type, kind)
      const twinKind = twinKinds[kind]
      return twin === null || twinKind === undefined
        ? redacted
        : compilePseudonymMask(stream, twin, twinKind, 0, redacted)
    }
  }
}

/** Null where `to` means nothing on the column, or would leave every value as it is. */
function compileTruncation(
  to: TimeUnit | number,
  type: MysqlColumnType,
  kind: MysqlKind,
  format: MysqlCellFormat,
  redacted: CellMask,
): CellMask | null {
  if (typeof to !== 'number') {
    if (kind === 'date')
      return to === 'year' || to === 'month' ? new TruncateMysqlMask(to, kind, format, redacted) : null
    return kind === 'datetime' || kind === 'timestamp' ? new TruncateMysqlMask(to, kind, format, redacted) : null
  }
  switch (kind) {
    case 'integer':
      return to === 1 ? null : new TruncateIntegerMask(to, new MysqlIntegers(type, format), redacted)
    case 'year':
      return to === 1
        ? null
        : new TruncateYearMask(to, new YearCells(new MysqlIntegers(type, format), format), redacted)
    case 'float':
      return new TruncateFloatMask(to, new MysqlFloats(type, format), redacted)
    case 'decimal': {
      const twin = postgresTwin(type, kind)
      const unchanged = to === 1 && type.decimals === 0
      return twin === null || unchanged ? null : new TruncateNumericMask(to, twin, 0, redacted)
    }
    default:
      return null
  }
}
