import type { ColumnName, LineageSource, OutputColumn } from '@gatehouse/core'

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
export function derivedFrom(parts: readonly Lineage[]): Lineage {
  return combine(parts, true)
}

/** A value that is one of several: sources keep how they come. */
export function anyOf(parts: readonly Lineage[]): Lineage {
  return combine(parts, false)
}

function combine(parts: readonly Lineage[], derive: boolean): Lineage {
  let opacity: Opacity = 'none'
  let reason: string | null = null
  let builtinType = true
  let withSources = 0
  let only: Lineage = NOTHING
  for (const part of parts) {
    if (part.opacity !== 'none') {
      opacity = worse(opacity, part.opacity)
      reason ??= part.reason
    }
    if (!part.builtinType) builtinType = false
    if (part.sources.length > 0) {
      withSources++
      only = part
    }
  }
  if (withSources === 0) {
    if (opacity === 'none' && builtinType) return NOTHING
    return { sources: NO_SOURCES, opacity, reason, fields: null, builtinType }
  }
  let sources: readonly LineageSource[]
  if (withSources === 1) sources = derive ? allDerived(only.sources) : only.sources
  else sources = mergeSources(parts, derive)
  return { sources, opacity, reason, fields: null, builtinType }
}

function allDerived(sources: readonly LineageSource[]): readonly LineageSource[] {
  if (sources.every((source) => source.how === 'derived')) return sources
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
export function rowOf(columns: readonly Column[]): Lineage {
  const whole = derivedFrom(columns.map((column) => column.lineage))
  return { ...whole, fields: columns, builtinType: false }
}

/** True when both depend on the same columns in the same way. */
export function sameLineage(a: Lineage, b: Lineage): boolean {
  if (a === b) return true
  if (a.sources.length !== b.sources.length || a.opacity !== b.opacity || a.builtinType !== b.builtinType) return false
  for (const source of a.sources) {
    if (!b.sources.some((other) => other.column === source.column && other.how === source.how)) return false
  }
  if ((a.fields === null) !== (b.fields === null)) return false
  if (a.fields !== null && b.fields !== null) {
    if (a.fields.length !== b.fields.length) return false
    return a.fields.every((field, index) => {
      const other = b.fields?.[index]
      return other !== undefined && field.name === other.name && sameLineage(field.lineage, other.lineage)
    })
  }
  return true
}

/** The columns as a statement's output. */
export function outputOf(columns: readonly Column[]): OutputColumn[] {
  return columns.map(({ name, lineage }) => ({
    name,
    sources: lineage.sources,
    complete: lineage.reason === null,
    reason: lineage.reason,
  }))
}
