import type { QueryBody } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** PROCEDURE ANALYSE(…) of MariaDB, put into the select that it belongs to. */
export function acceptProcedure(cursor: TokenCursor, body: QueryBody): QueryBody {
  if (!cursor.isMariadb || body.kind !== 'select') throw cursor.error()
  cursor.expect('procedure')
  const name = cursor.name().toLowerCase()
  cursor.expect('(')
  const args = cursor.is(')') ? [] : cursor.list((at) => at.grammar.expression(at))
  cursor.expect(')')
  return {
    ...body,
    procedure: {
      kind: 'call',
      schema: null,
      name,
      arguments: args,
      distinct: false,
      orderBy: [],
      words: [],
      over: null,
    },
  }
}
