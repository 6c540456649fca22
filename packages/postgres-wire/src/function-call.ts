import type { BodyReader } from './body-reader.ts'
import type { CellValue, FormatCode } from './formats.ts'
import { readFormat, readFormats, readValue, readValues, writeFormats, writeValue, writeValues } from './formats.ts'
import type { MessageWriter } from './message-writer.ts'
import { BackendTag, FrontendTag } from './tags.ts'

/** Calls a function by its OID, without SQL. Manual: "Function Call". */
export interface FunctionCall {
  readonly kind: 'FunctionCall'
  readonly functionOid: number
  readonly argumentFormats: readonly FormatCode[]
  readonly arguments: readonly CellValue[]
  readonly resultFormat: FormatCode
}

export interface FunctionCallResponse {
  readonly kind: 'FunctionCallResponse'
  readonly value: CellValue
}

export function decodeFunctionCall(body: BodyReader): FunctionCall {
  const functionOid = body.uint32()
  const argumentFormats = readFormats(body)
  const values = readValues(body)
  const resultFormat = readFormat(body)
  body.end()
  return { kind: 'FunctionCall', functionOid, argumentFormats, arguments: values, resultFormat }
}

export function encodeFunctionCall(message: FunctionCall, writer: MessageWriter): void {
  writer.begin(FrontendTag.FunctionCall).uint32(message.functionOid)
  writeFormats(writer, message.argumentFormats)
  writeValues(writer, message.arguments)
  writer.int16(message.resultFormat).end()
}

export function decodeFunctionCallResponse(body: BodyReader): FunctionCallResponse {
  const value = readValue(body)
  body.end()
  return { kind: 'FunctionCallResponse', value }
}

export function encodeFunctionCallResponse(message: FunctionCallResponse, writer: MessageWriter): void {
  writer.begin(BackendTag.FunctionCallResponse)
  writeValue(writer, message.value)
  writer.end()
}
