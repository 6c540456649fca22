import type { QualifiedName } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** `table`, `schema.table`. */
export function tableName(cursor: TokenCursor): QualifiedName {
  const first = cursor.name()
  if (!cursor.accept('.')) return { schema: null, name: first }
  return { schema: first, name: cursor.nameOrReserved() }
}

/** `table`, `schema.table`, with `.*` behind it or not, as targets of DELETE. */
export function tableNameWithStar(cursor: TokenCursor): QualifiedName {
  const first = cursor.name()
  if (!cursor.accept('.')) return { schema: null, name: first }
  if (cursor.accept('*')) return { schema: null, name: first }
  const second = cursor.nameOrReserved()
  if (cursor.accept('.')) cursor.expect('*')
  return { schema: first, name: second }
}
