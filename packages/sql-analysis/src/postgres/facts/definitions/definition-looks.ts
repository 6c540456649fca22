/** What a definition makes the server look at, or store, beside the expressions written in it. */
import type { RangeVar } from 'libpg-query'
import { targetItem, write } from '../changes/changes.ts'
import { primaryKey } from '../changes/constraints.ts'
import { type Item, columnOf } from '../item.ts'
import { functionNames } from '../lineage.ts'
import type { Reading } from '../reading.ts'
import { findRelation, storedColumns } from '../relations.ts'
import { TOP } from '../scope.ts'
import { type Tree, listOf, stringsOf } from '../tree.ts'

/**
 * Indexes, statistics, clustering, foreign keys and partitions compare stored values: whether they can be made, and what is then
 * found in which order, tells of them.
 */
export function lookAtDefined(reading: Reading, node: Tree): void {
  const index = node.IndexStmt
  if (index?.relation !== undefined)
    lookAt(
      reading,
      index.relation,
      listOf(index.indexParams).flatMap((key) => key.IndexElem?.name ?? []),
    )
  for (const from of listOf(node.CreateStatsStmt?.relations)) {
    const names = listOf(node.CreateStatsStmt?.exprs).flatMap((element) => element.StatsElem?.name ?? [])
    if (from.RangeVar !== undefined) lookAt(reading, from.RangeVar, names)
  }
  if (node.ClusterStmt?.relation !== undefined) lookAt(reading, node.ClusterStmt.relation, null)
  const table = node.CreateStmt
  if (table === undefined) return
  for (const element of listOf(table.tableElts)) {
    lookAtReferred(reading, element)
    for (const constraint of listOf(element.ColumnDef?.constraints)) lookAtReferred(reading, constraint)
  }
  // What is in the default partition may not belong into the new one.
  for (const parent of table.partbound === undefined ? [] : listOf(table.inhRelations)) {
    const relation = parent.RangeVar === undefined ? undefined : findRelation(reading, parent.RangeVar)
    if (relation === undefined) continue
    const { catalog } = reading.environment
    const columns = storedColumns(catalog, relation)
    for (const { kind, columns: keys } of catalog.constraints.of(relation.oid)) {
      if (kind !== 'partition') continue
      relation.columns.forEach(({ number }, position) => {
        const value = columns[position]?.lineage
        if (value !== undefined && keys?.includes(number) !== false) reading.decide(value)
      })
    }
  }
}

function lookAtReferred(reading: Reading, node: Tree): void {
  const constraint = node.Constraint
  if (constraint?.pktable === undefined) return
  const names = stringsOf(constraint.pk_attrs)
  if (names.length > 0) lookAt(reading, constraint.pktable, names)
  else {
    const relation = findRelation(reading, constraint.pktable)
    if (relation !== undefined) for (const value of primaryKey(reading, relation)) reading.decide(value)
  }
}

/** `names` null: all columns. */
function lookAt(reading: Reading, table: RangeVar, names: readonly string[] | null): void {
  if (findRelation(reading, table) === undefined) return
  const item: Item = { ...targetItem(reading, table), onRead: null, read: null }
  for (const name of names ?? item.columns.flatMap((column) => column.name ?? [])) {
    const value = columnOf(reading, item, name)
    if (value !== null) reading.decide(value)
  }
}

/** Defaults are stored in rows to come: what a function of unknown body puts there is not known. */
export function writeDefaults(reading: Reading, node: Tree): void {
  const table = node.CreateStmt ?? node.CreateForeignTableStmt?.base
  for (const element of listOf(table?.tableElts)) {
    const column = element.ColumnDef
    for (const constraint of listOf(column?.constraints)) {
      const { contype, raw_expr: expression } = constraint.Constraint ?? {}
      if (contype !== 'CONSTR_CHECK') writeDefault(reading, table?.relation, column?.colname ?? null, expression)
    }
  }
  for (const command of listOf(node.AlterTableStmt?.cmds)) {
    const { subtype, name, def } = command.AlterTableCmd ?? {}
    if (subtype === 'AT_ColumnDefault') writeDefault(reading, node.AlterTableStmt?.relation, name ?? null, def)
  }
  for (const constraint of listOf(node.CreateDomainStmt?.constraints))
    if (constraint.Constraint?.contype === 'CONSTR_DEFAULT')
      writeDefault(reading, undefined, null, constraint.Constraint.raw_expr)
  if (node.AlterDomainStmt?.subtype === 'T') writeDefault(reading, undefined, null, node.AlterDomainStmt.def)
}

function writeDefault(
  reading: Reading,
  table: RangeVar | undefined,
  column: string | null,
  expression: Tree | undefined,
): void {
  if (expression === undefined) return
  const value = reading.walk.expression(reading, expression, TOP)
  if (value.opacity === 'none' || value.opacity === 'name') return
  if (table === undefined)
    reading.writes.push({
      target: null,
      sources: value.sources,
      through: functionNames(value.through),
      complete: false,
    })
  else write(reading, table, column, value)
}
