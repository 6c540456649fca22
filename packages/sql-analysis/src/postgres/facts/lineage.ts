import type { ColumnName, ColumnType, LineageSource, OutputColumn } from '@gatehouse/core'
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
  /** Its type, where it is known without working it out: of a stored column, and of what hands one on. */
  readonly type: ColumnType | null
}

/** A named value: a column of a query or a field of a row. */
export interface Column {
  readonly name: string | null
  readonly lineage: Lineage
}

const NO_SOURCES: readonly LineageSource[] = []

/** A value that depends on no column: a literal, a parameter, `count(*)`. */
export const NOTHING: Lineage = {
  sources: NO_SOURCES,
  opacity: 'none',
  reason: null,
  fields: null,
  builtinType: true,
  type: null,
}

/** The value of a base column itself. */
export function copiedFrom(sources: readonly LineageSource[], builtinType: boolean, type: ColumnType): Lineage {
  return { sources, opacity: 'none', reason: null, fields: null, builtinType, type }
}

/** A value whose origin is not known. */
export function untraced(opacity: Exclude<Opacity, 'none'>, reason: string): Lineage {
  return { sources: NO_SOURCES, opacity, reason, fields: null, builtinType: false, type: null }
}

/** The same value with a reason why more than its sources can be in it. */
export function clouded(lineage: Lineage, opacity: Exclude<Opacity, 'none'>, reason: string): Lineage {
  return {
    sources: lineage.sources,
    opacity: worse(lineage.opacity, opacity),
    reason: lineage.reason ?? reason,
    fields: null,
    builtinType: false,
    type: null,
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
  const type = derive ? null : commonType(parts)
  if (withSources === 0) {
    if (opacity === 'none' && builtinType) return NOTHING
    return { sources: NO_SOURCES, opacity, reason, fields: null, builtinType, type }
  }
  let sources: readonly LineageSource[]
  if (withSources === 1) sources = derive ? allDerived(work, only.sources) : only.sources
  else sources = mergeSources(parts, derive)
  return { sources, opacity, reason, fields: null, builtinType, type }
}

/** The type of a value that is one of several: known where all have the same (the server's select_common_type). */
function commonType(parts: readonly Lineage[]): ColumnType | null {
  let common = parts[0]?.type ?? null
  for (const { type } of parts) {
    if (common === null || type?.oid !== common.oid) return null
    if (type.modifier !== common.modifier) common = { oid: common.oid, modifier: -1 }
  }
  return common
}

function sameType(a: ColumnType | null, b: ColumnType | null): boolean {
  return a?.oid === b?.oid && a?.modifier === b?.modifier
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
  if (a.opacity !== b.opacity || a.builtinType !== b.builtinType || !sameType(a.type, b.type)) return false
  if (!sameSources(work, a.sources, b.sources)) return false
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

/** The columns as a statement's output. */
export function outputOf(work: Spending, columns: readonly Column[]): OutputColumn[] {
  work.spend(columns.length)
  return columns.map(({ name, lineage }) => ({
    name,
    sources: lineage.sources,
    complete: lineage.reason === null,
    reason: lineage.reason,
  }))
}
