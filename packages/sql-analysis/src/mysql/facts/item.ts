import type { RelationName } from '@gatehouse/core'
import { type Column, type Lineage, anyOf, clouded, untraced } from './lineage.ts'
import type { Spending } from '../../facts/work.ts'

/** One table, derived table or the like of a FROM clause, as names see it. */
export interface Item {
  /** The name it answers to, as it compares; empty when only its columns can be named. */
  readonly alias: string
  /** The schema of the table, as it compares: `schema.alias.column` can be written; null for what is in none. */
  readonly schema: string | null
  /** What it is a row of, for facts; null: of nothing that is stored. */
  readonly relation: RelationName | null
  readonly columns: readonly Column[]
  /** What a name not among its columns may mean, when not all are known; null when they are. */
  readonly open: Lineage | null
  /** Columns read go there; null when nobody asks or all are in. */
  readonly read: Set<string> | null
  /** Called at each read in place of `read`: the set of a SELECT that is only listed once a column is read. */
  readonly onRead: (() => Set<string> | null) | null
  /** How often a name meant it. */
  reads: number
}

/** What unqualified names see of a FROM clause. */
export type Source =
  | { readonly kind: 'item'; readonly item: Item }
  | { readonly kind: 'list'; readonly parts: readonly Source[] }
  /** A join with USING or NATURAL: its merged columns hide those of the arms. */
  | {
      readonly kind: 'merged'
      readonly left: Source
      readonly right: Source
      readonly merged: readonly Column[]
      readonly keys: ReadonlySet<string>
    }

/** An entry with everything known, which nobody asks what was read of. */
export function itemOf(alias: string, columns: readonly Column[], open: Lineage | null): Item {
  return { alias, schema: null, relation: null, columns, open, read: null, onRead: null, reads: 0 }
}

/** The value of one column of an entry; null when it has none of that name. */
export function columnOf(work: Spending, item: Item, key: string): Lineage | null {
  work.spend(1 + (item.columns.length >> 3))
  let found: Lineage | null = null
  let ambiguous = false
  for (const column of item.columns) {
    if (column.key !== key) continue
    noteRead(item, column)
    ambiguous = found !== null
    found = found === null ? column.lineage : anyOf(work, [found, column.lineage])
  }
  return found !== null && ambiguous ? ambiguousColumn(found, key) : found
}

/** A name that means several columns: the server's error, so what comes out cannot be told. */
export function ambiguousColumn(lineage: Lineage, name: string): Lineage {
  return clouded(lineage, 'name', `column ${name} is ambiguous`)
}

/** A column that may or may not be there, of an entry whose columns are not all known. */
export function openColumn(item: Item, name: string): Lineage {
  item.reads++
  readSetOf(item)?.add(name)
  return item.open ?? untraced('name', `column ${name} is not known`)
}

/** The columns that a star gives. Notes them as read. */
export function starOf(work: Spending, item: Item): readonly Column[] {
  work.spend(10 + 8 * item.columns.length)
  item.reads++
  const set = readSetOf(item)
  const shown = item.columns.some((column) => column.hidden)
    ? item.columns.filter((c) => c.hidden !== true)
    : item.columns
  if (set !== null) for (const { name } of shown) if (name !== null) set.add(name)
  if (item.open === null) return shown
  return [...shown, { name: null, key: '', lineage: item.open }]
}

function noteRead(item: Item, column: Column): void {
  item.reads++
  if (column.name !== null) readSetOf(item)?.add(column.name)
}

function readSetOf(item: Item): Set<string> | null {
  return item.onRead === null ? item.read : item.onRead()
}

/** What an unqualified name means in a FROM clause; null when no column has it. Noted as read. */
export function columnIn(work: Spending, source: Source, key: string): Lineage | null {
  switch (source.kind) {
    case 'item':
      return columnOf(work, source.item, key)
    case 'list': {
      let found: Lineage | null = null
      for (const part of source.parts) found = either(work, found, columnIn(work, part, key), key)
      return found
    }
    case 'merged': {
      work.spend(1 + (source.merged.length >> 3))
      const left = columnIn(work, source.left, key)
      const right = columnIn(work, source.right, key)
      const merged = source.keys.has(key) ? source.merged.find((column) => column.key === key) : undefined
      return merged === undefined ? either(work, left, right, key) : merged.lineage
    }
    default:
      return source satisfies never
  }
}

function either(work: Spending, a: Lineage | null, b: Lineage | null, key: string): Lineage | null {
  if (a === null || b === null) return a ?? b
  return ambiguousColumn(anyOf(work, [a, b]), key)
}

/** What a star gives of a FROM clause: of a join with merged columns those first (MySQL manual, "JOIN Clause"). */
export function columnsIn(work: Spending, source: Source): readonly Column[] {
  const columns: Column[] = []
  collectColumns(work, source, null, columns)
  return columns
}

function collectColumns(work: Spending, source: Source, hidden: ReadonlySet<string> | null, into: Column[]): void {
  switch (source.kind) {
    case 'item':
      for (const column of starOf(work, source.item)) if (hidden?.has(column.key) !== true) into.push(column)
      return
    case 'list':
      for (const part of source.parts) collectColumns(work, part, hidden, into)
      return
    case 'merged': {
      work.spend(1 + source.merged.length + (hidden?.size ?? 0))
      for (const column of source.merged) if (hidden?.has(column.key) !== true) into.push(column)
      const inside = hidden === null ? source.keys : new Set([...hidden, ...source.keys])
      collectColumns(work, source.left, inside, into)
      collectColumns(work, source.right, inside, into)
      return
    }
    default:
      source satisfies never
  }
}

/** Calls back with every entry of a FROM clause, in order. */
export function eachItem(source: Source, visit: (item: Item) => void): void {
  switch (source.kind) {
    case 'item':
      visit(source.item)
      return
    case 'list':
      for (const part of source.parts) eachItem(part, visit)
      return
    case 'merged':
      eachItem(source.left, visit)
      eachItem(source.right, visit)
      return
    default:
      source satisfies never
  }
}
