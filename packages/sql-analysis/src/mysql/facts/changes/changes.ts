import type { Assignment, Delete, Update } from '../../statement-tree.ts'
import type { QualifiedName, SelectItem } from '../../query-tree.ts'
import { foldName } from '../../name-case.ts'
import { type Item, type Source, eachItem } from '../item.ts'
import { type Column, NOTHING, named } from '../lineage.ts'
import { withCommonTables } from '../queries/common-tables.ts'
import { readFrom } from '../queries/from.ts'
import { readItems } from '../queries/queries.ts'
import type { Reading } from '../reading.ts'
import { findTable } from '../relations.ts'
import { fireTriggers } from '../routines/triggers.ts'
import { type Scope, below, itemsOf } from '../scope.ts'
import { readHints } from '../session/settings.ts'
import { readCondition } from './bounds.ts'
import { tellOfDelete, tellOfUpdate } from './keys.ts'
import { type Target, afterWrite, baseColumns, baseTables, write } from './targets.ts'

/** UPDATE of one table or several; returns what RETURNING gives, null without one. */
export function readUpdate(reading: Reading, statement: Update, outer: Scope): readonly Column[] | null {
  readHints(reading, statement.hints)
  const around = withCommonTables(reading, statement.with, outer)
  const source = readFrom(reading, statement.tables, around, true)
  const scope = below(around, source)
  const assigned = new Map<Item, Column[]>()
  for (const { column, value } of statement.assignments) {
    const lineage = reading.walk.expression(reading, value, scope)
    for (const item of assignedItems(reading, source, column)) {
      const known = assigned.get(item)
      if (known === undefined) assigned.set(item, [named(column.name, lineage)])
      else known.push(named(column.name, lineage))
    }
  }
  if (assigned.size === 0) reading.incomplete('which table an UPDATE changes could not be told')
  const targets = [...assigned.keys()]
  readRest(reading, statement, targets, scope)
  selectOthers(reading, source, assigned)
  let returned: readonly Column[] = []
  for (const [item, columns] of assigned) returned = updateTarget(reading, targetOf(reading, item), columns)
  return readReturning(reading, statement.returning, targets[0], returned, around)
}

function updateTarget(reading: Reading, target: Target, assigned: readonly Column[]): readonly Column[] {
  const { item } = target
  if (item.relation === null) {
    reading.incomplete('what an UPDATE changes is no table')
    return item.columns
  }
  reading.access(
    'update',
    item.relation,
    assigned.flatMap(({ name }) => name ?? []),
  )
  for (const { name, lineage } of assigned) write(reading, target, name, lineage)
  const after = afterWrite(reading, item.columns, assigned)
  return changeBases(reading, target, 'update', assigned, after)
}

/** What follows from a change in the tables behind the target: keys, cascades, triggers. Returns the row after them. */
export function changeBases(
  reading: Reading,
  target: Target,
  event: 'update' | 'delete',
  assigned: readonly Column[],
  after: readonly Column[],
): readonly Column[] {
  let seen = after
  for (const base of baseTables(reading, target)) {
    if (target.table?.kind === 'view')
      reading.beneath([{ action: event, relation: { schema: base.schema, name: base.name }, columns: null }], [])
    if (event === 'delete') tellOfDelete(reading, base)
    else tellOfUpdate(reading, base, baseColumns(reading, target, base, assigned))
    seen = fireTriggers(reading, target, base, event, target.item.columns, seen)
  }
  return seen
}

/** DELETE from one table or several; returns what RETURNING gives, null without one. */
export function readDelete(reading: Reading, statement: Delete, outer: Scope): readonly Column[] | null {
  readHints(reading, statement.hints)
  const around = withCommonTables(reading, statement.with, outer)
  const source = readFrom(reading, statement.from, around, true)
  const scope = below(around, source)
  const targets = new Map<Item, readonly Column[]>()
  for (const name of statement.targets) {
    const items = deletedItems(reading, source, name)
    if (items.length === 0) reading.incomplete(`which table ${name.name} is in a DELETE could not be told`)
    for (const item of items) targets.set(item, [])
  }
  readRest(reading, statement, [...targets.keys()], scope)
  selectOthers(reading, source, targets)
  for (const item of targets.keys()) {
    if (item.relation === null) reading.incomplete('what a DELETE empties is no table')
    else reading.access('delete', item.relation, null)
    changeBases(reading, targetOf(reading, item), 'delete', [], item.columns)
  }
  const [first] = targets.keys()
  return readReturning(reading, statement.returning, first, first?.columns ?? [], around)
}

function readRest(
  reading: Reading,
  statement: Pick<Update, 'where' | 'orderBy' | 'limit'>,
  targets: readonly Item[],
  scope: Scope,
): void {
  if (readCondition(reading, statement.where, targets, scope)) reading.unboundedWrite = true
  for (const { expression } of statement.orderBy) reading.decide(reading.walk.expression(reading, expression, scope))
  for (const node of [statement.limit?.count, statement.limit?.offset])
    if (node !== undefined && node !== null) reading.decide(reading.walk.expression(reading, node, scope))
}

// A table that only stands in the join is read, be it for whether it has rows.
function selectOthers(reading: Reading, source: Source, targets: ReadonlyMap<Item, unknown>): void {
  eachItem(source, (item) => {
    if (item.relation !== null && !targets.has(item)) reading.access('select', item.relation, [])
  })
}

/** The entries that an assignment to a column may mean. */
function assignedItems(reading: Reading, source: Source, column: Assignment['column']): readonly Item[] {
  const key = foldName(column.name)
  if (column.table !== null) {
    const schema = column.schema === null ? null : reading.tableKey(column.schema)
    return itemsOf(reading, source, schema, reading.tableKey(column.table))
  }
  const having: Item[] = []
  const open: Item[] = []
  const all: Item[] = []
  eachItem(source, (item) => {
    all.push(item)
    reading.spend(1 + (item.columns.length >> 3))
    if (item.columns.some((candidate) => candidate.key === key)) having.push(item)
    else if (item.open !== null) open.push(item)
  })
  if (all.length === 1) return all
  return having.length > 0 ? having : open
}

// A table is named by its alias, or by its own name with its schema; in a multi-table DELETE also as `t.*`.
function deletedItems(reading: Reading, source: Source, name: QualifiedName): readonly Item[] {
  const all: Item[] = []
  eachItem(source, (item) => {
    all.push(item)
  })
  const schema = name.schema === null ? null : reading.tableKey(name.schema)
  const found = itemsOf(reading, source, schema, reading.tableKey(name.name))
  return found.length === 0 && all.length === 1 ? all : found
}

/** The target behind an entry. */
export function targetOf(reading: Reading, item: Item): Target {
  const name = item.relation ?? { schema: null, name: item.alias }
  return { name, item, table: findTable(reading, name) }
}

/** RETURNING of MariaDB: the columns of the row as it is after the change. */
export function readReturning(
  reading: Reading,
  items: readonly SelectItem[] | null,
  target: Item | undefined,
  columns: readonly Column[],
  around: Scope,
): readonly Column[] | null {
  if (items === null) return null
  if (target === undefined) return [named(null, NOTHING)]
  const item: Item = { ...target, columns }
  return readItems(reading, items, below(around, { kind: 'item', item }))
}
