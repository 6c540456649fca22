import type { Expression } from '../../query-tree.ts'
import type { Handler } from '../../statement-tree.ts'
import { acceptLimit } from '../queries/limit.ts'
import { valueOrDefault } from '../queries/simple-queries.ts'
import { acceptTableAlias } from '../queries/table-alias.ts'
import { tableName } from '../queries/table-name.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** HANDLER. MySQL manual, "HANDLER Statement". */
export function readHandler(cursor: TokenCursor): Handler {
  cursor.expect('handler')
  const table = tableName(cursor)
  const nothing = { values: [], where: null, limit: null }
  if (cursor.accept('open'))
    return { kind: 'handler', verb: 'open', table, alias: acceptTableAlias(cursor), ...nothing }
  if (cursor.accept('close')) return { kind: 'handler', verb: 'close', table, alias: null, ...nothing }
  if (table.schema !== null) throw cursor.error()
  cursor.expect('read')
  let values: readonly Expression[] = []
  const whole = (cursor.is('first') || cursor.is('next')) && !isComparison(cursor.spellingAhead(1))
  if (whole) cursor.advance()
  else {
    if (cursor.is('primary')) cursor.takeName()
    else cursor.name()
    if (isComparison(cursor.spelling)) {
      cursor.advance()
      values = cursor.parenthesised(valueOrDefault)
    } else if (cursor.acceptAny(['first', 'next', 'prev', 'last']) === null) throw cursor.error()
  }
  const where = cursor.accept('where') ? cursor.grammar.expression(cursor) : null
  return { kind: 'handler', verb: 'read', table, alias: null, values, where, limit: acceptLimit(cursor) }
}

function isComparison(spelling: string): boolean {
  return spelling === '=' || spelling === '<' || spelling === '<=' || spelling === '>' || spelling === '>='
}
