import type { FunctionTrust } from '@gatehouse/core'
import type { CatalogFunction } from '../../catalog.ts'
import { builtinTrust, isPureOfExtension, returnsAnyValue, runsText } from './functions-trust.ts'
import { type Doubt, eitherDoubt } from '../lineage.ts'
import type { FunctionMeaning, Reading } from '../reading.ts'

/** The schema and name of a dotted function name; schema null when none was written. */
export function splitName(names: readonly string[]): { readonly schema: string | null; readonly name: string } {
  const name = names[names.length - 1] ?? ''
  const schema = names.length > 1 ? (names[names.length - 2] ?? null) : null
  return { schema, name }
}

/**
 * All overloads a call can mean: those of every schema of the search path that take so many arguments. An overload
 * whose argument types an earlier schema has too is hidden, as it is for the server.
 * The temporary schema is never searched for functions (PostgreSQL manual, `search_path`).
 */
export function findFunctions(
  reading: Reading,
  schema: string | null,
  name: string,
  argumentCount: number | null,
): readonly CatalogFunction[] {
  const key = `${schema ?? '\0'}\0${name}\0${argumentCount ?? ''}`
  reading.spend(2)
  let found = reading.overloads.get(key)
  if (found === undefined) {
    found = searchFunctions(reading, schema, name, argumentCount)
    reading.overloads.set(key, found)
  }
  return found
}

function searchFunctions(
  reading: Reading,
  schema: string | null,
  name: string,
  argumentCount: number | null,
): readonly CatalogFunction[] {
  const { catalog, searchPath } = reading.environment
  if (schema !== null) {
    const overloads = catalog.functions(schema, name) ?? []
    reading.spend(1 + (overloads.length >> 1))
    return overloads.filter((fn) => takes(fn, argumentCount))
  }
  reading.spend(1 + searchPath.length)
  let found: readonly CatalogFunction[] = []
  for (const candidate of searchPath) {
    if (candidate.startsWith('pg_temp_')) continue
    const overloads = catalog.functions(candidate, name)
    if (overloads === undefined) continue
    const earlier = found
    reading.spend(overloads.length * (1 + earlier.length))
    const fitting = overloads.filter(
      (fn) => takes(fn, argumentCount) && !earlier.some((other) => sameArguments(other, fn)),
    )
    found = earlier.length === 0 ? fitting : [...earlier, ...fitting]
  }
  return found
}

function takes(fn: CatalogFunction, count: number | null): boolean {
  if (count === null || count === fn.argumentTypes.length) return true
  if (fn.variadic) return count >= fn.argumentTypes.length - 1 - fn.defaultedArguments
  return count < fn.argumentTypes.length && count >= fn.argumentTypes.length - fn.defaultedArguments
}

function sameArguments(a: CatalogFunction, b: CatalogFunction): boolean {
  return (
    a.variadic === b.variadic &&
    a.argumentTypes.length === b.argumentTypes.length &&
    a.argumentTypes.every((type, index) => type === b.argumentTypes[index])
  )
}

/** Records the use of a function and says what can be known of it. `argumentCount` null: any overload. */
export function useFunction(reading: Reading, names: readonly string[], argumentCount: number | null): FunctionMeaning {
  const key = `${argumentCount ?? ''}\0${names.join('\0')}`
  let meaning = reading.meanings.get(key)
  if (meaning === undefined) {
    meaning = meaningOf(reading, names, argumentCount)
    reading.meanings.set(key, meaning)
  }
  return meaning
}

function meaningOf(reading: Reading, names: readonly string[], argumentCount: number | null): FunctionMeaning {
  const { schema, name } = splitName(names)
  const candidates = findFunctions(reading, schema, name, argumentCount)
  if (candidates.length === 0) {
    reading.useFunction(schema, name, 'unknown')
    return { trust: 'unknown', candidates, doubt: { unknown: `function ${name}() is not known` }, bodies: [] }
  }
  return useCandidates(reading, name, candidates, argumentCount)
}

/**
 * Records the use of functions already found; not yet of those with a body that can be read, of which a call must say what came
 * of reading it (`readBodies`).
 */
export function useCandidates(
  reading: Reading,
  name: string,
  candidates: readonly CatalogFunction[],
  argumentCount: number | null,
): FunctionMeaning {
  let trust: FunctionTrust = 'harmless'
  let doubt: Doubt | null = null
  const bodies: CatalogFunction[] = []
  reading.spend(4 * candidates.length)
  for (const fn of candidates) {
    if (fn.body !== undefined) {
      bodies.push(fn)
      continue
    }
    const own = trustOf(fn)
    if (own === 'user') {
      trust = 'user'
      doubt = eitherDoubt(doubt, useUserFunction(reading, fn))
    } else {
      reading.useFunction(fn.schema, fn.name, own)
      if ((own === 'sensitive' || own === 'revealing') && trust === 'harmless') trust = own
    }
    if (fn.builtin && returnsAnyValue(name)) doubt = eitherDoubt(doubt, { functions: [fn] })
    if (runsText(name, fn.builtin, argumentCount ?? 2)) reading.dynamicSql = true
  }
  return { trust, candidates, doubt, bodies }
}

/** How far a function with no body that could be read is trusted. */
export function trustOf(fn: CatalogFunction): FunctionTrust {
  if (fn.builtin) return builtinTrust(fn.name, fn.volatility)
  return isPureOfExtension(fn) ? 'harmless' : 'user'
}

/** Records the use of a function whose body is not known; its result is in doubt. */
export function useUserFunction(reading: Reading, fn: CatalogFunction): Doubt {
  reading.useFunction(fn.schema, fn.name, 'user')
  // Only a volatile body may change settings or make objects (PostgreSQL manual, "Function Volatility Categories").
  if (fn.volatility === 'volatile') {
    reading.changesNames = true
    reading.movesNames = true
  }
  return { functions: [fn] }
}
