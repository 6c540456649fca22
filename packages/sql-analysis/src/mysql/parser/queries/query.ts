import type { Query, QueryBody, SetOperation, With } from '../../query-tree.ts'
import { acceptOrderBy } from '../expressions/windows.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { into } from './into.ts'
import { acceptLimit } from './limit.ts'
import { acceptLocks } from './locks.ts'
import { acceptProcedure } from './procedure.ts'
import { select } from './select.ts'
import { tableQuery, valuesQuery } from './simple-queries.ts'
import { acceptWith } from './with.ts'

/** A whole statement's query: INTO may stand in it. MySQL manual, "SELECT Statement", "Set Operations", "Parenthesized Query Expressions". */
export function statementQuery(cursor: TokenCursor): Query {
  return statementQueryBehindWith(cursor, acceptWith(cursor))
}

/** The rest of a statement's query whose WITH clause, if any, was read already. */
export function statementQueryBehindWith(cursor: TokenCursor, common: With | null): Query {
  if (!cursor.is('(')) return rest(cursor, common, simple(cursor))
  const first = parenthesisedQuery(cursor)
  const whole = common === null ? queryFrom(cursor, first) : rest(cursor, common, first)
  // What INTO takes is the whole result, never that of an operand.
  if (first.into !== null && whole !== first) throw cursor.error()
  return whole
}

/** A query inside of something else, parenthesised or not, with all that may stand around it but INTO. */
export function query(cursor: TokenCursor): Query {
  cursor.enter()
  const whole = statementQuery(cursor)
  cursor.leave()
  if (whole.into !== null) throw cursor.error()
  return whole
}

/** The rest of a query that begins with a parenthesised one; that one itself if nothing follows. */
export function queryFrom(cursor: TokenCursor, first: Query): Query {
  switch (cursor.spelling) {
    case 'union':
    case 'except':
    case 'intersect':
    case 'order':
    case 'limit':
    case 'into':
    case 'offset':
    case 'fetch':
    case 'for':
    case 'lock':
    case 'procedure':
      return rest(cursor, null, first)
    default:
      return first
  }
}

/** `(query)`, its parentheses included. */
export function subquery(cursor: TokenCursor): Query {
  cursor.expect('(')
  const inside = query(cursor)
  cursor.expect(')')
  return inside
}

/** `(query)` that may be a whole statement. */
function parenthesisedQuery(cursor: TokenCursor): Query {
  cursor.expect('(')
  cursor.enter()
  const inside = statementQuery(cursor)
  cursor.leave()
  cursor.expect(')')
  return inside
}

/** One SELECT, TABLE, VALUES or parenthesised query. */
function simple(cursor: TokenCursor): QueryBody {
  switch (cursor.spelling) {
    case 'select':
      return select(cursor)
    case 'table':
      if (cursor.isMariadb) throw cursor.error()
      return tableQuery(cursor)
    case 'values':
      return valuesQuery(cursor)
    case '(':
      return subquery(cursor)
    default:
      throw cursor.error()
  }
}

/** Set operations behind the first operand, and what stands behind the last. */
function rest(cursor: TokenCursor, common: With | null, first: QueryBody): Query {
  let body = intersections(cursor, first)
  let nested = 0
  for (;;) {
    const operator = cursor.acceptAny(['union', 'except'])
    if (operator === null) break
    if (cursor.hasInto) throw cursor.error()
    const all = quantifier(cursor)
    body = { kind: 'set_operation', operator, all, left: body, right: intersections(cursor, simple(cursor)) }
    nested++
    cursor.enter()
  }
  for (let left = nested; left > 0; left--) cursor.leave()
  const orderBy = acceptOrderBy(cursor)
  const limit = acceptLimit(cursor)
  if (cursor.is('procedure')) body = acceptProcedure(cursor, body)
  let target = cursor.is('into') ? into(cursor) : null
  const locks = acceptLocks(cursor)
  if (target === null && cursor.is('into')) target = into(cursor)
  // INTO before FROM was read with the select.
  const inside = cursor.takeInto()
  if (inside !== null && target !== null) throw cursor.error()
  return { kind: 'query', with: common, body, orderBy, limit, into: target ?? inside, locks }
}

/** INTERSECT binds tighter than the other set operations. */
function intersections(cursor: TokenCursor, first: QueryBody): QueryBody {
  let left = first
  let nested = 0
  while (cursor.accept('intersect')) {
    if (cursor.hasInto) throw cursor.error()
    const all = quantifier(cursor)
    const made: SetOperation = { kind: 'set_operation', operator: 'intersect', all, left, right: simple(cursor) }
    left = made
    nested++
    cursor.enter()
  }
  for (; nested > 0; nested--) cursor.leave()
  return left
}

/** ALL or DISTINCT; true: ALL. */
function quantifier(cursor: TokenCursor): boolean {
  if (cursor.accept('all')) return true
  cursor.accept('distinct')
  return false
}
