import type { SessionSettings } from '@gatehouse/core'
import type { BoundValue } from '@gatehouse/mysql-wire'
import { openMysqlTargetQueries } from './target-queries.ts'
import type { Target } from '../target.ts'

/** The optimizer answers at once, or not at all. */
const PATIENCE_MILLISECONDS = 3000

/** In the tables that EXPLAIN FORMAT=TRADITIONAL gives: MySQL has partitions and filtered besides. */
const COLUMNS = { 12: { rows: 9, filtered: 10 }, 10: { rows: 8, filtered: -1 } } as const

/** Of the transaction that is under way there: the one here is its own. */
const OF_TRANSACTION = /^(?:autocommit|completion_type|transaction_.*|tx_.*)$/

/** What the session goes by. `schema` null: none. */
export interface Reading {
  readonly schema: string | null
  readonly settings: SessionSettings
  readonly role: string | null
}

/**
 * How many rows the optimizer expects a statement to touch, asked on a connection of the gateway's own. Null: it cannot be told (a
 * table that others do not see, another kind of plan). `values`: of its `?`, as they were sent. Nothing runs: EXPLAIN without
 * ANALYZE, prepared and run with the same values of the same types, in a session set to what the client's is set to. Never rejects.
 */
export async function estimateRows(
  name: string,
  target: Target,
  text: string,
  values: readonly BoundValue[],
  { schema, settings, role }: Reading,
): Promise<number | null> {
  try {
    const queries = await openMysqlTargetQueries(name, target, 'estimate', role)
    try {
      if (schema !== null) await queries.rows(`USE \`${schema.replaceAll('`', '``')}\``, PATIENCE_MILLISECONDS)
      const set = Object.entries(settings).filter(([variable]) => !OF_TRANSACTION.test(variable))
      const changes = set.map(([variable, value]) => `${variable} = ${written(value)}`)
      changes.push('lock_wait_timeout = 1', 'innodb_lock_wait_timeout = 1')
      await queries.rows(`SET SESSION ${changes.join(', SESSION ')}`, PATIENCE_MILLISECONDS)
      const rows = await queries.rowsOfPrepared(`EXPLAIN FORMAT=TRADITIONAL ${text}`, values, PATIENCE_MILLISECONDS)
      return plannedRows(rows)
    } finally {
      queries.close()
    }
  } catch {
    // What the server says may quote what is not to be told; unknown is safe.
    return null
  }
}

/** A variable's value as SET takes it, under any modes. Throws for one that might be read otherwise. */
function written(value: string): string {
  if (/^-?\d+(?:\.\d+)?$/.test(value)) return value
  if (/['\\]/.test(value)) throw new Error('a value that is read by the modes')
  return `'${value}'`
}

/** Of one table alone: what joins touch is not told by the product of their rows. */
function plannedRows(table: readonly (readonly (string | null)[])[]): number | null {
  const [row] = table
  if (row === undefined || table.length !== 1) return null
  const at = COLUMNS[row.length as 10 | 12] as (typeof COLUMNS)[12] | undefined
  if (at === undefined) return null
  const rows = Number(row[at.rows] ?? Number.NaN) * (at.filtered < 0 ? 1 : Number(row[at.filtered] ?? 100) / 100)
  return Number.isFinite(rows) ? Math.round(rows) : null
}
