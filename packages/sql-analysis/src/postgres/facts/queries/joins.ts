import type { JoinExpr } from 'libpg-query'
import { type Item, columnOf, columnsOf, itemOf } from '../item.ts'
import { type Column, type Lineage, anyOf, lineagesOf } from '../lineage.ts'
import { useOperator } from '../expressions/operators.ts'
import type { Reading } from '../reading.ts'
import { stringsOf } from '../tree.ts'

/**
 * A join as one entry: merged columns of USING or NATURAL first, then the rest of the left arm, then of the right
 * (PostgreSQL manual, "Joined Tables"). A merged column is either side's value, and the join looks at both.
 */
export function joinItem(reading: Reading, join: JoinExpr, left: Item, right: Item): Item {
  const merged: Column[] = []
  for (const name of mergedNames(reading, join, left, right)) {
    const leftValue = sideOf(reading, left, name)
    const rightValue = sideOf(reading, right, name)
    reading.decideEqual(leftValue)
    reading.decideEqual(rightValue)
    useOperator(reading, ['='], leftValue, rightValue)
    merged.push({ name, lineage: anyOf(reading, [leftValue, rightValue]) })
  }
  return {
    ...itemOf(
      join.alias?.aliasname ?? '',
      [],
      join.isNatural === true ? naturalOpen(reading, left, right) : openOf(reading, left, right),
    ),
    join: {
      left,
      right,
      merged,
      names: stringsOf(join.alias?.colnames),
      mergedRead: new Set(merged.flatMap((column) => column.name ?? [])),
      columns: null,
      unrenamed: null,
      allRead: false,
    },
  }
}

function mergedNames(reading: Reading, join: JoinExpr, left: Item, right: Item): Iterable<string> {
  if (join.isNatural !== true) return stringsOf(join.usingClause)
  const ours = columnsOf(reading, left)
  const theirs = columnsOf(reading, right)
  reading.spend(ours.length + theirs.length)
  const names = new Set(theirs.map((column) => column.name))
  const merged = new Set<string>()
  for (const { name } of ours) if (name !== null && names.has(name)) merged.add(name)
  return merged
}

function sideOf(reading: Reading, side: Item, name: string): Lineage {
  return columnOf(reading, side, name) ?? side.open ?? anyOf(reading, lineagesOf(reading, columnsOf(reading, side)))
}

function openOf(reading: Reading, left: Item, right: Item): Lineage | null {
  if (left.open === null) return right.open
  return right.open === null ? left.open : anyOf(reading, [left.open, right.open])
}

// A NATURAL join with an unknown arm may merge any column: what the known arm's columns show stays theirs.
function naturalOpen(reading: Reading, left: Item, right: Item): Lineage | null {
  const open = openOf(reading, left, right)
  if (open === null) return null
  const shown = [left, right].map((arm) => anyOf(reading, lineagesOf(reading, columnsOf(reading, arm))))
  return anyOf(reading, [open, ...shown])
}
