import { TokenKind } from '../../lexer/tokens.ts'
import type { Expression, Limit } from '../../query-tree.ts'
import { acceptLiteral } from '../expressions/literals.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** LIMIT in every form, and MariaDB's OFFSET … FETCH; null: none stands here. */
export function acceptLimit(cursor: TokenCursor): Limit | null {
  if (cursor.isMariadb && (cursor.is('offset') || cursor.is('fetch'))) return offsetFetch(cursor)
  if (!cursor.accept('limit')) return null
  if (cursor.isMariadb && acceptRowsExamined(cursor)) return { count: null, offset: null }
  const first = bound(cursor)
  let limit: Limit = { count: first, offset: null }
  if (cursor.accept(',')) limit = { count: bound(cursor), offset: first }
  else if (cursor.accept('offset')) limit = { count: first, offset: bound(cursor) }
  if (cursor.isMariadb) acceptRowsExamined(cursor)
  return limit
}

/** LIMIT of UPDATE and DELETE: one number. */
export function acceptPlainLimit(cursor: TokenCursor): Limit | null {
  if (!cursor.accept('limit')) return null
  if (cursor.isMariadb && acceptRowsExamined(cursor)) return { count: null, offset: null }
  const count = bound(cursor)
  if (cursor.isMariadb) acceptRowsExamined(cursor)
  return { count, offset: null }
}

function acceptRowsExamined(cursor: TokenCursor): boolean {
  if (!cursor.acceptPair('rows', 'examined')) return false
  bound(cursor)
  return true
}

/** A number, a parameter, or a variable of a stored program. */
function bound(cursor: TokenCursor): Expression {
  const { kind } = cursor
  if (kind === TokenKind.integer || kind === TokenKind.hexNumber || kind === TokenKind.bitNumber) {
    const constant = acceptLiteral(cursor)
    if (constant !== null) return constant
  }
  if (cursor.accept('?')) return { kind: 'parameter', index: cursor.parameters++ }
  const first = cursor.name()
  if (!cursor.accept('.')) return { kind: 'column', schema: null, table: null, name: first }
  return { kind: 'column', schema: null, table: first, name: cursor.nameOrReserved() }
}

function offsetFetch(cursor: TokenCursor): Limit {
  let offset: Expression | null = null
  let count: Expression | null = null
  if (cursor.accept('offset')) {
    offset = bound(cursor)
    if (cursor.acceptAny(['row', 'rows']) === null) throw cursor.error()
  }
  if (cursor.accept('fetch')) {
    if (cursor.acceptAny(['first', 'next']) === null) throw cursor.error()
    if (!cursor.is('row') && !cursor.is('rows')) count = bound(cursor)
    if (cursor.acceptAny(['row', 'rows']) === null) throw cursor.error()
    if (!cursor.accept('only')) cursor.expectPair('with', 'ties')
  }
  return { count, offset }
}
