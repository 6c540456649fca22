import type { Action, ColumnName } from '@gatehouse/core'
import type { CatalogTable } from '../../catalog.ts'
import { foldName } from '../../name-case.ts'
import type { QualifiedName } from '../../query-tree.ts'
import type { Definition, NamedObject } from '../../statement-tree.ts'
import { itemOf } from '../item.ts'
import { type Column, type Lineage, NOTHING, named } from '../lineage.ts'
import { tableColumns } from '../queries/views.ts'
import type { Reading } from '../reading.ts'
import { findTable, newRelationName, relationName } from '../relations.ts'
import { type Scope, below } from '../scope.ts'
import { readDefinedBody } from './bodies.ts'
import { noteTemporary } from './temporary.ts'

/** Engines whose tables show what is kept elsewhere: in other tables, in files, on other servers. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'federated',
  'connect',
  'spider',
  'mrg_myisam',
  'merge',
  'csv',
  'mroonga',
])

/** Actions of the tree under the names that policy has for them. */
const ACTIONS: ReadonlyMap<string, Action> = new Map([
  ['rename_table', 'alter_table'],
  ['rename_user', 'alter_user'],
  ['create_loadable_function', 'create_function'],
  ['drop_loadable_function', 'drop_function'],
  ['create_package_body', 'create_package'],
  ['drop_package_body', 'drop_package'],
  ['truncate_table', 'truncate'],
  ['create_database', 'create_schema'],
  ['alter_database', 'alter_schema'],
  ['drop_database', 'drop_schema'],
])

/** CREATE, ALTER, DROP, RENAME, TRUNCATE and their kin; returns the action. MySQL manual, "Data Definition Statements". */
export function readDefinition(reading: Reading, node: Definition, outer: Scope): Action {
  const action = ACTIONS.get(node.action) ?? node.action
  reading.defining = true
  for (const file of node.files) reading.files.push(file)
  for (const object of node.objects) accessObject(reading, action, object, columnsNamed(reading, node, object))
  if (action === 'drop_trigger') for (const { name } of node.objects) accessTriggered(reading, name)
  if (node.objects.length === 0) reading.access(action, null, null)
  for (const other of node.others) accessOther(reading, node, other)
  if (node.engine !== null && ELSEWHERE.has(node.engine)) {
    for (const { name } of node.objects) reading.access('create_foreign_table', newRelationName(reading, name), null)
    unknownWrite(reading)
  }
  const [made] = node.objects
  readColumns(reading, node, made, outer)
  if (node.query !== null) fill(reading, node, made, outer)
  if (node.body !== null) readDefinedBody(reading, node)
  if (!KEEPS_NAMES.test(action)) {
    reading.changesNames = true
    reading.movesNames = action !== 'truncate'
  }
  noteTemporary(reading, node)
  return action
}

/** The table whose changes a trigger no longer adds to, as CREATE TRIGGER names it. */
function accessTriggered(reading: Reading, name: QualifiedName): void {
  const schema = name.schema ?? reading.schema
  if (schema === null) return
  const key = foldName(name.name)
  for (const table of reading.names.catalog.tables(schema)) {
    if (table.triggers === null) reading.incomplete(`the triggers of ${table.name} could not be seen`)
    else if (table.triggers?.some((trigger) => foldName(trigger.name) === key) === true)
      reading.access('drop_trigger', { schema: table.schema, name: table.name }, null)
  }
}

/** Definitions after which names mean what they meant. */
const KEEPS_NAMES =
  /^(?:create|alter|drop)_(?:user|role|server|tablespace|undo_tablespace|logfile_group|resource_group|spatial_reference_system|instance)$/

function isRelation({ type }: NamedObject): boolean {
  return type === 'table' || type === 'view' || type === 'sequence'
}

function accessObject(reading: Reading, action: Action, object: NamedObject, columns: readonly string[] | null): void {
  const { type, name } = object
  if (isRelation(object)) {
    const relation = action.startsWith('create_') ? newRelationName(reading, name) : relationName(reading, name)
    reading.access(action, relation, columns)
  } else if (['trigger', 'procedure', 'function', 'event', 'package', 'package_body', 'index'].includes(type))
    reading.access(action, newRelationName(reading, name), columns)
  else reading.access(action, { schema: null, name: name.name }, columns)
}

/** What an ALTER TABLE may do that concerns the columns that it names, and no other. */
const OF_NAMED_COLUMNS =
  /^(?:(?:add|drop|alter|change|modify|rename)_column|(?:add|drop|rename)_key|drop_(?:foreign_key|constraint))$/

/** The columns of an ALTER TABLE, under their old and new names; where it does more than that, all of the table; null: they could not be told. */
function columnsNamed(reading: Reading, node: Definition, { type, name }: NamedObject): readonly string[] | null {
  if (node.action === 'rename_table') return allColumns(reading, name)
  if (node.action !== 'alter_table' || type !== 'table') return null
  const named = node.columns.flatMap((column) =>
    column.renamed === null ? [column.name] : [column.name, column.renamed],
  )
  const more =
    named.length === 0 ||
    !node.options.every((option) => OF_NAMED_COLUMNS.test(option)) ||
    node.others.some(({ role }) => role === 'renamed' || role === 'exchange')
  if (!more) return named
  const all = allColumns(reading, name)
  return all === null ? null : [...all, ...named]
}

/** A definition that concerns a whole table concerns the columns that it has; null: they are not known, and may be any. */
function allColumns(reading: Reading, name: QualifiedName): readonly string[] | null {
  const table = findTable(reading, name)
  if (table === undefined || table.kind !== 'table') return null
  reading.spend(1 + (table.columns.length >> 2))
  return table.columns.map((column) => column.name)
}

function accessOther(reading: Reading, node: Definition, other: Definition['others'][number]): void {
  const { role, name } = other
  switch (role) {
    case 'like':
      reading.access('select', relationName(reading, name), [])
      return
    case 'union':
      // Rows of the other table come out of this one.
      reading.access('select', relationName(reading, name), null)
      unknownWrite(reading)
      return
    case 'exchange':
      reading.access('alter_table', relationName(reading, name), allColumns(reading, name))
      return
    case 'on':
      // An index is part of its table; a trigger adds to what every change of its table does.
      if (/index/.test(node.action))
        reading.access('alter_table', relationName(reading, name), allColumns(reading, name))
      else reading.access(node.action, relationName(reading, name), null)
      return
    case 'renamed':
      reading.access(isRelation(other) ? 'create_table' : 'alter_user', newRelationName(reading, name), null)
      return
    case 'references': {
      reading.access('select', relationName(reading, name), other.columns ?? [])
      decideReferenced(reading, other)
      return
    }
    case 'follows':
    case 'other':
      return
    default:
      role satisfies never
  }
}

/** Whether a value is among those of the referenced columns shows in what may be inserted here. */
function decideReferenced(reading: Reading, { name, columns = [] }: Definition['others'][number]): void {
  const table = columns.length === 0 ? undefined : findTable(reading, name)
  if (table === undefined) return
  const keys = new Set(columns.map(foldName))
  for (const column of tableColumns(reading, table)) if (keys.has(column.key)) reading.decide(column.lineage)
}

function unknownWrite(reading: Reading): void {
  reading.writes.push({ target: null, sources: [], through: [], complete: false })
}

/** Expressions of generated columns, checks, keys and partitions, over the columns of the table. */
function readColumns(reading: Reading, node: Definition, made: NamedObject | undefined, outer: Scope): void {
  if (node.expressions.length === 0 && node.columns.every(({ generated }) => generated === null)) return
  const on = node.others.find(({ role }) => role === 'on')?.name ?? made?.name
  const table = on === undefined ? undefined : findTable(reading, on)
  const scope = tableScope(reading, node, on?.name ?? '', table, outer)
  for (const { name, generated } of node.columns) {
    if (generated === null || on === undefined) continue
    const { schema, name: relation } = table ?? newRelationName(reading, on)
    const value = reading.walk.expression(reading, generated, scope)
    writeNew(reading, schema === null ? null : { schema, relation, column: name }, value)
  }
  for (const expression of node.expressions) reading.decide(reading.walk.expression(reading, expression, scope))
}

// Columns that the definition makes hold nothing yet.
function tableScope(
  reading: Reading,
  node: Definition,
  name: string,
  table: CatalogTable | undefined,
  outer: Scope,
): Scope {
  const stored = table === undefined || node.action === 'create_table' ? [] : tableColumns(reading, table)
  const known = new Set(stored.map((column) => column.key))
  const fresh = node.columns.flatMap(({ name: own, renamed }): Column[] =>
    [own, ...(renamed === null ? [] : [renamed])].flatMap((column) =>
      known.has(foldName(column)) ? [] : [named(column, NOTHING)],
    ),
  )
  const item = itemOf(reading.tableKey(name), [...stored, ...fresh], NOTHING)
  return below(outer, { kind: 'item', item })
}

function writeNew(reading: Reading, target: ColumnName | null, value: Lineage): void {
  reading.writes.push({ target, sources: value.sources, through: value.through, complete: value.reason === null })
}

/** AS query: the columns of the table are filled; what can be read through a view counts as written to its columns. */
function fill(reading: Reading, node: Definition, made: NamedObject | undefined, outer: Scope): void {
  if (node.query === null || made === undefined) return
  const before = reading.defining
  reading.defining = /view/.test(node.action)
  const columns = reading.walk.query(reading, node.query, outer)
  reading.defining = before
  const { schema, name: relation } = newRelationName(reading, made.name)
  reading.spend(2 * columns.length)
  columns.forEach(({ name, lineage }, index) => {
    const column = node.columnNames?.[index] ?? name
    writeNew(reading, schema === null || column === null ? null : { schema, relation, column }, lineage)
  })
  reading.output = null
}
