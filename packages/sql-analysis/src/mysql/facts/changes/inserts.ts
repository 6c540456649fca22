import type { Assignment, Insert, LoadData } from '../../statement-tree.ts'
import { type Item, itemOf } from '../item.ts'
import { type Column, type Lineage, NOTHING, anyOf, lineagesOf, named } from '../lineage.ts'
import { isUnknownStar, readFrom, tableItem } from '../queries/from.ts'
import type { Reading } from '../reading.ts'
import { findTable, relationName } from '../relations.ts'
import { fireTriggers } from '../routines/triggers.ts'
import { type Scope, below } from '../scope.ts'
import { readHints } from '../session/settings.ts'
import { readReturning } from './changes.ts'
import { tellOfDelete, tellOfInsert, tellOfUpdate } from './keys.ts'
import { type Target, afterWrite, baseColumns, baseTables, write } from './targets.ts'

/** INSERT and REPLACE; returns what RETURNING gives, null without one. */
export function readInsert(reading: Reading, statement: Insert, outer: Scope): readonly Column[] | null {
  readHints(reading, statement.hints)
  const target = insertTarget(reading, statement.table)
  const relation = relationName(reading, statement.table)
  const listed = statement.columns?.map(({ name }) => name) ?? null
  reading.access('insert', relation, listed)
  if (statement.replace) reading.access('delete', relation, null)
  const around = below(outer, null)
  // With SET and VALUES a value may be made from columns given before it.
  const rowScope: Scope = { ...around, source: { kind: 'item', item: target.item } }
  const values = readSource(reading, statement, rowScope, outer)
  const inserted = place(reading, target, listed, values)
  for (const { name, lineage } of inserted) write(reading, target, name, lineage)
  const assigned = readDuplicate(reading, statement, target, inserted, outer)
  let row = afterWrite(
    reading,
    target.item.columns.map((column) => ({ ...column, lineage: NOTHING })),
    inserted,
  )
  for (const base of baseTables(reading, target)) {
    const below = { schema: base.schema, name: base.name }
    if (target.table?.kind === 'view') reading.beneath([{ action: 'insert', relation: below, columns: null }], [])
    tellOfInsert(reading, base, baseColumns(reading, target, base, inserted))
    row = fireTriggers(reading, target, base, 'insert', row, row)
    if (statement.replace) {
      tellOfDelete(reading, base)
      fireTriggers(reading, target, base, 'delete', target.item.columns, target.item.columns)
    }
    if (assigned.length > 0) {
      tellOfUpdate(reading, base, baseColumns(reading, target, base, assigned))
      fireTriggers(
        reading,
        target,
        base,
        'update',
        target.item.columns,
        afterWrite(reading, target.item.columns, assigned),
      )
    }
  }
  // A row that was there comes back as it is, or as ON DUPLICATE KEY UPDATE left it.
  const returned = assigned.length > 0 ? afterWrite(reading, target.item.columns, [...row, ...assigned]) : row
  return readReturning(reading, statement.returning, target.item, returned, around)
}

/** The target of an INSERT; a SELECT on it is only listed once a column of it is read. */
function insertTarget(reading: Reading, name: Insert['table']): Target {
  const item = tableItem(reading, name, reading.tableKey(name.name), true)
  return { name, item, table: findTable(reading, name) }
}

function readSource(reading: Reading, statement: Insert, rowScope: Scope, outer: Scope): readonly Column[] {
  const { source } = statement
  if (source.kind === 'query') return reading.walk.query(reading, source.query, outer)
  let columns: Column[] = []
  for (const row of source.rows) {
    const before = columns
    reading.spend(1 + (row.length >> 1))
    columns = row.map((node, index) => {
      const lineage = node.kind === 'default' ? NOTHING : reading.walk.expression(reading, node, rowScope)
      const known = before[index]
      if (known === undefined) return named('', lineage)
      return lineage.sources.length === 0 && lineage.opacity === 'none' && lineage.through.length === 0
        ? known
        : { ...known, lineage: anyOf(reading, [known.lineage, lineage]) }
    })
    for (const spare of before.slice(columns.length)) columns.push(spare)
  }
  return columns
}

/** The values under the names of the columns that get them. */
function place(
  reading: Reading,
  { item }: Target,
  listed: readonly string[] | null,
  values: readonly Column[],
): readonly Column[] {
  const names = listed ?? item.columns.filter((column) => column.hidden !== true).map((column) => column.name)
  reading.spend(names.length + values.length)
  if (values.some(isUnknownStar)) {
    const any = anyOf(reading, lineagesOf(reading, values))
    return names.length === 0 ? [named(null, any)] : names.map((name) => named(name, any))
  }
  return values.map((value, index) => named(names[index] ?? null, value.lineage))
}

/** ON DUPLICATE KEY UPDATE; returns what it assigns. */
function readDuplicate(
  reading: Reading,
  statement: Insert,
  target: Target,
  inserted: readonly Column[],
  outer: Scope,
): readonly Column[] {
  if (statement.onDuplicate.length === 0) return []
  const before = reading.inserted
  const byKey = new Map<string, Lineage>()
  for (const { key, lineage } of inserted) byKey.set(key, lineage)
  reading.inserted = byKey
  const parts = [{ kind: 'item' as const, item: target.item }]
  for (const item of besides(reading, statement, inserted, outer)) parts.push({ kind: 'item', item })
  const scope = below(outer, { kind: 'list', parts })
  const assigned = readAssignments(reading, statement.onDuplicate, scope)
  reading.inserted = before
  reading.access(
    'update',
    relationName(reading, statement.table),
    assigned.flatMap(({ name }) => name ?? []),
  )
  for (const { name, lineage } of assigned) write(reading, target, name, lineage)
  return assigned
}

// Beside the target: the row under its alias, or the tables that the rows were selected from.
function besides(
  reading: Reading,
  { rowAlias, source }: Insert,
  inserted: readonly Column[],
  outer: Scope,
): readonly Item[] {
  const items: Item[] = []
  if (rowAlias !== null) {
    const columns = inserted.map((column, index) => named(rowAlias.columns?.[index] ?? column.name, column.lineage))
    const item = itemOf(reading.tableKey(rowAlias.name), columns, null)
    items.push(item)
  }
  if (source.kind === 'query' && source.query.body.kind === 'select' && source.query.body.from !== null) {
    const from = readFrom(reading, source.query.body.from, below(outer, null))
    // Read twice: what it looks at is listed once all the same.
    items.push(...itemsIn(from))
  }
  return items
}

function itemsIn(source: ReturnType<typeof readFrom>): readonly Item[] {
  switch (source.kind) {
    case 'item':
      return [source.item]
    case 'list':
      return source.parts.flatMap(itemsIn)
    case 'merged':
      return [...itemsIn(source.left), ...itemsIn(source.right)]
    default:
      return source satisfies never
  }
}

/** A SET list: what each column gets. */
function readAssignments(reading: Reading, assignments: readonly Assignment[], scope: Scope): readonly Column[] {
  return assignments.map(({ column, value }) =>
    named(column.name, value.kind === 'default' ? NOTHING : reading.walk.expression(reading, value, scope)),
  )
}

/** LOAD DATA and LOAD XML: rows of a file, of the server or (LOCAL) of the client. */
export function readLoadData(reading: Reading, statement: LoadData, outer: Scope): void {
  const target = insertTarget(reading, statement.table)
  const relation = relationName(reading, statement.table)
  reading.files.push(statement.file)
  const fields = statement.fields?.flatMap((field) => (field.kind === 'column' ? [field.name] : [])) ?? null
  const scope = below(outer, { kind: 'item', item: target.item })
  const assigned = readAssignments(reading, statement.assignments, scope)
  const names = fields ?? target.item.columns.flatMap(({ name }) => name ?? [])
  const inserted = [...names.map((name) => named(name, NOTHING)), ...assigned]
  reading.access(
    'insert',
    relation,
    fields === null ? null : [...fields, ...assigned.flatMap(({ name }) => name ?? [])],
  )
  for (const { name, lineage } of inserted) write(reading, target, name, lineage)
  let row = afterWrite(
    reading,
    target.item.columns.map((column) => ({ ...column, lineage: NOTHING })),
    inserted,
  )
  for (const base of baseTables(reading, target)) {
    tellOfInsert(reading, base, baseColumns(reading, target, base, inserted))
    row = fireTriggers(reading, target, base, 'insert', row, row)
  }
}
