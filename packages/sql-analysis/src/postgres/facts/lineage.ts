import type { ColumnName, LineageSource, OutputColumn } from '@gatehouse/core'
import type { Spending } from './work.ts'

/**
 * Why a value could not be traced.
 * `function`: a function with an unknown body. `relation`: a relation the catalog does not know.
 * `name`: anything else (an unknown column, a view that cannot be expanded, a value of unknown origin).
 */
export type Opacity = 'none' | 'function' | 'relation' | 'name'

/** What one value depends on. Immutable. */
export interface Lineage {
  readonly sources: readonly LineageSource[]
  readonly opacity: Opacity
  /** Why it could not be traced in full; null when it could. */
  readonly reason: string | null
  /** The fields of a row value, when they are known. */
  readonly fields: readonly Column[] | null
  /** True when its type is certainly one that initdb made: then no operator on user types can be meant. */
  readonly builtinType: boolean
}

/** A named value: a column of a query or a field of a row. */
export interface Column {
  readonly name: string | null
  readonly lineage: Lineage
  /** Can be named, but no star gives it: a column of SEARCH or CYCLE, within its own recursive query. */
  readonly beyondStar?: true
}

const NO_SOURCES: readonly LineageSource[] = []

/** A value that depends on no column: a literal, a parameter, `count(*)`. */
export const NOTHING: Lineage = { sources: NO_SOURCES, opacity: 'none', reason: null, fields: null, builtinType: true }

/** The value of a base column itself. */
export function copiedFrom(sources: readonly LineageSource[], builtinType: boolean): Lineage {
  return { sources, opacity: 'none', reason: null, fields: null, builtinType }
}

/** A value whose origin is not known. */
export function untraced(opacity: Exclude<Opacity, 'none'>, reason: string): Lineage {
  return { sources: NO_SOURCES, opacity, reason, fields: null, builtinType: false }
}

/** The same value with a reason why more than its sources can be in it. */
export function clouded(lineage: Lineage, opacity: Exclude<Opacity, 'none'>, reason: string): Lineage {
  return {
    sources: lineage.sources,
    opacity: worse(lineage.opacity, opacity),
    reason: lineage.reason ?? reason,
    fields: null,
    builtinType: false,
  }
}

function worse(a: Opacity, b: Opacity): Opacity {
  if (a === 'name' || b === 'name') return 'name'
  if (a === 'relation' || b === 'relation') return 'relation'
  return a === 'none' ? b : a
}

/** A value computed from others: every source becomes `derived`. */
export function derivedFrom(work: Spending, parts: readonly Lineage[]): Lineage {
  return combine(work, parts, true)
}

/** A value that is one of several: sources keep how they come. */
export function anyOf(work: Spending, parts: readonly Lineage[]): Lineage {
  return combine(work, parts, false)
}

function combine(work: Spending, parts: readonly Lineage[], derive: boolean): Lineage {
  let opacity: Opacity = 'none'
  let reason: string | null = null
  let builtinType = true
  let withSources = 0
  let total = 0
  let only: Lineage = NOTHING
  for (const part of parts) {
    if (part.opacity !== 'none') {
      opacity = worse(opacity, part.opacity)
      reason ??= part.reason
    }
    if (!part.builtinType) builtinType = false
    if (part.sources.length > 0) {
      withSources++
      total += part.sources.length
      only = part
    }
  }
  work.spend(1 + (parts.length >> 2) + (withSources > 1 ? 2 * total : 0))
  if (withSources === 0) {
    if (opacity === 'none' && builtinType) return NOTHING
    return { sources: NO_SOURCES, opacity, reason, fields: null, builtinType }
  }
  let sources: readonly LineageSource[]
  if (withSources === 1) sources = derive ? allDerived(work, only.sources) : only.sources
  else sources = mergeSources(parts, derive)
  return { sources, opacity, reason, fields: null, builtinType }
}

function allDerived(work: Spending, sources: readonly LineageSource[]): readonly LineageSource[] {
  work.spend(sources.length >> 3)
  if (sources.every((source) => source.how === 'derived')) return sources
  work.spend(sources.length)
  return sources.map((source) =>
    source.how === 'derived' ? source : { column: source.column, how: 'derived' as const },
  )
}

function mergeSources(parts: readonly Lineage[], derive: boolean): readonly LineageSource[] {
  const merged = new Map<ColumnName, LineageSource>()
  for (const part of parts) {
    for (const source of part.sources) {
      const known = merged.get(source.column)
      if (derive) {
        if (known === undefined)
          merged.set(source.column, source.how === 'derived' ? source : { column: source.column, how: 'derived' })
      } else if (known === undefined || (known.how === 'derived' && source.how === 'copied')) {
        merged.set(source.column, source)
      }
    }
  }
  return [...merged.values()]
}

/** A row made of the columns: derived from all of them, its fields as they are. */
export function rowOf(work: Spending, columns: readonly Column[]): Lineage {
  return { ...derivedFrom(work, lineagesOf(work, columns)), fields: columns, builtinType: false }
}

/** The values alone. */
export function lineagesOf(work: Spending, columns: readonly Column[]): readonly Lineage[] {
  work.spend(columns.length >> 2)
  return columns.map((column) => column.lineage)
}

/** True when both depend on the same columns in the same way. */
export function sameLineage(work: Spending, a: Lineage, b: Lineage): boolean {
  if (a === b) return true
  work.spend(2)
  if (a.opacity !== b.opacity || a.builtinType !== b.builtinType || !sameSources(work, a.sources, b.sources))
    return false
  if (a.fields === b.fields) return true
  if (a.fields === null || b.fields === null || a.fields.length !== b.fields.length) return false
  return a.fields.every((field, index) => {
    const other = b.fields?.[index]
    return other !== undefined && field.name === other.name && sameLineage(work, field.lineage, other.lineage)
  })
}

// Each column stands in a list once.
function sameSources(work: Spending, a: readonly LineageSource[], b: readonly LineageSource[]): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  work.spend(2 * a.length)
  const known = new Map(b.map((source) => [source.column, source.how]))
  return a.every((source) => known.get(source.column) === source.how)
}

/** Columns of a result that the server can give (its MaxTupleAttributeNumber). */
const MAX_OUTPUT_COLUMNS = 1664

/** The columns as a statement's output. Throws when there are more than the server takes: each is copied from thread to thread. */
export function outputOf(work: Spending, columns: readonly Column[]): OutputColumn[] {
  if (columns.length > MAX_OUTPUT_COLUMNS)
    throw new Error(`more than ${MAX_OUTPUT_COLUMNS} columns in the result: the server takes no more`)
  work.spend(4 * columns.length)
  return columns.map(({ name, lineage }) => ({
    name,
    sources: lineage.sources,
    complete: lineage.reason === null,
    reason: lineage.reason,
  }))
}
