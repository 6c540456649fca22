import type { RelationName } from '@gatehouse/core'
import type { CommonTableExpr } from 'libpg-query'
import { type Column, type Lineage, NOTHING, anyOf, clouded, rowOf, untraced } from './lineage.ts'

/**
 * One entry of a FROM clause as names see it (the server's ParseNamespaceItem).
 * Of a join, the entry holds all columns and its arms stay beside it for qualified names only.
 */
export interface Item {
  /** The name it answers to; empty when only its columns can be named. */
  readonly alias: string
  /** The relation behind an entry without alias: then `schema.relation.column` can be written too. */
  readonly relation: RelationName | null
  readonly columns: readonly Column[]
  /** What a name not among `columns` may mean, when not all columns are known; null when they are. */
  readonly open: Lineage | null
  /** Unqualified column names see it. */
  readonly columnsVisible: boolean
  /** `ctid`, `xmin` and the like can be named. */
  readonly systemColumns: boolean
  /** Names in `read` per column where they differ from those of `columns` (renamed in FROM); null when they do not. */
  readonly storedNames: readonly string[] | null
  /** Of a join: which columns of its arms each of its columns is; null for the rest. */
  readonly origins: readonly (readonly Origin[])[] | null
  /** Columns read go there; null when nobody asks or all are in. */
  readonly read: Set<string> | null
  /** Called at the first read; then `read` is that of a SELECT on the relation. */
  readonly onRead: (() => Set<string> | null) | null
  /** How often a name meant it. */
  reads: number
}

/** A column of another entry. */
export interface Origin {
  readonly item: Item
  readonly index: number
}

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
  /** Where its own names are looked up. */
  scope: Scope
  columns: readonly Column[] | null
  /** Columns so far, while a recursive query is being read. */
  provisional: readonly Column[] | null
  reading: boolean
}

/** The scope of a statement by itself. */
export const TOP: Scope = { outer: null, items: [], tables: null }

const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(['ctid', 'xmin', 'cmin', 'xmax', 'cmax', 'tableoid'])

/** An entry with everything known. */
export function itemOf(alias: string, columns: readonly Column[], open: Lineage | null): Item {
  return {
    alias,
    relation: null,
    columns,
    open,
    columnsVisible: true,
    systemColumns: false,
    storedNames: null,
    origins: null,
    read: null,
    onRead: null,
    reads: 0,
  }
}

/** The WITH query an unqualified relation name means; null when none is in reach. */
export function findCommonTable(scope: Scope, name: string): CommonTable | null {
  for (let entry = scope.tables; entry !== null; entry = entry.next) if (entry.table.name === name) return entry.table
  return null
}

/** The value of one column of an entry; null when it has none of that name. */
export function columnOf(item: Item, name: string): Lineage | null {
  let found: Lineage | null = null
  let ambiguous = false
  for (let index = 0; index < item.columns.length; index++) {
    const column = item.columns[index]
    if (column === undefined || column.name !== name) continue
    noteRead(item, index)
    ambiguous = found !== null
    found = found === null ? column.lineage : anyOf([found, column.lineage])
  }
  if (found !== null) return ambiguous ? clouded(found, 'name', `column "${name}" is ambiguous`) : found
  if (item.systemColumns && SYSTEM_COLUMNS.has(name)) {
    noteReadName(item, name)
    return NOTHING
  }
  return null
}

/** All columns of an entry (for stars). */
export function readAll(item: Item): readonly Column[] {
  for (let index = 0; index < item.columns.length; index++) noteRead(item, index)
  return item.columns
}

function noteRead(item: Item, index: number): void {
  if (item.origins !== null) {
    item.reads++
    for (const origin of item.origins[index] ?? []) noteRead(origin.item, origin.index)
    return
  }
  const name = item.storedNames?.[index] ?? item.columns[index]?.name
  if (name !== undefined && name !== null) noteReadName(item, name)
}

function noteReadName(item: Item, name: string): void {
  item.reads++
  const set = item.onRead === null ? item.read : item.onRead()
  set?.add(name)
}

/** The entry's row as one value. */
export function wholeRow(item: Item): Lineage {
  readAll(item)
  item.reads++
  item.onRead?.()
  const row = rowOf(item.columns)
  if (item.open === null) return row
  const all = anyOf([row, item.open])
  return clouded(all, all.opacity === 'none' ? 'name' : all.opacity, all.reason ?? 'its columns are not known')
}

/** An unqualified name: a column of the innermost level that has one, else a whole row; never null. */
export function resolveName(scope: Scope, name: string): Lineage {
  const possible: Lineage[] = []
  for (let level: Scope | null = scope; level !== null; level = level.outer) {
    let found: Lineage | null = null
    let ambiguous = false
    for (const item of level.items) {
      if (!item.columnsVisible) continue
      const lineage = columnOf(item, name)
      if (lineage === null) {
        if (item.open !== null) possible.push(openColumn(item, name))
        continue
      }
      if (found === null) found = lineage
      // Every relation has system columns: naming one of several tables' is the server's error, and no source.
      else if (found !== NOTHING || lineage !== NOTHING) ambiguous = true
      if (ambiguous) found = clouded(anyOf([found, lineage]), 'name', `column "${name}" is ambiguous`)
    }
    if (found !== null) return possible.length === 0 ? found : anyOf([found, ...possible])
  }
  const item = findItem(scope, name)
  if (item !== null) possible.push(wholeRow(item))
  if (possible.length > 0) return possible.length === 1 ? (possible[0] ?? NOTHING) : anyOf(possible)
  return untraced('name', `column "${name}" is not known`)
}

/** A column that may or may not be there, of an entry whose columns are not all known. */
export function openColumn(item: Item, name: string): Lineage {
  noteReadName(item, name)
  return item.open ?? untraced('name', `column "${name}" is not known`)
}

/** The entry that answers to a name, innermost level first; null when none does. */
export function findItem(scope: Scope, alias: string): Item | null {
  for (let level: Scope | null = scope; level !== null; level = level.outer)
    for (const item of level.items) if (item.alias === alias) return item
  return null
}

/** The entry without alias of a relation written with its schema; null when there is none. */
export function findQualifiedItem(scope: Scope, schema: string, relation: string): Item | null {
  for (let level: Scope | null = scope; level !== null; level = level.outer) {
    for (const item of level.items) {
      if (item.relation === null || item.relation.name !== relation || item.alias !== relation) continue
      if (item.relation.schema === schema || item.relation.schema === null) return item
    }
  }
  return null
}
