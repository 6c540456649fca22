import type { With } from '../../query-tree.ts'
import type { Update } from '../../statement-tree.ts'
import { acceptOrderBy } from '../expressions/windows.ts'
import { acceptHints } from '../queries/hints.ts'
import { acceptPlainLimit } from '../queries/limit.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { assignment } from './assignments.ts'
import { portion } from './portion.ts'

/** UPDATE of one table or several; its WITH was read. MySQL manual, "UPDATE Statement". */
export function update(cursor: TokenCursor, common: With | null): Update {
  cursor.expect('update')
  const hints = acceptHints(cursor)
  cursor.accept('low_priority')
  const ignore = cursor.accept('ignore')
  const tables = cursor.grammar.tableReferences(cursor)
  portion(cursor)
  cursor.expect('set')
  const assignments = cursor.list(assignment)
  const where = cursor.accept('where') ? cursor.grammar.expression(cursor) : null
  const orderBy = acceptOrderBy(cursor)
  const limit = acceptPlainLimit(cursor)
  return {
    kind: 'update',
    with: common,
    ignore,
    tables,
    assignments,
    where,
    orderBy,
    limit,
    returning: null,
    hints,
  }
}
