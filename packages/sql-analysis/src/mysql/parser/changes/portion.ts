import type { Expression } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** FOR PORTION OF period FROM a TO b, of MariaDB: its bounds; empty: it is not here. MariaDB documentation, "Application-Time Periods". */
export function portion(cursor: TokenCursor): readonly Expression[] {
  if (!cursor.isMariadb || !cursor.is('for') || cursor.spellingAhead(2) !== 'of') return []
  cursor.advance()
  if (cursor.takeName().toLowerCase() !== 'portion') throw cursor.error()
  cursor.expect('of')
  cursor.name()
  cursor.expect('from')
  const from = cursor.grammar.operand(cursor)
  cursor.expect('to')
  return [from, cursor.grammar.operand(cursor)]
}
