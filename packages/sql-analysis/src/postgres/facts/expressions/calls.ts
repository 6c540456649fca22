import type { FuncCall, SortBy, WindowDef } from 'libpg-query'
import type { CatalogFunction } from '../../catalog.ts'
import { findFunctions, splitName, useCandidates, useFunction } from './functions.ts'
import { fieldWithValues } from './functions-trust.ts'
import { type Lineage, NOTHING, anyOf, comparedFrom, derivedFrom, doubted } from '../lineage.ts'
import { useOperator } from './operators.ts'
import type { Reading } from '../reading.ts'
import type { Scope } from '../scope.ts'
import { readBodies } from '../routines/sql-functions.ts'
import { readSettingCall } from '../settings.ts'
import { isPlainPathQuery, tellOfCall } from './tells.ts'
import { type Tree, listOf, stringsOf } from '../tree.ts'

/**
 * A function call. `argumentsRead`: filled with the value of each argument, when given.
 * A built-in's result is derived from its arguments; anything else's is not known.
 */
export function readCall(reading: Reading, call: FuncCall, scope: Scope, argumentsRead: Lineage[] | null): Lineage {
  const parts = argumentsRead ?? []
  for (const argument of listOf(call.args)) parts.push(reading.walk.expression(reading, argument, scope))
  for (const order of listOf(call.agg_order)) {
    const key = reading.walk.expression(reading, order, scope)
    reading.decide(key)
    // WITHIN GROUP: the ordering is the argument (percentile_disc, mode).
    if (call.agg_within_group === true) parts.push(key)
  }
  if (call.agg_filter !== undefined) reading.decide(reading.walk.expression(reading, call.agg_filter, scope))
  if (call.over !== undefined) readWindow(reading, call.over, scope)
  const names = stringsOf(call.funcname)
  const { schema, name } = splitName(names)
  if (parts.length === 1 && schema === null) {
    const projected = readProjection(reading, name, parts)
    if (projected !== null) return projected
  }
  const meaning = useFunction(reading, names, parts.length)
  // In FROM its fields are told apart.
  if (argumentsRead === null && meaning.doubt !== null && fieldWithValues(name) !== null)
    for (const fn of meaning.candidates) reading.useFunction(fn.schema, fn.name, 'user')
  if (name === 'set_config' || name === 'current_setting') readSettingCall(reading, name, listOf(call.args))
  if (name === 'lo_import' || name === 'lo_export' || name.startsWith('pg_read_')) readFileArgument(reading, call)
  if (meaning.trust !== 'user' && meaning.trust !== 'unknown' && isPlainCount(reading, call, name, parts))
    return NOTHING
  const called = readBodies(reading, meaning, parts, listOf(call.args))
  // A function that is nothing but its body is told of by its body.
  if (called !== null && meaning.bodies.length === meaning.candidates.length) return called
  // How many different values there are tells which are equal, and no more.
  const derived =
    call.agg_distinct === true && name === 'count' && meaning.trust === 'harmless'
      ? comparedFrom(reading, parts)
      : derivedFrom(reading, parts)
  if (meaning.trust !== 'harmless' || !isPlainPathQuery(name, listOf(call.args)))
    tellOfCall(reading, name, meaning.candidates, parts)
  if (reading.measured && !isSummary(name, parts)) reading.tell(derived)
  if (called !== null) return doubted(anyOf(reading, [derived, called]), meaning.doubt)
  if (meaning.doubt !== null) return doubted(derived, meaning.doubt)
  const { catalog } = reading.environment
  reading.spend(meaning.candidates.length)
  const array = meaning.candidates.some((fn) => givesArray(reading, fn, derived))
  const result = array === derived.array ? derived : { ...derived, array }
  if (derived.builtinType) return result
  const plain = meaning.candidates.every(
    (fn) => catalog.isBuiltinType(fn.returnTypeOid) && catalog.typeByOid(fn.returnTypeOid)?.kind !== 'pseudo',
  )
  return plain && derived.opacity === 'none' ? { ...result, builtinType: true } : result
}

/** Functions that make an array of what is none, without saying so in their type. */
const ARRAY_MAKERS: ReadonlySet<string> = new Set(['array_agg', 'array_fill', 'enum_range'])

/** True when a function may return an array; a polymorphic one does when it is given one. */
function givesArray(reading: Reading, fn: CatalogFunction, given: Lineage): boolean {
  const type = reading.environment.catalog.typeByOid(fn.returnTypeOid)
  if (type === undefined || type.category === 'A') return true
  return type.kind === 'pseudo' && (given.array || ARRAY_MAKERS.has(fn.name))
}

// name(row) also means row.name, and name(value) a cast to the type of that name (PostgreSQL manual, "Function Type Resolution").
function readProjection(reading: Reading, name: string, parts: readonly Lineage[]): Lineage | null {
  const argument = parts[0] ?? NOTHING
  reading.spend((argument.fields?.length ?? 0) >> 3)
  const field = argument.fields?.find((candidate) => candidate.name === name)
  const functions = findFunctions(reading, null, name, 1)
  if (functions.length > 0 && field === undefined) return null
  if (field !== undefined) {
    const value = derivedFrom(reading, [argument])
    return functions.length === 0 ? value : anyOf(reading, [value, callOf(reading, name, functions, argument)])
  }
  const { catalog, searchPath } = reading.environment
  reading.spend(searchPath.length >> 1)
  const type = catalog.resolveType(name, searchPath)
  return type === undefined ? null : { ...derivedFrom(reading, parts), builtinType: catalog.isBuiltinType(type.oid) }
}

/** What functions of one argument, found by their name, make of a value. */
export function callOf(
  reading: Reading,
  name: string,
  functions: readonly CatalogFunction[],
  argument: Lineage,
): Lineage {
  const meaning = useCandidates(reading, name, functions, 1)
  const value = derivedFrom(reading, [argument])
  const called = readBodies(reading, meaning, [argument], [])
  return doubted(called === null ? value : anyOf(reading, [value, called]), meaning.doubt)
}

// count(column) tells only how many are not null: nothing of any value comes out. Of an expression it could be an oracle.
function isPlainCount(reading: Reading, call: FuncCall, name: string, parts: readonly Lineage[]): boolean {
  if (name !== 'count' || call.agg_distinct === true) return false
  const argument = parts[0]
  if (argument === undefined) return call.agg_star === true
  reading.spend(argument.sources.length >> 2)
  return (
    parts.length === 1 &&
    call.args?.[0] !== undefined &&
    'ColumnRef' in call.args[0] &&
    argument.opacity === 'none' &&
    argument.fields === null &&
    argument.sources.every((source) => source.how === 'copied')
  )
}

const SUMMARIES: ReadonlySet<string> = new Set('sum avg min max count stddev variance'.split(' '))

/** No larger than the values it is made from. */
function isSummary(name: string, parts: readonly Lineage[]): boolean {
  return SUMMARIES.has(name) && parts.every((part) => part.sources.every(({ how }) => how === 'copied'))
}

function readFileArgument(reading: Reading, call: FuncCall): void {
  for (const argument of listOf(call.args)) {
    const text = argument.A_Const?.sval?.sval
    if (text !== undefined) reading.files.push(text)
  }
}

/** What an OVER or WINDOW clause orders and groups by is looked at. */
export function readWindow(reading: Reading, window: WindowDef, scope: Scope): void {
  for (const part of listOf(window.partitionClause)) reading.decideEqual(reading.walk.expression(reading, part, scope))
  const parts: (Tree | undefined)[] = [...listOf(window.orderClause), window.startOffset, window.endOffset]
  for (const part of parts) if (part !== undefined) reading.decide(reading.walk.expression(reading, part, scope))
}

/** The key of an ORDER BY element; USING may name an operator of the user's. */
export function readOrdering(reading: Reading, order: SortBy, scope: Scope): Lineage {
  const key = order.node === undefined ? NOTHING : reading.walk.expression(reading, order.node, scope)
  useOrderingOperator(reading, order, key)
  return key
}

/** Records the operator of ORDER BY … USING. */
export function useOrderingOperator(reading: Reading, order: SortBy, key: Lineage): void {
  const names = stringsOf(order.useOp)
  if (names.length > 0) useOperator(reading, names, key, key)
}
