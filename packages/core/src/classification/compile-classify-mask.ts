import { ArrayBinaryMask } from '../masking/array-binary-mask.ts'
import { ArrayTextMask } from '../masking/array-text-mask.ts'
import type { CellMask } from '../masking/cell-mask.ts'
import type { CellFormat, ValueType } from '../masking/value-type.ts'
import { textForm } from './classified-types.ts'
import { ArrayMask, EmptyArrayMask, HstoreBinaryMask, NoticingMask, RecordBinaryMask } from './nested-masks.ts'
import { LabellingMask, StarringMask } from './plain-text-mask.ts'
import { QuotedTextMask } from './quoted-text-mask.ts'
import { hasEscape } from './quoted-text.ts'
import type { TextRedactor } from './text-redactor.ts'

/** A type as the classifying masks need it. */
export interface ClassifiedType {
  readonly type: ValueType
  /** It is a row type. */
  readonly composite: boolean
  /** Its elements' type, and the OID that arrays name it by (a domain's own); null where it is no array. */
  readonly element: { readonly oid: number; readonly type: ClassifiedType } | null
}

/** The type that an OID means, for values inside row values. */
export type TypeByOid = (oid: number) => ClassifiedType

/** What looks through text and replaces what it finds. Masks of many columns share it: each is done with a cell before the next begins. */
export interface Redactors {
  readonly outer: TextRedactor
  /** For strings inside a text, while what `outer` found in the whole is still needed. */
  readonly inner: TextRedactor
}

/** Row values stand in each other to this depth; what is deeper is looked at as bytes. */
const maxDepth = 8

/** Characters that hold a row value, a range or a search vector together. */
const structural = '"\\(),[]{}\''

/**
 * Makes the mask that looks through the cells of one column; null where its type holds no text. Cells in which nothing is
 * found stay as they are, byte for byte.
 */
export function compileClassifyMask(
  type: ClassifiedType,
  format: CellFormat,
  redactors: Redactors,
  typeByOid: TypeByOid,
  depth = 0,
): CellMask | null {
  if (type.element !== null) return compileArray(type.element, format, redactors, typeByOid, depth)
  const { outer } = redactors
  switch (textForm(type.type, type.composite)) {
    case 'none':
      return null
    case 'text':
      return new LabellingMask(outer)
    case 'limited':
      return new StarringMask(outer, '', false)
    case 'json':
      return new QuotedTextMask(outer, redactors.inner, 'json')
    case 'jsonb':
      return new QuotedTextMask(outer, redactors.inner, format === 1 ? 'jsonb binary' : 'json')
    case 'xml':
      return new StarringMask(outer, '<>"\'', false)
    case 'hstore':
      if (format === 0) return new QuotedTextMask(outer, redactors.inner, 'hstore')
      return new HstoreBinaryMask(new LabellingMask(outer), new StarringMask(outer, '', true))
    case 'record':
      if (format === 0 || depth >= maxDepth) return new StarringMask(outer, structural, format === 1)
      return compileRecord(redactors, typeByOid, depth)
    case 'other':
      return new StarringMask(outer, structural, format === 1)
    default:
      return null
  }
}

function compileRecord(redactors: Redactors, typeByOid: TypeByOid, depth: number): CellMask {
  const masks = new Map<number, CellMask | null>()
  const maskOf = (oid: number): CellMask | null => {
    let mask = masks.get(oid)
    if (mask === undefined) {
      mask = compileClassifyMask(typeByOid(oid), 1, redactors, typeByOid, depth + 1)
      masks.set(oid, mask)
    }
    return mask
  }
  return new RecordBinaryMask(maskOf, new StarringMask(redactors.outer, '', true))
}

function compileArray(
  element: { readonly oid: number; readonly type: ClassifiedType },
  format: CellFormat,
  redactors: Redactors,
  typeByOid: TypeByOid,
  depth: number,
): CellMask | null {
  const inner = compileClassifyMask(element.type, format, redactors, typeByOid, depth)
  if (inner === null) return null
  const noticing = new NoticingMask(inner)
  if (format === 1) {
    const empty = Buffer.alloc(12)
    empty.writeUInt32BE(element.oid, 8)
    const array = new ArrayBinaryMask(noticing, element.oid, new EmptyArrayMask(noticing, empty))
    return new ArrayMask(array, noticing, null)
  }
  const whole = redactors.outer
  const array = new ArrayTextMask(noticing, ',', new EmptyArrayMask(noticing, Buffer.from('{}')))
  return new ArrayMask(
    array,
    noticing,
    (source, start, end) => !hasEscape(source, start, end) && whole.keeps(source, start, end),
  )
}
