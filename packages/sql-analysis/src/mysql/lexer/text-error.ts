/** Why a text cannot be read: `SYNTAX_ERROR`, `BAD_ENCODING` (bytes that are no UTF-8, or NUL, outside of strings), `TOO_COMPLEX` (a limit was met). */
export type TextErrorCode = 'SYNTAX_ERROR' | 'BAD_ENCODING' | 'TOO_COMPLEX'

/** Thrown by lexer and parser, caught at the door of the parser. `position` counts bytes from the start of the text's buffer. */
export class TextError extends Error {
  readonly code: TextErrorCode
  readonly position: number

  constructor(code: TextErrorCode, position: number, message: string) {
    super(message)
    this.code = code
    this.position = position
  }
}
