import type { Lock, QualifiedName } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { tableName } from './table-name.ts'

const NONE: readonly Lock[] = []

/** FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE, in any number; empty: none. MySQL manual, "Locking Reads". */
export function acceptLocks(cursor: TokenCursor): readonly Lock[] {
  if (!cursor.is('for') && !cursor.is('lock')) return NONE
  const locks: Lock[] = []
  for (;;) {
    if (cursor.acceptPair('for', 'update')) locks.push(lock(cursor, true))
    else if (!cursor.isMariadb && cursor.acceptPair('for', 'share')) locks.push(lock(cursor, false))
    else if (cursor.acceptPair('lock', 'in')) {
      cursor.expectPair('share', 'mode')
      if (cursor.isMariadb) waiting(cursor)
      locks.push({ exclusive: false, tables: [] })
    } else return locks
    if (cursor.isMariadb) return locks
  }
}

function lock(cursor: TokenCursor, exclusive: boolean): Lock {
  let tables: QualifiedName[] = []
  if (!cursor.isMariadb && cursor.accept('of')) tables = cursor.list(tableName)
  waiting(cursor)
  return { exclusive, tables }
}

function waiting(cursor: TokenCursor): void {
  if (cursor.accept('nowait') || cursor.acceptPair('skip', 'locked')) return
  if (cursor.isMariadb && cursor.accept('wait')) cursor.integer()
}
