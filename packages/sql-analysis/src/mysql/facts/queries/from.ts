import type { BaseTable, DerivedTable, Join, JsonTable, TableReference } from '../../query-tree.ts'
import { foldName } from '../../name-case.ts'
import { type Item, type Source, columnIn, columnsIn, eachItem, itemOf } from '../item.ts'
import { type Column, type Lineage, NUMBER, anyOf, comparesAsIs, derivedFrom, lineagesOf, named } from '../lineage.ts'
import type { Reading } from '../reading.ts'
import { findTable, nameOf, unknownColumns } from '../relations.ts'
import { type Scope, findCommonTable } from '../scope.ts'
import { commonTableColumns, renamedColumns } from './common-tables.ts'
import { tableColumns } from './views.ts'

/**
 * Reads a FROM clause, or the tables of an UPDATE or DELETE. `outer`: the scope around the query; `target`: true for tables that may
 * be changed, of which a SELECT is only listed once a column is read.
 */
export function readFrom(reading: Reading, reference: TableReference, outer: Scope, target = false): Source {
  return readReference(reading, reference, outer, null, target)
}

// `before`: what stands to the left in the same FROM clause, which LATERAL and JSON_TABLE see.
function readReference(
  reading: Reading,
  reference: TableReference,
  outer: Scope,
  before: Source | null,
  target: boolean,
): Source {
  reading.descend()
  // Chains of joins lean to the left: walked down here, not by recursion.
  const chain: Join[] = []
  let bottom = reference
  while (bottom.kind === 'join') {
    chain.push(bottom)
    bottom = bottom.left
  }
  let source = leafOf(reading, bottom, outer, before, target)
  let parts: Source[] | null = null
  for (let index = chain.length - 1; index >= 0; index--) {
    const join = chain[index]
    if (join === undefined) continue
    reading.spend(4)
    const seen: Source = before === null ? source : { kind: 'list', parts: [before, source] }
    const right = readReference(reading, join.right, outer, seen, target)
    if (join.natural || join.using.length > 0) {
      source = mergedSource(reading, join, source, right)
      parts = null
    } else {
      // The arms of plain joins stand in one list, which grows as the chain is walked.
      if (parts === null) source = { kind: 'list', parts: (parts = [source]) }
      parts.push(right)
    }
    if (join.on !== null) {
      const scope = inner(outer, source)
      reading.decide(reading.walk.expression(reading, join.on, scope))
    }
  }
  reading.ascend()
  return source
}

function inner(outer: Scope, source: Source | null): Scope {
  const around = outer.source === null && outer.aliases === null ? outer.outer : outer
  return { outer: around, source, aliases: null, tables: outer.tables, variables: outer.variables }
}

function leafOf(
  reading: Reading,
  reference: Exclude<TableReference, Join>,
  outer: Scope,
  before: Source | null,
  target: boolean,
): Source {
  switch (reference.kind) {
    case 'base_table':
      return { kind: 'item', item: baseTableItem(reading, reference, outer, target) }
    case 'derived_table':
      return { kind: 'item', item: derivedItem(reading, reference, outer, before) }
    case 'json_table':
      return { kind: 'item', item: jsonTableItem(reading, reference, inner(outer, before)) }
    default:
      return reference satisfies never
  }
}

function baseTableItem(reading: Reading, reference: BaseTable, outer: Scope, target: boolean): Item {
  const { table: name, systemTime } = reference
  const alias = reading.tableKey(reference.alias ?? name.name)
  for (const moment of systemTime ?? []) reading.decide(reading.walk.expression(reading, moment, inner(outer, null)))
  if (name.schema === null) {
    const common = findCommonTable(reading, outer, reading.commonTableKey(name.name))
    if (common !== null) return itemOfQuery(reading, alias, commonTableColumns(reading, common))
  }
  if (reference.partitions.length > 0) lookAtPartitions(reading, name)
  if (reference.indexHint !== undefined) lookAtIndexes(reading, name, reference.indexHint)
  return tableItem(reading, name, alias, target)
}

// Which partition a row is in tells of what it went there by: which columns that are is not known.
function lookAtPartitions(reading: Reading, name: BaseTable['table']): void {
  const table = findTable(reading, name)
  if (table?.partitioned !== true) return
  for (const { lineage } of tableColumns(reading, table)) reading.decide(lineage)
}

// Rows come in the order of the index that is named, or of one that is left: which columns that are is known of the primary key alone.
function lookAtIndexes(reading: Reading, name: BaseTable['table'], hint: 'primary' | 'other'): void {
  const table = findTable(reading, name)
  if (table === undefined) return
  const key = hint === 'primary' ? table.uniqueKeys?.[0]?.map(foldName) : undefined
  for (const column of tableColumns(reading, table))
    if (key === undefined || key.includes(column.key)) reading.decide(column.lineage)
}

/** An optimizer hint may name any index of any table, and of those beneath views: every column of them is looked at. */
export function lookAtAllIndexes(reading: Reading): void {
  for (const { relation } of [...reading.accesses(), ...reading.beneathFacts().accesses])
    if (relation !== null) lookAtIndexes(reading, relation, 'other')
}

/** The entry of a stored table under an alias, as it compares. `target`: as of `readFrom`. */
export function tableItem(reading: Reading, name: BaseTable['table'], alias: string, target: boolean): Item {
  const table = findTable(reading, name)
  const relation = nameOf(table, name)
  return {
    alias,
    schema: schemaKey(reading, relation.schema),
    relation,
    columns: table === undefined ? [] : tableColumns(reading, table),
    open: table === undefined ? unknownColumns(relation.name) : null,
    read: target ? null : reading.access('select', relation, []),
    onRead: target ? (): Set<string> | null => reading.access('select', relation, []) : null,
    reads: 0,
  }
}

function schemaKey(reading: Reading, found: string | null): string | null {
  const schema = found ?? reading.schema
  return schema === null ? null : reading.tableKey(schema)
}

function derivedItem(reading: Reading, reference: DerivedTable, outer: Scope, before: Source | null): Item {
  // Without LATERAL a derived table sees what is around the whole query (MySQL manual, "Derived Tables").
  const scope = reference.lateral ? inner(outer, before) : inner(outer, null)
  const columns = reading.walk.query(reading, reference.query, scope)
  const alias = reference.alias === null ? '' : reading.tableKey(reference.alias)
  return itemOfQuery(reading, alias, renamedColumns(reading, columns, reference.columns))
}

// A star over an unknown table may have given columns of any name, and moved those behind it.
function itemOfQuery(reading: Reading, alias: string, columns: readonly Column[]): Item {
  reading.spend(columns.length >> 3)
  const unknown = columns.findIndex(isUnknownStar)
  if (unknown === -1) return itemOf(alias, columns, null)
  const any = anyOf(reading, lineagesOf(reading, columns))
  return itemOf(
    alias,
    columns.filter((column) => !isUnknownStar(column)).map((column) => ({ ...column, lineage: any })),
    any,
  )
}

/** True for what stands for the columns of a star that are not known. */
export function isUnknownStar(column: Column): boolean {
  return column.name === null && column.lineage.opacity !== 'none'
}

function jsonTableItem(reading: Reading, reference: JsonTable, scope: Scope): Item {
  const document = reading.walk.expression(reading, reference.document, scope)
  // How many rows there are, and whether a value fits its column, depends on the document.
  if (!isPlain(reference) || document.type !== 'json') reading.tell(document)
  const value = derivedFrom(reading, [document])
  const columns = reference.columns.map(({ name, ordinality }) => named(name, ordinality ? NUMBER : value))
  return itemOf(reference.alias === null ? '' : reading.tableKey(reference.alias), columns, null)
}

// The whole document as one row, its parts as texts: as many rows as documents, and nothing that can fail.
function isPlain(reference: JsonTable): boolean {
  return (
    reference.path === '$' &&
    reference.simple === true &&
    reference.columns.every(
      ({ ordinality, type }) => !ordinality && /^(?:varchar|char|text|longtext|json)$/.test(type ?? ''),
    )
  )
}

/** A join with merged columns: those first, then the rest of the left arm, then of the right (MySQL manual, "JOIN Clause"). */
function mergedSource(reading: Reading, join: Join, left: Source, right: Source): Source {
  // A RIGHT JOIN is the LEFT JOIN of the arms in the other order.
  const [first, second] = join.type === 'right' ? [right, left] : [left, right]
  const names = join.natural ? naturalNames(reading, first, second) : join.using
  const merged: Column[] = []
  for (const name of names) {
    const key = foldName(name)
    const ours = sideOf(reading, first, key)
    const theirs = sideOf(reading, second, key)
    for (const [one, other] of [
      [ours, theirs],
      [theirs, ours],
    ] as const) {
      if (comparesAsIs(one, other)) reading.decideEqual(one)
      else reading.decide(one)
    }
    merged.push({ name, key, lineage: anyOf(reading, [ours, theirs]) })
  }
  if (join.natural) doubtNatural(reading, first, second)
  const inOrder = join.natural ? merged : inOrderOf(reading, first, merged)
  return { kind: 'merged', left: first, right: second, merged: inOrder, keys: new Set(inOrder.map(({ key }) => key)) }
}

function naturalNames(reading: Reading, left: Source, right: Source): readonly string[] {
  const theirs = new Set(columnsIn(reading, right).map((column) => column.key))
  const names = new Map<string, string>()
  for (const { name, key } of columnsIn(reading, left)) if (name !== null && theirs.has(key)) names.set(key, name)
  return [...names.values()]
}

/** Merged columns come in the order of the first arm, not in that of USING. */
function inOrderOf(reading: Reading, first: Source, merged: readonly Column[]): readonly Column[] {
  if (merged.length < 2) return merged
  const places = new Map(columnsIn(reading, first).map((column, index) => [column.key, index]))
  return merged.toSorted((a, b) => (places.get(a.key) ?? 0) - (places.get(b.key) ?? 0))
}

function sideOf(reading: Reading, side: Source, key: string): Lineage {
  const found = columnIn(reading, side, key)
  if (found !== null) return found
  const open = openOf(side)
  return open[0] ?? anyOf(reading, lineagesOf(reading, columnsIn(reading, side)))
}

function openOf(source: Source): readonly Lineage[] {
  const open: Lineage[] = []
  eachItem(source, (item) => {
    if (item.open !== null) open.push(item.open)
  })
  return open
}

// A NATURAL join with an arm that is not known may look at any column.
function doubtNatural(reading: Reading, left: Source, right: Source): void {
  for (const open of [...openOf(left), ...openOf(right)]) reading.decide(open)
}
