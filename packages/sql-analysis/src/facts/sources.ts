import type { ColumnName, Dependence, LineageSource } from '@gatehouse/core'
import type { Spending } from './work.ts'

/**
 * Why a value could not be traced.
 * `function`: a function the catalog does not know. `relation`: a relation it does not know.
 * `name`: anything else (an unknown column, a view that cannot be expanded, a value of unknown origin).
 */
export type Opacity = 'none' | 'function' | 'relation' | 'name'

/** What is known of a value's origin, whatever the language. */
export interface Traced {
  readonly sources: readonly LineageSource[]
  readonly opacity: Opacity
  /** Why it could not be traced in full; null when it could. */
  readonly reason: string | null
}

/** The worse of two. */
export function worseOpacity(a: Opacity, b: Opacity): Opacity {
  if (a === 'name' || b === 'name') return 'name'
  if (a === 'relation' || b === 'relation') return 'relation'
  return a === 'none' ? b : a
}

/** How sources come out of what is done with them. */
export type Combining = Readonly<Record<Dependence, Dependence>>
/** Computed from the values. */
export const DERIVED: Combining = { copied: 'derived', derived: 'derived', compared: 'derived', decides: 'decides' }
/** One of the values. */
export const KEPT: Combining = { copied: 'copied', derived: 'derived', compared: 'compared', decides: 'decides' }
/** Whether conditions are true. */
export const TESTED: Combining = { ...KEPT, copied: 'derived' }
/** Whether the values are equal. */
export const COMPARED: Combining = { ...KEPT, copied: 'compared' }

/** The sources of a value made from one that has these. */
export function turnedSources(
  work: Spending,
  sources: readonly LineageSource[],
  combining: Combining,
): readonly LineageSource[] {
  if (combining === KEPT) return sources
  work.spend(sources.length >> 3)
  if (sources.every((source) => combining[source.how] === source.how)) return sources
  work.spend(sources.length)
  return sources.map((source) => turnedSource(source, combining[source.how]))
}

function turnedSource(source: LineageSource, how: Dependence): LineageSource {
  return source.how === how ? source : { column: source.column, how }
}

/** The sources of a value made from several. */
export function mergedSources(parts: readonly Traced[], combining: Combining): readonly LineageSource[] {
  const merged = new Map<ColumnName, LineageSource>()
  for (const part of parts) {
    for (const source of part.sources) {
      const how = combining[source.how]
      const known = merged.get(source.column)
      if (known === undefined) merged.set(source.column, turnedSource(source, how))
      // A value that may be the column's own, or one computed from it, is treated as computed: its mask may show the wrong part.
      else if (known.how !== how) merged.set(source.column, turnedSource(source, 'derived'))
    }
  }
  return [...merged.values()]
}

/** True when both lists hold the same columns in the same way. Each column stands in a list once. */
export function sameSources(work: Spending, a: readonly LineageSource[], b: readonly LineageSource[]): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  work.spend(2 * a.length)
  const known = new Map(b.map((source) => [source.column, source.how]))
  return a.every((source) => known.get(source.column) === source.how)
}
