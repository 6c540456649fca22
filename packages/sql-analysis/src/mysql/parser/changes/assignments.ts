import type { ColumnReference } from '../../query-tree.ts'
import type { Assignment } from '../../statement-tree.ts'
import { valueOrDefault } from '../queries/simple-queries.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** `a`, `t.a`, `s.t.a`. */
export function column(cursor: TokenCursor): ColumnReference {
  const first = cursor.name()
  if (!cursor.accept('.')) return { kind: 'column', schema: null, table: null, name: first }
  const second = cursor.nameOrReserved()
  if (!cursor.accept('.')) return { kind: 'column', schema: null, table: first, name: second }
  return { kind: 'column', schema: first, table: second, name: cursor.nameOrReserved() }
}

/** column = value; DEFAULT is a value too. */
export function assignment(cursor: TokenCursor): Assignment {
  const assigned = column(cursor)
  if (!cursor.accept('=')) cursor.expect(':=')
  return { column: assigned, value: valueOrDefault(cursor) }
}
