import type { Call, Expression, OrderItem, Window } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { windowReference } from './windows.ts'

/** Built-in functions whose names are reserved words, and which take plain arguments. */
const RESERVED: ReadonlySet<string> = new Set(
  'if left right insert replace repeat mod char database schema truncate values grouping row_number rank dense_rank cume_dist percent_rank ntile lead lag first_value last_value nth_value'.split(
    ' ',
  ),
)

/** A call of a function with a list of expressions in parentheses; the name stands at the current token. */
export function genericCall(cursor: TokenCursor, schema: string | null): Call {
  const reserved = schema === null && !cursor.isName
  if (reserved && !RESERVED.has(cursor.spelling) && !cursor.isFunctionWord) throw cursor.error()
  // Aggregates and other functions that need "(" right behind them are no built-ins when it is not.
  const name = cursor.takeName()
  cursor.expect('(')
  const args = cursor.is(')') ? [] : cursor.list(argument)
  cursor.expect(')')
  const made = makeCall(schema, schema === null ? name.toLowerCase() : name, args)
  return windowed(cursor, made)
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
