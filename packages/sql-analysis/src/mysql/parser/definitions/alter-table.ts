/** ALTER TABLE. MySQL manual, "ALTER TABLE Statement"; MariaDB documentation, "ALTER TABLE". */
import { acceptIfExists, qualifiedName } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { readAlterTableClause } from './alter-table-clause.ts'
import { readAlterPartition } from './alter-partition.ts'
import type { Draft } from './draft.ts'
import { readPartitionBy } from './partitions.ts'

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
  let first = true
  for (;;) {
    if (readAlterPartition(c, draft)) return
    if (c.is('partition') && c.spellingAhead(1) === 'by') {
      readPartitionBy(c, draft)
      draft.options.push('partition_by')
      return
    }
    if (c.acceptPair('remove', 'partitioning')) {
      draft.options.push('remove_partitioning')
      return
    }
    const option = readAlterTableClause(c, draft)
    if (!option) {
      if (first) throw c.error()
      return
    }
    first = false
    // Options of a table may follow each other without a comma; PARTITION BY follows without one.
    if (c.accept(',')) continue
    if (c.atEnd) return
    if (c.is('partition') || c.is('remove')) continue
    if (option === 'table_option') continue
    return
  }
}

/** `WAIT n` and NOWAIT of MariaDB. */
export function readWait(c: TokenCursor): void {
  if (c.accept('wait')) c.integer()
  else c.accept('nowait')
}
