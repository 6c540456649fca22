import { createHash } from 'node:crypto'
import type { Dialect } from './dialect.ts'
import { SPELLINGS } from './lexer/keywords.ts'
import { reservedWords } from './lexer/reserved.ts'
import { TokenKind, type Tokens } from './lexer/tokens.ts'

/**
 * Identity of a text without its literals: 16 hexadecimal digits, the head of SHA-256 over its tokens with literals taken out. White space, comments and
 * the case of reserved words do not count; the kind of a literal and the length of a list do.
 */
export function fingerprintOf(bytes: Uint8Array, tokens: Tokens, dialect: Dialect): string {
  const reserved = reservedWords(dialect)
  const hash = createHash('sha256')
  let line = ''
  for (let at = 0; at < tokens.count; at++) {
    line += `${pieceOf(bytes, tokens, at, reserved)}\n`
    if (line.length > 4096) {
      hash.update(line)
      line = ''
    }
  }
  return hash.update(line).digest('hex').slice(0, 16)
}

const latin1 = new TextDecoder('latin1')

function pieceOf(bytes: Uint8Array, tokens: Tokens, at: number, reserved: Uint8Array): string {
  const kind = tokens.kinds[at] ?? 0
  const number = tokens.spellings[at] ?? 0
  // A word that is not reserved may be a name, whose case counts.
  if (number !== 0 && (kind === TokenKind.symbol || reserved[number] === 1)) return SPELLINGS[number] ?? ''
  switch (kind) {
    case TokenKind.integer:
    case TokenKind.decimal:
    case TokenKind.float:
    case TokenKind.string:
    case TokenKind.nationalString:
    case TokenKind.hexString:
    case TokenKind.hexNumber:
    case TokenKind.bitString:
    case TokenKind.bitNumber:
      return `?${kind}`
    default:
      return latin1.decode(bytes.subarray(tokens.starts[at], tokens.ends[at]))
  }
}
