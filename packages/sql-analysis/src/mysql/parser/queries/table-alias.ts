import { TokenKind } from '../../lexer/tokens.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** [AS] alias of a table; null: none. */
export function acceptTableAlias(cursor: TokenCursor): string | null {
  if (cursor.accept('as')) return cursor.name()
  // MariaDB reserves WINDOW only here.
  if (cursor.kind === TokenKind.symbol || cursor.is('window')) return null
  return cursor.acceptName()
}
