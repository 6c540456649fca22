import type { Expression, Query } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** True: the token `ahead` of the current one begins a query. */
export function beginsQuery(cursor: TokenCursor, ahead: number): boolean {
  switch (cursor.spellingAhead(ahead)) {
    case 'select':
    case 'with':
      return true
    case 'values':
      // VALUES(column) is a function.
      return cursor.spellingAhead(ahead + 1) === (cursor.isMariadb ? '(' : 'row')
    case 'table':
      return !cursor.isMariadb
    default:
      return false
  }
}

/**
 * What stands in parentheses, these included: a query, one expression, or the items of a row.
 * A query in parentheses of its own may turn out to be an operand, so nothing is read twice.
 */
export function parenthesised(cursor: TokenCursor): Query | Expression | Expression[] {
  cursor.expect('(')
  cursor.enter()
  const inside = content(cursor)
  cursor.leave()
  cursor.expect(')')
  return inside
}

function content(cursor: TokenCursor): Query | Expression | Expression[] {
  const { grammar } = cursor
  if (!cursor.is('(')) {
    if (beginsQuery(cursor, 0)) return grammar.query(cursor)
    const only = grammar.expression(cursor)
    return cursor.is(',') ? rest(cursor, only) : only
  }
  const inner = parenthesised(cursor)
  let first: Expression
  if (Array.isArray(inner)) first = { kind: 'row', items: inner }
  else if (inner.kind === 'query') {
    const whole = grammar.queryFrom(cursor, inner)
    if (whole !== inner || cursor.is(')')) return whole
    first = { kind: 'subquery', use: 'scalar', query: inner }
  } else first = inner
  const only = grammar.expressionFrom(cursor, first)
  return cursor.is(',') ? rest(cursor, only) : only
}

function rest(cursor: TokenCursor, first: Expression): Expression[] {
  const items = [first]
  while (cursor.accept(',')) items.push(cursor.grammar.expression(cursor))
  return items
}
