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

/** Makes what looks for text and replaces it: two of them, for strings inside a text are looked at beside it. */
export type MakeRedactor = () => TextRedactor

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
  make: MakeRedactor,
  typeByOid: TypeByOid,
  depth = 0,
): CellMask | null {
  if (type.element !== null) return compileArray(type.element, format, make, typeByOid, depth)
  switch (textForm(type.type, type.composite)) {
    case 'none':
      return null
    case 'text':
      return new LabellingMask(make())
    case 'limited':
      return new StarringMask(make(), '', false)
    case 'json':
      return new QuotedTextMask(make(), make(), 'json')
    case 'jsonb':
      return new QuotedTextMask(make(), make(), format === 1 ? 'jsonb binary' : 'json')
    case 'xml':
      return new StarringMask(make(), '<>"\'', false)
    case 'hstore':
      if (format === 0) return new QuotedTextMask(make(), make(), 'hstore')
      return new HstoreBinaryMask(new LabellingMask(make()), new StarringMask(make(), '', true))
    case 'record':
      if (format === 0 || depth >= maxDepth) return new StarringMask(make(), structural, format === 1)
      return compileRecord(make, typeByOid, depth)
    case 'other':
      return new StarringMask(make(), structural, format === 1)
    default:
      return null
  }
}

function compileRecord(make: MakeRedactor, typeByOid: TypeByOid, depth: number): CellMask {
  const masks = new Map<number, CellMask | null>()
  const maskOf = (oid: number): CellMask | null => {
    let mask = masks.get(oid)
    if (mask === undefined) {
      mask = compileClassifyMask(typeByOid(oid), 1, make, typeByOid, depth + 1)
      masks.set(oid, mask)
    }
    return mask
  }
  return new RecordBinaryMask(maskOf, new StarringMask(make(), '', true))
}

function compileArray(
  element: { readonly oid: number; readonly type: ClassifiedType },
  format: CellFormat,
  make: MakeRedactor,
  typeByOid: TypeByOid,
  depth: number,
): CellMask | null {
  const inner = compileClassifyMask(element.type, format, make, typeByOid, depth)
  if (inner === null) return null
  const noticing = new NoticingMask(inner)
  if (format === 1) {
    const empty = Buffer.alloc(12)
    empty.writeUInt32BE(element.oid, 8)
    const array = new ArrayBinaryMask(noticing, element.oid, new EmptyArrayMask(noticing, empty))
    return new ArrayMask(array, noticing, null)
  }
  const whole = make()
  const array = new ArrayTextMask(noticing, ',', new EmptyArrayMask(noticing, Buffer.from('{}')))
  return new ArrayMask(
    array,
    noticing,
    (source, start, end) => !hasEscape(source, start, end) && whole.keeps(source, start, end),
  )
}
