import { ArrayBinaryMask } from './array-binary-mask.ts'
import { ArrayTextMask } from './array-text-mask.ts'
import { ConstantMask, MaskNotApplicable, NullMask, WithholdingMask } from './cell-mask.ts'
import type { CellMask } from './cell-mask.ts'
import { constantValue } from './constant-value.ts'
import { EmailMask } from './email-mask.ts'
import { compileHashMask } from './hash-mask.ts'
import { refuseNonsense } from './mask-numbers.ts'
import type { MaskSpec } from './mask-spec.ts'
import type { MaskingKeys } from './masking-keys.ts'
import { PartialMask } from './partial-mask.ts'
import { compilePseudonymMask } from './pseudonym-mask.ts'
import { characterLimit, filledWidth, redactedValue } from './redacted-value.ts'
import { compileTruncateMask } from './truncate-mask.ts'
import { elementOf, hasOwnMask, rowOf } from './type-table.ts'
import type { CellFormat, ValueType } from './value-type.ts'

/**
 * Makes a mask ready for the cells of one column: the type and the format of the result field are settled here, once.
 * Arrays are masked element by element; a mask that means nothing on a type redacts; a type no masked value can be written
 * for becomes NULL. `keys` are used by `hash` and `pseudonym` alone.
 * Throws `MaskNotApplicable` where the constant is not a value of the type, the mask's own numbers make no sense, or the key it
 * names is not there.
 */
export function compileCellMask(spec: MaskSpec, type: ValueType, format: CellFormat, keys: MaskingKeys): CellMask {
  refuseNonsense(spec)
  if (spec.kind === 'null') return new NullMask()
  if (spec.kind === 'withhold') {
    // A constant `false` would be read as the answer to a question.
    const bytes = type.name === 'bool' ? null : redactedValue(type, format)
    return bytes === null ? new NullMask() : new WithholdingMask(bytes)
  }
  const element = elementOf(type)
  if (element === null) return compileScalarMask(spec, type, format, keys)
  const inner = compileScalarMask(spec, element, format, keys)
  const redacted = compileRedaction(type, format)
  // An element no masked value can be written for would leave an array of NULLs behind; the whole value goes instead.
  if (inner instanceof NullMask) return inner
  return format === 0
    ? new ArrayTextMask(inner, element.name === 'box' ? ';' : ',', redacted)
    : new ArrayBinaryMask(inner, element.oid, redacted)
}

/** Says in one sentence why `compileCellMask` would throw; null where it would not. For policy checks, before any row is there. */
export function checkMask(spec: MaskSpec, type: ValueType): string | null {
  try {
    refuseNonsense(spec)
    if (spec.kind === 'constant') compileConstant(spec.value, elementOf(type) ?? type, 1)
    return null
  } catch (error) {
    if (error instanceof MaskNotApplicable) return error.message
    throw error
  }
}

/** What a mask comes to on a type: what its name says, or `redact`, or NULL. An array answers for its elements. */
export function maskEffect(spec: MaskSpec, type: ValueType): 'as named' | 'redacts' | 'becomes NULL' {
  const inner = elementOf(type) ?? type
  if (spec.kind === 'null') return 'as named'
  if (redactedValue(inner, 0) === null) return 'becomes NULL'
  if (spec.kind === 'redact' || spec.kind === 'withhold' || spec.kind === 'constant') return 'as named'
  const row = rowOf(inner)
  if (row === null || !hasOwnMask(spec.kind, row.kind)) return 'redacts'
  return spec.kind === 'truncate' && compileTruncateMask(spec.to, inner, row.kind, 0, new NullMask()) === null
    ? 'redacts'
    : 'as named'
}

function compileScalarMask(spec: MaskSpec, type: ValueType, format: CellFormat, keys: MaskingKeys): CellMask {
  const redacted = compileRedaction(type, format)
  if (redacted instanceof NullMask) return redacted
  if (spec.kind === 'constant') return compileConstant(spec.value, type, format)
  const row = rowOf(type)
  if (row === null || !hasOwnMask(spec.kind, row.kind)) return redacted
  const blankFilled = type.name === 'bpchar'
  switch (spec.kind) {
    case 'partial':
      return new PartialMask(spec.keepFirst, spec.keepLast, blankFilled, redacted)
    case 'email':
      return new EmailMask(characterLimit(type), filledWidth(type), blankFilled, redacted)
    case 'hash':
      return compileHashMask(type, row.kind, format, keys.hashKey(spec.key ?? null), redacted)
    case 'pseudonym': {
      const stream = keys.pseudonymStream(spec.key ?? null, spec.domain)
      return compilePseudonymMask(stream, type, row.kind, format, redacted)
    }
    case 'truncate':
      return compileTruncateMask(spec.to, type, row.kind, format, redacted) ?? redacted
    case 'redact':
    case 'withhold':
    case 'null':
      break
  }
  return redacted
}

function compileRedaction(type: ValueType, format: CellFormat): CellMask {
  const bytes = redactedValue(type, format)
  return bytes === null ? new NullMask() : new ConstantMask(bytes)
}

function compileConstant(value: string, type: ValueType, format: CellFormat): CellMask {
  const bytes = constantValue(value, type, format)
  return bytes === null ? new NullMask() : new ConstantMask(bytes)
}
