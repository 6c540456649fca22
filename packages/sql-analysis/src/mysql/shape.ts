import { Buffer } from 'node:buffer'
import { TokenKind, type Tokens } from './lexer/tokens.ts'

const prime = 16777619
const offsetBasis = 0x811c9dc5 | 0
/** What stands in a shape for a literal is a byte below this; a text that holds such bytes elsewhere has no shape. */
const MARKS_END = 0x05

/** Mark of a token that a shape leaves out; 0: it is kept. */
function markOf(kind: number | undefined): number {
  switch (kind) {
    case TokenKind.integer:
      return 1
    case TokenKind.decimal:
      return 2
    case TokenKind.float:
      return 3
    case TokenKind.string:
      return 4
    default:
      return 0
  }
}

/**
 * A text with its literals taken out: numbers and strings as the lexer found them, so that what is a literal here is one for the parser too.
 * One object is used again for text after text.
 */
export class Shape {
  /** The shape found last: its first bytes, as many as `take` answered. */
  bytes: Buffer = Buffer.allocUnsafeSlow(4096)
  /** FNV-1a of that shape, 32 bits signed. */
  hash = 0

  /** Length of the shape of the text of these tokens; -1: it has none (comments, bytes that are marks). */
  take(text: Uint8Array, start: number, end: number, tokens: Tokens): number {
    if (tokens.irregular) return -1
    if (end - start > this.bytes.length) this.bytes = Buffer.allocUnsafeSlow(2 * (end - start))
    const shape = this.bytes
    let length = 0
    let hash = offsetBasis
    let at = start
    for (let token = 0; token <= tokens.count; token++) {
      const mark = token < tokens.count ? markOf(tokens.kinds[token]) : 0
      const until = token === tokens.count ? end : mark === 0 ? (tokens.ends[token] ?? 0) : (tokens.starts[token] ?? 0)
      for (; at < until; at++) {
        const byte = text[at] ?? 0
        if (byte < MARKS_END) return -1
        shape[length++] = byte
        hash = Math.imul(hash ^ byte, prime)
      }
      if (mark === 0) continue
      shape[length++] = mark
      hash = Math.imul(hash ^ mark, prime)
      at = tokens.ends[token] ?? 0
    }
    this.hash = hash
    return length
  }
}

/** The tokens that the shape leaves out. */
export function literalTokens(tokens: Tokens): number[] {
  const found: number[] = []
  for (let token = 0; token < tokens.count; token++) if (markOf(tokens.kinds[token]) !== 0) found.push(token)
  return found
}
