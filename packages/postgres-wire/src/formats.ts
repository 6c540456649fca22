import type { BodyReader } from './body-reader.ts'
import type { MessageWriter } from './message-writer.ts'
import { ProtocolError } from './protocol-error.ts'

/** Format code of a cell or a parameter: 0 text, 1 binary. */
export type FormatCode = 0 | 1

/** A cell or parameter: its bytes, or null for SQL's NULL. */
export type CellValue = Buffer | null

/** Reads an Int16 format code. Throws `BAD_VALUE` for a code that the manual does not have. */
export function readFormat(body: BodyReader): FormatCode {
  const code = body.int16()
  if (code !== 0 && code !== 1) throw new ProtocolError('BAD_VALUE', `there is no format code ${code}`)
  return code
}

/** Reads a count and as many format codes. */
export function readFormats(body: BodyReader): FormatCode[] {
  const formats: FormatCode[] = []
  for (let left = body.uint16(); left > 0; left--) formats.push(readFormat(body))
  return formats
}

export function writeFormats(writer: MessageWriter, formats: readonly FormatCode[]): void {
  writeCount(writer, formats.length)
  for (const format of formats) writer.int16(format)
}

/** The format of parameter or column `index`, when none means text for all and one means that one for all. */
export function formatAt(formats: readonly FormatCode[], index: number): FormatCode {
  return (formats.length === 1 ? formats[0] : formats[index]) ?? 0
}

/** Reads a length and as many bytes (a view), or null for length -1. Throws `BAD_VALUE` for any other negative length. */
export function readValue(body: BodyReader): CellValue {
  const length = body.int32()
  if (length === -1) return null
  if (length < 0) throw new ProtocolError('BAD_VALUE', `a value announces a length of ${length}`)
  return body.bytes(length)
}

/** Reads a count and as many values. */
export function readValues(body: BodyReader): CellValue[] {
  const values: CellValue[] = []
  for (let left = body.uint16(); left > 0; left--) values.push(readValue(body))
  return values
}

export function writeValue(writer: MessageWriter, value: CellValue): void {
  if (value === null) writer.int32(-1)
  else writer.int32(value.length).bytes(value)
}

export function writeValues(writer: MessageWriter, values: readonly CellValue[]): void {
  writeCount(writer, values.length)
  for (const value of values) writeValue(writer, value)
}

/** Writes an Int16 count. Throws `TOO_MANY` above 65535, which the field cannot hold. */
export function writeCount(writer: MessageWriter, count: number): void {
  if (count > 0xffff) throw new ProtocolError('TOO_MANY', `${count} values do not fit into one message`)
  writer.int16(count)
}
