import { TokenKind } from '../../lexer/tokens.ts'
import type { Expression } from '../../query-tree.ts'
import { beginsQuery, parenthesised } from './parentheses.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { callOfKeyword } from './calls.ts'
import { genericCall } from './generic-calls.ts'
import { intervalOperand } from './intervals.ts'
import { acceptLiteral } from './literals.ts'
import { call, literal, operation } from './nodes.ts'
import { systemVariable, userVariable } from './variables.ts'

/** simple_expr of the manual: prefixes, a primary, COLLATE. */
export function unary(cursor: TokenCursor): Expression {
  switch (cursor.spelling) {
    case '-':
    case '+':
    case '~':
    case '!':
      return prefixed(cursor, cursor.spelling)
    case 'not':
      if (!cursor.dialect.highNotPrecedence) throw cursor.error()
      return prefixed(cursor, 'not')
    case 'binary':
      return prefixed(cursor, 'binary')
    default:
      return postfix(cursor, primary(cursor))
  }
}

function prefixed(cursor: TokenCursor, operator: string): Expression {
  cursor.advance()
  cursor.enter()
  const operand = unary(cursor)
  cursor.leave()
  return operation(operator, [operand])
}

/** What may follow a primary: COLLATE. */
export function postfix(cursor: TokenCursor, first: Expression): Expression {
  let left = first
  while (cursor.spelling === 'collate') {
    cursor.advance()
    if (!cursor.accept('binary')) cursor.nameOrString()
    if (left.kind !== 'operation' || left.operator !== 'collate') left = operation('collate', [left])
  }
  return left
}

/** A column by its name, with a JSON path behind it or not. */
function pathOrColumn(cursor: TokenCursor, schema: string | null, table: string | null, name: string): Expression {
  const column: Expression = { kind: 'column', schema, table, name }
  if (cursor.spelling !== '->' && cursor.spelling !== '->>') return column
  const extract = cursor.spelling === '->' ? 'json_extract' : 'json_unquote_extract'
  cursor.advance()
  return call(extract, [column, literal('string', cursor.string())])
}

function primary(cursor: TokenCursor): Expression {
  const { kind } = cursor
  if (kind === TokenKind.word) return word(cursor)
  if (kind === TokenKind.name || kind === TokenKind.quotedName) return nameOrCall(cursor)
  const constant = acceptLiteral(cursor)
  if (constant !== null) return constant
  if (kind === TokenKind.userVariable) return userVariable(cursor)
  switch (cursor.spelling) {
    case '(': {
      const inside = parenthesised(cursor)
      if (Array.isArray(inside)) return { kind: 'row', items: inside }
      return inside.kind === 'query' ? { kind: 'subquery', use: 'scalar', query: inside } : inside
    }
    case '?':
      cursor.advance()
      return { kind: 'parameter', index: cursor.parameters++ }
    case '@@':
      return systemVariable(cursor)
    case '{':
      return odbcEscape(cursor)
    case '\\N':
      cursor.advance()
      return literal('null', '')
    case '.':
      return nameOrCall(cursor)
    default:
      throw cursor.error()
  }
}

/** `{d '…'}`, `{fn …}` and any other `{identifier expression}`. MySQL manual, "Expressions". */
function odbcEscape(cursor: TokenCursor): Expression {
  cursor.expect('{')
  const kind = cursor.name().toLowerCase()
  const inside = cursor.grammar.expression(cursor)
  cursor.expect('}')
  const temporal = (kind === 'd' || kind === 't' || kind === 'ts') && inside.kind === 'literal'
  return temporal ? literal('temporal', inside.value) : inside
}

function word(cursor: TokenCursor): Expression {
  switch (cursor.spelling) {
    case '':
      return nameOrCall(cursor)
    case 'null':
      cursor.advance()
      return literal('null', '')
    case 'true':
    case 'false': {
      const value = cursor.spelling
      cursor.advance()
      return literal('boolean', value)
    }
    case 'exists': {
      if (cursor.spellingAhead(1) !== '(') break
      cursor.advance()
      return { kind: 'subquery', use: 'exists', query: cursor.grammar.subquery(cursor) }
    }
    case 'interval': {
      const interval = intervalOperand(cursor)
      // Outside of + and - an interval can only be what something is added to.
      if (interval.kind === 'operation' && !cursor.is('+')) throw cursor.error()
      return interval
    }
    case 'row': {
      if (cursor.spellingAhead(1) !== '(' || beginsQuery(cursor, 2)) break
      cursor.advance()
      const items = parenthesised(cursor)
      if (!Array.isArray(items)) throw cursor.error()
      return { kind: 'row', items }
    }
    case 'case':
      return caseExpression(cursor)
    case 'date':
    case 'time':
    case 'timestamp':
      if (cursor.kindAhead(1) !== TokenKind.string) break
      cursor.advance()
      return literal('temporal', cursor.string())
    default:
  }
  return callOfKeyword(cursor) ?? nameOrCall(cursor)
}

/** A column, or a call of a function without syntax of its own. */
function nameOrCall(cursor: TokenCursor): Expression {
  if (cursor.accept('.')) {
    if (!cursor.isMariadb) throw cursor.error()
    const table = cursor.nameOrReserved()
    cursor.expect('.')
    return pathOrColumn(cursor, null, table, cursor.nameOrReserved())
  }
  if (cursor.spellingAhead(1) === '(') return genericCall(cursor, null)
  const first = cursor.name()
  if (!cursor.is('.')) return pathOrColumn(cursor, null, null, first)
  cursor.advance()
  if (cursor.spellingAhead(1) === '(') return genericCall(cursor, first)
  const second = cursor.nameOrReserved()
  if (!cursor.is('.')) return pathOrColumn(cursor, null, first, second)
  cursor.advance()
  // A function of a package of MariaDB.
  if (cursor.isMariadb && cursor.spellingAhead(1) === '(') return genericCall(cursor, `${first}.${second}`)
  return pathOrColumn(cursor, first, second, cursor.nameOrReserved())
}

function caseExpression(cursor: TokenCursor): Expression {
  const { grammar } = cursor
  cursor.expect('case')
  const operand = cursor.is('when') ? null : grammar.expression(cursor)
  const branches: { when: Expression; result: Expression }[] = []
  while (cursor.accept('when')) {
    const when = grammar.expression(cursor)
    cursor.expect('then')
    branches.push({ when, result: grammar.expression(cursor) })
  }
  if (branches.length === 0) throw cursor.error()
  const otherwise = cursor.accept('else') ? grammar.expression(cursor) : null
  cursor.expect('end')
  return { kind: 'case', operand, branches, otherwise }
}
