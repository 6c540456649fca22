import type { Expression } from '../../query-tree.ts'
import type { Spending } from '../../../facts/work.ts'

/** Units for two parts that are compared. */
const COMPARED_UNITS = 20

/** True when two expressions are the same text but for the case of names and keywords. */
export function sameShape(work: Spending, a: Expression, b: Expression): boolean {
  return a === b || sameValue(work, a, b)
}

function sameValue(work: Spending, a: unknown, b: unknown): boolean {
  work.spend(COMPARED_UNITS)
  if (typeof a === 'string' && typeof b === 'string') return a === b || a.toLowerCase() === b.toLowerCase()
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const ours = Object.entries(a)
  const theirs = new Map(Object.entries(b))
  return ours.length === theirs.size && ours.every(([key, value]) => sameValue(work, value, theirs.get(key)))
}
