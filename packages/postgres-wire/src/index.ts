export type { Authentication, AuthenticationResponse, SASLInitialResponse } from './authentication.ts'
export {
  decodeAuthentication,
  decodePassword,
  decodeSASLInitialResponse,
  encodeAuthentication,
  encodePasswordMessage,
  encodeSASLInitialResponse,
  encodeSASLResponse,
} from './authentication.ts'
export { BodyReader } from './body-reader.ts'
export { CellWalker } from './cell-walker.ts'
export type { CopyData, CopyDone, CopyFail, CopyResponse } from './copy.ts'
export {
  decodeCopyData,
  decodeCopyFail,
  decodeCopyResponse,
  encodeCopyData,
  encodeCopyFail,
  encodeCopyResponse,
} from './copy.ts'
export { CopyBinaryFields } from './copy-binary.ts'
export type { CopyCsvOptions } from './copy-csv.ts'
export { CopyCsvFields } from './copy-csv.ts'
export type { ByteOutput, CopyFields, CopyPart } from './copy-fields.ts'
export type { CopyTextOptions } from './copy-text.ts'
export { CopyTextFields } from './copy-text.ts'
export type { Bind, Close, Describe, Execute, NamedTarget, ParameterDescription, Parse } from './extended-query.ts'
export {
  decodeBind,
  decodeClose,
  decodeDescribe,
  decodeExecute,
  decodeParameterDescription,
  decodeParse,
  encodeBind,
  encodeClose,
  encodeDescribe,
  encodeExecute,
  encodeParameterDescription,
  encodeParse,
} from './extended-query.ts'
export type { CellValue, FormatCode } from './formats.ts'
export { formatAt } from './formats.ts'
export { FrameCursor } from './frame-cursor.ts'
export { BACKEND_LIMITS, FRONTEND_LIMITS } from './frame-limits.ts'
export type { FunctionCall, FunctionCallResponse } from './function-call.ts'
export {
  decodeFunctionCall,
  decodeFunctionCallResponse,
  encodeFunctionCall,
  encodeFunctionCallResponse,
} from './function-call.ts'
export { md5PasswordResponse } from './md5.ts'
export { MessageWriter } from './message-writer.ts'
export type { BackendMessage, BareBackendMessage, BareFrontendMessage, FrontendMessage } from './messages.ts'
export { decodeBackendMessage, decodeFrontendMessage, encodeBackendMessage, encodeFrontendMessage } from './messages.ts'
export type { OAuthBearerRequest, OAuthChallenge } from './oauthbearer.ts'
export {
  decodeOAuthBearer,
  encodeOAuthBearer,
  encodeOAuthChallenge,
  isOAuthAcknowledgement,
  OAUTHBEARER,
} from './oauthbearer.ts'
export type { ProtocolErrorCode } from './protocol-error.ts'
export { ProtocolError } from './protocol-error.ts'
export { ReplyQueue } from './reply-queue.ts'
export type { NotificationResponse, ParameterStatus, ReadyForQuery, Report, TransactionStatus } from './reports.ts'
export {
  decodeNotificationResponse,
  decodeParameterStatus,
  decodeReadyForQuery,
  decodeReport,
  encodeNotificationResponse,
  encodeParameterStatus,
  encodeReadyForQuery,
  encodeReport,
} from './reports.ts'
export { Reply, RequestKind } from './request-kind.ts'
export type { CommandComplete, DataRow, Field, RowDescription } from './result-set.ts'
export {
  commandTagRows,
  decodeCommandComplete,
  decodeDataRow,
  decodeRowDescription,
  encodeCommandComplete,
  encodeDataRow,
  encodeRowDescription,
} from './result-set.ts'
export { saslPrep } from './saslprep.ts'
export type { ScramChallenge, ScramChannelBinding } from './scram-client.ts'
export { ScramClient } from './scram-client.ts'
export type { ScramVerifier } from './scram-secrets.ts'
export {
  formatScramVerifier,
  makeScramVerifier,
  MAX_SCRAM_ITERATIONS,
  mockScramVerifier,
  parseScramVerifier,
  saltPassword,
} from './scram-secrets.ts'
export type { ScramMechanism } from './scram-server.ts'
export { ScramServer } from './scram-server.ts'
export type { EmptyQueryResponse, Query } from './simple-query.ts'
export { decodeQuery, encodeQuery } from './simple-query.ts'
export type {
  BackendKeyData,
  CancelRequest,
  GSSENCRequest,
  NegotiateProtocolVersion,
  SSLRequest,
  StartupMessage,
  StartupPacket,
} from './startup.ts'
export {
  decodeBackendKeyData,
  decodeNegotiateProtocolVersion,
  decodeStartupPacket,
  encodeBackendKeyData,
  encodeNegotiateProtocolVersion,
  encodeStartupPacket,
} from './startup.ts'
export type { StartupRead } from './startup-reader.ts'
export { MAX_STARTUP_PACKET_BYTES, StartupReader } from './startup-reader.ts'
export { BackendTag, FrontendTag } from './tags.ts'
