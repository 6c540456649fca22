import type { Call, Expression, OrderItem, Window } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { windowReference } from './windows.ts'

/** Built-in functions whose names are reserved words and which take plain arguments: how few, and how many. */
const RESERVED: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['if', [3, 3]],
  ['left', [2, 2]],
  ['right', [2, 2]],
  ['insert', [4, 4]],
  ['replace', [3, 3]],
  ['repeat', [2, 2]],
  ['mod', [2, 2]],
  ['char', [1, 255]],
  ['database', [0, 0]],
  ['schema', [0, 0]],
  ['values', [1, 1]],
  ['grouping', [1, 255]],
  ['row_number', [0, 0]],
  ['rank', [0, 0]],
  ['dense_rank', [0, 0]],
  ['cume_dist', [0, 0]],
  ['percent_rank', [0, 0]],
  ['ntile', [1, 1]],
  ['lead', [1, 3]],
  ['lag', [1, 3]],
  ['first_value', [1, 1]],
  ['last_value', [1, 1]],
  ['nth_value', [2, 2]],
])
/** Functions that take OVER besides the aggregates. MySQL manual, "Window Function Descriptions". */
const WINDOWED: ReadonlySet<string> = new Set(
  'row_number rank dense_rank cume_dist percent_rank ntile lead lag first_value last_value nth_value median'.split(' '),
)

/** A call of a function with a list of expressions in parentheses; the name stands at the current token. */
export function genericCall(cursor: TokenCursor, schema: string | null): Call {
  const arity = schema === null && !cursor.isName ? RESERVED.get(cursor.spelling) : undefined
  // Aggregates and other functions that need "(" right behind them are no built-ins when it is not.
  if (!cursor.isName && arity === undefined && (schema !== null || !cursor.isFunctionWord)) throw cursor.error()
  const written = cursor.takeName()
  const name = schema === null ? written.toLowerCase() : written
  cursor.expect('(')
  const args = cursor.is(')') ? [] : cursor.list(arity === undefined ? argument : plainArgument)
  cursor.expect(')')
  if (arity !== undefined && (args.length < arity[0] || args.length > arity[1])) throw cursor.error()
  const made = makeCall(schema, name, args)
  return schema === null && WINDOWED.has(name) ? windowed(cursor, made) : made
}

function plainArgument(cursor: TokenCursor): Expression {
  return cursor.grammar.expression(cursor)
}

/** An argument; loadable functions may be given a name for it. */
function argument(cursor: TokenCursor): Expression {
  const value = cursor.grammar.expression(cursor)
  if (cursor.accept('as')) cursor.nameOrString()
  else if (cursor.isName || cursor.isString) cursor.nameOrString()
  return value
}

/** A call with its OVER clause, if there is one. */
export function windowed(cursor: TokenCursor, made: Call): Call {
  if (
    cursor.spelling !== 'over' &&
    cursor.spelling !== 'from' &&
    cursor.spelling !== 'respect' &&
    cursor.spelling !== 'ignore'
  )
    return made
  // FROM FIRST, RESPECT NULLS … belong to a window function only where OVER follows.
  const start = cursor.at
  if (cursor.isPair('from', 'first') || cursor.isPair('from', 'last')) cursor.restore(cursor.at + 2)
  if (cursor.isPair('respect', 'nulls') || cursor.isPair('ignore', 'nulls')) cursor.restore(cursor.at + 2)
  if (cursor.spelling !== 'over') {
    cursor.restore(start)
    return made
  }
  return { ...made, over: over(cursor) }
}

/** OVER name, or OVER (…). */
function over(cursor: TokenCursor): Window {
  cursor.expect('over')
  return windowReference(cursor)
}

const NONE: readonly OrderItem[] = []

function makeCall(schema: string | null, name: string, args: readonly Expression[]): Call {
  return { kind: 'call', schema, name, arguments: args, distinct: false, orderBy: NONE, words: [], over: null }
}
