import type { AuditedParameter } from '@gatehouse/core'
import type { Catalog } from '@gatehouse/sql-analysis'
import type { EstimatedStatement } from '../holding/held-statement.ts'
import type { Target } from '../target.ts'
import type { Turn } from '../turn.ts'
import { OwnQueries } from './own-queries.ts'
import { openUpstream } from './upstream.ts'
import { readsByItself } from './value-types.ts'

/** The planner answers at once, or not at all. */
const PATIENCE_MILLISECONDS = 3000

/** Of the transaction that is under way there: the one here is its own. */
const OF_TRANSACTION = /^transaction_/

/**
 * How many rows the planner expects a statement to touch, asked on a connection of the gateway's own: an error would break the
 * session's transaction. Null: it cannot be told (a value of a type whose reading runs code, a table that others do not see, a
 * lock, a change within the change). Nothing runs: EXPLAIN without ANALYZE of one statement with its bound values, in a
 * transaction that may not write and is set to what the session is set to. Never rejects. `role`, `searchPath`, `catalog`: the session's.
 */
export async function estimateRows(
  name: string,
  target: Target,
  role: string | null,
  { text, parameters, parameterTypes, settings }: EstimatedStatement,
  searchPath: readonly string[],
  catalog: Catalog,
  turn: Turn,
): Promise<number | null> {
  try {
    const pinned = new Map([
      ['application_name', 'gatehouse:estimate'],
      ['client_encoding', 'UTF8'],
      ['standard_conforming_strings', 'on'],
      ...(role === null ? [] : ([['role', role]] as const)),
    ])
    const upstream = await openUpstream(name, target, pinned, 'estimate', turn)
    const queries = new OwnQueries(name, upstream, PATIENCE_MILLISECONDS)
    try {
      await queries.rows('BEGIN READ ONLY')
      const set = Object.entries(settings).filter(([setting]) => !OF_TRANSACTION.test(setting))
      const calls = set.map((pair) => `pg_catalog.set_config(${pair.map(quoted).join(', ')}, true)`)
      if (calls.length > 0) await queries.rows(`SELECT ${calls.join(', ')}`)
      await queries.rows("SET LOCAL statement_timeout = '2s'; SET LOCAL lock_timeout = '200ms'")
      const path = searchPath.map((schema) => `"${schema.replaceAll('"', '""')}"`).join(', ')
      if (path !== '') await queries.rows(`SET LOCAL search_path = ${path}`)
      const declared = parameterTypes.map((oid) => Number(oid) >>> 0)
      const types = await queries.parse(`EXPLAIN (FORMAT JSON) ${text}`, declared)
      // Bind has the server read each value, which nobody has said yes to so far: a domain would run its checks.
      if (!types.every((oid) => readsByItself(oid, catalog))) return null
      const values = parameters ?? []
      const [row] = await queries.rowsOfParsed(values.map(formatOf), values.map(bytesOf))
      return plannedRows(JSON.parse(row?.[0] ?? 'null'))
    } finally {
      queries.close()
    }
  } catch {
    // What the server says may quote what is not to be told; unknown is safe.
    return null
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function formatOf(value: AuditedParameter): 0 | 1 {
  return value instanceof Uint8Array ? 1 : 0
}

function bytesOf(value: AuditedParameter): Buffer | null {
  return value === null ? null : Buffer.from(value)
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
