import { trustOf, useUserFunction } from './functions.ts'
import { type Doubt, eitherDoubt, type Lineage } from '../lineage.ts'
import type { Reading } from '../reading.ts'

/**
 * Records the function behind an operator where it can be one that initdb did not make; returns why its result is then
 * not known, else null. Built-in operators are harmless, all of them, and not listed. `left` null: a prefix operator.
 * It is listed under the name of that function. An operator on user types is out of the question for an operand that certainly has a built-in type.
 */
export function useOperator(
  reading: Reading,
  names: readonly string[],
  left: Lineage | null,
  right: Lineage,
): Doubt | null {
  const operator = names[names.length - 1] ?? ''
  const schema = names.length > 1 ? names[names.length - 2] : undefined
  const { catalog, searchPath } = reading.environment
  const builtin = catalog.isBuiltinOperator(operator)
  const candidates = catalog.userOperators(operator)
  const ours = schema === undefined || schema === 'pg_catalog'
  if (candidates === undefined && builtin && ours) return null
  let doubt: Doubt | null = null
  let found = false
  reading.spend((candidates?.length ?? 0) * (1 + (searchPath.length >> 3)))
  for (const candidate of candidates ?? []) {
    if (schema === undefined ? !searchPath.includes(candidate.schema) : candidate.schema !== schema) continue
    if ((candidate.left === 0) !== (left === null)) continue
    if (left !== null && left.builtinType && !catalog.isBuiltinType(candidate.left)) continue
    if (right.builtinType && !catalog.isBuiltinType(candidate.right)) continue
    found = true
    const fn = candidate.functionOid === undefined ? undefined : catalog.functionByOid(candidate.functionOid)
    if (fn === undefined) {
      reading.useFunction(candidate.schema, operator, 'user')
      doubt = { unknown: `what operator ${candidate.schema}.${operator} returns is not known` }
    } else if (trustOf(fn) === 'user') doubt = eitherDoubt(doubt, useUserFunction(reading, fn))
  }
  if (found || (builtin && ours)) return doubt
  reading.useFunction(schema ?? null, operator, 'unknown')
  return { unknown: `operator ${operator} is not known` }
}
