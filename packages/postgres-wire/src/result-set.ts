import type { BodyReader } from './body-reader.ts'
import type { CellValue, FormatCode } from './formats.ts'
import { readFormat, readValues, writeCount, writeValues } from './formats.ts'
import type { MessageWriter } from './message-writer.ts'
import { BackendTag } from './tags.ts'

/** One column of a result. */
export interface Field {
  /** For show: bytes that are not UTF-8 became U+FFFD. */
  readonly name: string
  /** 0 when the column is no plain table column. */
  readonly tableOid: number
  /** 0 as above; negative for system columns. */
  readonly attributeNumber: number
  readonly typeOid: number
  /** Negative: variable width. */
  readonly typeSize: number
  readonly typeModifier: number
  /** Always text in the answer to Describe of a statement: its portals choose later. */
  readonly format: FormatCode
}

export interface RowDescription {
  readonly kind: 'RowDescription'
  readonly fields: readonly Field[]
}

/** One row; cells are views of the message. On the data path use `CellWalker` instead. */
export interface DataRow {
  readonly kind: 'DataRow'
  readonly cells: readonly CellValue[]
}

export interface CommandComplete {
  readonly kind: 'CommandComplete'
  /** "SELECT 5", "INSERT 0 1", "BEGIN" … */
  readonly commandTag: string
}

export function decodeRowDescription(body: BodyReader): RowDescription {
  const fields: Field[] = []
  for (let left = body.uint16(); left > 0; left--) {
    fields.push({
      name: body.reportText(),
      tableOid: body.uint32(),
      attributeNumber: body.int16(),
      typeOid: body.uint32(),
      typeSize: body.int16(),
      typeModifier: body.int32(),
      format: readFormat(body),
    })
  }
  body.end()
  return { kind: 'RowDescription', fields }
}

export function encodeRowDescription(message: RowDescription, writer: MessageWriter): void {
  writer.begin(BackendTag.RowDescription)
  writeCount(writer, message.fields.length)
  for (const field of message.fields) {
    writer.cString(field.name).uint32(field.tableOid).int16(field.attributeNumber).uint32(field.typeOid)
    writer.int16(field.typeSize).int32(field.typeModifier).int16(field.format)
  }
  writer.end()
}

export function decodeDataRow(body: BodyReader): DataRow {
  const cells = readValues(body)
  body.end()
  return { kind: 'DataRow', cells }
}

export function encodeDataRow(message: DataRow, writer: MessageWriter): void {
  writer.begin(BackendTag.DataRow)
  writeValues(writer, message.cells)
  writer.end()
}

export function decodeCommandComplete(body: BodyReader): CommandComplete {
  const commandTag = body.reportText()
  body.end()
  return { kind: 'CommandComplete', commandTag }
}

export function encodeCommandComplete(message: CommandComplete, writer: MessageWriter): void {
  writer.begin(BackendTag.CommandComplete).cString(message.commandTag).end()
}

/** The rows that a command tag counts: 3 of "INSERT 0 3". Undefined when it counts none ("BEGIN"). */
export function commandTagRows(commandTag: string): number | undefined {
  const digits = / (\d{1,15})$/.exec(commandTag)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
