import type { Spelling } from '../../lexer/keywords.ts'
import type { Expression } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { castType, characterSetName } from './cast-types.ts'
import { call } from './nodes.ts'

/** CAST(value AS type [ARRAY]), CAST(value AT TIME ZONE zone AS DATETIME). */
function cast(cursor: TokenCursor, name: string): Expression {
  cursor.advance()
  cursor.expect('(')
  const args = [cursor.grammar.expression(cursor)]
  const zoned = cursor.accept('at')
  if (zoned && !cursor.accept('local')) {
    cursor.expectPair('time', 'zone')
    cursor.accept('interval')
    cursor.string()
  }
  cursor.expect('as')
  if (zoned && !cursor.is('datetime')) throw cursor.error()
  const words = [castType(cursor)]
  if (cursor.accept('array')) words.push('array')
  cursor.expect(')')
  return call(name, args, words)
}

/** CONVERT(value, type), CONVERT(value USING character set). */
function convert(cursor: TokenCursor): Expression | null {
  if (cursor.spellingAhead(1) !== '(') return null
  cursor.advance()
  cursor.expect('(')
  const args = [cursor.grammar.expression(cursor)]
  const using = cursor.accept('using')
  if (!using) cursor.expect(',')
  const words = [using ? (cursor.accept('default') ? 'default' : characterSetName(cursor)) : castType(cursor)]
  cursor.expect(')')
  return call(using ? 'convert_using' : 'convert', args, words)
}

/** CHAR(n, … [USING character set]). */
function char(cursor: TokenCursor): Expression | null {
  if (cursor.spellingAhead(1) !== '(') return null
  cursor.advance()
  cursor.expect('(')
  const args = cursor.list((at) => at.grammar.expression(at))
  const words = cursor.accept('using') ? [characterSetName(cursor)] : []
  cursor.expect(')')
  return call('char', args, words)
}

/** WEIGHT_STRING(text [AS CHAR(n) | BINARY(n)] [LEVEL …]). */
function weightString(cursor: TokenCursor, name: string): Expression | null {
  if (cursor.spellingAhead(1) !== '(') return null
  cursor.advance()
  cursor.expect('(')
  const args = [cursor.grammar.expression(cursor)]
  if (cursor.accept('as')) {
    if (cursor.acceptAny(['char', 'binary']) === null) throw cursor.error()
    cursor.parenthesised((at) => at.integer())
  }
  if (cursor.accept('level')) {
    do {
      cursor.integer()
      if (cursor.accept('-')) cursor.integer()
      cursor.acceptAny(['asc', 'desc'])
      cursor.accept('reverse')
    } while (cursor.accept(','))
  }
  while (cursor.accept(',')) cursor.integer()
  cursor.expect(')')
  return call(name, args)
}

/** JSON_VALUE(document, path [RETURNING type] [… ON EMPTY] [… ON ERROR]); with ERROR in it, that word stands behind the type. */
function jsonValue(cursor: TokenCursor, name: string): Expression | null {
  if (cursor.spellingAhead(1) !== '(') return null
  cursor.advance()
  cursor.expect('(')
  const args = [cursor.grammar.expression(cursor)]
  cursor.expect(',')
  args.push(cursor.grammar.expression(cursor))
  const words = cursor.accept('returning') ? [castType(cursor)] : []
  if (jsonOnEmptyOnError(cursor, args)) words.push('error')
  cursor.expect(')')
  return call(name, args, words)
}

/** NULL, ERROR or DEFAULT value, ON EMPTY and ON ERROR; the values are appended to `values`. True: there is an ERROR. */
export function jsonOnEmptyOnError(cursor: TokenCursor, values: Expression[]): boolean {
  let fails = false
  for (let clauses = 0; clauses < 2; clauses++) {
    if (cursor.accept('default')) values.push(cursor.grammar.operand(cursor))
    else {
      const word = cursor.acceptAny(['null', 'error'])
      if (word === null) break
      fails ||= word === 'error'
    }
    cursor.expect('on')
    if (cursor.acceptAny(['empty', 'error']) === null) throw cursor.error()
  }
  return fails
}

/** `[NO] INSERT`, UPDATE or DELETE. */
function dualityTag(cursor: TokenCursor): void {
  cursor.accept('no')
  if (cursor.acceptAny(['insert', 'update', 'delete']) === null) throw cursor.error()
}

/** JSON_DUALITY_OBJECT([WITH (…)] 'key': value, …). */
function jsonDualityObject(cursor: TokenCursor, name: string): Expression | null {
  if (cursor.spellingAhead(1) !== '(') return null
  cursor.advance()
  cursor.expect('(')
  if (cursor.accept('with')) {
    if (cursor.is('(')) cursor.parenthesised(dualityTag)
    else dualityTag(cursor)
  }
  const args = cursor.list((at) => {
    at.string()
    at.expect(':')
    return at.grammar.expression(at)
  })
  cursor.expect(')')
  return call(name, args)
}

export const CONVERSION_CALLS: readonly [Spelling, (cursor: TokenCursor, name: string) => Expression | null][] = [
  ['cast', cast],
  ['convert', convert],
  ['char', char],
  ['weight_string', weightString],
  ['json_value', jsonValue],
  ['json_duality_object', jsonDualityObject],
]
