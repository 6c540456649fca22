import type { Spelling } from '../../lexer/keywords.ts'
import type { Expression } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { call } from './nodes.ts'

/** TRIM([LEADING | TRAILING | BOTH] [what] FROM text), TRIM(text). */
function trim(cursor: TokenCursor, name: string): Expression {
  cursor.advance()
  cursor.expect('(')
  const side = cursor.acceptAny(['leading', 'trailing', 'both'])
  const args: Expression[] = []
  if (side === null || !cursor.is('from')) args.push(expression(cursor))
  if (cursor.accept('from')) args.unshift(expression(cursor))
  else if (side !== null) throw cursor.error()
  cursor.expect(')')
  return call(name, args, side === null ? [] : [side])
}

/** SUBSTRING(text, from, length), SUBSTRING(text FROM from FOR length). */
function substring(cursor: TokenCursor, name: string): Expression {
  cursor.advance()
  cursor.expect('(')
  const args = [expression(cursor)]
  if (cursor.accept('from')) {
    args.push(expression(cursor))
    if (cursor.accept('for')) args.push(expression(cursor))
  } else {
    while (args.length < 3 && cursor.accept(',')) args.push(expression(cursor))
    if (args.length === 1) throw cursor.error()
  }
  cursor.expect(')')
  return call(name, args)
}

/** POSITION(part IN text). */
function position(cursor: TokenCursor, name: string): Expression {
  cursor.advance()
  cursor.expect('(')
  const args = [cursor.grammar.operand(cursor)]
  cursor.expect('in')
  args.push(expression(cursor))
  cursor.expect(')')
  return call(name, args)
}

/** MATCH (columns) AGAINST (words modes): the columns first. MySQL manual, "Full-Text Search Functions". */
function match(cursor: TokenCursor): Expression {
  cursor.advance()
  const open = cursor.accept('(')
  const args = cursor.list(column)
  if (open) cursor.expect(')')
  cursor.expect('against')
  cursor.expect('(')
  args.push(cursor.grammar.operand(cursor))
  const words: string[] = []
  if (cursor.acceptPair('in', 'boolean')) {
    cursor.expect('mode')
    words.push('boolean')
  } else {
    if (cursor.acceptPair('in', 'natural')) cursor.expectPair('language', 'mode')
    if (cursor.acceptPair('with', 'query')) {
      cursor.expect('expansion')
      words.push('query_expansion')
    }
  }
  cursor.expect(')')
  return call('match', args, words)
}

function column(cursor: TokenCursor): Expression {
  const made = cursor.grammar.operand(cursor)
  if (made.kind !== 'column') throw cursor.error()
  return made
}

function expression(cursor: TokenCursor): Expression {
  return cursor.grammar.expression(cursor)
}

export const TEXT_CALLS: readonly [Spelling, (cursor: TokenCursor, name: string) => Expression | null][] = [
  ['trim', trim],
  ['substring', substring],
  ['substr', substring],
  ['mid', substring],
  ['position', position],
  ['match', match],
]
