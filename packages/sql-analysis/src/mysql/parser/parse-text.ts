import type { Dialect } from '../dialect.ts'
import { Lexer } from '../lexer/lexer.ts'
import { TextError, type TextErrorCode } from '../lexer/text-error.ts'
import { Tokens } from '../lexer/tokens.ts'
import type { Literal } from '../query-tree.ts'
import type { Statement } from '../statement-tree.ts'
import { GRAMMAR } from './grammar.ts'
import { DEFAULT_TEXT_LIMITS, type TextLimits } from './statement-limits.ts'
import { TokenCursor } from './token-cursor.ts'

/** One statement of a text. `start` and `end` are bytes of the buffer, without the `;`; `parameters` the number of `?` in it. */
export interface ParsedStatement {
  readonly statement: Statement
  readonly start: number
  readonly end: number
  readonly parameters: number
}

/** Why a text was not read: `position` in bytes of the buffer. */
export interface Unparsed {
  readonly code: TextErrorCode
  readonly message: string
  readonly position: number
}

/** The statements of a text, or why it has none. */
export type ParsedText = { readonly statements: readonly ParsedStatement[] } | { readonly error: Unparsed }

/**
 * Reads a text of one or several statements, divided by `;`. An empty text, or one of comments, has none.
 * Bytes in an ASCII-compatible character set, as `Lexer` says.
 */
export function parseText(
  bytes: Uint8Array,
  start: number,
  end: number,
  dialect: Dialect,
  limits: TextLimits = DEFAULT_TEXT_LIMITS,
): ParsedText {
  const tokens = spare ?? new Tokens()
  spare = null
  try {
    new Lexer(tokens, dialect, limits.maxTokens).read(bytes, start, end)
    return { statements: parseTokens(bytes, tokens, dialect, limits).statements }
  } catch (error) {
    if (!(error instanceof TextError)) throw error
    return { error: { code: error.code, message: error.message, position: error.position } }
  } finally {
    spare = tokens
  }
}

/** The arrays of the text read last, used again. */
let spare: Tokens | null = null

/** What the parser made of tokens. */
export interface ParsedTokens {
  readonly statements: readonly ParsedStatement[]
  /** Numbers and strings of one token each that are literals of the trees, and the tokens they are. */
  readonly literals: readonly Literal[]
  readonly literalTokens: readonly number[]
}

/** The statements that the tokens make. @throws {TextError} */
export function parseTokens(bytes: Uint8Array, tokens: Tokens, dialect: Dialect, limits: TextLimits): ParsedTokens {
  if (dialect.oracle) throw new TextError('SYNTAX_ERROR', 0, 'statements under sql_mode ORACLE are not read')
  const cursor = new TokenCursor(bytes, tokens, dialect, GRAMMAR, limits.maxDepth)
  const statements: ParsedStatement[] = []
  while (cursor.at < tokens.count) {
    const start = tokens.starts[cursor.at] ?? 0
    const before = cursor.parameters
    const statement = GRAMMAR.statement(cursor)
    if (!cursor.atEnd) throw cursor.error()
    const end = tokens.ends[cursor.at - 1] ?? start
    statements.push({ statement, start, end, parameters: cursor.parameters - before })
    // Empty statements behind the last are none.
    cursor.accept(';')
    if (onlySemicolons(cursor)) break
  }
  return { statements, literals: cursor.literals, literalTokens: cursor.literalTokens }
}

/** True: nothing but `;` follows. */
function onlySemicolons(cursor: TokenCursor): boolean {
  let ahead = 0
  while (cursor.spellingAhead(ahead) === ';') ahead++
  return ahead > 0 && cursor.at + ahead >= cursor.tokens.count
}
