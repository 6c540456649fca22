import type { BodyReader } from './body-reader.ts'
import type { FormatCode } from './formats.ts'
import { readFormats, writeFormats } from './formats.ts'
import type { MessageWriter } from './message-writer.ts'
import { ProtocolError } from './protocol-error.ts'
import { BackendTag, FrontendTag } from './tags.ts'

/** The server is ready to read, or begins to send, COPY data. Manual: "COPY Operations". */
export interface CopyResponse {
  /** CopyBothResponse belongs to streaming replication alone. */
  readonly kind: 'CopyInResponse' | 'CopyOutResponse' | 'CopyBothResponse'
  /** Of the whole data: 1 for COPY's binary format. */
  readonly format: FormatCode
  readonly columnFormats: readonly FormatCode[]
}

/** A piece of COPY data, cut anywhere by its sender. A view of the message. */
export interface CopyData {
  readonly kind: 'CopyData'
  readonly data: Buffer
}

export interface CopyDone {
  readonly kind: 'CopyDone'
}

/** The client gives up; the COPY fails with this text. */
export interface CopyFail {
  readonly kind: 'CopyFail'
  readonly reason: string
}

export function decodeCopyResponse(kind: CopyResponse['kind'], body: BodyReader): CopyResponse {
  const format = body.byte()
  if (format !== 0 && format !== 1) throw new ProtocolError('BAD_VALUE', `there is no COPY format ${format}`)
  const columnFormats = readFormats(body)
  body.end()
  return { kind, format, columnFormats }
}

export function encodeCopyResponse(message: CopyResponse, writer: MessageWriter): void {
  writer.begin(BackendTag[message.kind]).byte(message.format)
  writeFormats(writer, message.columnFormats)
  writer.end()
}

export function decodeCopyData(body: BodyReader): CopyData {
  return { kind: 'CopyData', data: body.rest() }
}

/** CopyData has one tag, whichever side sends it. */
export function encodeCopyData(message: CopyData, writer: MessageWriter): void {
  writer.begin(FrontendTag.CopyData).bytes(message.data).end()
}

export function decodeCopyFail(body: BodyReader): CopyFail {
  const reason = body.cString()
  body.end()
  return { kind: 'CopyFail', reason }
}

export function encodeCopyFail(message: CopyFail, writer: MessageWriter): void {
  writer.begin(FrontendTag.CopyFail).cString(message.reason).end()
}
