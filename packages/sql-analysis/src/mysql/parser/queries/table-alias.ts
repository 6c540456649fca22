import { TokenKind } from '../../lexer/tokens.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** [AS] alias of a table; null: none. */
export function acceptTableAlias(cursor: TokenCursor): string | null {
  if (cursor.accept('as')) return cursor.name()
  if (cursor.kind === TokenKind.symbol) return null
  return cursor.acceptName()
}
