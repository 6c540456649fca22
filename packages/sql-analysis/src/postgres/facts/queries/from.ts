import type { Alias, JoinExpr, RangeSubselect, RangeVar } from 'libpg-query'
import { commonTableColumns } from './common-tables.ts'
import { lookAtRows, partitionOf, touchFamily } from '../changes/constraints.ts'
import { functionItem, jsonTableItem, xmlTableItem } from './from-functions.ts'
import { joinItem } from './joins.ts'
import { type Column, NOTHING, anyOf, lineagesOf, untraced } from '../lineage.ts'
import type { Reading } from '../reading.ts'
import { findRelation, relationName } from '../relations.ts'
import { type Item, itemOf, renamedColumns } from '../item.ts'
import { type Scope, findCommonTable } from '../scope.ts'
import { type Tree, lastName, listOf, stringsOf } from '../tree.ts'
import { relationColumns } from './views.ts'

/** The scope of a FROM clause while it is read: LATERAL and functions see the entries to their left. */
export interface FromScope extends Scope {
  readonly items: Item[]
}

/**
 * Reads one element of a FROM clause and appends its entries to the scope. The last entry appended is the element as a
 * whole; entries before it (the arms of a join) answer to qualified names only.
 */
export function readFrom(reading: Reading, node: Tree, scope: FromScope): void {
  const into = scope.items
  reading.descend()
  if (node.RangeVar !== undefined) into.push(tableItem(reading, node.RangeVar, scope))
  else if (node.JoinExpr !== undefined) readJoin(reading, node.JoinExpr, scope)
  else if (node.RangeSubselect !== undefined) into.push(subselectItem(reading, node.RangeSubselect, scope))
  else if (node.RangeFunction !== undefined) into.push(functionItem(reading, node.RangeFunction, scope))
  else if (node.RangeTableSample !== undefined) {
    const sample = node.RangeTableSample
    for (const argument of listOf(sample.args)) reading.decide(reading.walk.expression(reading, argument, scope))
    if (sample.repeatable !== undefined) reading.decide(reading.walk.expression(reading, sample.repeatable, scope))
    const method = lastName(sample.method)
    if (method !== 'system' && method !== 'bernoulli') reading.useFunction(null, method, 'user')
    if (sample.relation === undefined) throw new Error('a TABLESAMPLE is not understood')
    readFrom(reading, sample.relation, scope)
  } else if (node.RangeTableFunc !== undefined) into.push(xmlTableItem(reading, node.RangeTableFunc, scope))
  else if (node.JsonTable !== undefined) into.push(jsonTableItem(reading, node.JsonTable, scope))
  else throw new Error('an element of FROM is not understood')
  reading.ascend()
}

function tableItem(reading: Reading, name: RangeVar, scope: Scope): Item {
  const written = name.relname ?? ''
  const alias = name.alias?.aliasname ?? written
  if (name.schemaname === undefined || name.schemaname === '') {
    const common = findCommonTable(reading, scope, written)
    if (common !== null) return queryItem(reading, alias, commonTableColumns(reading, common), name.alias)
  }
  return relationItem(reading, name, 'select', alias)
}

/** The entry of a stored relation. `read`: the action under which the columns read are listed; null lists none until one is read. */
export function relationItem(reading: Reading, name: RangeVar, action: 'select' | null, alias: string): Item {
  const resolved = relationName(reading, name)
  const relation = findRelation(reading, name)
  if (relation !== undefined) {
    lookAtRows(reading, relation)
    if (action === 'select') touchFamily(reading, name, relation, action)
  }
  const aliased = name.alias !== undefined
  const columns = relation === undefined ? [] : relationColumns(reading, relation)
  const shown = renamed(reading, columns, name.alias)
  return {
    alias,
    relation: aliased ? null : resolved,
    columns: shown,
    open: relation === undefined ? untraced('relation', `relation "${resolved.name}" is not known`) : null,
    columnsVisible: true,
    systemColumns: true,
    tableoid: relation === undefined ? NOTHING : partitionOf(reading, relation),
    storedNames: shown === columns ? null : columns.map(({ name: stored }) => stored ?? ''),
    join: null,
    read: action === null ? null : reading.access(action, resolved, []),
    onRead: action === null ? (): Set<string> | null => reading.access('select', resolved, []) : null,
    reads: 0,
  }
}

/** The columns under the names of an alias list; those beyond the list keep theirs. */
export function renamed(reading: Reading, columns: readonly Column[], alias: Alias | undefined): readonly Column[] {
  const names = stringsOf(alias?.colnames)
  return renamedColumns(reading, columns, names)
}

function subselectItem(reading: Reading, element: RangeSubselect, scope: Scope): Item {
  if (element.subquery === undefined) throw new Error('a sub-query is not understood')
  const inner: Scope = element.lateral === true ? scope : { outer: scope.outer, items: [], tables: scope.tables }
  const columns = reading.walk.query(reading, element.subquery, inner)
  if (columns === null) throw new Error('a sub-query is not understood')
  return queryItem(reading, element.alias?.aliasname ?? '', columns, element.alias)
}

// A star over an unknown relation may have given columns of any name, and moved those behind it.
function queryItem(reading: Reading, alias: string, columns: readonly Column[], renaming: Alias | undefined): Item {
  reading.spend(columns.length >> 3)
  const star = columns.find(isUntracedStar)
  if (star === undefined) return itemOf(alias, renamed(reading, columns, renaming), null)
  const names = stringsOf(renaming?.colnames)
  reading.spend(columns.length + names.length)
  if (names.length === 0)
    return itemOf(
      alias,
      columns.filter((column) => !isUntracedStar(column)),
      star.lineage,
    )
  const any = anyOf(reading, lineagesOf(reading, columns))
  return itemOf(
    alias,
    names.map((name) => ({ name, lineage: any })),
    any,
  )
}

function isUntracedStar(column: Column): boolean {
  return column.name === null && column.lineage.opacity !== 'none'
}

function readJoin(reading: Reading, join: JoinExpr, scope: FromScope): void {
  if (join.larg === undefined || join.rarg === undefined) throw new Error('a join is not understood')
  const { items } = scope
  const start = items.length
  readFrom(reading, join.larg, scope)
  const middle = items.length
  readFrom(reading, join.rarg, scope)
  const left = items[middle - 1]
  const right = items[items.length - 1]
  if (left === undefined || right === undefined || middle === start || items.length === middle)
    throw new Error('a join is not understood')
  const joined = joinItem(reading, join, left, right)
  if (join.quals !== undefined) {
    reading.spend((items.length - start) >> 5)
    const visible: Scope = { outer: scope.outer, items: items.slice(start), tables: scope.tables }
    reading.decide(reading.walk.expression(reading, join.quals, visible))
  }
  // Under an alias of its own the arms cannot be named from outside (PostgreSQL manual, "Table Expressions").
  if (join.alias !== undefined) items.length = start
  else {
    reading.spend((items.length - middle) >> 5)
    items.splice(items.length - 1, 1, ...qualifiedOnly(right))
    items.splice(middle - 1, 1, ...qualifiedOnly(left))
    if (join.join_using_alias?.aliasname !== undefined) items.push(usingItem(join.join_using_alias.aliasname, joined))
  }
  items.push(joined)
}

// Shares what it counts with the entry it stands for, through the join and its own read set. None without a name to ask for.
function qualifiedOnly(item: Item): Item[] {
  return item.alias === '' ? [] : [{ ...item, columnsVisible: false }]
}

function usingItem(alias: string, joined: Item): Item {
  return { ...itemOf(alias, joined.join?.merged ?? [], null), columnsVisible: false }
}
