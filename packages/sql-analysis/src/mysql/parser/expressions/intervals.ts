import type { Expression } from '../../query-tree.ts'
import type { Keyword } from '../../lexer/keywords.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { call, operation } from './nodes.ts'
import { parenthesised } from './parentheses.ts'

const UNITS: readonly Keyword[] = [
  'day',
  'week',
  'hour',
  'minute',
  'month',
  'quarter',
  'second',
  'microsecond',
  'year',
  'day_hour',
  'day_microsecond',
  'day_minute',
  'day_second',
  'hour_microsecond',
  'hour_minute',
  'hour_second',
  'minute_microsecond',
  'minute_second',
  'second_microsecond',
  'year_month',
  'sql_tsi_second',
  'sql_tsi_minute',
  'sql_tsi_hour',
  'sql_tsi_day',
  'sql_tsi_week',
  'sql_tsi_month',
  'sql_tsi_quarter',
  'sql_tsi_year',
]

/** The unit of an interval, lower case, without `sql_tsi_`. MySQL manual, "Temporal Intervals". */
export function intervalUnit(cursor: TokenCursor): string {
  const unit = cursor.acceptAny(UNITS)
  if (unit === null) throw cursor.error()
  return unit.startsWith('sql_tsi_') ? unit.slice(8) : unit
}

/** True: the current token is INTERVAL. */
export function isInterval(cursor: TokenCursor): boolean {
  return cursor.spelling === 'interval'
}

/** INTERVAL expression unit, or the function INTERVAL(a, b, …). */
export function intervalOperand(cursor: TokenCursor): Expression {
  cursor.expect('interval')
  if (cursor.spelling !== '(') return unitBehind(cursor, cursor.grammar.expression(cursor))
  const inside = parenthesised(cursor)
  if (Array.isArray(inside)) return call('interval', inside)
  const first: Expression = inside.kind === 'query' ? { kind: 'subquery', use: 'scalar', query: inside } : inside
  return unitBehind(cursor, cursor.grammar.expressionFrom(cursor, first))
}

function unitBehind(cursor: TokenCursor, amount: Expression): Expression {
  intervalUnit(cursor)
  return operation('interval', [amount])
}
