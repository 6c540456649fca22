/** ALTER TABLE. MySQL manual, "ALTER TABLE Statement"; MariaDB documentation, "ALTER TABLE". */
import { acceptIfExists, qualifiedName } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { readAlterTableClause } from './alter-table-clause.ts'
import { readAlterPartition } from './alter-partition.ts'
import type { Draft } from './draft.ts'
import { readPartitionBy } from './partitions.ts'
import { readTableOption } from './table-options.ts'

/** Reads what stands behind ALTER [ONLINE] [IGNORE] TABLE. */
export function readAlterTable(c: TokenCursor, draft: Draft): void {
  if (c.isMariadb) {
    if (acceptIfExists(c)) draft.ifExists = true
  }
  draft.objects.push({ type: 'table', name: qualifiedName(c) })
  if (c.isMariadb) readWait(c)
  if (c.atEnd) return
  readClauses(c, draft)
}

function readClauses(c: TokenCursor, draft: Draft): void {
  // What is done to partitions stands alone; MySQL lets it be said how, before.
  let alone = true
  for (let comma = false; ; comma = c.accept(',')) {
    if (!comma && readPartitioning(c, draft)) return
    if (alone && readAlterPartition(c, draft)) return
    const clause = readAlterTableClause(c, draft)
    if (!clause) throw c.error()
    if (clause !== 'modifier' || c.isMariadb) alone = false
    // Options of a table may follow each other without a comma.
    if (clause === 'table_option') {
      draft.options.push('table_option')
      while (readTableOption(c, draft));
    }
    if (c.atEnd) return
    if (!c.is(',')) {
      if (!readPartitioning(c, draft)) throw c.error()
      return
    }
  }
}

/** PARTITION BY or REMOVE PARTITIONING, the last clause; false where neither stands. */
function readPartitioning(c: TokenCursor, draft: Draft): boolean {
  if (c.is('partition') && c.spellingAhead(1) === 'by') {
    readPartitionBy(c, draft)
    draft.options.push('partition_by')
    return true
  }
  if (!c.acceptPair('remove', 'partitioning')) return false
  draft.options.push('remove_partitioning')
  return true
}

/** `WAIT n` and NOWAIT of MariaDB. */
export function readWait(c: TokenCursor): void {
  if (c.accept('wait')) c.integer()
  else c.accept('nowait')
}
