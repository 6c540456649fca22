import type { Spelling } from '../../lexer/keywords.ts'
import { TokenKind } from '../../lexer/tokens.ts'
import type { Expression } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { intervalOperand, intervalUnit, isInterval } from './intervals.ts'
import { call } from './nodes.ts'

/** DATE_ADD(date, INTERVAL …), ADDDATE(date, days). */
function dateArithmetic(cursor: TokenCursor, name: string): Expression {
  cursor.advance()
  cursor.expect('(')
  const args = [expression(cursor)]
  cursor.expect(',')
  args.push(isInterval(cursor) ? intervalOperand(cursor) : plainDays(cursor, name))
  cursor.expect(')')
  return call(name, args)
}

function plainDays(cursor: TokenCursor, name: string): Expression {
  if (name === 'date_add' || name === 'date_sub') throw cursor.error()
  return expression(cursor)
}

/** EXTRACT(unit FROM date). */
function extract(cursor: TokenCursor, name: string): Expression {
  cursor.advance()
  cursor.expect('(')
  const words = [intervalUnit(cursor)]
  cursor.expect('from')
  const args = [expression(cursor)]
  cursor.expect(')')
  return call(name, args, words)
}

/** TIMESTAMPADD(unit, n, date), TIMESTAMPDIFF(unit, from, to). */
function timestampArithmetic(cursor: TokenCursor, name: string): Expression | null {
  if (cursor.spellingAhead(1) !== '(') return null
  cursor.advance()
  cursor.expect('(')
  const words = [intervalUnit(cursor)]
  cursor.expect(',')
  const args = [expression(cursor)]
  cursor.expect(',')
  args.push(expression(cursor))
  cursor.expect(')')
  return call(name, args, words)
}

/** GET_FORMAT(DATE | TIME | DATETIME | TIMESTAMP, standard). */
function getFormat(cursor: TokenCursor, name: string): Expression | null {
  if (cursor.spellingAhead(1) !== '(') return null
  cursor.advance()
  cursor.expect('(')
  const type = cursor.acceptAny(['date', 'time', 'datetime', 'timestamp'])
  if (type === null) throw cursor.error()
  cursor.expect(',')
  const args = [expression(cursor)]
  cursor.expect(')')
  return call(name, args, [type])
}

/** NOW and its kin: with or without parentheses, with or without a number of digits. */
function now(cursor: TokenCursor, name: string): Expression {
  cursor.advance()
  if (cursor.accept('(')) {
    if (cursor.kind === TokenKind.integer) cursor.integer()
    cursor.expect(')')
  }
  return call(name, [])
}

function expression(cursor: TokenCursor): Expression {
  return cursor.grammar.expression(cursor)
}

const NOW: readonly Spelling[] = [
  'now',
  'sysdate',
  'curdate',
  'curtime',
  'current_date',
  'current_time',
  'current_timestamp',
  'localtime',
  'localtimestamp',
  'utc_date',
  'utc_time',
  'utc_timestamp',
]

export const TIME_CALLS: readonly [Spelling, (cursor: TokenCursor, name: string) => Expression | null][] = [
  ...NOW.map((name): [Spelling, typeof now] => [name, now]),
  ['adddate', dateArithmetic],
  ['subdate', dateArithmetic],
  ['date_add', dateArithmetic],
  ['date_sub', dateArithmetic],
  ['extract', extract],
  ['timestampadd', timestampArithmetic],
  ['timestampdiff', timestampArithmetic],
  ['get_format', getFormat],
]
