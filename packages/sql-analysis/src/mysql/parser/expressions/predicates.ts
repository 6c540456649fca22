import type { Expression } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { operation } from './nodes.ts'
import { parenthesised } from './parentheses.ts'

/** True: the current token begins IN, BETWEEN, LIKE … with or without NOT. */
export function isPredicate(cursor: TokenCursor): boolean {
  switch (cursor.spelling) {
    case 'in':
    case 'between':
    case 'like':
    case 'regexp':
    case 'rlike':
      return true
    case 'not': {
      const next = cursor.spellingAhead(1)
      return next === 'in' || next === 'between' || next === 'like' || next === 'regexp' || next === 'rlike'
    }
    case 'sounds':
      return cursor.spellingAhead(1) === 'like'
    case 'member':
      return !cursor.isMariadb && (cursor.spellingAhead(1) === 'of' || cursor.spellingAhead(1) === '(')
    default:
      return false
  }
}

/** What predicates need of the levels below and beside them. */
interface Rules {
  readonly operand: (cursor: TokenCursor) => Expression
  readonly predicate: (cursor: TokenCursor) => Expression
  readonly simple: (cursor: TokenCursor) => Expression
}

/** The predicate that begins at the current token and whose left side was read. MySQL manual, "Comparison Functions and Operators". */
export function predicate(cursor: TokenCursor, left: Expression, rules: Rules): Expression {
  const not = cursor.accept('not') ? 'not ' : ''
  const word = cursor.acceptAny(['in', 'between', 'like', 'regexp', 'rlike', 'sounds', 'member'])
  switch (word) {
    case 'in':
      return operation(`${not}in`, [left, list(cursor)])
    case 'between': {
      const low = rules.operand(cursor)
      cursor.expect('and')
      return operation(`${not}between`, [left, low, rules.predicate(cursor)])
    }
    case 'like': {
      const operands = [left, cursor.isMariadb ? rightSide(cursor, rules) : rules.simple(cursor)]
      if (cursor.accept('escape')) operands.push(cursor.isMariadb ? rules.predicate(cursor) : rules.simple(cursor))
      return operation(`${not}like`, operands)
    }
    case 'regexp':
    case 'rlike':
      return operation(`${not}regexp`, [left, rightSide(cursor, rules)])
    case 'sounds':
      cursor.expect('like')
      return operation('sounds like', [left, rightSide(cursor, rules)])
    case 'member': {
      cursor.accept('of')
      cursor.expect('(')
      const array = rules.simple(cursor)
      cursor.expect(')')
      return operation('member of', [left, array])
    }
    default:
      throw cursor.error()
  }
}

/** Right side of LIKE and REGEXP. In MariaDB a predicate with NOT behind it belongs to it: `a LIKE b NOT IN (c)` is `a LIKE (b NOT IN (c))`. */
function rightSide(cursor: TokenCursor, rules: Rules): Expression {
  let right = rules.operand(cursor)
  let nested = 0
  while (cursor.isMariadb && cursor.is('not') && isPredicate(cursor)) {
    cursor.enter()
    nested++
    right = predicate(cursor, right, rules)
  }
  for (; nested > 0; nested--) cursor.leave()
  return right
}

/** `(a, b)` or `(query)` behind IN. */
function list(cursor: TokenCursor): Expression {
  const inside = parenthesised(cursor)
  if (Array.isArray(inside)) return { kind: 'row', items: inside }
  if (inside.kind === 'query') return { kind: 'subquery', use: 'in', query: inside }
  return { kind: 'row', items: [inside] }
}
