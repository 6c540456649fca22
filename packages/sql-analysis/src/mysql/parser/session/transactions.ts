import { TokenKind } from '../../lexer/tokens.ts'
import type { TransactionStatement } from '../../statement-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'

function transaction(verb: string, name: string | null, options: readonly string[]): TransactionStatement {
  return { kind: 'transaction', verb, name, options }
}

/** START TRANSACTION, BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE SAVEPOINT. MySQL manual, "Transactional and Locking Statements". */
export function readTransaction(cursor: TokenCursor): TransactionStatement {
  const verb = cursor.acceptAny(['start', 'begin', 'commit', 'rollback', 'savepoint', 'release'])
  switch (verb) {
    case 'start':
      return start(cursor)
    case 'begin':
      cursor.accept('work')
      return transaction('begin', null, [])
    case 'commit':
      cursor.accept('work')
      return transaction('commit', null, completion(cursor))
    case 'rollback':
      cursor.accept('work')
      if (cursor.accept('to')) {
        cursor.accept('savepoint')
        return transaction('rollback_to', cursor.name(), [])
      }
      return transaction('rollback', null, completion(cursor))
    case 'savepoint':
      return transaction('savepoint', cursor.name(), [])
    case 'release':
      cursor.expect('savepoint')
      return transaction('release', cursor.name(), [])
    default:
      throw cursor.error()
  }
}

function start(cursor: TokenCursor): TransactionStatement {
  cursor.expect('transaction')
  const begins = cursor.is('with') || cursor.is('read')
  const options = begins ? cursor.list(characteristic) : []
  if (options.includes('read_only') && options.includes('read_write')) throw cursor.error()
  return transaction('begin', null, options)
}

function characteristic(cursor: TokenCursor): string {
  if (cursor.acceptPair('with', 'consistent')) {
    cursor.expect('snapshot')
    return 'with_consistent_snapshot'
  }
  cursor.expect('read')
  if (cursor.accept('only')) return 'read_only'
  cursor.expect('write')
  return 'read_write'
}

/** [AND [NO] CHAIN] [[NO] RELEASE]. */
function completion(cursor: TokenCursor): string[] {
  const options: string[] = []
  if (cursor.accept('and')) {
    const no = cursor.accept('no')
    cursor.expect('chain')
    if (!no) {
      options.push('chain')
      if (cursor.is('release')) throw cursor.error()
    }
  }
  const no = cursor.accept('no')
  if (no) cursor.expect('release')
  else if (cursor.accept('release')) options.push('release')
  return options
}

/** XA …. MySQL manual, "XA Transactions". */
export function readXa(cursor: TokenCursor): TransactionStatement {
  cursor.expect('xa')
  const verb = cursor.acceptAny(['start', 'begin', 'end', 'prepare', 'commit', 'rollback', 'recover'])
  const options: string[] = []
  switch (verb) {
    case null:
      throw cursor.error()
    case 'recover':
      if (cursor.accept('convert')) cursor.expect('xid')
      else if (cursor.isMariadb && cursor.accept('format')) {
        cursor.expect('=')
        cursor.nameOrString()
      }
      return transaction('xa_recover', null, options)
    default: {
      const name = xid(cursor)
      if (verb === 'start' || verb === 'begin') {
        const how = cursor.acceptAny(['join', 'resume'])
        if (how !== null) options.push(how)
      } else if (verb === 'end' && cursor.accept('suspend')) {
        options.push('suspend')
        if (cursor.accept('for')) cursor.expect('migrate')
      } else if (verb === 'commit' && cursor.acceptPair('one', 'phase')) options.push('one_phase')
      return transaction(verb === 'begin' ? 'xa_start' : `xa_${verb}`, name, options)
    }
  }
}

/** gtrid [, bqual [, formatID]]. */
function xid(cursor: TokenCursor): string {
  const first = text(cursor)
  if (!cursor.accept(',')) return first
  const second = text(cursor)
  return cursor.accept(',') ? `${first},${second},${cursor.integer()}` : `${first},${second}`
}

function text(cursor: TokenCursor): string {
  const { kind } = cursor
  if (
    kind === TokenKind.hexString ||
    kind === TokenKind.hexNumber ||
    kind === TokenKind.bitString ||
    kind === TokenKind.bitNumber
  )
    return cursor.takeName()
  return cursor.string()
}
