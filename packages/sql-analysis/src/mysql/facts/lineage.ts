import type { FunctionName, LineageSource, OutputColumn } from '@gatehouse/core'
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
import { comparesCertainly, foldName } from '../name-case.ts'

/** What kind of value it is, as far as comparing it goes. MySQL manual, "Type Conversion in Expression Evaluation". */
export type ValueClass = 'string' | 'number' | 'temporal' | 'json' | 'null'

/** What one value depends on. Immutable. */
export interface Lineage extends Traced {
  /** Functions of unknown body whose result can be in it. */
  readonly through: readonly FunctionName[]
  /** The fields of a row value; null for one value. */
  readonly fields: readonly Column[] | null
  /** Null: not known. */
  readonly type: ValueClass | null
}

/** A named value: a column of a query or table. */
export interface Column {
  /** As the server gives it; null: not known. */
  readonly name: string | null
  /** The name as it compares; empty when it cannot be named. */
  readonly key: string
  readonly lineage: Lineage
  /** Invisible: no star gives it. */
  readonly hidden?: true
}

const NO_SOURCES: readonly LineageSource[] = []
const NO_FUNCTIONS: readonly FunctionName[] = []

function constant(type: ValueClass | null): Lineage {
  return { sources: NO_SOURCES, through: NO_FUNCTIONS, opacity: 'none', reason: null, fields: null, type }
}

/** A value that depends on no column, of unknown type. */
export const NOTHING: Lineage = constant(null)
/** A constant text. */
export const TEXT: Lineage = constant('string')
/** A constant number, or a truth that depends on no column. */
export const NUMBER: Lineage = constant('number')
/** A constant date or time. */
export const MOMENT: Lineage = constant('temporal')
/** A constant JSON document. */
export const DOCUMENT: Lineage = constant('json')
/** NULL. */
export const NULL: Lineage = constant('null')

const CONSTANTS: Readonly<Record<ValueClass, Lineage>> = {
  string: TEXT,
  number: NUMBER,
  temporal: MOMENT,
  json: DOCUMENT,
  null: NULL,
}

/** A value of that type that depends on no column. */
export function constantOf(type: ValueClass | null): Lineage {
  return type === null ? NOTHING : CONSTANTS[type]
}

/** The value of a base column itself, and of what that is computed from. */
export function copiedFrom(sources: readonly LineageSource[], type: ValueClass | null): Lineage {
  return { sources, through: NO_FUNCTIONS, opacity: 'none', reason: null, fields: null, type }
}

/** A value whose origin is not known. */
export function untraced(opacity: Exclude<Opacity, 'none'>, reason: string): Lineage {
  return { sources: NO_SOURCES, through: NO_FUNCTIONS, opacity, reason, fields: null, type: null }
}

/** The same value with a reason why more than its sources can be in it. */
export function clouded(lineage: Lineage, opacity: Exclude<Opacity, 'none'>, reason: string): Lineage {
  return {
    sources: lineage.sources,
    through: lineage.through,
    opacity: worseOpacity(lineage.opacity, opacity),
    reason: lineage.reason ?? reason,
    fields: null,
    type: null,
  }
}

/** The same value, through a function whose body is not known. */
export function passedThrough(lineage: Lineage, fn: FunctionName): Lineage {
  return { ...lineage, through: mergeFunctions(lineage.through, [fn]), fields: null, type: null }
}

/** The same value, of that type. */
export function typed(lineage: Lineage, type: ValueClass | null): Lineage {
  if (lineage.type === type) return lineage
  return lineage.sources.length === 0 && lineage.opacity === 'none' && lineage.through.length === 0
    ? constantOf(type)
    : { ...lineage, type }
}

function mergeFunctions(a: readonly FunctionName[], b: readonly FunctionName[]): readonly FunctionName[] {
  if (a.length === 0 || a === b) return b
  if (b.length === 0) return a
  const more = b.filter((fn) => !a.some((known) => known.schema === fn.schema && known.name === fn.name))
  return more.length === 0 ? a : [...a, ...more]
}

/** A value computed from others: every source becomes `derived`. */
export function derivedFrom(work: Spending, parts: readonly Lineage[], type: ValueClass | null = null): Lineage {
  return combine(work, parts, DERIVED, type)
}

/** A value that is one of several: sources keep how they come. */
export function anyOf(work: Spending, parts: readonly Lineage[]): Lineage {
  return combine(work, parts, KEPT, commonType(parts))
}

/** The truth of conditions joined by AND, OR, NOT: of what was only compared, no more is told. */
export function testedFrom(work: Spending, parts: readonly Lineage[]): Lineage {
  return combine(work, parts, TESTED, 'number')
}

/** Whether the values are equal: what was copied is `compared`. */
export function comparedFrom(work: Spending, parts: readonly Lineage[]): Lineage {
  return combine(work, parts, COMPARED, 'number')
}

function combine(work: Spending, parts: readonly Lineage[], combining: Combining, type: ValueClass | null): Lineage {
  let opacity: Opacity = 'none'
  let reason: string | null = null
  let withSources = 0
  let total = 0
  let only: Lineage = NOTHING
  let through = NO_FUNCTIONS
  for (const part of parts) {
    if (part.through.length > 0) through = mergeFunctions(through, part.through)
    if (part.opacity !== 'none') {
      opacity = worseOpacity(opacity, part.opacity)
      reason ??= part.reason
    }
    if (part.sources.length > 0) {
      withSources++
      total += part.sources.length
      only = part
    }
  }
  work.spend(1 + (parts.length >> 2) + (withSources > 1 ? 2 * total : 0) + through.length)
  if (withSources === 0) {
    if (opacity === 'none' && through.length === 0) return constantOf(type)
    return { sources: NO_SOURCES, through, opacity, reason, fields: null, type }
  }
  const sources = withSources === 1 ? turnedSources(work, only.sources, combining) : mergedSources(parts, combining)
  return { sources, through, opacity, reason, fields: null, type }
}

/** The type of a value that is one of several: known where all have the same. */
function commonType(parts: readonly Lineage[]): ValueClass | null {
  let common: ValueClass | null = 'null'
  for (const { type } of parts) {
    if (type === 'null') continue
    if (type === null || (common !== 'null' && type !== common)) return null
    common = type
  }
  return common
}

/** A row made of the columns: derived from all of them, its fields as they are. */
export function rowOf(work: Spending, columns: readonly Column[]): Lineage {
  return { ...derivedFrom(work, lineagesOf(work, columns)), fields: columns }
}

/** The values alone. */
export function lineagesOf(work: Spending, columns: readonly Column[]): readonly Lineage[] {
  work.spend(columns.length >> 2)
  return columns.map((column) => column.lineage)
}

/**
 * True when comparing the two tells whether they are equal and no more. A stored text that is compared with a number or a date is
 * read as one: `ssn = 987` is true of every text that begins so.
 */
export function comparesAsIs(a: Lineage, b: Lineage): boolean {
  if (a.type === b.type && a.type !== null) return true
  if (a.type === 'null' || b.type === 'null') return true
  return keepsItself(a, b.type) && keepsItself(b, a.type)
}

function keepsItself(value: Lineage, other: ValueClass | null): boolean {
  if (value.sources.length === 0) return true
  if (value.type === 'string') return false
  return value.type !== null || other === 'string'
}

/** True when both depend on the same columns in the same way. */
export function sameLineage(work: Spending, a: Lineage, b: Lineage): boolean {
  if (a === b) return true
  work.spend(2)
  if (a.opacity !== b.opacity || a.type !== b.type || !sameSources(work, a.sources, b.sources)) return false
  return a.through.length === b.through.length && (a.fields === null) === (b.fields === null)
}

/** A column under a name. */
export function named(name: string | null, lineage: Lineage): Column {
  return { name, key: name === null ? '' : keyOf(name), lineage }
}

/** A name in a statement as it compares. Throws where that is not the same on every server. */
export function keyOf(name: string): string {
  const key = foldName(name)
  if (!comparesCertainly(key)) throw new Error(`the name ${name} has a letter whose case is not certain`)
  return key
}

/** Columns of a table or result that the server can give (MySQL manual, "Limits on Table Column Count and Row Size"; a select list has the same limit). */
const MAX_OUTPUT_COLUMNS = 4096

/** The columns as a statement's output. Throws when there are more than the server takes. */
export function outputOf(work: Spending, columns: readonly Column[]): OutputColumn[] {
  if (columns.length > MAX_OUTPUT_COLUMNS)
    throw new Error(`more than ${MAX_OUTPUT_COLUMNS} columns in the result: the server takes no more`)
  work.spend(4 * columns.length)
  return columns.map(({ name, lineage }) => ({
    name,
    sources: lineage.sources,
    through: lineage.through,
    complete: lineage.reason === null,
    reason: lineage.reason,
    ...(lineage.type === 'json' ? { document: true as const } : {}),
  }))
}
