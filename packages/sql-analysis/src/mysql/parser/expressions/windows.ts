import type { Expression, OrderItem, Window } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { isInterval, intervalOperand } from './intervals.ts'

/** One item of ORDER BY or GROUP BY, with its direction. */
export function orderItem(cursor: TokenCursor): OrderItem {
  const expression = cursor.grammar.expression(cursor)
  const descending = cursor.accept('desc')
  if (!descending) cursor.accept('asc')
  return { expression, descending }
}

/** ORDER BY list; empty when it is not here. */
export function acceptOrderBy(cursor: TokenCursor): readonly OrderItem[] {
  return cursor.acceptPair('order', 'by') ? cursor.list(orderItem) : []
}

/** A window's name, or its specification in parentheses. MySQL manual, "Window Function Concepts and Syntax". */
export function windowReference(cursor: TokenCursor): Window {
  if (cursor.is('(')) return windowSpecification(cursor)
  return { base: cursor.name(), partitionBy: [], orderBy: [], frame: [] }
}

export function windowSpecification(cursor: TokenCursor): Window {
  cursor.expect('(')
  const base = cursor.isName && !cursor.isPair('partition', 'by') && !isFrame(cursor) ? cursor.name() : null
  const partitionBy = cursor.acceptPair('partition', 'by') ? cursor.list((at) => orderItem(at).expression) : []
  const orderBy = acceptOrderBy(cursor)
  const frame = isFrame(cursor) ? windowFrame(cursor) : []
  cursor.expect(')')
  return { base, partitionBy, orderBy, frame }
}

function isFrame(cursor: TokenCursor): boolean {
  return cursor.is('rows') || cursor.is('range') || cursor.is('groups')
}

function windowFrame(cursor: TokenCursor): Expression[] {
  const bounds: Expression[] = []
  cursor.advance()
  if (cursor.accept('between')) {
    frameBound(cursor, bounds)
    cursor.expect('and')
  }
  frameBound(cursor, bounds)
  if (cursor.accept('exclude')) {
    if (
      !cursor.acceptPair('current', 'row') &&
      !cursor.acceptPair('no', 'others') &&
      cursor.acceptAny(['group', 'ties']) === null
    )
      throw cursor.error()
  }
  return bounds
}

function frameBound(cursor: TokenCursor, bounds: Expression[]): void {
  if (cursor.acceptPair('current', 'row')) return
  if (!cursor.accept('unbounded')) {
    const bound = isInterval(cursor) ? intervalOperand(cursor) : cursor.grammar.operand(cursor)
    const computed = bound.kind === 'operation' && bound.operator !== 'interval'
    if (bound.kind === 'subquery' || (computed && !cursor.isMariadb)) throw cursor.error()
    bounds.push(bound)
  }
  if (cursor.acceptAny(['preceding', 'following']) === null) throw cursor.error()
}
