import type { Alias, JoinExpr, RangeSubselect, RangeVar } from 'libpg-query'
import { commonTableColumns } from './common-tables.ts'
import { functionItem, jsonTableItem, xmlTableItem } from './from-functions.ts'
import { joinItem } from './joins.ts'
import { type Column, anyOf, untraced } from './lineage.ts'
import type { Reading } from './reading.ts'
import { findRelation, relationName } from './relations.ts'
import { type Item, type Scope, findCommonTable, itemOf } from './scope.ts'
import { type Tree, lastName, listOf, stringsOf } from './tree.ts'
import { relationColumns } from './views.ts'

/**
 * Reads one element of a FROM clause and appends its entries. The last entry appended is the element as a whole;
 * entries before it (the arms of a join) answer to qualified names only. `scope` holds the entries to the left, which
 * LATERAL and functions see.
 */
export function readFrom(reading: Reading, node: Tree, scope: Scope, into: Item[]): void {
  reading.descend()
  if (node.RangeVar !== undefined) into.push(tableItem(reading, node.RangeVar, scope))
  else if (node.JoinExpr !== undefined) readJoin(reading, node.JoinExpr, scope, into)
  else if (node.RangeSubselect !== undefined) into.push(subselectItem(reading, node.RangeSubselect, scope))
  else if (node.RangeFunction !== undefined) into.push(functionItem(reading, node.RangeFunction, scope))
  else if (node.RangeTableSample !== undefined) {
    const sample = node.RangeTableSample
    for (const argument of listOf(sample.args)) reading.decide(reading.walk.expression(reading, argument, scope))
    if (sample.repeatable !== undefined) reading.decide(reading.walk.expression(reading, sample.repeatable, scope))
    const method = lastName(sample.method)
    if (method !== 'system' && method !== 'bernoulli') reading.useFunction(null, method, 'user')
    if (sample.relation === undefined) throw new Error('a TABLESAMPLE is not understood')
    readFrom(reading, sample.relation, scope, into)
  } else if (node.RangeTableFunc !== undefined) into.push(xmlTableItem(reading, node.RangeTableFunc, scope))
  else if (node.JsonTable !== undefined) into.push(jsonTableItem(reading, node.JsonTable, scope))
  else throw new Error('an element of FROM is not understood')
  reading.ascend()
}

function tableItem(reading: Reading, name: RangeVar, scope: Scope): Item {
  const written = name.relname ?? ''
  const alias = name.alias?.aliasname ?? written
  if (name.schemaname === undefined || name.schemaname === '') {
    const common = findCommonTable(scope, written)
    if (common !== null) return queryItem(alias, commonTableColumns(reading, common), name.alias)
  }
  return relationItem(reading, name, 'select', alias)
}

/** The entry of a stored relation. `read`: the action under which the columns read are listed; null lists none until one is read. */
export function relationItem(reading: Reading, name: RangeVar, action: 'select' | null, alias: string): Item {
  const resolved = relationName(reading.environment, name)
  const relation = findRelation(reading.environment, name)
  const aliased = name.alias !== undefined
  const columns = relation === undefined ? [] : relationColumns(reading, relation)
  const shown = renamed(columns, name.alias)
  return {
    alias,
    relation: aliased ? null : resolved,
    columns: shown,
    open: relation === undefined ? untraced('relation', `relation "${resolved.name}" is not known`) : null,
    columnsVisible: true,
    systemColumns: true,
    storedNames: shown === columns ? null : columns.map((column) => column.name ?? ''),
    origins: null,
    read: action === null ? null : reading.access(action, resolved, []),
    onRead: action === null ? (): Set<string> | null => reading.access('select', resolved, []) : null,
    reads: 0,
  }
}

/** The columns under the names of an alias list; those beyond the list keep theirs. */
export function renamed(columns: readonly Column[], alias: Alias | undefined): readonly Column[] {
  const names = stringsOf(alias?.colnames)
  if (names.length === 0) return columns
  const length = Math.max(columns.length, 0)
  const result: Column[] = []
  for (let index = 0; index < length; index++) {
    const column = columns[index]
    if (column !== undefined) result.push({ name: names[index] ?? column.name, lineage: column.lineage })
  }
  return result
}

function subselectItem(reading: Reading, element: RangeSubselect, scope: Scope): Item {
  if (element.subquery === undefined) throw new Error('a sub-query is not understood')
  const inner: Scope = element.lateral === true ? scope : { outer: scope.outer, items: [], tables: scope.tables }
  const columns = reading.walk.query(reading, element.subquery, inner)
  if (columns === null) throw new Error('a sub-query is not understood')
  return queryItem(element.alias?.aliasname ?? '', columns, element.alias)
}

// A star over an unknown relation may have given columns of any name, and moved those behind it.
function queryItem(alias: string, columns: readonly Column[], renaming: Alias | undefined): Item {
  const star = columns.find(isUntracedStar)
  if (star === undefined) return itemOf(alias, renamed(columns, renaming), null)
  const names = stringsOf(renaming?.colnames)
  if (names.length === 0)
    return itemOf(
      alias,
      columns.filter((column) => !isUntracedStar(column)),
      star.lineage,
    )
  const any = anyOf(columns.map((column) => column.lineage))
  return itemOf(
    alias,
    names.map((name) => ({ name, lineage: any })),
    any,
  )
}

function isUntracedStar(column: Column): boolean {
  return column.name === null && column.lineage.opacity !== 'none'
}

function readJoin(reading: Reading, join: JoinExpr, scope: Scope, into: Item[]): void {
  if (join.larg === undefined || join.rarg === undefined) throw new Error('a join is not understood')
  const left: Item[] = []
  readFrom(reading, join.larg, scope, left)
  const right: Item[] = []
  readFrom(reading, join.rarg, { ...scope, items: [...scope.items, ...left] }, right)
  const leftWhole = left[left.length - 1]
  const rightWhole = right[right.length - 1]
  if (leftWhole === undefined || rightWhole === undefined) throw new Error('a join is not understood')
  const joined = joinItem(reading, join, leftWhole, rightWhole)
  if (join.quals !== undefined) {
    const visible = { ...scope, items: [...left, ...right] }
    reading.decide(reading.walk.expression(reading, join.quals, visible))
  }
  // Under an alias of its own the arms cannot be named from outside (PostgreSQL manual, "Table Expressions").
  if (join.alias === undefined) {
    for (const item of left) into.push(qualifiedOnly(item))
    for (const item of right) into.push(qualifiedOnly(item))
    if (join.join_using_alias?.aliasname !== undefined) into.push(usingItem(join, joined))
  }
  into.push(joined)
}

// Shares what it counts with the entry it stands for, through the join's origins and its own read set.
function qualifiedOnly(item: Item): Item {
  if (!item.columnsVisible) return item
  const copy: Item = { ...item, columnsVisible: false }
  return copy
}

function usingItem(join: JoinExpr, joined: Item): Item {
  const merged = stringsOf(join.usingClause)
  const columns = joined.columns.filter((column) => column.name !== null && merged.includes(column.name))
  return {
    ...itemOf(join.join_using_alias?.aliasname ?? '', columns.slice(0, merged.length), null),
    columnsVisible: false,
  }
}
