import type { Spending } from '../../facts/work.ts'
import type { CommonTable as Definition } from '../query-tree.ts'
import { type Item, type Source, ambiguousColumn, columnIn, columnOf, eachItem, openColumn } from './item.ts'
import { type Column, type Lineage, anyOf, keyOf, untraced } from './lineage.ts'

/** What one query level can name, and the levels around it. */
export interface Scope {
  readonly outer: Scope | null
  /** Its FROM clause; null: it has none, or names may not see it. */
  readonly source: Source | null
  /** Columns of the select list, where names may mean them: in GROUP BY, HAVING and ORDER BY. */
  readonly aliases: readonly Column[] | null
  readonly tables: CommonTables | null
  /** Variables and parameters of a stored program, by their name as it compares: they hide columns. */
  readonly variables: ReadonlyMap<string, Lineage> | null
}

/** WITH queries in reach, nearest first. */
export interface CommonTables {
  readonly table: CommonTable
  readonly next: CommonTables | null
}

/** One WITH query, read when it is first named. */
export interface CommonTable {
  /** As it compares. */
  readonly key: string
  readonly definition: Definition
  readonly recursive: boolean
  /** Where its own names are looked up. */
  scope: Scope
  columns: readonly Column[] | null
  /** Columns so far, while a recursive query is being read. */
  provisional: readonly Column[] | null
  reading: boolean
}

/** The scope of a statement by itself. */
export const TOP: Scope = { outer: null, source: null, aliases: null, tables: null, variables: null }

/** A scope one level further in. */
export function below(outer: Scope, source: Source | null): Scope {
  // A level that names nothing is left out: chains of sub-queries stay short.
  const around = outer.source === null && outer.aliases === null ? outer.outer : outer
  return { outer: around, source, aliases: null, tables: outer.tables, variables: outer.variables }
}

/** The WITH query that an unqualified table name means; null when none is in reach. */
export function findCommonTable(work: Spending, scope: Scope, key: string): CommonTable | null {
  let steps = 8
  let found: CommonTable | null = null
  for (let entry = scope.tables; entry !== null && found === null; entry = entry.next) {
    steps++
    if (entry.table.key === key) found = entry.table
  }
  work.spend(steps >> 3)
  return found
}

/** What an unqualified column name means; never null. `name` as written. */
export function resolveName(work: Spending, scope: Scope, name: string): Lineage {
  const key = keyOf(name)
  // Variables of a stored program hide columns (MySQL manual, "Local Variable Scope and Resolution").
  const variable = scope.variables?.get(key)
  if (variable !== undefined) return variable
  const possible: Lineage[] = []
  for (let level: Scope | null = scope; level !== null; level = level.outer) {
    work.spend(1)
    const { source, aliases } = level
    const stored = source === null ? null : columnIn(work, source, key)
    const shown = aliases === null ? null : aliasMeant(work, aliases, key)
    // Where both are there the server takes one by the place it stands in: whichever, it is among these.
    if (stored !== null && shown !== null && stored !== shown) possible.push(stored, shown)
    else if (stored !== null || shown !== null) possible.push(stored ?? shown ?? untraced('name', name))
    else {
      if (source !== null) collectOpen(source, name, possible)
      continue
    }
    break
  }
  const [first] = possible
  if (first === undefined) return untraced('name', `column ${name} is not known`)
  return possible.length === 1 ? first : anyOf(work, possible)
}

function collectOpen(source: Source, name: string, into: Lineage[]): void {
  eachItem(source, (item) => {
    if (item.open !== null) into.push(openColumn(item, name))
  })
}

/** The column of a select list that a name means; null when none has it. */
export function aliasMeant(work: Spending, columns: readonly Column[], key: string): Lineage | null {
  work.spend(1 + (columns.length >> 3))
  let found: Lineage | null = null
  for (const column of columns) {
    if (column.key !== key) continue
    found = found === null || found === column.lineage ? column.lineage : anyOf(work, [found, column.lineage])
  }
  return found
}

/** What `alias.name` or `schema.alias.name` means; `schema` and `alias` as they compare, `name` as written. */
export function resolveQualified(
  work: Spending,
  scope: Scope,
  schema: string | null,
  alias: string,
  name: string,
): Lineage {
  const key = keyOf(name)
  const possible: Lineage[] = []
  for (let level: Scope | null = scope; level !== null; level = level.outer) {
    work.spend(1)
    let found: Lineage | null = null
    for (const item of itemsOf(work, level.source, schema, alias)) {
      const lineage = columnOf(work, item, key)
      if (lineage === null) {
        if (item.open !== null) possible.push(openColumn(item, name))
      } else found = found === null ? lineage : ambiguousColumn(anyOf(work, [found, lineage]), name)
    }
    if (found === null) continue
    possible.push(found)
    break
  }
  const [first] = possible
  if (first === undefined) return untraced('name', `column ${alias}.${name} is not known`)
  return possible.length === 1 ? first : anyOf(work, possible)
}

/** The entries of one level that answer to a name. `schema` null: in any. */
export function itemsOf(work: Spending, source: Source | null, schema: string | null, alias: string): readonly Item[] {
  if (source === null) return []
  const found: Item[] = []
  let steps = 0
  eachItem(source, (item) => {
    steps++
    if (item.alias === alias && (schema === null || item.schema === schema)) found.push(item)
  })
  work.spend(1 + (steps >> 3))
  return found
}
