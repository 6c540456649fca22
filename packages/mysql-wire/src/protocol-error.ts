/**
 * The ways a peer can break the protocol. Closed: a new way needs a new code, a retired code is never reused.
 *
 * - `PACKET_TOO_LARGE`: a payload (its continuation packets counted) above the limit; nothing more of it was buffered.
 * - `BAD_SEQUENCE`: a sequence id that is not the one that comes next.
 * - `UNKNOWN_PACKET`: a command, header or protocol version that this side of the protocol does not have.
 * - `UNEXPECTED_PACKET`: a known packet at a moment when it cannot come.
 * - `UNSUPPORTED`: what the manual has, and this side does not speak: protocols before 4.1, old passwords.
 * - `SHORT_READ`: a payload that ends before its fields do.
 * - `TRAILING_BYTES`: a payload that goes on after its last field.
 * - `BAD_TEXT`: text that is not UTF-8, or a string with a NUL inside.
 * - `BAD_VALUE`: a field with a value outside what the manual allows.
 * - `TOO_MANY`: more of something (parameters, attributes, state changes) than the limit.
 * - `BAD_PROOF`: an authentication exchange that does not prove what it must.
 */
export type ProtocolErrorCode =
  | 'PACKET_TOO_LARGE'
  | 'BAD_SEQUENCE'
  | 'UNKNOWN_PACKET'
  | 'UNEXPECTED_PACKET'
  | 'UNSUPPORTED'
  | 'SHORT_READ'
  | 'TRAILING_BYTES'
  | 'BAD_TEXT'
  | 'BAD_VALUE'
  | 'TOO_MANY'
  | 'BAD_PROOF'

/** A peer broke the protocol. The message names the fault, never the bytes, so it can be logged. */
export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode

  constructor(code: ProtocolErrorCode, message: string) {
    super(message)
    this.name = 'ProtocolError'
    this.code = code
  }
}
