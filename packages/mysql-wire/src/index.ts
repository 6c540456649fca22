export { Capability, MariadbCapability, ServerStatus } from './capabilities.ts'
export type { EofPacket, ErrPacket, OkPacket } from './generic-response.ts'
export {
  decodeEof,
  decodeErr,
  decodeOk,
  encodeEof,
  encodeErr,
  encodeOk,
  isEof,
  ResponseHeader,
} from './generic-response.ts'
export { ANY_SEQUENCE_ID, PacketCursor } from './packet-cursor.ts'
export { CONNECTION_PHASE_LIMIT, LARGEST_PACKET, LARGEST_PAYLOAD, PACKET_HEADER_BYTES } from './packet-limits.ts'
export { PacketWriter } from './packet-writer.ts'
export { PayloadReader } from './payload-reader.ts'
export type { ProtocolErrorCode } from './protocol-error.ts'
export { ProtocolError } from './protocol-error.ts'
export type { SessionStateChange } from './session-state.ts'
export { decodeSessionState, encodeSessionState } from './session-state.ts'
export type { PrepareOk } from './prepared-reply.ts'
export { decodePrepareOk } from './prepared-reply.ts'
export { ResponseKind, responseKindOf, ResponsePart } from './response-kind.ts'
export type { AgreedCapabilities } from './response-reader.ts'
export { ResponseReader } from './response-reader.ts'
export { ResponseStatus } from './response-status.ts'
export type { ColumnDefinition } from './result-column.ts'
export { decodeColumnDefinition, encodeColumnDefinition } from './result-column.ts'
export { BINARY_FORMS, BinaryForm, ColumnFlag, ColumnType } from './result-column-type.ts'
export { BinaryRowWalker, nullBitmapBit, nullBitmapByte, nullBitmapBytes } from './row-binary.ts'
export { TextRowWalker } from './row-text.ts'
export type { RowWalker } from './row-walker.ts'
export type { AuthenticationPacket, AuthMoreData, AuthNextFactor, AuthSwitchRequest } from './authentication-packets.ts'
export { decodeAuthenticationPacket, encodeAuthenticationPacket } from './authentication-packets.ts'
export type { AuthenticationPluginName } from './authentication-plugin.ts'
export { AuthenticationPlugin } from './authentication-plugin.ts'
export type { ChangeUser } from './change-user.ts'
export { decodeChangeUser, encodeChangeUser } from './change-user.ts'
export type { ClientAuthenticationOptions } from './client-authentication.ts'
export { CLIENT_RANDOM_BYTES, ClientAuthentication } from './client-authentication.ts'
export type { CommandName } from './command-kind.ts'
export { Command, commandName } from './command-kind.ts'
export type { BoundValue } from './command-writer.ts'
export {
  encodeBareCommand,
  encodeInitDb,
  encodePrepare,
  encodeQuery,
  encodeStatementClose,
  encodeStatementExecute,
} from './command-writer.ts'
export type {
  BareCommandName,
  CommandCapabilities,
  CommandMessage,
  InternalCommandName,
  Query,
  StatementBulkExecute,
  StatementExecute,
  StatementSendLongData,
} from './commands.ts'
export { CommandReader, CursorType, LAST_STATEMENT } from './commands.ts'
export type { ConnectionAttributes } from './connection-attributes.ts'
export type { BulkValueSink } from './execute-parameters.ts'
export { BulkFlag, decodeBulkParameters, decodeParameters } from './execute-parameters.ts'
export type { HandshakeV10 } from './handshake.ts'
export { decodeHandshake, encodeHandshake, makeScramble, SCRAMBLE_BYTES, SCRAMBLE_RANDOM_BYTES } from './handshake.ts'
export type { HandshakeResponse41, SSLRequest } from './handshake-response.ts'
export { decodeHandshakeResponse, encodeHandshakeResponse, encodeSSLRequest } from './handshake-response.ts'
export type { ParameterMemory } from './parameter-list.ts'
export { MOST_PARAMETERS, ParameterList } from './parameter-list.ts'
export { decodeParameterValue, UNSIGNED_FLAG } from './parameter-value.ts'
export type { StoredPassword } from './password-scramble.ts'
export { storePassword } from './password-scramble.ts'
export type {
  ServerAuthenticationOptions,
  ServerAuthenticationRefusal,
  ServerAuthenticationStep,
} from './server-authentication.ts'
export { ServerAuthentication } from './server-authentication.ts'
