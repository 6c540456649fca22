import type { Spelling } from '../../lexer/keywords.ts'
import type { Call, Expression } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { windowed } from './generic-calls.ts'
import { acceptOrderBy } from './windows.ts'

const STAR: Expression = { kind: 'star', schema: null, table: null }

/** COUNT, SUM and the like: `*`, ALL, DISTINCT, OVER. MySQL manual, "Aggregate Function Descriptions". */
function aggregate(cursor: TokenCursor, name: string): Expression | null {
  if (cursor.spellingAhead(1) !== '(') return null
  cursor.advance()
  cursor.expect('(')
  const distinct = cursor.acceptAny(['distinct', 'distinctrow']) !== null
  if (!distinct) cursor.accept('all')
  const star = name === 'count' && !distinct && cursor.is('*')
  if (star) cursor.advance()
  const many = name === 'count' && distinct
  const args = star ? [STAR] : many ? cursor.list(expression) : [expression(cursor)]
  cursor.expect(')')
  return windowed(cursor, made(name, args, distinct, []))
}

/** GROUP_CONCAT([DISTINCT] a, … [ORDER BY …] [SEPARATOR text] [LIMIT …]), and JSON_ARRAYAGG, which MariaDB gives the same. */
function groupConcat(cursor: TokenCursor, name: string): Expression | null {
  if (cursor.spellingAhead(1) !== '(') return null
  cursor.advance()
  cursor.expect('(')
  const distinct = cursor.acceptAny(['distinct', 'distinctrow']) !== null
  const args = cursor.list(expression)
  const orderBy = acceptOrderBy(cursor)
  if (cursor.accept('separator')) separator(cursor)
  if (cursor.isMariadb && cursor.accept('limit')) {
    args.push(cursor.grammar.operand(cursor))
    if (cursor.acceptAny([',', 'offset']) !== null) args.push(cursor.grammar.operand(cursor))
  }
  cursor.expect(')')
  return windowed(cursor, made(name, args, distinct, orderBy))
}

function separator(cursor: TokenCursor): void {
  const constant = cursor.grammar.operand(cursor)
  if (constant.kind !== 'literal' || (constant.type !== 'string' && constant.type !== 'bytes')) throw cursor.error()
}

/** JSON_OBJECTAGG(key, value). */
function jsonObjectAgg(cursor: TokenCursor, name: string): Expression | null {
  if (cursor.spellingAhead(1) !== '(') return null
  cursor.advance()
  cursor.expect('(')
  const args = [expression(cursor)]
  cursor.expect(',')
  args.push(expression(cursor))
  cursor.expect(')')
  return windowed(cursor, made(name, args, false, []))
}

/** MEDIAN and PERCENTILE_…, WITHIN GROUP (ORDER BY …), of MariaDB. */
function percentile(cursor: TokenCursor, name: string): Expression | null {
  if (cursor.spellingAhead(1) !== '(') return null
  cursor.advance()
  const args = cursor.parenthesised(expression)
  cursor.expectPair('within', 'group')
  cursor.expect('(')
  const orderBy = acceptOrderBy(cursor)
  cursor.expect(')')
  return windowed(cursor, made(name, args, false, orderBy))
}

function expression(cursor: TokenCursor): Expression {
  return cursor.grammar.expression(cursor)
}

function made(name: string, args: readonly Expression[], distinct: boolean, orderBy: Call['orderBy']): Call {
  return { kind: 'call', schema: null, name, arguments: args, distinct, orderBy, words: [], over: null }
}

const AGGREGATES: readonly Spelling[] = [
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'std',
  'stddev',
  'stddev_pop',
  'stddev_samp',
  'variance',
  'var_pop',
  'var_samp',
  'bit_and',
  'bit_or',
  'bit_xor',
  'st_collect',
]

export const AGGREGATE_CALLS: readonly [Spelling, (cursor: TokenCursor, name: string) => Expression | null][] = [
  ...AGGREGATES.map((name): [Spelling, typeof aggregate] => [name, aggregate]),
  ['group_concat', groupConcat],
  ['json_arrayagg', groupConcat],
  ['json_objectagg', jsonObjectAgg],
  ['percentile_cont', percentile],
  ['percentile_disc', percentile],
]
