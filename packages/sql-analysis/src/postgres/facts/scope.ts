import type { CommonTableExpr } from 'libpg-query'
import { type Item, ambiguousColumn, columnOf, openColumn, wholeRow } from './item.ts'
import { type Column, type Lineage, NOTHING, anyOf, untraced } from './lineage.ts'
import type { Spending } from '../../facts/work.ts'

/** The entries one query level can name, and the levels around it. */
export interface Scope {
  readonly outer: Scope | null
  readonly items: readonly Item[]
  readonly tables: CommonTables | null
}

/** WITH queries in reach, nearest first. */
export interface CommonTables {
  readonly table: CommonTable
  next: CommonTables | null
}

/** One WITH query, read when it is first named. */
export interface CommonTable {
  readonly name: string
  readonly definition: CommonTableExpr
  /** Whether it can name itself. */
  readonly recursive: boolean
  /** Where its own names are looked up. */
  scope: Scope
  columns: readonly Column[] | null
  /** Columns so far, while a recursive query is being read. */
  provisional: readonly Column[] | null
  reading: boolean
}

/** The scope of a statement by itself. */
export const TOP: Scope = { outer: null, items: [], tables: null }

/** The WITH query an unqualified relation name means; null when none is in reach. */
export function findCommonTable(work: Spending, scope: Scope, name: string): CommonTable | null {
  let steps = 8
  let found: CommonTable | null = null
  for (let entry = scope.tables; entry !== null && found === null; entry = entry.next) {
    steps++
    if (entry.table.name === name) found = entry.table
  }
  work.spend(steps >> 3)
  return found
}

/** An unqualified name: a column of the innermost level that has one, else a whole row; never null. */
export function resolveName(work: Spending, scope: Scope, name: string): Lineage {
  const possible: Lineage[] = []
  for (let level: Scope | null = scope; level !== null; level = level.outer) {
    let found: Lineage | null = null
    let ambiguous = false
    work.spend(1 + (level.items.length >> 2))
    for (const item of level.items) {
      if (!item.columnsVisible) continue
      const lineage = columnOf(work, item, name)
      if (lineage === null) {
        if (item.open !== null) possible.push(openColumn(item, name))
        continue
      }
      if (found === null) found = lineage
      // Every relation has system columns: naming one of several tables' is the server's error, and no source.
      else if (found !== NOTHING || lineage !== NOTHING) ambiguous = true
      if (ambiguous) found = ambiguousColumn(anyOf(work, [found, lineage]), name)
    }
    if (found !== null) return possible.length === 0 ? found : anyOf(work, [found, ...possible])
  }
  const item = findItem(work, scope, name)
  if (item !== null) possible.push(wholeRow(work, item))
  if (possible.length > 0) return possible.length === 1 ? (possible[0] ?? NOTHING) : anyOf(work, possible)
  return untraced('name', `column "${name}" is not known`)
}

/** The entry that answers to a name, innermost level first; null when none does. */
export function findItem(work: Spending, scope: Scope, alias: string): Item | null {
  for (let level: Scope | null = scope; level !== null; level = level.outer) {
    work.spend(1 + (level.items.length >> 3))
    for (const item of level.items) if (item.alias === alias) return item
  }
  return null
}

/** The entry without alias of a relation written with its schema; null when there is none. */
export function findQualifiedItem(work: Spending, scope: Scope, schema: string, relation: string): Item | null {
  for (let level: Scope | null = scope; level !== null; level = level.outer) {
    work.spend(1 + (level.items.length >> 3))
    for (const item of level.items) {
      if (item.relation === null || item.relation.name !== relation || item.alias !== relation) continue
      if (item.relation.schema === schema || item.relation.schema === null) return item
    }
  }
  return null
}
