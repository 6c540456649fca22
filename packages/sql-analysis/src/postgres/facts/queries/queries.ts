import type { SelectStmt, WindowDef } from 'libpg-query'
import { readWindow, useOrderingOperator } from '../expressions/calls.ts'
import { withCommonTables } from './common-tables.ts'
import { findReferencedItem } from '../expressions/column-references.ts'
import { type FromScope, readFrom } from './from.ts'
import { spreadColumns, untracedStar } from './from-functions.ts'
import { type Column, type Lineage, NOTHING, anyOf, lineagesOf } from '../lineage.ts'
import { readLocks } from './locks.ts'
import { outputName } from './output-names.ts'
import type { Reading } from '../reading.ts'
import { type Item, columnOf, readAll } from '../item.ts'
import type { Scope } from '../scope.ts'
import { settingOfRow } from '../settings.ts'
import { type Tree, listOf, stringOf, stringsOf } from '../tree.ts'

/** Reads a SELECT, VALUES, TABLE or set operation; returns its columns. `outer`: what correlated names may mean. */
export function readSelect(reading: Reading, statement: SelectStmt, outer: Scope): readonly Column[] {
  reading.descend()
  const around = withCommonTables(reading, statement.withClause, outer)
  const columns =
    statement.op !== undefined && statement.op !== 'SETOP_NONE'
      ? readSetOperation(reading, statement, around)
      : statement.valuesLists !== undefined
        ? readValues(reading, statement, around)
        : readPlain(reading, statement, around)
  reading.ascend()
  return columns
}

function below(outer: Scope, items: readonly Item[]): Scope {
  return { outer: outer.items.length === 0 ? outer.outer : outer, items, tables: outer.tables }
}

function readSetOperation(reading: Reading, statement: SelectStmt, outer: Scope): readonly Column[] {
  // Chains of UNION lean to the left: walked down here, not by recursion.
  const chain: SelectStmt[] = [statement]
  let bottom = statement.larg
  while (bottom !== undefined && isBareSetOperation(bottom)) {
    chain.push(bottom)
    bottom = bottom.larg
  }
  if (bottom === undefined) throw new Error('a set operation is not understood')
  let columns = readSelect(reading, bottom, outer)
  for (let index = chain.length - 1; index >= 0; index--) {
    const step = chain[index]
    if (step?.rarg === undefined) throw new Error('a set operation is not understood')
    const right = readSelect(reading, step.rarg, outer)
    // All but UNION ALL compare the arms' rows.
    if (step.op !== 'SETOP_UNION' || step.all !== true) {
      reading.decideAllEqual(columns)
      reading.decideAllEqual(right)
    }
    columns = united(reading, columns, right)
  }
  const scope = below(outer, [])
  readSort(reading, statement, columns, scope)
  readLimits(reading, statement, scope)
  readLocks(reading, statement, [], scope)
  return columns
}

function isBareSetOperation(statement: SelectStmt): boolean {
  return (
    statement.op !== undefined &&
    statement.op !== 'SETOP_NONE' &&
    statement.withClause === undefined &&
    statement.sortClause === undefined &&
    statement.limitCount === undefined &&
    statement.limitOffset === undefined &&
    statement.lockingClause === undefined
  )
}

/** Rows of either list under the names of the first. */
function united(reading: Reading, left: readonly Column[], right: readonly Column[]): readonly Column[] {
  const length = Math.max(left.length, right.length)
  reading.spend(2 * length)
  const columns: Column[] = []
  for (let index = 0; index < length; index++) {
    const a = left[index]
    const b = right[index]
    if (a === undefined || b === undefined) {
      // The server refuses arms of different length; an arm with a star that is not known may have any.
      const spare = a ?? b
      const doubt = (left.length < right.length ? left : right)[Math.min(left.length, right.length) - 1]
      columns.push({
        name: a?.name ?? null,
        lineage: anyOf(reading, [spare?.lineage ?? NOTHING, doubt?.lineage ?? NOTHING]),
      })
    } else columns.push({ name: a.name, lineage: anyOf(reading, [a.lineage, b.lineage]) })
  }
  return columns
}

function readValues(reading: Reading, statement: SelectStmt, outer: Scope): readonly Column[] {
  const scope = below(outer, [])
  let columns: Column[] | null = null
  for (const list of listOf(statement.valuesLists)) {
    const row = listOf(list.List?.items).flatMap((node) => readValue(reading, node, scope))
    if (columns === null) columns = row.map((lineage, index) => ({ name: `column${index + 1}`, lineage }))
    else {
      const before: Column[] = columns
      reading.spend(before.length >> 2)
      columns = before.map((column, index) => {
        const lineage = row[index] ?? NOTHING
        return lineage === NOTHING ? column : { name: column.name, lineage: anyOf(reading, [column.lineage, lineage]) }
      })
    }
  }
  const values = columns ?? []
  readSort(reading, statement, values, scope)
  readLimits(reading, statement, scope)
  return values
}

/** The values of one element of a row of VALUES: a star gives one for each column (the server's transformExpressionList). */
export function readValue(reading: Reading, node: Tree, scope: Scope): readonly Lineage[] {
  const spread = readStar(reading, node, scope)
  if (spread === null) return [reading.walk.expression(reading, node, scope)]
  // In a definition (a rule's `new.*`) nothing comes out, and what is written is doubtful anyway.
  const unknown = spread.some((column) => column.name === null && column.lineage.opacity !== 'none')
  if (unknown && !reading.defining) throw new Error('a star in VALUES gives an unknown number of columns')
  return lineagesOf(reading, spread)
}

function readPlain(reading: Reading, statement: SelectStmt, outer: Scope): readonly Column[] {
  const items: Item[] = []
  const around = below(outer, [])
  const scope: FromScope = { outer: around.outer, items, tables: around.tables }
  for (const node of listOf(statement.fromClause)) readFrom(reading, node, scope)
  const setting = reading.rowSetting
  reading.rowSetting = settingOfRow(reading, statement, items)
  const columns = readTargets(reading, listOf(statement.targetList), scope)
  reading.rowSetting = setting
  decideOn(reading, statement.whereClause, scope)
  for (const node of listOf(statement.groupClause)) readGroup(reading, node, columns, scope)
  decideOn(reading, statement.havingClause, scope)
  for (const node of listOf(statement.windowClause)) {
    const window: WindowDef | undefined = node.WindowDef
    if (window !== undefined) readWindow(reading, window, scope)
  }
  readDistinct(reading, listOf(statement.distinctClause), columns, scope)
  readSort(reading, statement, columns, scope)
  readLimits(reading, statement, scope)
  readLocks(reading, statement, listOf(statement.fromClause), scope)
  return columns
}

function decideOn(reading: Reading, node: Tree | undefined, scope: Scope): void {
  if (node !== undefined) reading.decide(reading.walk.expression(reading, node, scope))
}

/** A select list or RETURNING list as columns, stars spread. */
export function readTargets(reading: Reading, nodes: readonly Tree[], scope: Scope): Column[] {
  const columns: Column[] = []
  for (const node of nodes) {
    const target = node.ResTarget
    if (target?.val === undefined) throw new Error('a select list is not understood')
    const value: Tree = target.val
    const spread = readStar(reading, value, scope)
    if (spread !== null) {
      reading.spend(spread.length)
      for (const column of spread) columns.push(column)
      continue
    }
    const name = target.name === undefined || target.name === '' ? outputName(reading, value) : target.name
    columns.push({ name, lineage: reading.walk.expression(reading, value, scope) })
  }
  return columns
}

/** The columns of `*`, `t.*` or `(row).*`; null when the node is no star. */
export function readStar(reading: Reading, node: Tree, scope: Scope): readonly Column[] | null {
  const fields = node.ColumnRef?.fields
  if (fields !== undefined) {
    if (stringOf(fields[fields.length - 1]) !== null) return null
    const names = stringsOf(fields)
    if (names.length > 0) {
      const item = findReferencedItem(reading, scope, names)
      return item === null ? [untracedStar(NOTHING)] : starOf(reading, item)
    }
    reading.spend(scope.items.length >> 3)
    return scope.items.filter((item) => item.columnsVisible).flatMap((item) => starOf(reading, item))
  }
  const steps = node.A_Indirection?.indirection
  if (node.A_Indirection?.arg === undefined || steps === undefined) return null
  if (!('A_Star' in (steps[steps.length - 1] ?? {}))) return null
  const value = reading.walk.expression(reading, node, scope)
  const inner: Tree = node.A_Indirection.arg
  return (steps.length === 1 ? spreadColumns(reading, inner, value) : value.fields) ?? [untracedStar(value)]
}

function starOf(reading: Reading, item: Item): readonly Column[] {
  const columns = readAll(reading, item).filter((column) => column.beyondStar !== true)
  item.onRead?.()
  if (item.open === null) return columns
  reading.spend(columns.length >> 3)
  return [...columns, untracedStar(item.open)]
}

// ORDER BY and DISTINCT ON: an ordinal or output name first, then an expression over the input.
function outputMeant(reading: Reading, node: Tree | undefined, columns: readonly Column[]): Lineage | null {
  const ordinal = node?.A_Const?.ival
  if (ordinal !== undefined)
    return columns[(ordinal.ival ?? 0) - 1]?.lineage ?? anyOf(reading, lineagesOf(reading, columns))
  const fields = node?.ColumnRef?.fields
  const name = fields?.length === 1 ? stringOf(fields[0]) : null
  if (name === null) return null
  reading.spend(1 + (columns.length >> 3))
  const found = columns.filter((column) => column.name === name)
  return found.length === 0 ? null : anyOf(reading, lineagesOf(reading, found))
}

function readSort(reading: Reading, statement: SelectStmt, columns: readonly Column[], scope: Scope): void {
  for (const node of listOf(statement.sortClause)) {
    const order = node.SortBy
    if (order?.node === undefined) throw new Error('an ORDER BY is not understood')
    const key = outputMeant(reading, order.node, columns) ?? reading.walk.expression(reading, order.node, scope)
    useOrderingOperator(reading, order, key)
    reading.decide(key)
  }
}

// GROUP BY: an input column hides an output name (PostgreSQL manual, "GROUP BY Clause").
function readGroup(reading: Reading, node: Tree, columns: readonly Column[], scope: Scope): void {
  if (node.GroupingSet !== undefined) {
    reading.descend()
    for (const part of listOf(node.GroupingSet.content)) readGroup(reading, part, columns, scope)
    reading.ascend()
    return
  }
  if (node.RowExpr !== undefined) {
    for (const part of listOf(node.RowExpr.args)) readGroup(reading, part, columns, scope)
    return
  }
  const fields = node.ColumnRef?.fields
  const name = fields?.length === 1 ? stringOf(fields[0]) : null
  if (name !== null) {
    reading.spend(1 + (scope.items.length >> 2))
    const input = scope.items.some((item) => item.columnsVisible && columnOf(reading, item, name) !== null)
    const meant = input ? null : outputMeant(reading, node, columns)
    reading.decideEqual(meant ?? reading.walk.expression(reading, node, scope))
    return
  }
  reading.decideEqual(outputMeant(reading, node, columns) ?? reading.walk.expression(reading, node, scope))
}

function readDistinct(reading: Reading, nodes: readonly Tree[], columns: readonly Column[], scope: Scope): void {
  if (nodes.length === 0) return
  const keys = nodes.filter((node) => Object.keys(node).length > 0)
  if (keys.length === 0) reading.decideAllEqual(columns)
  for (const node of keys)
    reading.decideEqual(outputMeant(reading, node, columns) ?? reading.walk.expression(reading, node, scope))
}

function readLimits(reading: Reading, statement: SelectStmt, scope: Scope): void {
  decideOn(reading, statement.limitCount, scope)
  decideOn(reading, statement.limitOffset, scope)
}
