import type { InsertStmt, MergeStmt, MergeWhenClause } from 'libpg-query'
import { readCondition } from './bounds.ts'
import {
  afterWrite,
  fireTriggers,
  insertedRow,
  readAssignments,
  readConflict,
  readReturning,
  targetItem,
  write,
} from './changes.ts'
import { withCommonTables } from '../queries/common-tables.ts'
import { tellOfDelete, tellOfInsert } from './constraints.ts'
import { type FromScope, readFrom } from '../queries/from.ts'
import { type Column, NOTHING, anyOf, lineagesOf } from '../lineage.ts'
import { readValue } from '../queries/queries.ts'
import type { Reading } from '../reading.ts'
import { findRelation, relationName } from '../relations.ts'
import { afterRules } from '../routines/rules.ts'
import type { Scope } from '../scope.ts'
import type { Item } from '../item.ts'
import { type Tree, listOf } from '../tree.ts'

/** INSERT; returns what RETURNING gives, null without one. */
export function readInsert(reading: Reading, statement: InsertStmt, outer: Scope): readonly Column[] | null {
  const { relation } = statement
  if (relation === undefined) throw new Error('an INSERT is not understood')
  const around = withCommonTables(reading, statement.withClause, outer)
  const named = listOf(statement.cols).map((node) => node.ResTarget?.name ?? '')
  reading.access('insert', relationName(reading, relation), named.length === 0 ? null : named)
  for (const node of listOf(statement.cols)) {
    for (const step of listOf(node.ResTarget?.indirection)) {
      for (const index of [step.A_Indices?.lidx, step.A_Indices?.uidx])
        if (index !== undefined) reading.decide(reading.walk.expression(reading, index, around))
    }
  }
  const target = targetItem(reading, relation)
  const values = statement.selectStmt === undefined ? [] : reading.walk.query(reading, statement.selectStmt, around)
  if (values === null) throw new Error('the source of an INSERT is not understood')
  const columns = named.length === 0 ? target.columns.map((column) => column.name) : named
  const inserted = place(reading, columns, values)
  inserted.forEach((column) => {
    write(reading, relation, column.name, column.lineage)
  })
  tellOfInsert(reading, relation, inserted)
  let written: readonly Column[] = inserted
  const conflict = statement.onConflictClause
  if (conflict !== undefined) {
    reading.spend(2 * (target.columns.length + inserted.length))
    const given = new Map(inserted.toReversed().map((value) => [value.name, value]))
    const all = target.columns.map((column) => given.get(column.name) ?? { name: column.name, lineage: NOTHING })
    const excluded = all.length === 0 ? inserted : all
    written = [...inserted, ...readConflict(reading, conflict, relation, target, excluded, around)]
  }
  const none = insertedRow(reading, target, [])
  const fired = fireTriggers(reading, relation, ['insert'], none, insertedRow(reading, target, inserted))
  const stored = afterWrite(reading, target, [...written, ...fired.columns])
  const updates = conflict?.action === 'ONCONFLICT_UPDATE'
  const kept = updates ? fireTriggers(reading, relation, ['update'], target, stored) : stored
  const changed = afterRules(reading, relation, 'CMD_INSERT', target, kept)
  return readReturning(reading, statement.returningClause, changed, {
    outer: around,
    items: [changed],
    tables: around.tables,
  })
}

/** The values under the names of the columns that get them; values beyond the names have none. */
function place(reading: Reading, names: readonly (string | null)[], values: readonly Column[]): Column[] {
  reading.spend(names.length + values.length)
  const unknown = values.find((value) => value.name === null && value.lineage.opacity !== 'none')
  if (unknown !== undefined) {
    // A star of unknown width: any column may get any of the values.
    const any = anyOf(reading, lineagesOf(reading, values))
    return names.length === 0 ? [{ name: null, lineage: any }] : names.map((name) => ({ name, lineage: any }))
  }
  return values.map((value, index) => ({ name: names[index] ?? null, lineage: value.lineage }))
}

/** MERGE; returns what RETURNING gives, null without one. */
export function readMerge(reading: Reading, statement: MergeStmt, outer: Scope): readonly Column[] | null {
  const { relation, sourceRelation, joinCondition } = statement
  if (relation === undefined || sourceRelation === undefined || joinCondition === undefined)
    throw new Error('a MERGE is not understood')
  const around = withCommonTables(reading, statement.withClause, outer)
  const target = targetItem(reading, relation)
  reading.access('merge', relationName(reading, relation), null)
  const beside: FromScope = { outer: around, items: [], tables: around.tables }
  readFrom(reading, sourceRelation, beside)
  const sources = beside.items
  const scope: Scope = { ...beside, items: [target, ...sources] }
  const known = findRelation(reading, relation)
  const open = readCondition(reading, joinCondition, target, known, scope)
  const given: Column[] = []
  for (const node of listOf(statement.mergeWhenClauses)) {
    const clause = node.MergeWhenClause
    if (clause === undefined) throw new Error('a MERGE is not understood')
    const visible: Scope = { ...scope, items: visibleItems(clause, target, sources) }
    const all = readCondition(reading, clause.condition, target, known, visible)
    for (const column of readMergeAction(reading, statement, clause, target, visible)) given.push(column)
    if (clause.commandType !== 'CMD_UPDATE' && clause.commandType !== 'CMD_DELETE') continue
    // Without a condition of its own, NOT MATCHED BY SOURCE means every row that the source does not have.
    const wide = clause.matchKind === 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE' || open
    if (wide && all) reading.unboundedWrite = true
  }
  const changed = fireTriggers(
    reading,
    relation,
    ['insert', 'update', 'delete'],
    target,
    afterWrite(reading, target, given),
  )
  // RETURNING * gives the source's columns before the target's (PostgreSQL manual, "MERGE").
  return readReturning(reading, statement.returningClause, changed, { ...scope, items: [...sources, changed] })
}

// Where there is no row of the one side, only names of the other are seen (the server's setNamespaceForMergeWhen).
function visibleItems({ matchKind }: MergeWhenClause, target: Item, sources: readonly Item[]): Item[] {
  if (matchKind === 'MERGE_WHEN_NOT_MATCHED_BY_TARGET') return [...sources]
  return matchKind === 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE' ? [target] : [target, ...sources]
}

function readMergeAction(
  reading: Reading,
  statement: MergeStmt,
  clause: MergeWhenClause,
  target: Item,
  scope: Scope,
): readonly Column[] {
  const { relation } = statement
  if (relation === undefined) return []
  switch (clause.commandType) {
    case 'CMD_NOTHING':
      return []
    case 'CMD_DELETE':
      reading.access('delete', relationName(reading, relation), null)
      tellOfDelete(reading, relation)
      return []
    case 'CMD_UPDATE':
      return readAssignments(reading, relation, 'update', listOf(clause.targetList), scope)
    case 'CMD_INSERT': {
      const named = listOf(clause.targetList).map((node: Tree) => node.ResTarget?.name ?? '')
      reading.access('insert', relationName(reading, relation), named.length === 0 ? null : named)
      const values = listOf(clause.values).flatMap((node) => readValue(reading, node, scope))
      reading.spend(named.length + values.length + target.columns.length)
      const names = named.length === 0 ? target.columns.map((column) => column.name) : named
      const inserted = values.map((lineage, index) => ({ name: names[index] ?? null, lineage }))
      for (const value of inserted) write(reading, relation, value.name, value.lineage)
      tellOfInsert(reading, relation, inserted)
      return inserted
    }
    default:
      throw new Error('an action of MERGE is not understood')
  }
}
