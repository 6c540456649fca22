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
