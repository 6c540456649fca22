import type { TargetConfig } from '../config/index.ts'
import { openMysqlTargetQueries } from './target-queries.ts'

/** The optimizer answers at once, or not at all. */
const PATIENCE_MILLISECONDS = 3000

/** In the tables that EXPLAIN FORMAT=TRADITIONAL gives: MySQL has partitions and filtered besides. */
const COLUMNS = { 12: { rows: 9, filtered: 10 }, 10: { rows: 8, filtered: -1 } } as const

/**
 * How many rows the optimizer expects a statement to touch, asked on a connection of the gateway's own. Null: it cannot be told (a
 * text with `?`, a table that others do not see, another kind of plan). Nothing runs: EXPLAIN without ANALYZE. Never rejects.
 * `schema`, `sqlMode`: the session's.
 */
export async function estimateRows(
  name: string,
  target: TargetConfig,
  text: string,
  schema: string | null,
  sqlMode: string,
): Promise<number | null> {
  try {
    const queries = await openMysqlTargetQueries(name, target, 'estimate')
    try {
      if (schema !== null) await queries.rows(`USE \`${schema.replaceAll('`', '``')}\``, PATIENCE_MILLISECONDS)
      await queries.rows(
        `SET lock_wait_timeout = 1, innodb_lock_wait_timeout = 1, sql_mode = '${sqlMode.replaceAll(/[^A-Z_0-9,]/gi, '')}'`,
        PATIENCE_MILLISECONDS,
      )
      const rows = await queries.rows(`EXPLAIN FORMAT=TRADITIONAL ${text}`, PATIENCE_MILLISECONDS)
      return plannedRows(rows)
    } finally {
      queries.close()
    }
  } catch {
    // What the server says may quote what is not to be told; unknown is safe.
    return null
  }
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
