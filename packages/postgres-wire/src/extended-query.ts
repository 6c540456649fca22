import type { BodyReader } from './body-reader.ts'
import type { CellValue, FormatCode } from './formats.ts'
import { readFormats, readValues, writeCount, writeFormats, writeValues } from './formats.ts'
import type { MessageWriter } from './message-writer.ts'
import { ProtocolError } from './protocol-error.ts'
import { BackendTag, FrontendTag } from './tags.ts'

const STATEMENT = 0x53 // S
const PORTAL = 0x50 // P

/** Makes a prepared statement of one SQL statement. Manual: "Extended Query". */
export interface Parse {
  readonly kind: 'Parse'
  /** Empty: the unnamed one. */
  readonly name: string
  readonly text: string
  /** Type OIDs; 0, or a missing one, is left to the server. */
  readonly parameterTypes: readonly number[]
}

/** Makes a portal of a prepared statement. The parameters are views of the message. */
export interface Bind {
  readonly kind: 'Bind'
  readonly portal: string
  readonly statement: string
  /** None: all text. One: for all. Else one for each parameter. */
  readonly parameterFormats: readonly FormatCode[]
  readonly parameters: readonly CellValue[]
  /** As for parameters, for each result column. */
  readonly resultFormats: readonly FormatCode[]
}

/** What Describe and Close speak of. */
export type NamedTarget = 'statement' | 'portal'

export interface Describe {
  readonly kind: 'Describe'
  readonly target: NamedTarget
  readonly name: string
}

export interface Close {
  readonly kind: 'Close'
  readonly target: NamedTarget
  readonly name: string
}

export interface Execute {
  readonly kind: 'Execute'
  readonly portal: string
  /** 0 or less: no limit. */
  readonly maxRows: number
}

export interface ParameterDescription {
  readonly kind: 'ParameterDescription'
  readonly parameterTypes: readonly number[]
}

export function decodeParse(body: BodyReader): Parse {
  const name = body.cString()
  const text = body.cString()
  return { kind: 'Parse', name, text, parameterTypes: readTypes(body) }
}

export function encodeParse(message: Parse, writer: MessageWriter): void {
  writer.begin(FrontendTag.Parse).cString(message.name).cString(message.text)
  writeTypes(writer, message.parameterTypes)
}

/** Throws `BAD_VALUE` when the number of parameter formats fits the parameters neither way. */
export function decodeBind(body: BodyReader): Bind {
  const portal = body.cString()
  const statement = body.cString()
  const parameterFormats = readFormats(body)
  const parameters = readValues(body)
  const resultFormats = readFormats(body)
  body.end()
  if (parameterFormats.length > 1 && parameterFormats.length !== parameters.length) {
    throw new ProtocolError('BAD_VALUE', `${parameterFormats.length} formats for ${parameters.length} parameters`)
  }
  return { kind: 'Bind', portal, statement, parameterFormats, parameters, resultFormats }
}

export function encodeBind(message: Bind, writer: MessageWriter): void {
  writer.begin(FrontendTag.Bind).cString(message.portal).cString(message.statement)
  writeFormats(writer, message.parameterFormats)
  writeValues(writer, message.parameters)
  writeFormats(writer, message.resultFormats)
  writer.end()
}

export function decodeDescribe(body: BodyReader): Describe {
  return { kind: 'Describe', ...readTarget(body) }
}

export function encodeDescribe(message: Describe, writer: MessageWriter): void {
  writeTarget(writer, FrontendTag.Describe, message.target, message.name)
}

export function decodeClose(body: BodyReader): Close {
  return { kind: 'Close', ...readTarget(body) }
}

export function encodeClose(message: Close, writer: MessageWriter): void {
  writeTarget(writer, FrontendTag.Close, message.target, message.name)
}

export function decodeExecute(body: BodyReader): Execute {
  const portal = body.cString()
  const maxRows = body.int32()
  body.end()
  return { kind: 'Execute', portal, maxRows }
}

export function encodeExecute(message: Execute, writer: MessageWriter): void {
  writer.begin(FrontendTag.Execute).cString(message.portal).int32(message.maxRows).end()
}

export function decodeParameterDescription(body: BodyReader): ParameterDescription {
  return { kind: 'ParameterDescription', parameterTypes: readTypes(body) }
}

export function encodeParameterDescription(message: ParameterDescription, writer: MessageWriter): void {
  writer.begin(BackendTag.ParameterDescription)
  writeTypes(writer, message.parameterTypes)
}

function readTypes(body: BodyReader): number[] {
  const types: number[] = []
  for (let left = body.uint16(); left > 0; left--) types.push(body.uint32())
  body.end()
  return types
}

function writeTypes(writer: MessageWriter, types: readonly number[]): void {
  writeCount(writer, types.length)
  for (const type of types) writer.uint32(type)
  writer.end()
}

function readTarget(body: BodyReader): { readonly target: NamedTarget; readonly name: string } {
  const code = body.byte()
  if (code !== STATEMENT && code !== PORTAL) {
    throw new ProtocolError('BAD_VALUE', 'neither a prepared statement nor a portal is meant')
  }
  const name = body.cString()
  body.end()
  return { target: code === STATEMENT ? 'statement' : 'portal', name }
}

function writeTarget(writer: MessageWriter, tag: number, target: NamedTarget, name: string): void {
  writer
    .begin(tag)
    .byte(target === 'statement' ? STATEMENT : PORTAL)
    .cString(name)
    .end()
}
