import type { TextFacts } from '@gatehouse/core'
import { REDACTED, REDACTED_STRING } from '../reading/redacted.ts'
import { Lexer } from './lexer/lexer.ts'
import { TokenKind, Tokens } from './lexer/tokens.ts'

/**
 * The text with `[redacted]` in place of each literal, true and false too, and a blank in place of whatever stands between tokens and is no
 * white space: comments, and the marks of those that run. Hints go with them; quoted names as well where it was not understood. Null: the
 * text cannot be read, or it is not known in which dialect.
 */
export function withoutLiterals(text: string, { statements, dialect }: TextFacts, maxTokens: number): string | null {
  if (dialect === undefined) return null
  const understood = statements.every(({ complete }) => complete)
  const bytes = Buffer.from(text, 'utf8')
  const tokens = new Tokens()
  try {
    new Lexer(tokens, dialect, maxTokens).read(bytes, 0, bytes.length)
  } catch {
    return null
  }
  let out = ''
  let from = 0
  for (let token = 0; token < tokens.count; token++) {
    const start = tokens.starts[token] ?? 0
    const end = tokens.ends[token] ?? 0
    out += between(bytes, from, start)
    out += markOf(tokens.kinds[token], bytes, start, end, understood) ?? bytes.toString('utf8', start, end)
    from = end
  }
  return out + between(bytes, from, bytes.length)
}

function between(bytes: Buffer, start: number, end: number): string {
  const gap = bytes.toString('latin1', start, end)
  return /^[ \t\r\n\v\f]*$/.test(gap) ? gap : ' '
}

/** What stands for a token; null: it is kept. */
function markOf(
  kind: number | undefined,
  bytes: Buffer,
  start: number,
  end: number,
  understood: boolean,
): string | null {
  switch (kind) {
    case TokenKind.string:
    case TokenKind.nationalString:
    case TokenKind.hexString:
    case TokenKind.bitString:
    case TokenKind.dollarString:
      return REDACTED_STRING
    case TokenKind.integer:
    case TokenKind.decimal:
    case TokenKind.float:
    case TokenKind.hexNumber:
    case TokenKind.bitNumber:
      return REDACTED
    case TokenKind.hint:
      return ' '
    case TokenKind.quotedName:
      return understood ? null : REDACTED
    case TokenKind.word:
      return /^(?:true|false)$/i.test(bytes.toString('latin1', start, end)) ? REDACTED : null
    default:
      return null
  }
}
