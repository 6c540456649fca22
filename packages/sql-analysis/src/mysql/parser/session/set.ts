import { TokenKind } from '../../lexer/tokens.ts'
import type { Expression } from '../../query-tree.ts'
import type { SetItem, SetStatement } from '../../statement-tree.ts'
import { literal } from '../expressions/nodes.ts'
import { acceptScope } from '../expressions/variables.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { accountItem, isAccountItem, transactionItem } from './set-accounts.ts'
import { characterSetItem, namesItem } from './set-character-sets.ts'

const SCOPES: readonly string[] = ['global', 'session', 'local', 'persist', 'persist_only']

/** SET in every form. MySQL manual, "SET Syntax for Variable Assignment" and the statements beside it. */
export function set(cursor: TokenCursor): SetStatement {
  cursor.expect('set')
  if (cursor.isMariadb && cursor.is('statement') && cursor.spellingAhead(1) !== '=' && cursor.spellingAhead(1) !== ':=')
    return setStatementFor(cursor)
  const transaction = transactionItem(cursor)
  if (transaction !== null) return { kind: 'set', items: [transaction], statement: null }
  if (isAccountItem(cursor)) return { kind: 'set', items: [accountItem(cursor)], statement: null }
  const items = cursor.list(item)
  return { kind: 'set', items, statement: null }
}

/** SET STATEMENT variable = value, … FOR statement. MariaDB documentation, "SET STATEMENT". */
function setStatementFor(cursor: TokenCursor): SetStatement {
  cursor.expect('statement')
  const items = cursor.list(variableItem)
  cursor.expect('for')
  cursor.enter()
  const statement = cursor.grammar.statement(cursor)
  cursor.leave()
  return { kind: 'set', items, statement }
}

function item(cursor: TokenCursor): SetItem {
  if (isAccountItem(cursor)) return accountItem(cursor)
  if (cursor.kind === TokenKind.userVariable) {
    const name = cursor.userVariableName()
    equals(cursor)
    return { kind: 'user_variable', name, value: cursor.grammar.expression(cursor) }
  }
  if (cursor.is('names')) return namesItem(cursor)
  const set = cursor.isPair('character', 'set') || cursor.isPair('char', 'set') || cursor.is('charset')
  if (set && !isEquals(cursor.spellingAhead(1))) return characterSetItem(cursor)
  return variableItem(cursor)
}

function variableItem(cursor: TokenCursor): SetItem {
  let scope = null
  if (cursor.is('@@')) {
    cursor.advance()
    if (cursor.spellingAhead(1) === '.') scope = acceptScope(cursor)
    if (scope !== null) cursor.expect('.')
  } else if (!isEquals(cursor.spellingAhead(1)) && cursor.spellingAhead(1) !== '.') scope = acceptScope(cursor)
  const quoted = cursor.kind === TokenKind.quotedName
  // DEFAULT.key_buffer_size is the one name that is a reserved word.
  let name = cursor.isPair('default', '.') ? cursor.takeName() : cursor.name()
  let qualifier: string | null = null
  if (cursor.accept('.')) {
    qualifier = name
    if (!quoted && SCOPES.includes(qualifier.toLowerCase())) throw cursor.error()
    name = cursor.nameOrReserved()
  }
  equals(cursor)
  return { kind: 'variable', scope, qualifier, name, value: value(cursor) }
}

/** An expression, DEFAULT, or one of the words that stand for a string here. */
function value(cursor: TokenCursor): Expression {
  const { spelling } = cursor
  switch (spelling) {
    case 'default':
      if (cursor.spellingAhead(1) === '(') break
      cursor.advance()
      return { kind: 'default', column: null }
    case 'on':
    case 'all':
      cursor.advance()
      return literal('string', spelling)
    case 'binary':
    case 'row':
    case 'system': {
      const next = cursor.spellingAhead(1)
      if (next !== ',' && next !== ';' && next !== 'for' && cursor.kindAhead(1) !== TokenKind.end) break
      cursor.advance()
      return literal('string', spelling)
    }
    default:
  }
  return cursor.grammar.expression(cursor)
}

function isEquals(spelling: string): boolean {
  return spelling === '=' || spelling === ':='
}

function equals(cursor: TokenCursor): void {
  if (!cursor.accept(':=')) cursor.expect('=')
}
