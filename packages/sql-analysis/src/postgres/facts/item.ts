import type { RelationName } from '@gatehouse/core'
import { type Column, type Lineage, NOTHING, anyOf, clouded, rowOf, untraced } from './lineage.ts'
import type { Spending } from '../../facts/work.ts'

/**
 * One entry of a FROM clause as names see it (the server's ParseNamespaceItem).
 * Of a join, the entry holds all columns and its arms stay beside it for qualified names only.
 */
export interface Item {
  /** The name it answers to; empty when only its columns can be named. */
  readonly alias: string
  /** The relation behind an entry without alias: then `schema.relation.column` can be written too. */
  readonly relation: RelationName | null
  /** Its own columns; of a join none: ask `columnsOf`. */
  readonly columns: readonly Column[]
  /** What a name not among its columns may mean, when not all are known; null when they are. */
  readonly open: Lineage | null
  /** Unqualified column names see it. */
  readonly columnsVisible: boolean
  /** `ctid`, `xmin` and the like can be named. */
  readonly systemColumns: boolean
  /** What `tableoid` depends on. */
  readonly tableoid: Lineage
  /** Names in `read` per column where they differ from those of `columns` (renamed in FROM); null when they do not. */
  readonly storedNames: readonly string[] | null
  /** What a join is made of; null for the rest. */
  readonly join: JoinedColumns | null
  /** Columns read go there; null when nobody asks or all are in. */
  readonly read: Set<string> | null
  /** Called at the first read; then `read` is that of a SELECT on the relation. */
  readonly onRead: (() => Set<string> | null) | null
  /** How often a name meant it. */
  reads: number
}

/** What a join is made of. Its columns are put together when all are asked for: a chain of joins stays cheap. */
export interface JoinedColumns {
  readonly left: Item
  readonly right: Item
  /** Columns of USING or NATURAL. */
  readonly merged: readonly Column[]
  /** Names of an alias list, for the first of its columns; empty when there is none. */
  readonly names: readonly string[]
  /** Merged columns already noted as read in both arms. */
  readonly mergedRead: Set<string>
  columns: readonly Column[] | null
  /** The same under their names in the arms. */
  unrenamed: readonly Column[] | null
  allRead: boolean
}

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
    tableoid: NOTHING,
    storedNames: null,
    join: null,
    read: null,
    onRead: null,
    reads: 0,
  }
}

/** All columns of an entry. */
export function columnsOf(work: Spending, item: Item): readonly Column[] {
  return item.join === null ? item.columns : joinedColumns(work, item.join)
}

/** The value of one column of an entry; null when it has none of that name. */
export function columnOf(work: Spending, item: Item, name: string): Lineage | null {
  const found = ownColumnOf(work, item, name)
  if (found !== null) return found
  if (item.systemColumns && SYSTEM_COLUMNS.has(name)) {
    noteReadName(item, name)
    return name === 'tableoid' ? item.tableoid : NOTHING
  }
  return null
}

/** The same, but for system columns: a join does not show those of its arms. */
export function ownColumnOf(work: Spending, item: Item, name: string): Lineage | null {
  if (item.join !== null) return joinedColumn(work, item.join, name)
  work.spend(1 + (item.columns.length >> 3))
  let found: Lineage | null = null
  let ambiguous = false
  for (let index = 0; index < item.columns.length; index++) {
    const column = item.columns[index]
    if (column === undefined || column.name !== name) continue
    noteRead(item, index)
    ambiguous = found !== null
    found = found === null ? column.lineage : anyOf(work, [found, column.lineage])
  }
  return found !== null && ambiguous ? ambiguousColumn(found, name) : found
}

/** A name that means several columns: the server's error, so what comes out cannot be told. */
export function ambiguousColumn(lineage: Lineage, name: string): Lineage {
  return clouded(lineage, 'name', `column "${name}" is ambiguous`)
}

/** All columns of an entry (for stars). */
export function readAll(work: Spending, item: Item): readonly Column[] {
  noteAll(work, item)
  return columnsOf(work, item)
}

function noteAll(work: Spending, item: Item): void {
  work.spend(1 + item.columns.length)
  item.reads++
  if (item.join !== null) {
    const { left, right, allRead } = item.join
    item.join.allRead = true
    if (allRead) return
    noteAll(work, left)
    noteAll(work, right)
    return
  }
  const set = readSetOf(item)
  if (set === null) return
  for (let index = 0; index < item.columns.length; index++) {
    const name = storedName(item, index)
    if (name !== null) set.add(name)
  }
}

function noteRead(item: Item, index: number): void {
  const name = storedName(item, index)
  if (name !== null) noteReadName(item, name)
}

function storedName(item: Item, index: number): string | null {
  return item.storedNames?.[index] ?? item.columns[index]?.name ?? null
}

function noteReadName(item: Item, name: string): void {
  item.reads++
  readSetOf(item)?.add(name)
}

function readSetOf(item: Item): Set<string> | null {
  return item.onRead === null ? item.read : item.onRead()
}

/** The entry's row as one value. */
export function wholeRow(work: Spending, item: Item): Lineage {
  const columns = readAll(work, item)
  item.reads++
  item.onRead?.()
  const row = rowOf(work, columns)
  if (item.open === null) return row
  const all = anyOf(work, [row, item.open])
  return clouded(all, all.opacity === 'none' ? 'name' : all.opacity, all.reason ?? 'its columns are not known')
}

/** A column that may or may not be there, of an entry whose columns are not all known. */
export function openColumn(item: Item, name: string): Lineage {
  noteReadName(item, name)
  return item.open ?? untraced('name', `column "${name}" is not known`)
}

/** Merged columns first, then the rest of the left arm, then of the right (PostgreSQL manual, "Joined Tables"). */
function joinedColumns(work: Spending, join: JoinedColumns): readonly Column[] {
  if (join.columns === null) {
    const columns: Column[] = []
    collectColumns(work, join, NO_NAMES, columns)
    join.unrenamed = columns
    join.columns = renamedColumns(work, columns, join.names)
  }
  return join.columns
}

const NO_NAMES: ReadonlySet<string> = new Set()

function collectColumns(work: Spending, join: JoinedColumns, hidden: ReadonlySet<string>, into: Column[]): void {
  let inside = hidden
  if (join.merged.length > 0) {
    work.spend(join.merged.length + hidden.size)
    const more = new Set(hidden)
    for (const column of join.merged) {
      if (column.name === null) continue
      if (!hidden.has(column.name)) into.push(column)
      more.add(column.name)
    }
    if (more.size > hidden.size) inside = more
  }
  for (const arm of [join.left, join.right]) {
    if (arm.join !== null && arm.join.names.length === 0 && arm.join.columns === null) {
      collectColumns(work, arm.join, inside, into)
      continue
    }
    const columns = columnsOf(work, arm)
    work.spend(2 + (columns.length >> 1))
    for (const column of columns) if (column.name === null || !inside.has(column.name)) into.push(column)
  }
}

/** The columns under the names of an alias list; those beyond the list keep theirs. */
export function renamedColumns(
  work: Spending,
  columns: readonly Column[],
  names: readonly string[],
): readonly Column[] {
  if (names.length === 0) return columns
  work.spend(columns.length)
  return columns.map((column, index) => ({ ...column, name: names[index] ?? column.name }))
}

function joinedColumn(work: Spending, join: JoinedColumns, name: string): Lineage | null {
  return join.names.length > 0 ? renamedColumn(work, join, name) : armsColumn(work, join, name)
}

function armsColumn(work: Spending, join: JoinedColumns, name: string): Lineage | null {
  const merged = mergedColumn(work, join, name)
  if (merged !== null) return merged
  work.spend(1)
  const left = ownColumnOf(work, join.left, name)
  const right = ownColumnOf(work, join.right, name)
  if (left === null) return right
  return right === null ? left : ambiguousColumn(anyOf(work, [left, right]), name)
}

function mergedColumn(work: Spending, join: JoinedColumns, name: string): Lineage | null {
  work.spend(1 + (join.merged.length >> 3))
  const merged = join.merged.find((column) => column.name === name)
  if (merged === undefined) return null
  if (!join.mergedRead.has(name)) {
    join.mergedRead.add(name)
    ownColumnOf(work, join.left, name)
    ownColumnOf(work, join.right, name)
  }
  return merged.lineage
}

function renamedColumn(work: Spending, join: JoinedColumns, name: string): Lineage | null {
  const columns = joinedColumns(work, join)
  work.spend(1 + (columns.length >> 2))
  let found: Lineage | null = null
  let ambiguous = false
  columns.forEach((column, index) => {
    if (column.name !== name) return
    const behind = join.unrenamed?.[index]?.name ?? null
    if (behind !== null) armsColumn(work, join, behind)
    ambiguous = found !== null
    found = found === null ? column.lineage : anyOf(work, [found, column.lineage])
  })
  return found !== null && ambiguous ? ambiguousColumn(found, name) : found
}
