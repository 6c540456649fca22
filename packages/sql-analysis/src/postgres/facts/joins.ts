import type { JoinExpr } from 'libpg-query'
import { type Column, type Lineage, anyOf } from './lineage.ts'
import { useOperator } from './operators.ts'
import type { Reading } from './reading.ts'
import { type Item, type Origin, columnOf } from './scope.ts'
import { stringsOf } from './tree.ts'

/**
 * A join as one entry: merged columns of USING or NATURAL first, then the rest of the left arm, then of the right
 * (PostgreSQL manual, "Joined Tables"). A merged column is either side's value, and the join looks at both.
 */
export function joinItem(reading: Reading, join: JoinExpr, left: Item, right: Item): Item {
  const merged = mergedNames(join, left, right)
  const columns: Column[] = []
  const origins: Origin[][] = []
  for (const name of merged) {
    const leftValue = sideOf(left, name)
    const rightValue = sideOf(right, name)
    reading.decide(leftValue)
    reading.decide(rightValue)
    useOperator(reading, ['='], leftValue, rightValue)
    columns.push({ name, lineage: anyOf([leftValue, rightValue]) })
    origins.push([...originsOf(left, name), ...originsOf(right, name)])
  }
  for (const arm of [left, right]) {
    arm.columns.forEach((column, index) => {
      if (column.name !== null && merged.includes(column.name)) return
      columns.push(column)
      origins.push([{ item: arm, index }])
    })
  }
  reading.spend(columns.length)
  const names = stringsOf(join.alias?.colnames)
  const open = join.isNatural === true ? naturalOpen(left, right) : openOf(left, right)
  return {
    alias: join.alias?.aliasname ?? '',
    relation: null,
    columns:
      names.length === 0
        ? columns
        : columns.map((column, index) => ({ name: names[index] ?? column.name, lineage: column.lineage })),
    open,
    columnsVisible: true,
    systemColumns: false,
    storedNames: null,
    origins,
    read: null,
    onRead: null,
    reads: 0,
  }
}

function mergedNames(join: JoinExpr, left: Item, right: Item): readonly string[] {
  if (join.isNatural !== true) return stringsOf(join.usingClause)
  const names: string[] = []
  for (const column of left.columns) {
    const name = column.name
    if (name !== null && !names.includes(name) && right.columns.some((other) => other.name === name)) names.push(name)
  }
  return names
}

function sideOf(side: Item, name: string): Lineage {
  return columnOf(side, name) ?? side.open ?? anyOf(side.columns.map((column) => column.lineage))
}

function originsOf(side: Item, name: string): Origin[] {
  const index = side.columns.findIndex((column) => column.name === name)
  return index < 0 ? [] : [{ item: side, index }]
}

function openOf(left: Item, right: Item): Lineage | null {
  if (left.open === null) return right.open
  return right.open === null ? left.open : anyOf([left.open, right.open])
}

// A NATURAL join with an unknown arm may merge any column: what the known arm's columns show stays theirs.
function naturalOpen(left: Item, right: Item): Lineage | null {
  const open = openOf(left, right)
  if (open === null) return null
  return anyOf([open, ...left.columns.map((c) => c.lineage), ...right.columns.map((c) => c.lineage)])
}
