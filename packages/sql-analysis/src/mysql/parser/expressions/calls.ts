import type { Spelling } from '../../lexer/keywords.ts'
import { NEEDS_PARENTHESIS } from '../../lexer/reserved.ts'
import type { Expression } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { AGGREGATE_CALLS } from './aggregate-calls.ts'
import { CONVERSION_CALLS } from './conversion-calls.ts'
import { MARIADB_CALLS } from './mariadb-calls.ts'
import { call } from './nodes.ts'
import { TEXT_CALLS } from './text-calls.ts'
import { TIME_CALLS } from './time-calls.ts'

/** A rule reads a whole call from its name on; null: it is no call of this syntax after all. */
type CallRule = (cursor: TokenCursor, name: string) => Expression | null

const RULES: ReadonlyMap<Spelling, CallRule> = new Map<Spelling, CallRule>([
  ...CONVERSION_CALLS,
  ...AGGREGATE_CALLS,
  ...TEXT_CALLS,
  ...TIME_CALLS,
  ['current_user', withoutArguments],
  ['default', defaultOfColumn],
])
const RULES_OF_MARIADB: ReadonlyMap<Spelling, CallRule> = new Map<Spelling, CallRule>([
  ...RULES,
  ...MARIADB_CALLS,
  ['current_role', withoutArguments],
])

/** The call of a built-in function with syntax of its own that the current word begins; null: it begins none. MySQL manual, "Built-In Function and Operator Reference". */
export function callOfKeyword(cursor: TokenCursor): Expression | null {
  const { spelling } = cursor
  if (spelling === '') return null
  const rule = (cursor.isMariadb ? RULES_OF_MARIADB : RULES).get(spelling)
  if (rule === undefined) return null
  // With white space before its "(" such a name is that of a stored function.
  if (NEEDS_PARENTHESIS.has(spelling as never) && !cursor.isFunctionWord) return null
  return rule(cursor, spelling)
}

/** CURRENT_USER and the like, with empty parentheses or without. */
function withoutArguments(cursor: TokenCursor, name: string): Expression {
  cursor.advance()
  if (cursor.accept('(')) cursor.expect(')')
  return call(name, [])
}

/** DEFAULT(column). */
function defaultOfColumn(cursor: TokenCursor): Expression | null {
  if (cursor.spellingAhead(1) !== '(') return null
  cursor.advance()
  cursor.expect('(')
  const column = cursor.grammar.operand(cursor)
  if (column.kind !== 'column') throw cursor.error()
  cursor.expect(')')
  return { kind: 'default', column }
}
