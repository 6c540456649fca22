import type { ColumnType, FunctionName, LineageSource, OutputColumn } from '@gatehouse/core'
import type { CatalogFunction } from '../catalog.ts'
import {
  type Combining,
  COMPARED,
  DERIVED,
  KEPT,
  mergedSources,
  type Opacity,
  sameSources,
  TESTED,
  type Traced,
  turnedSources,
  worseOpacity,
} from '../../facts/sources.ts'
import type { Spending } from '../../facts/work.ts'

/** What one value depends on. Immutable. */
export interface Lineage extends Traced {
  /** Functions of unknown body whose result can be in it. */
  readonly through: readonly CatalogFunction[]
  /** The fields of a row value, when they are known. */
  readonly fields: readonly Column[] | null
  /** True when its type is certainly one that initdb made: then no operator on user types can be meant. */
  readonly builtinType: boolean
  /** Its type, where it is known without working it out: of a stored column, and of what hands one on. */
  readonly type: ColumnType | null
  /** It can be an array: whether arrays can be put together is told by their lengths, and by which are NULL. */
  readonly array: boolean
}

/** A named value: a column of a query or a field of a row. */
export interface Column {
  readonly name: string | null
  readonly lineage: Lineage
  /** Can be named, but no star gives it: a column of SEARCH or CYCLE, within its own recursive query. */
  readonly beyondStar?: true
}

const NO_SOURCES: readonly LineageSource[] = []
const NO_FUNCTIONS: readonly CatalogFunction[] = []

/** A value that depends on no column: a literal, a parameter, `count(*)`. */
export const NOTHING: Lineage = {
  sources: NO_SOURCES,
  through: NO_FUNCTIONS,
  opacity: 'none',
  reason: null,
  fields: null,
  builtinType: true,
  type: null,
  array: false,
}

/** The value of a base column itself. */
export function copiedFrom(
  sources: readonly LineageSource[],
  builtinType: boolean,
  type: ColumnType,
  array: boolean,
): Lineage {
  return { sources, through: NO_FUNCTIONS, opacity: 'none', reason: null, fields: null, builtinType, type, array }
}

/** A value whose origin is not known. */
export function untraced(opacity: Exclude<Opacity, 'none'>, reason: string): Lineage {
  return {
    sources: NO_SOURCES,
    through: NO_FUNCTIONS,
    opacity,
    reason,
    fields: null,
    builtinType: false,
    type: null,
    array: true,
  }
}

/** The same value with a reason why more than its sources can be in it. */
export function clouded(lineage: Lineage, opacity: Exclude<Opacity, 'none'>, reason: string): Lineage {
  return {
    sources: lineage.sources,
    through: lineage.through,
    opacity: worseOpacity(lineage.opacity, opacity),
    reason: lineage.reason ?? reason,
    fields: null,
    builtinType: false,
    type: null,
    array: lineage.array,
  }
}

/** Why a value can hold more than it is made from: functions of unknown body, or one that is not known at all. */
export type Doubt = { readonly functions: readonly CatalogFunction[] } | { readonly unknown: string }

/** Both doubts; an unknown function outweighs the rest. */
export function eitherDoubt(a: Doubt | null, b: Doubt | null): Doubt | null {
  if (a === null || b === null) return a ?? b
  if ('unknown' in a) return a
  return 'unknown' in b ? b : { functions: [...new Set([...a.functions, ...b.functions])] }
}

/** The same value in doubt. */
export function doubted(lineage: Lineage, doubt: Doubt | null): Lineage {
  if (doubt === null) return lineage
  if ('unknown' in doubt) return clouded(lineage, 'function', doubt.unknown)
  return { ...lineage, through: mergeFunctions(lineage.through, doubt.functions), fields: null, builtinType: false }
}

function mergeFunctions(a: readonly CatalogFunction[], b: readonly CatalogFunction[]): readonly CatalogFunction[] {
  if (a.length === 0 || a === b) return b
  return b.length === 0 ? a : [...new Set([...a, ...b])]
}

/** A value computed from others: every source becomes `derived`. */
export function derivedFrom(work: Spending, parts: readonly Lineage[]): Lineage {
  return combine(work, parts, DERIVED)
}

/** A value that is one of several: sources keep how they come. */
export function anyOf(work: Spending, parts: readonly Lineage[]): Lineage {
  return combine(work, parts, KEPT)
}

/** The truth of conditions joined by AND, OR, NOT: of what was only compared, no more is told. */
export function testedFrom(work: Spending, parts: readonly Lineage[]): Lineage {
  return combine(work, parts, TESTED)
}

/** Whether the values are equal: what was copied is `compared`. */
export function comparedFrom(work: Spending, parts: readonly Lineage[]): Lineage {
  return combine(work, parts, COMPARED)
}

function combine(work: Spending, parts: readonly Lineage[], combining: Combining): Lineage {
  let opacity: Opacity = 'none'
  let reason: string | null = null
  let builtinType = true
  let withSources = 0
  let total = 0
  let only: Lineage = NOTHING
  let through = NO_FUNCTIONS
  let array = false
  for (const part of parts) {
    if (part.through.length > 0) through = mergeFunctions(through, part.through)
    if (part.opacity !== 'none') {
      opacity = worseOpacity(opacity, part.opacity)
      reason ??= part.reason
    }
    if (!part.builtinType) builtinType = false
    if (part.array) array = true
    if (part.sources.length > 0) {
      withSources++
      total += part.sources.length
      only = part
    }
  }
  work.spend(1 + (parts.length >> 2) + (withSources > 1 ? 2 * total : 0) + through.length)
  const type = combining === KEPT ? commonType(parts) : null
  // Truth is no array.
  if (combining === TESTED || combining === COMPARED) array = false
  if (withSources === 0) {
    if (opacity === 'none' && builtinType && through.length === 0 && !array) return NOTHING
    return { sources: NO_SOURCES, through, opacity, reason, fields: null, builtinType, type, array }
  }
  const sources = withSources === 1 ? turnedSources(work, only.sources, combining) : mergedSources(parts, combining)
  return { sources, through, opacity, reason, fields: null, builtinType, type, array }
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

/** A row made of the columns: derived from all of them, its fields as they are. */
export function rowOf(work: Spending, columns: readonly Column[]): Lineage {
  return { ...derivedFrom(work, lineagesOf(work, columns)), fields: columns, builtinType: false, array: false }
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
  if (a.array !== b.array || !sameSources(work, a.sources, b.sources)) return false
  if (a.through.length !== b.through.length || a.through.some((fn) => !b.through.includes(fn))) return false
  if (a.fields === b.fields) return true
  if (a.fields === null || b.fields === null || a.fields.length !== b.fields.length) return false
  return a.fields.every((field, index) => {
    const other = b.fields?.[index]
    return other !== undefined && field.name === other.name && sameLineage(work, field.lineage, other.lineage)
  })
}

/** The functions' names, each once. */
export function functionNames(functions: readonly CatalogFunction[]): readonly FunctionName[] {
  if (functions.length === 0) return NO_FUNCTIONS
  const names = new Map(functions.map(({ schema, name }) => [`${schema}\0${name}`, { schema, name }]))
  return [...names.values()]
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
    through: functionNames(lineage.through),
    complete: lineage.reason === null,
    reason: lineage.reason,
  }))
}
