import type { Action, ColumnName } from '@gatehouse/core'
import type { DeleteStmt, OnConflictClause, RangeVar, ReturningClause, UpdateStmt } from 'libpg-query'
import { readCondition } from './bounds.ts'
import { withCommonTables } from '../queries/common-tables.ts'
import { tellOfAssignment, tellOfDelete, tellOfUpdate } from './constraints.ts'
import { type FromScope, readFrom, relationItem } from '../queries/from.ts'
import { type Column, type Lineage, NOTHING, anyOf, derivedFrom, functionNames, lineagesOf } from '../lineage.ts'
import { readTargets } from '../queries/queries.ts'
import type { Reading } from '../reading.ts'
import { findRelation, relationName } from '../relations.ts'
import { afterRules, baseChange, withAny } from '../routines/rules.ts'
import { type Item, columnOf, itemOf } from '../item.ts'
import type { Scope } from '../scope.ts'
import { type Tree, listOf } from '../tree.ts'
import { afterTriggers } from '../routines/triggers.ts'
import { writtenColumns } from '../queries/views.ts'
import type { CatalogRelation, ChangeEvent } from '../../catalog.ts'

/** UPDATE; returns what RETURNING gives, null without one. */
export function readUpdate(reading: Reading, statement: UpdateStmt, outer: Scope): readonly Column[] | null {
  const { relation } = statement
  if (relation === undefined) throw new Error('an UPDATE is not understood')
  const around = withCommonTables(reading, statement.withClause, outer)
  const target = targetItem(reading, relation)
  const scope = readSources(reading, [target], listOf(statement.fromClause), around)
  const assigned = readAssignments(reading, relation, 'update', listOf(statement.targetList), scope)
  narrow(reading, statement.whereClause, target, relation, scope)
  const written = fireTriggers(reading, relation, ['update'], target, afterWrite(reading, target, assigned))
  const changed = afterRules(reading, relation, 'CMD_UPDATE', target, written)
  return readReturning(reading, statement.returningClause, changed, {
    ...scope,
    items: [changed, ...scope.items.slice(1)],
  })
}

/** DELETE; returns what RETURNING gives, null without one. */
export function readDelete(reading: Reading, statement: DeleteStmt, outer: Scope): readonly Column[] | null {
  const { relation } = statement
  if (relation === undefined) throw new Error('a DELETE is not understood')
  const around = withCommonTables(reading, statement.withClause, outer)
  const target = targetItem(reading, relation)
  reading.access('delete', relationName(reading, relation), null)
  tellOfDelete(reading, relation)
  const scope = readSources(reading, [target], listOf(statement.usingClause), around)
  narrow(reading, statement.whereClause, target, relation, scope)
  const fired = fireTriggers(reading, relation, ['delete'], target, target)
  const deleted = afterRules(reading, relation, 'CMD_DELETE', target, fired)
  return readReturning(reading, statement.returningClause, deleted, {
    ...scope,
    items: [deleted, ...scope.items.slice(1)],
  })
}

/** The entry of a table to be changed: a SELECT on it is listed once a column of it is read, as the server asks for. */
export function targetItem(reading: Reading, relation: RangeVar): Item {
  return relationItem(reading, relation, null, relation.alias?.aliasname ?? relation.relname ?? '')
}

/** The scope of the entries given and those of a FROM or USING list. */
export function readSources(reading: Reading, first: readonly Item[], nodes: readonly Tree[], around: Scope): Scope {
  const sources: FromScope = { outer: around, items: [], tables: around.tables }
  for (const node of nodes) readFrom(reading, node, sources)
  return { ...sources, items: [...first, ...sources.items] }
}

function narrow(reading: Reading, where: Tree | undefined, target: Item, relation: RangeVar, scope: Scope): void {
  if (readCondition(reading, where, target, findRelation(reading, relation), scope)) reading.unboundedWrite = true
}

/** A SET list: each column written with what it gets. */
export function readAssignments(
  reading: Reading,
  relation: RangeVar,
  action: Action,
  nodes: readonly Tree[],
  scope: Scope,
): readonly Column[] {
  const assigned: Column[] = []
  let source: Source | null = null
  for (const node of nodes) {
    const assignment = node.ResTarget
    if (assignment?.name === undefined) throw new Error('a SET list is not understood')
    for (const step of listOf(assignment.indirection)) {
      const { lidx, uidx } = step.A_Indices ?? {}
      for (const index of [lidx, uidx])
        if (index !== undefined) reading.decide(reading.walk.expression(reading, index, scope))
    }
    const value: Tree | undefined = assignment.val
    if (value === undefined) throw new Error('a SET list is not understood')
    source = assignedValue(reading, value, source, scope)
    const lineage = source.value
    assigned.push({ name: assignment.name, lineage })
    write(reading, relation, assignment.name, lineage)
  }
  tellOfUpdate(reading, relation, assigned)
  const names = assigned.flatMap((column) => column.name ?? [])
  reading.access(action, relationName(reading, relation), names)
  return assigned
}

/** The target after its triggers, as RETURNING sees it; what they put into a column is written there. */
export function fireTriggers(
  reading: Reading,
  relation: RangeVar,
  events: readonly ChangeEvent[],
  before: Item,
  after: Item,
): Item {
  const seen = afterTriggers(reading, relation, events, before, after)
  if (seen !== after) {
    reading.spend(2 * seen.columns.length)
    seen.columns.forEach(({ name, lineage }, index) => {
      if (lineage !== after.columns[index]?.lineage) write(reading, relation, name, lineage)
    })
  }
  const view = findRelation(reading, relation)
  return view?.kind === 'view' ? fireBaseTriggers(reading, view, events, after, seen) : seen
}

/** A change to an automatically updatable view fires the triggers of the table that it shows; INSTEAD OF triggers stand in its place. */
function fireBaseTriggers(
  reading: Reading,
  view: CatalogRelation,
  events: readonly ChangeEvent[],
  after: Item,
  seen: Item,
): Item {
  const instead = (view.triggers ?? []).filter(({ changesRow }) => changesRow).flatMap((trigger) => trigger.events)
  if (events.every((event) => instead.includes(event))) return seen
  const base = baseChange(reading, view, after)
  if (base === null) return seen
  const fired = fireTriggers(reading, base.name, events, base.before, base.after)
  return fired === base.after ? seen : withAny(reading, seen, lineagesOf(reading, fired.columns))
}

/** A row about to be inserted: the values given, and defaults. */
export function insertedRow(reading: Reading, target: Item, written: readonly Column[]): Item {
  const empty = target.columns.map(({ name }) => ({ name, lineage: NOTHING }))
  return afterWrite(reading, { ...target, columns: empty }, written)
}

/** The target as RETURNING sees it: what was in a column, and whatever may have been put there. */
export function afterWrite(reading: Reading, target: Item, written: readonly Column[]): Item {
  if (written.length === 0) return target
  reading.spend(2 * (target.columns.length + written.length))
  const values = new Map<string, Lineage[]>()
  const anywhere: Lineage[] = []
  for (const { name, lineage } of written) {
    const known = name === null ? anywhere : values.get(name)
    if (known !== undefined) known.push(lineage)
    else if (name !== null) values.set(name, [lineage])
  }
  const columns = target.columns.map((column) => {
    const own = (column.name === null ? undefined : values.get(column.name)) ?? []
    if (own.length + anywhere.length === 0) return column
    const lineage = anyOf(reading, [column.lineage, ...own, ...anywhere])
    return { name: column.name, lineage: { ...lineage, type: column.lineage.type } }
  })
  return { ...target, columns }
}

// (a, b) = (SELECT x, y …) gives each column its own part. The tree repeats the source for each: it is read once.
function assignedValue(reading: Reading, node: Tree, before: Source | null, scope: Scope): Source {
  const part = node.MultiAssignRef
  const column = part === undefined ? 0 : (part.colno ?? 1)
  const again = before !== null && part !== undefined && column === before.column + 1 && column > 1
  const whole = again ? before.whole : reading.walk.expression(reading, node, scope)
  if (part === undefined || whole.fields === null) return { whole, column, value: whole }
  const field = whole.fields[column - 1]
  return { whole, column, value: field === undefined ? derivedFrom(reading, [whole]) : field.lineage }
}

interface Source {
  readonly whole: Lineage
  readonly column: number
  readonly value: Lineage
}

/** Lists a column written, under its base table's name where the relation is a view. */
export function write(reading: Reading, relation: RangeVar, column: string | null, lineage: Lineage): void {
  tellOfAssignment(reading, relation, column, lineage)
  const targets = column === null ? [null] : targetsOf(reading, relation, column)
  reading.spend(2 * targets.length)
  for (const target of targets)
    reading.writes.push({
      target,
      sources: lineage.sources,
      through: functionNames(lineage.through),
      complete: lineage.reason === null,
    })
}

function targetsOf(reading: Reading, name: RangeVar, column: string): readonly (ColumnName | null)[] {
  const relation = findRelation(reading, name)
  if (relation === undefined) {
    const { schema, name: relname } = relationName(reading, name)
    return schema === null ? [null] : [{ schema, relation: relname, column }]
  }
  // A column about to be added is not in the catalog yet; of a view only its base columns are written.
  reading.spend(relation.columns.length >> 3)
  const stored = relation.kind !== 'view' && relation.kind !== 'materialized_view'
  if (stored && !relation.columns.some((known) => known.name === column))
    return [{ schema: relation.schema, relation: relation.name, column }]
  const found = writtenColumns(reading, relation, column)
  return found.length === 0 ? [null] : found
}

/** RETURNING: the target's columns and, from PostgreSQL 18 on, `old` and `new` under these or other names. */
export function readReturning(
  reading: Reading,
  clause: ReturningClause | undefined,
  target: Item,
  scope: Scope,
): readonly Column[] | null {
  if (clause === undefined) return null
  let old = 'old'
  let fresh = 'new'
  for (const node of listOf(clause.options)) {
    const option = node.ReturningOption
    if (option?.value === undefined) throw new Error('a RETURNING option is not understood')
    if (option.option === 'RETURNING_OPTION_OLD') old = option.value
    else fresh = option.value
  }
  const hidden = { columnsVisible: false, relation: null }
  const versions = [old, fresh].map((alias) => ({ ...target, ...hidden, alias }))
  return readTargets(reading, listOf(clause.exprs), { ...scope, items: [...scope.items, ...versions] })
}

/** ON CONFLICT: `excluded` holds the values that were to be inserted. Returns what its SET list assigns. */
export function readConflict(
  reading: Reading,
  clause: OnConflictClause,
  relation: RangeVar,
  target: Item,
  inserted: readonly Column[],
  around: Scope,
): readonly Column[] {
  const scope: Scope = { outer: around, items: [target], tables: around.tables }
  const { infer } = clause
  for (const node of listOf(infer?.indexElems)) {
    const element = node.IndexElem
    if (element?.expr !== undefined) reading.decide(reading.walk.expression(reading, element.expr, scope))
    if (element?.name !== undefined) reading.decide(columnOf(reading, target, element.name) ?? NOTHING)
  }
  if (infer?.whereClause !== undefined) reading.decide(reading.walk.expression(reading, infer.whereClause, scope))
  if (clause.action !== 'ONCONFLICT_UPDATE') return []
  const excluded: Item = {
    ...itemOf('excluded', inserted, target.open),
    columnsVisible: false,
    systemColumns: true,
  }
  const both: Scope = { ...scope, items: [target, excluded] }
  const assigned = readAssignments(reading, relation, 'update', listOf(clause.targetList), both)
  if (clause.whereClause !== undefined) reading.decide(reading.walk.expression(reading, clause.whereClause, both))
  return assigned
}
