import { aside, ServerRefused, results, tables } from './session-catalog.ts'
import type { TappedSession } from './tapped-session.ts'

/** A relation that the server's plan or lock table names. */
export interface Named {
  readonly schema: string
  readonly name: string
}

/** What the server says that it will touch for a statement. */
export interface ServerAccount {
  /** Relations in the plan, sub-plans and targets of changes included. */
  readonly planned: readonly Named[]
  /** Targets of changes in the plan: `insert`, `update`, `delete`, `merge`. */
  readonly changed: readonly (Named & { readonly action: string })[]
  /** Locks on user relations taken while the statement was analysed, rewritten and planned. Indexes are not listed. */
  readonly locked: readonly (Named & { readonly mode: string })[]
}

const LOCKS = `SELECT n.nspname, c.relname, l.mode FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_class c ON c.oid = l.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE l.locktype = 'relation' AND l.pid = pg_catalog.pg_backend_pid() AND c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'`

const EXPLAIN = 'EXPLAIN (GENERIC_PLAN, VERBOSE, COSTS OFF, FORMAT JSON) '

/** Null: the server does not plan the statement (it refuses it, or it is none that has a plan). */
export function accountOf(
  session: TappedSession,
  text: string,
  searchPath: readonly string[],
): Promise<ServerAccount | null> {
  return aside(session, async () => {
    const before = new Set(locksIn(await session.ask(LOCKS)).map((lock) => JSON.stringify(lock)))
    let plans: string[][]
    try {
      plans = results(await session.ask(EXPLAIN + text))
    } catch (error) {
      if (error instanceof ServerRefused) return null
      throw error
    }
    const locked = locksIn(await session.ask(LOCKS)).filter((lock) => !before.has(JSON.stringify(lock)))
    // EXPLAIN writes the session's own temporary schema as its alias.
    const own = searchPath.find((schema) => schema.startsWith('pg_temp_')) ?? 'pg_temp'
    const planned: Named[] = []
    const changed: (Named & { action: string })[] = []
    for (const [plan = '[]'] of plans) readPlan(JSON.parse(plan), own, planned, changed)
    return { planned, changed, locked }
  })
}

function locksIn(messages: Awaited<ReturnType<TappedSession['ask']>>): (Named & { readonly mode: string })[] {
  return tables(messages).flatMap((rows) =>
    rows.map(([schema, name, mode]) => ({ schema: schema ?? '', name: name ?? '', mode: mode ?? '' })),
  )
}

/** Every node of EXPLAIN's JSON that names a relation (PostgreSQL manual, "EXPLAIN"). */
function readPlan(node: unknown, own: string, planned: Named[], changed: (Named & { action: string })[]): void {
  if (Array.isArray(node)) {
    for (const part of node) readPlan(part, own, planned, changed)
    return
  }
  if (typeof node !== 'object' || node === null) return
  const fields = node as Readonly<Record<string, unknown>>
  const { Schema: schema, 'Relation Name': name } = fields
  if (typeof name === 'string') {
    const named = { schema: schema === 'pg_temp' ? own : typeof schema === 'string' ? schema : '', name }
    planned.push(named)
    const action = fields['Operation']
    if (fields['Node Type'] === 'ModifyTable' && typeof action === 'string')
      changed.push({ ...named, action: action.toLowerCase() })
  }
  for (const value of Object.values(fields)) readPlan(value, own, planned, changed)
}
