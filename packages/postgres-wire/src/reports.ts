import type { BodyReader } from './body-reader.ts'
import type { MessageWriter } from './message-writer.ts'
import { ProtocolError } from './protocol-error.ts'
import { BackendTag } from './tags.ts'

/**
 * An error or a notice. Fields by their one-character code: S and V severity, C SQLSTATE, M message, D detail, H hint …
 * Manual: "Error and Notice Message Fields". For show: bytes that are not UTF-8 became U+FFFD.
 */
export interface Report {
  readonly kind: 'ErrorResponse' | 'NoticeResponse'
  readonly fields: ReadonlyMap<string, string>
}

/** What another session said by NOTIFY. */
export interface NotificationResponse {
  readonly kind: 'NotificationResponse'
  readonly processId: number
  readonly channel: string
  readonly payload: string
}

export interface ParameterStatus {
  readonly kind: 'ParameterStatus'
  readonly name: string
  readonly value: string
}

/** Transaction status: I idle, T in a transaction, E in a failed one. */
export type TransactionStatus = 'I' | 'T' | 'E'

export interface ReadyForQuery {
  readonly kind: 'ReadyForQuery'
  readonly status: TransactionStatus
}

/** Throws `BAD_VALUE` for a field given twice: a reader that takes the first would see another report than the last. */
export function decodeReport(kind: Report['kind'], body: BodyReader): Report {
  const fields = new Map<string, string>()
  for (let code = body.byte(); code !== 0; code = body.byte()) {
    const name = String.fromCharCode(code)
    if (fields.has(name)) throw new ProtocolError('BAD_VALUE', 'a report has a field twice')
    fields.set(name, body.reportText())
  }
  body.end()
  return { kind, fields }
}

export function encodeReport(message: Report, writer: MessageWriter): void {
  writer.begin(BackendTag[message.kind])
  for (const [name, value] of message.fields) {
    const code = name.charCodeAt(0)
    if (name.length !== 1 || code === 0 || code > 0xff) throw new ProtocolError('BAD_VALUE', 'not the code of a field')
    writer.byte(code).cString(value)
  }
  writer.byte(0).end()
}

export function decodeNotificationResponse(body: BodyReader): NotificationResponse {
  const processId = body.int32()
  const channel = body.reportText()
  const payload = body.reportText()
  body.end()
  return { kind: 'NotificationResponse', processId, channel, payload }
}

export function encodeNotificationResponse(message: NotificationResponse, writer: MessageWriter): void {
  writer.begin(BackendTag.NotificationResponse).int32(message.processId)
  writer.cString(message.channel).cString(message.payload).end()
}

export function decodeParameterStatus(body: BodyReader): ParameterStatus {
  const name = body.reportText()
  const value = body.reportText()
  body.end()
  return { kind: 'ParameterStatus', name, value }
}

export function encodeParameterStatus(message: ParameterStatus, writer: MessageWriter): void {
  writer.begin(BackendTag.ParameterStatus).cString(message.name).cString(message.value).end()
}

export function decodeReadyForQuery(body: BodyReader): ReadyForQuery {
  const status = String.fromCharCode(body.byte())
  body.end()
  if (status !== 'I' && status !== 'T' && status !== 'E') {
    throw new ProtocolError('BAD_VALUE', 'there is no such transaction status')
  }
  return { kind: 'ReadyForQuery', status }
}

export function encodeReadyForQuery(message: ReadyForQuery, writer: MessageWriter): void {
  writer.begin(BackendTag.ReadyForQuery).byte(message.status.charCodeAt(0)).end()
}
