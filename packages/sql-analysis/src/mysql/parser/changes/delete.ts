import type { QualifiedName, TableReference, With } from '../../query-tree.ts'
import type { Delete } from '../../statement-tree.ts'
import { acceptOrderBy } from '../expressions/windows.ts'
import { acceptHints, NO_HINTS } from '../queries/hints.ts'
import { acceptPlainLimit } from '../queries/limit.ts'
import { acceptPartitions } from '../queries/table-factor.ts'
import { acceptTableAlias } from '../queries/table-alias.ts'
import { tableNameWithStar } from '../queries/table-name.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { portion } from './portion.ts'

type Parts = Pick<Delete, 'targets' | 'from'> & { readonly single: boolean }

/** DELETE in its three forms; its WITH was read. MySQL manual, "DELETE Statement". */
export function deleteStatement(cursor: TokenCursor, common: With | null): Delete {
  cursor.expect('delete')
  const hints = acceptHints(cursor)
  if (cursor.isMariadb && cursor.isPair('history', 'from')) return deleteHistory(cursor)
  let ignore = false
  for (;;) {
    const option = cursor.acceptAny(['low_priority', 'quick', 'ignore'])
    if (option === null) break
    if (option === 'ignore') ignore = true
  }
  const { targets, from, single } = cursor.accept('from') ? behindFrom(cursor) : beforeFrom(cursor)
  const where = cursor.accept('where') ? cursor.grammar.expression(cursor) : null
  const orderBy = single ? acceptOrderBy(cursor) : []
  const limit = single ? acceptPlainLimit(cursor) : null
  const returning = single && cursor.isMariadb && cursor.accept('returning') ? cursor.grammar.selectItems(cursor) : null
  return { kind: 'delete', with: common, ignore, targets, from, where, orderBy, limit, returning, hints }
}

/** `a, b FROM tables`. */
function beforeFrom(cursor: TokenCursor): Parts {
  const targets = cursor.list(tableNameWithStar)
  cursor.expect('from')
  return { targets, from: cursor.grammar.tableReferences(cursor), single: false }
}

/** `FROM a, b USING tables`, and the form for one table. */
function behindFrom(cursor: TokenCursor): Parts {
  const targets = cursor.list(tableNameWithStar)
  if (cursor.accept('using')) return { targets, from: cursor.grammar.tableReferences(cursor), single: false }
  const [table, second] = targets
  if (table === undefined || second !== undefined || cursor.spellingAhead(-1) === '*') throw cursor.error()
  return { targets, from: oneTable(cursor, table), single: true }
}

function oneTable(cursor: TokenCursor, table: QualifiedName): TableReference {
  const before = acceptPartitions(cursor)
  portion(cursor)
  const alias = cursor.isMariadb ? null : acceptTableAlias(cursor)
  const partitions = before.length > 0 ? before : acceptPartitions(cursor)
  return { kind: 'base_table', table, alias, partitions, systemTime: null }
}

/** DELETE HISTORY FROM t [BEFORE SYSTEM_TIME …]. MariaDB documentation, "System-Versioned Tables". */
function deleteHistory(cursor: TokenCursor): Delete {
  cursor.expectPair('history', 'from')
  const table = tableNameWithStar(cursor)
  const partitions = acceptPartitions(cursor)
  const times = []
  if (cursor.acceptPair('before', 'system_time')) {
    if (cursor.is('transaction')) cursor.advance()
    times.push(cursor.grammar.operand(cursor))
  }
  return {
    kind: 'delete',
    with: null,
    ignore: false,
    targets: [table],
    from: { kind: 'base_table', table, alias: null, partitions, systemTime: times },
    where: null,
    orderBy: [],
    limit: null,
    returning: null,
    hints: NO_HINTS,
  }
}
