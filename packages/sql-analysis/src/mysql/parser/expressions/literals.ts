import { TokenKind } from '../../lexer/tokens.ts'
import type { Literal } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { literal } from './nodes.ts'

/** The literal that the current token begins, neighbours of a string included; null: it begins none. MySQL manual, "Literal Values". */
export function acceptLiteral(cursor: TokenCursor): Literal | null {
  switch (cursor.kind) {
    case TokenKind.integer:
    case TokenKind.decimal:
    case TokenKind.float:
      return noted(cursor, cursor.at, literal('number', take(cursor)))
    case TokenKind.string:
      return noted(cursor, cursor.at, literal('string', strings(cursor)))
    case TokenKind.nationalString:
      return literal('string', strings(cursor))
    case TokenKind.hexString:
    case TokenKind.hexNumber:
    case TokenKind.bitString:
    case TokenKind.bitNumber:
      return bytesLiteral(cursor)
    case TokenKind.introducer: {
      cursor.advance()
      if (cursor.isString) return literal('string', strings(cursor))
      return bytesLiteral(cursor)
    }
    default:
      return null
  }
}

function noted(cursor: TokenCursor, token: number, made: Literal): Literal {
  cursor.literals.push(made)
  cursor.literalTokens.push(token)
  return made
}

function take(cursor: TokenCursor): string {
  const text = cursor.textOf(cursor.at, cursor.at)
  cursor.advance()
  return text
}

/** One string literal or several beside each other, which are one. */
function strings(cursor: TokenCursor): string {
  let value = cursor.takeString()
  while (cursor.kind === TokenKind.string) value += cursor.takeString()
  return value
}

/** x'…', 0x…, b'…', 0b…: as hexadecimal digits. */
function bytesLiteral(cursor: TokenCursor): Literal {
  const { kind } = cursor
  const quoted = kind === TokenKind.hexString || kind === TokenKind.bitString
  const hex = kind === TokenKind.hexString || kind === TokenKind.hexNumber
  if (!quoted && !hex && kind !== TokenKind.bitNumber) throw cursor.error()
  const text = take(cursor)
  const digits = text.slice(2, quoted ? -1 : undefined)
  return literal('bytes', hex ? digits.toLowerCase() : bitsToHex(digits))
}

function bitsToHex(bits: string): string {
  const padded = bits.padStart(Math.ceil(bits.length / 4) * 4, '0')
  return padded.replaceAll(/.{4}/g, (four) => Number.parseInt(four, 2).toString(16))
}
