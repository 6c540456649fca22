/**
 * The ways a peer can break the protocol. Closed: a new way needs a new code, a retired code is never reused.
 *
 * - `BAD_LENGTH`: a length field that no message can have (below 4, negative).
 * - `MESSAGE_TOO_LARGE`: a length field above the limit for its message; nothing of the body was buffered.
 * - `UNKNOWN_MESSAGE`: a tag, request code, or authentication code that this side of the protocol does not have.
 * - `UNEXPECTED_MESSAGE`: a known message at a moment when it cannot come.
 * - `SHORT_READ`: a body that ends before its fields do.
 * - `TRAILING_BYTES`: a body that goes on after its last field.
 * - `BAD_TEXT`: text that is not UTF-8, or a string with a NUL inside.
 * - `BAD_VALUE`: a field with a value outside what the manual allows.
 * - `TOO_MANY`: more of something (requests, prepared statements, portals, fields) than the limit.
 * - `BAD_PROOF`: an authentication exchange that does not prove what it must.
 */
export type ProtocolErrorCode =
  | 'BAD_LENGTH'
  | 'MESSAGE_TOO_LARGE'
  | 'UNKNOWN_MESSAGE'
  | 'UNEXPECTED_MESSAGE'
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
