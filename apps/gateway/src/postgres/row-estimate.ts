import type { TargetConfig } from '../config/index.ts'
import type { Turn } from '../turn.ts'
import { OwnQueries } from './own-queries.ts'
import { openUpstream } from './upstream.ts'

/** The planner answers at once, or not at all. */
const PATIENCE_MILLISECONDS = 3000

/**
 * How many rows the planner expects a statement to touch, asked on a connection of the gateway's own: an error would break the
 * session's transaction. Null: it cannot be told (a text with `$1`, a table that others do not see, a lock, a change within the
 * change). Nothing runs: EXPLAIN without ANALYZE of one statement, read as the session reads it, in a transaction that may not
 * write. Never rejects. `searchPath`: the session's.
 */
export async function estimateRows(
  name: string,
  target: TargetConfig,
  text: string,
  searchPath: readonly string[],
  turn: Turn,
): Promise<number | null> {
  if (/\$[0-9]/.test(text)) return null
  try {
    const settings = new Map([
      ['application_name', 'gatehouse:estimate'],
      ['client_encoding', 'UTF8'],
      ['standard_conforming_strings', 'on'],
    ])
    const upstream = await openUpstream(name, target, settings, turn)
    const queries = new OwnQueries(name, upstream, PATIENCE_MILLISECONDS)
    try {
      const path = searchPath.map((schema) => `"${schema.replaceAll('"', '""')}"`).join(', ')
      await queries.rows('BEGIN READ ONLY')
      await queries.rows("SET LOCAL statement_timeout = '2s'; SET LOCAL lock_timeout = '200ms'")
      if (path !== '') await queries.rows(`SET LOCAL search_path = ${path}`)
      const [row] = await queries.rowsOfOne(`EXPLAIN (FORMAT JSON) ${text}`)
      return plannedRows(JSON.parse(row?.[0] ?? 'null'))
    } finally {
      queries.close()
    }
  } catch {
    // What the server says may quote what is not to be told; unknown is safe.
    return null
  }
}

/** What comes out of the plans beneath the change, or of a query. */
function plannedRows(explained: unknown): number | null {
  const [first] = Array.isArray(explained) ? (explained as readonly { readonly Plan?: Plan }[]) : []
  const beneath = first?.Plan?.Plans ?? []
  if (beneath.some(changes)) return null
  if (first?.Plan?.['Node Type'] !== 'ModifyTable') return first?.Plan?.['Plan Rows'] ?? null
  const inputs = beneath.filter((plan) => INPUTS.has(plan['Parent Relationship'] ?? ''))
  const rows = inputs.reduce((sum, plan) => sum + (plan['Plan Rows'] ?? Number.NaN), 0)
  return inputs.length > 0 && Number.isFinite(rows) ? rows : null
}

const INPUTS: ReadonlySet<string> = new Set(['Outer', 'Member'])

/** A change within the change (in WITH) touches rows of its own. */
function changes(plan: Plan): boolean {
  return plan['Node Type'] === 'ModifyTable' || (plan.Plans ?? []).some(changes)
}

interface Plan {
  readonly 'Node Type'?: string
  readonly 'Parent Relationship'?: string
  readonly 'Plan Rows'?: number
  readonly Plans?: readonly Plan[]
}
