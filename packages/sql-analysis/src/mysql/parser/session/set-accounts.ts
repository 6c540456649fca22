import { TokenKind } from '../../lexer/tokens.ts'
import type { SystemVariable } from '../../query-tree.ts'
import type { SetItem } from '../../statement-tree.ts'
import { readAccountName } from '../definitions/account.ts'
import type { TokenCursor } from '../token-cursor.ts'

const SCOPES: readonly string[] = ['global', 'session', 'local', 'persist', 'persist_only']

/** [GLOBAL | SESSION | LOCAL] TRANSACTION …; null: it is something else. MySQL manual, "SET TRANSACTION Statement". */
export function transactionItem(cursor: TokenCursor): SetItem | null {
  const scoped = SCOPES.includes(cursor.spelling)
  if (cursor.spellingAhead(scoped ? 1 : 0) !== 'transaction') return null
  const next = cursor.spellingAhead(scoped ? 2 : 1)
  if (next !== 'isolation' && next !== 'read') return null
  const scope: SystemVariable['scope'] = scoped
    ? cursor.acceptAny(['global', 'session', 'local', 'persist', 'persist_only'])
    : null
  cursor.expect('transaction')
  const words = cursor.list(characteristic).flat()
  return { kind: 'transaction', scope, words }
}

function characteristic(cursor: TokenCursor): string[] {
  if (cursor.accept('isolation')) {
    cursor.expect('level')
    if (cursor.accept('serializable')) return ['serializable']
    if (cursor.acceptPair('repeatable', 'read')) return ['repeatable_read']
    cursor.expect('read')
    const level = cursor.acceptAny(['committed', 'uncommitted'])
    if (level === null) throw cursor.error()
    return [`read_${level}`]
  }
  cursor.expect('read')
  const access = cursor.acceptAny(['only', 'write'])
  if (access === null) throw cursor.error()
  return [`read_${access}`]
}

/** True: PASSWORD, ROLE, DEFAULT ROLE or RESOURCE GROUP, and not a variable of that name. */
export function isAccountItem(cursor: TokenCursor): boolean {
  const next = cursor.spellingAhead(1)
  switch (cursor.spelling) {
    case 'password':
    case 'role':
      return next !== ':=' && next !== '.' && (cursor.is('password') || next !== '=')
    case 'default':
      return next === 'role'
    case 'resource':
      return next === 'group'
    default:
      return false
  }
}

/** PASSWORD …, ROLE …, DEFAULT ROLE …, RESOURCE GROUP …, with their words. */
export function accountItem(cursor: TokenCursor): SetItem {
  if (cursor.accept('password')) return { kind: 'password', words: password(cursor) }
  if (cursor.acceptPair('resource', 'group')) {
    const words = [cursor.name()]
    if (cursor.accept('for')) cursor.list((at) => at.integer())
    return { kind: 'resource_group', words }
  }
  if (cursor.acceptPair('default', 'role')) {
    const words = cursor.accept('none') ? ['none'] : cursor.accept('all') ? ['all'] : cursor.list(readAccountName)
    if (cursor.isMariadb) {
      if (cursor.accept('for')) words.push('for', readAccountName(cursor))
    } else {
      cursor.expect('to')
      words.push('to', ...cursor.list(readAccountName))
    }
    return { kind: 'default_role', words }
  }
  cursor.expect('role')
  if (cursor.accept('none')) return { kind: 'role', words: ['none'] }
  if (cursor.accept('default')) return { kind: 'role', words: ['default'] }
  if (cursor.accept('all'))
    return {
      kind: 'role',
      words: cursor.accept('except') ? ['all', 'except', ...cursor.list(readAccountName)] : ['all'],
    }
  return { kind: 'role', words: cursor.list(readAccountName) }
}

/** [FOR user] = text, TO RANDOM; MariaDB also = PASSWORD(text). Words: the user it is for; none: oneself. The secret is not kept. */
function password(cursor: TokenCursor): string[] {
  const words = cursor.accept('for') ? [readAccountName(cursor)] : []
  if (cursor.accept('to')) {
    cursor.expect('random')
    words.push('random')
  } else {
    if (!cursor.accept(':=')) cursor.expect('=')
    if (cursor.kind === TokenKind.string) cursor.string()
    else {
      if (cursor.acceptAny(['password', 'old_password']) === null) throw cursor.error()
      cursor.parenthesised((at) => at.string())
    }
  }
  if (!cursor.isMariadb) {
    if (cursor.accept('replace')) cursor.string()
    if (cursor.acceptPair('retain', 'current')) cursor.expect('password')
  }
  return words
}
