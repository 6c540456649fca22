import {
  appendBytes,
  type CellMask,
  type CellOutput,
  GrowableOutput,
  type Judgement,
  type OutputColumn,
  type MaskingKeys,
  type OutputMask,
  compileCellMask,
} from '@gatehouse/core'
import { CellWalker, type CopyFields, type Field } from '@gatehouse/postgres-wire'
import type { Catalog } from '@gatehouse/sql-analysis'
import { classifyingMask } from './classified-columns.ts'
import { formatOf, valueType } from './value-types.ts'

/** The server's description of a result disagrees with what was read in the statement: nothing of it may pass. */
export class ResultMismatch extends Error {
  override readonly name = 'ResultMismatch'
}

/** Masks per column; null: nothing is masked. */
export type RowMasks = readonly (CellMask | null)[] | null

/**
 * Checks the server's description of a result against the lineage where columns are masked, and makes the masks for it.
 * `formats`: result format codes of Bind; null: as the fields say. Throws `ResultMismatch`.
 */
export function masksFor(
  judgement: Judgement,
  statementIndex: number,
  fields: readonly Field[],
  formats: readonly number[] | null,
  catalog: Catalog,
  key: MaskingKeys,
): RowMasks {
  const { masksAny, classifier } = judgement.authority
  const output = judgement.facts?.statements[statementIndex]?.output ?? null
  const outputs = masksAny ? checkedMasks(judgement, statementIndex, output, fields, catalog) : null
  if (outputs === null && classifier === null) return null
  const clear = judgement.obligations[statementIndex]?.clear ?? null
  const masks = fields.map((field, index) => {
    const mask = outputs?.[index] ?? null
    const format = formatOf(formats, index, field.format)
    if (mask !== null) {
      return compileCellMask(mask.spec, valueType(field.typeOid, field.typeModifier, catalog), format, key)
    }
    if (clear?.[index] === true) return null
    // What was read of another number of columns says nothing of these.
    const known = output?.length === fields.length ? output[index] : undefined
    const type = { oid: field.typeOid, modifier: field.typeModifier }
    return classifier === null ? null : classifyingMask(classifier, known, type, format, catalog)
  })
  return masks.some((mask) => mask !== null) ? masks : null
}

/** The column masks of a result whose description agrees with what was read; null: none. Throws `ResultMismatch`. */
function checkedMasks(
  judgement: Judgement,
  statementIndex: number,
  output: readonly OutputColumn[] | null,
  fields: readonly Field[],
  catalog: Catalog,
): readonly (OutputMask | null)[] | null {
  const obligations = judgement.obligations[statementIndex]
  if (output === null || obligations === undefined) {
    throw new ResultMismatch('the server returns rows for a statement that was read as returning none')
  }
  if (output.length !== fields.length) {
    throw new ResultMismatch(`the server returns ${fields.length} columns where ${output.length} were read`)
  }
  fields.forEach((field, index) => checkField(field, index, output[index], catalog))
  return obligations.outputs
}

/** A column that the server says comes from a table must be one that the lineage knows of. */
function checkField(field: Field, index: number, output: OutputColumn | undefined, catalog: Catalog): void {
  if (field.tableOid === 0 || field.attributeNumber <= 0 || output === undefined || !output.complete) return
  const relation = catalog.relationByOid(field.tableOid)
  if (relation === undefined) throw new ResultMismatch(`column ${index + 1} comes from a relation that is not known`)
  // The lineage names what is behind the view.
  if (relation.kind === 'view' || relation.kind === 'materialized_view') return
  const position = relation.columns.findIndex((column) => column.number === field.attributeNumber)
  const base = relation.base[position]
  if (base === undefined) throw new ResultMismatch(`column ${index + 1} comes from a column that is not known`)
  for (const name of base.names) {
    const traced = output.sources.some(
      ({ column }) =>
        column.column === name.column && column.relation === name.relation && column.schema === name.schema,
    )
    if (!traced) throw new ResultMismatch(`column ${index + 1} comes from another column than was read`)
  }
}

/** True where no cell of the DataRow bytes[start, end) (tag byte at `start`) would change. */
export function rowStays(masks: readonly (CellMask | null)[], bytes: Buffer, start: number, end: number): boolean {
  walker.reset(bytes, start + 5, end)
  if (walker.count !== masks.length) return false
  while (walker.next()) {
    const mask = masks[walker.index]
    if (mask === null || mask === undefined || (walker.isNull && mask.hidesNull !== true)) continue
    if (mask.keeps?.(bytes, walker.start, walker.end) !== true) return false
  }
  return true
}

const walker = new CellWalker()
/** Rows are rewritten here, one after another; the caller empties it. */
export const maskedRows: CellOutput = new GrowableOutput(64 * 1024)

/** Appends the DataRow bytes[start, end) (tag byte at `start`) with its cells masked. Throws `ProtocolError` for a row that is not one. */
export function appendMaskedRow(masks: readonly (CellMask | null)[], bytes: Buffer, start: number, end: number): void {
  const out = maskedRows
  const rowStart = out.length
  try {
    mask(masks, bytes, start, end)
  } catch (error) {
    out.length = rowStart // half a row goes nowhere
    throw error
  }
  out.bytes.writeInt32BE(out.length - rowStart - 1, rowStart + 1)
}

function mask(masks: readonly (CellMask | null)[], bytes: Buffer, start: number, end: number): void {
  const out = maskedRows
  walker.reset(bytes, start + 5, end)
  if (walker.count !== masks.length)
    throw new ResultMismatch(`a row has ${walker.count} cells where ${masks.length} were described`)
  // Everything up to a masked cell's length word is copied in one piece.
  let copied = start
  while (walker.next()) {
    const mask = masks[walker.index]
    if (mask === null || mask === undefined || (walker.isNull && mask.hidesNull !== true)) continue
    appendBytes(out, bytes, copied, walker.start - 4)
    copied = walker.end
    const lengthAt = out.length
    out.ensure(4)
    out.length += 4
    const length = mask.apply(bytes, walker.start, walker.end, out) ? out.length - lengthAt - 4 : -1
    out.bytes.writeInt32BE(length, lengthAt)
  }
  appendBytes(out, bytes, copied, end)
}

/** A masked value, before the escapes of its stream. */
const maskedValue: CellOutput = new GrowableOutput()

/**
 * Appends the CopyData message bytes[start, end) (tag byte at `start`) with its fields masked; `fields` was reset to it.
 * Throws `ProtocolError` for a message that is not what it must be.
 */
export function appendMaskedCopy(
  masks: readonly (CellMask | null)[],
  fields: CopyFields,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  const out = maskedRows
  const rowStart = out.length
  try {
    let copied = start
    while (fields.next()) {
      const mask = masks[fields.index]
      if (mask === null || mask === undefined || (fields.isNull && mask.hidesNull !== true)) continue
      appendBytes(out, bytes, copied, fields.fieldStart)
      copied = fields.fieldEnd
      maskedValue.length = 0
      const hidden = fields.isNull
      if (!hidden) fields.decode()
      if (mask.apply(fields.source, fields.start, hidden ? fields.start : fields.end, maskedValue))
        fields.appendValue(out, fields.index, maskedValue.bytes, 0, maskedValue.length)
      else fields.appendNull(out)
    }
    appendBytes(out, bytes, copied, end)
  } catch (error) {
    out.length = rowStart // half a row goes nowhere
    throw error
  }
  out.bytes.writeInt32BE(out.length - rowStart - 1, rowStart + 1)
}
