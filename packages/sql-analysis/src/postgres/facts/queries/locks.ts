import type { LockingClause, RangeVar, SelectStmt } from 'libpg-query'
import type { Reading } from '../reading.ts'
import { relationName } from '../relations.ts'
import { type Scope, findCommonTable } from '../scope.ts'
import { type Tree, listOf } from '../tree.ts'
import { STEP_UNITS } from '../../../facts/work.ts'

/** FOR UPDATE and the like lock rows of the tables named, or of all in FROM, sub-queries included. */
export function readLocks(reading: Reading, statement: SelectStmt, from: readonly Tree[], scope: Scope): void {
  for (const node of listOf(statement.lockingClause)) {
    const clause: LockingClause | undefined = node.LockingClause
    const relations: readonly Tree[] = listOf(clause?.lockedRels)
    const named = relations.flatMap((relation) => relation.RangeVar?.relname ?? [])
    lockTables(reading, from, named, scope)
  }
}

function lockTables(reading: Reading, nodes: readonly Tree[], named: readonly string[], scope: Scope): void {
  for (const node of nodes) {
    reading.spend(STEP_UNITS + (named.length >> 3))
    const sampled: Tree | undefined = node.RangeTableSample?.relation
    const table = node.RangeVar ?? sampled?.RangeVar
    if (table !== undefined) {
      const alias = table.alias?.aliasname ?? table.relname ?? ''
      if (named.length === 0 || named.includes(alias)) lockTable(reading, table, scope)
    } else if (node.JoinExpr !== undefined) {
      reading.descend()
      const { larg, rarg } = node.JoinExpr
      lockTables(
        reading,
        [larg, rarg].flatMap((arm) => arm ?? []),
        named,
        scope,
      )
      reading.ascend()
    } else if (node.RangeSubselect !== undefined) {
      const alias = node.RangeSubselect.alias?.aliasname ?? ''
      const inner: Tree | undefined = node.RangeSubselect.subquery
      if (named.length > 0 && !named.includes(alias)) continue
      reading.descend()
      lockTables(reading, listOf(inner?.SelectStmt?.fromClause), [], scope)
      reading.ascend()
    }
  }
}

function lockTable(reading: Reading, table: RangeVar, scope: Scope): void {
  const qualified = table.schemaname !== undefined && table.schemaname !== ''
  if (!qualified && findCommonTable(reading, scope, table.relname ?? '') !== null) return
  reading.access('lock', relationName(reading, table), null)
}
