import type { TargetConfig } from '../config/index.ts'
import { openTargetQueries } from './target-queries.ts'

/** The planner answers at once, or not at all. */
const PATIENCE_MILLISECONDS = 3000

/**
 * How many rows the planner expects a statement to touch, asked on a connection of the gateway's own: an error would break the
 * session's transaction. Null: it cannot be told (a text with `$1` before PostgreSQL 16, a table that others do not see, a lock).
 * Nothing runs: EXPLAIN without ANALYZE, in a transaction that may not write. Never rejects. `searchPath`: the session's.
 */
export async function estimateRows(
  name: string,
  target: TargetConfig,
  text: string,
  searchPath: readonly string[],
): Promise<number | null> {
  try {
    const queries = await openTargetQueries(name, target, 'estimate')
    try {
      const path = searchPath.map((schema) => `"${schema.replaceAll('"', '""')}"`).join(', ')
      await queries.rows('BEGIN READ ONLY', PATIENCE_MILLISECONDS)
      await queries.rows("SET LOCAL statement_timeout = '2s'; SET LOCAL lock_timeout = '200ms'", PATIENCE_MILLISECONDS)
      if (path !== '') await queries.rows(`SET LOCAL search_path = ${path}`, PATIENCE_MILLISECONDS)
      const generic = /\$[0-9]/.test(text) ? 'GENERIC_PLAN, ' : ''
      const [row] = await queries.rows(`EXPLAIN (${generic}FORMAT JSON) ${text}`, PATIENCE_MILLISECONDS)
      return plannedRows(JSON.parse(row?.[0] ?? 'null'))
    } finally {
      queries.close()
    }
  } catch {
    // What the server says may quote what is not to be told; unknown is safe.
    return null
  }
}

/** What comes out of the plan beneath the change. */
function plannedRows(explained: unknown): number | null {
  const [first] = Array.isArray(explained) ? (explained as readonly { readonly Plan?: Plan }[]) : []
  const inputs = first?.Plan?.Plans ?? []
  const rows = inputs.reduce((sum, plan) => sum + (plan['Plan Rows'] ?? Number.NaN), 0)
  return inputs.length > 0 && Number.isFinite(rows) ? rows : null
}

interface Plan {
  readonly 'Plan Rows'?: number
  readonly Plans?: readonly Plan[]
}
