import type { CommonTable, With } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** WITH [RECURSIVE] name [(columns)] AS (query), …; null: none stands here. MySQL manual, "WITH (Common Table Expressions)". */
export function acceptWith(cursor: TokenCursor): With | null {
  if (!cursor.accept('with')) return null
  const recursive = cursor.accept('recursive')
  return { recursive, tables: cursor.list(commonTable) }
}

function commonTable(cursor: TokenCursor): CommonTable {
  const name = cursor.name()
  const columns = cursor.is('(') ? cursor.parenthesised((at) => at.name()) : null
  cursor.expect('as')
  const query = cursor.grammar.subquery(cursor)
  if (cursor.isMariadb && cursor.accept('cycle')) {
    cursor.list((at) => at.name())
    cursor.expect('restrict')
  }
  return { name, columns, query }
}
