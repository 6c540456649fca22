import type { Join, TableReference } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { joinsFrom } from './joins.ts'
import { tableFactor } from './table-factor.ts'

/** Table references with commas between: a chain of `cross` joins. MySQL manual, "JOIN Clause". */
export function tableReferences(cursor: TokenCursor): TableReference {
  return tableReferencesFrom(cursor, tableFactor(cursor))
}

/** The rest of a list of table references whose first table was read: joins and commas. */
export function tableReferencesFrom(cursor: TokenCursor, first: TableReference): TableReference {
  let left = joinsFrom(cursor, first)
  let nested = 0
  while (cursor.accept(',')) {
    left = comma(left, tableReference(cursor))
    nested++
    cursor.enter()
  }
  for (; nested > 0; nested--) cursor.leave()
  return left
}

function comma(left: TableReference, right: TableReference): Join {
  return { kind: 'join', type: 'cross', natural: false, left, right, on: null, using: [] }
}

/** One table factor and the joins behind it. */
export function tableReference(cursor: TokenCursor): TableReference {
  return joinsFrom(cursor, tableFactor(cursor))
}
