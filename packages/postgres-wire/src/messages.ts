import type { Authentication, AuthenticationResponse } from './authentication.ts'
import { decodeAuthentication, encodeAuthentication, encodeSASLResponse } from './authentication.ts'
import type { BodyReader } from './body-reader.ts'
import type { CopyData, CopyDone, CopyFail, CopyResponse } from './copy.ts'
import * as copy from './copy.ts'
import type { Bind, Close, Describe, Execute, ParameterDescription, Parse } from './extended-query.ts'
import * as extended from './extended-query.ts'
import type { FunctionCall, FunctionCallResponse } from './function-call.ts'
import * as functionCall from './function-call.ts'
import type { MessageWriter } from './message-writer.ts'
import { ProtocolError } from './protocol-error.ts'
import type { NotificationResponse, ParameterStatus, ReadyForQuery, Report } from './reports.ts'
import * as reports from './reports.ts'
import type { CommandComplete, DataRow, RowDescription } from './result-set.ts'
import * as resultSet from './result-set.ts'
import type { EmptyQueryResponse, Query } from './simple-query.ts'
import { decodeQuery, encodeQuery } from './simple-query.ts'
import type { BackendKeyData, NegotiateProtocolVersion } from './startup.ts'
import * as startup from './startup.ts'
import { BackendTag, FrontendTag } from './tags.ts'

/** Messages of a client that have no fields: their kind says it all. */
export interface BareFrontendMessage {
  readonly kind: 'Sync' | 'Flush' | 'Terminate'
}

/** Messages of a server that have no fields. */
export interface BareBackendMessage {
  readonly kind: 'ParseComplete' | 'BindComplete' | 'CloseComplete' | 'NoData' | 'PortalSuspended'
}

/** Everything that clients send after start-up. */
export type FrontendMessage =
  | Query
  | Parse
  | Bind
  | Describe
  | Execute
  | Close
  | FunctionCall
  | CopyData
  | CopyDone
  | CopyFail
  | AuthenticationResponse
  | BareFrontendMessage

/** Everything that servers send. */
export type BackendMessage =
  | Authentication
  | NegotiateProtocolVersion
  | BackendKeyData
  | ParameterStatus
  | ReadyForQuery
  | Report
  | NotificationResponse
  | ParameterDescription
  | RowDescription
  | DataRow
  | CommandComplete
  | EmptyQueryResponse
  | CopyResponse
  | CopyData
  | CopyDone
  | FunctionCallResponse
  | BareBackendMessage

/** Reads the body of a client's message. Buffers in it are views. Throws ProtocolError for anything malformed. */
export function decodeFrontendMessage(tag: number, body: BodyReader): FrontendMessage {
  switch (tag) {
    case FrontendTag.Query:
      return decodeQuery(body)
    case FrontendTag.Parse:
      return extended.decodeParse(body)
    case FrontendTag.Bind:
      return extended.decodeBind(body)
    case FrontendTag.Describe:
      return extended.decodeDescribe(body)
    case FrontendTag.Execute:
      return extended.decodeExecute(body)
    case FrontendTag.Close:
      return extended.decodeClose(body)
    case FrontendTag.FunctionCall:
      return functionCall.decodeFunctionCall(body)
    case FrontendTag.CopyData:
      return copy.decodeCopyData(body)
    case FrontendTag.CopyDone:
      return bare(body, { kind: 'CopyDone' })
    case FrontendTag.CopyFail:
      return copy.decodeCopyFail(body)
    case FrontendTag.AuthenticationResponse:
      return { kind: 'AuthenticationResponse', data: body.rest() }
    case FrontendTag.Sync:
      return bare(body, { kind: 'Sync' })
    case FrontendTag.Flush:
      return bare(body, { kind: 'Flush' })
    case FrontendTag.Terminate:
      return bare(body, { kind: 'Terminate' })
    default:
      throw new ProtocolError('UNKNOWN_MESSAGE', `no client sends a message with the tag 0x${tag.toString(16)}`)
  }
}

/** Appends one message of a client to the writer. */
export function encodeFrontendMessage(message: FrontendMessage, writer: MessageWriter): void {
  switch (message.kind) {
    case 'Query':
      return encodeQuery(message, writer)
    case 'Parse':
      return extended.encodeParse(message, writer)
    case 'Bind':
      return extended.encodeBind(message, writer)
    case 'Describe':
      return extended.encodeDescribe(message, writer)
    case 'Execute':
      return extended.encodeExecute(message, writer)
    case 'Close':
      return extended.encodeClose(message, writer)
    case 'FunctionCall':
      return functionCall.encodeFunctionCall(message, writer)
    case 'CopyData':
      return copy.encodeCopyData(message, writer)
    case 'CopyFail':
      return copy.encodeCopyFail(message, writer)
    case 'AuthenticationResponse':
      return encodeSASLResponse(message.data, writer)
    case 'CopyDone':
    case 'Sync':
    case 'Flush':
    case 'Terminate':
      writer.begin(FrontendTag[message.kind]).end()
      return
    default:
      throw message satisfies never
  }
}

/** Reads the body of a server's message. Buffers in it are views. Throws ProtocolError for anything malformed. */
export function decodeBackendMessage(tag: number, body: BodyReader): BackendMessage {
  switch (tag) {
    case BackendTag.Authentication:
      return decodeAuthentication(body)
    case BackendTag.NegotiateProtocolVersion:
      return startup.decodeNegotiateProtocolVersion(body)
    case BackendTag.BackendKeyData:
      return startup.decodeBackendKeyData(body)
    case BackendTag.ParameterStatus:
      return reports.decodeParameterStatus(body)
    case BackendTag.ReadyForQuery:
      return reports.decodeReadyForQuery(body)
    case BackendTag.ErrorResponse:
      return reports.decodeReport('ErrorResponse', body)
    case BackendTag.NoticeResponse:
      return reports.decodeReport('NoticeResponse', body)
    case BackendTag.NotificationResponse:
      return reports.decodeNotificationResponse(body)
    case BackendTag.ParameterDescription:
      return extended.decodeParameterDescription(body)
    case BackendTag.RowDescription:
      return resultSet.decodeRowDescription(body)
    case BackendTag.DataRow:
      return resultSet.decodeDataRow(body)
    case BackendTag.CommandComplete:
      return resultSet.decodeCommandComplete(body)
    case BackendTag.CopyInResponse:
      return copy.decodeCopyResponse('CopyInResponse', body)
    case BackendTag.CopyOutResponse:
      return copy.decodeCopyResponse('CopyOutResponse', body)
    case BackendTag.CopyBothResponse:
      return copy.decodeCopyResponse('CopyBothResponse', body)
    case BackendTag.CopyData:
      return copy.decodeCopyData(body)
    case BackendTag.FunctionCallResponse:
      return functionCall.decodeFunctionCallResponse(body)
    default:
      return decodeBareBackendMessage(tag, body)
  }
}

function decodeBareBackendMessage(tag: number, body: BodyReader): BackendMessage {
  switch (tag) {
    case BackendTag.CopyDone:
      return bare(body, { kind: 'CopyDone' })
    case BackendTag.EmptyQueryResponse:
      return bare(body, { kind: 'EmptyQueryResponse' })
    case BackendTag.ParseComplete:
      return bare(body, { kind: 'ParseComplete' })
    case BackendTag.BindComplete:
      return bare(body, { kind: 'BindComplete' })
    case BackendTag.CloseComplete:
      return bare(body, { kind: 'CloseComplete' })
    case BackendTag.NoData:
      return bare(body, { kind: 'NoData' })
    case BackendTag.PortalSuspended:
      return bare(body, { kind: 'PortalSuspended' })
    default:
      throw new ProtocolError('UNKNOWN_MESSAGE', `no server sends a message with the tag 0x${tag.toString(16)}`)
  }
}

/** Appends one message of a server to the writer. */
export function encodeBackendMessage(message: BackendMessage, writer: MessageWriter): void {
  switch (message.kind) {
    case 'NegotiateProtocolVersion':
      return startup.encodeNegotiateProtocolVersion(message, writer)
    case 'BackendKeyData':
      return startup.encodeBackendKeyData(message, writer)
    case 'ParameterStatus':
      return reports.encodeParameterStatus(message, writer)
    case 'ReadyForQuery':
      return reports.encodeReadyForQuery(message, writer)
    case 'ErrorResponse':
    case 'NoticeResponse':
      return reports.encodeReport(message, writer)
    case 'NotificationResponse':
      return reports.encodeNotificationResponse(message, writer)
    case 'ParameterDescription':
      return extended.encodeParameterDescription(message, writer)
    case 'RowDescription':
      return resultSet.encodeRowDescription(message, writer)
    case 'DataRow':
      return resultSet.encodeDataRow(message, writer)
    case 'CommandComplete':
      return resultSet.encodeCommandComplete(message, writer)
    case 'CopyInResponse':
    case 'CopyOutResponse':
    case 'CopyBothResponse':
      return copy.encodeCopyResponse(message, writer)
    case 'CopyData':
      return copy.encodeCopyData(message, writer)
    case 'FunctionCallResponse':
      return functionCall.encodeFunctionCallResponse(message, writer)
    case 'CopyDone':
    case 'EmptyQueryResponse':
    case 'ParseComplete':
    case 'BindComplete':
    case 'CloseComplete':
    case 'NoData':
    case 'PortalSuspended':
      writer.begin(BackendTag[message.kind]).end()
      return
    default:
      return encodeAuthentication(message, writer)
  }
}

function bare<M>(body: BodyReader, message: M): M {
  body.end()
  return message
}
