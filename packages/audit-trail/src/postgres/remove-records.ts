import { jsonText } from '@gatehouse/core'
import type { Pool, PoolClient } from 'pg'
import type { HeldNames } from '../retention/held-names.ts'
import { openPool } from './connection.ts'
import type { TrailDatabase } from './database-address.ts'
import { checkVersion } from './migrate.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
/** A day's rows are looked through for what is held. */
const STATEMENT_MILLISECONDS = 600_000

/** What goes. */
export interface RecordRemoval {
  /** Records from before this time. */
  readonly before: Date
  /** Not those whose line, or whose outcome's, has one of these names as a text of its own, wherever it stands. */
  readonly held: HeldNames
}

/** What went. */
export interface RemovedRecords {
  /** Days that were removed as a whole. */
  readonly days: number
  /** Rows of days that were not. */
  readonly rows: number
}

/**
 * Removes old records from the database, day by day, and the numbers of their time. Rejects where it cannot; the days before that are gone
 * then, and the rest goes when it is called again.
 */
export async function removeRecords(database: TrailDatabase, removal: RecordRemoval): Promise<RemovedRecords> {
  const pool = openPool(database, {
    name: 'gatehouse audit retention',
    connections: 1,
    statementMilliseconds: STATEMENT_MILLISECONDS,
  })
  try {
    await checkVersion(pool)
    const before = removal.before.getTime()
    const held = [...removal.held.sessions, ...removal.held.subjects].map(jsonText)
    await removeTallies(pool, before)
    let days = 0
    let rows = 0
    for (const day of await daysBefore(pool, before)) {
      const removed = await inTransaction(pool, (client) => removeDay(client, day, before, held))
      if (removed === 'whole') days++
      else rows += removed
    }
    return { days, rows }
  } finally {
    await pool.end()
  }
}

/** First: what they count must never be more than is there. */
async function removeTallies(pool: Pool, before: number): Promise<void> {
  const hour = new Date(Math.ceil(before / HOUR) * HOUR).toISOString()
  await inTransaction(pool, async (client) => {
    const oldest = await client.query('SELECT FROM gatehouse_audit.record WHERE time < $1 LIMIT 1', [hour])
    if (oldest.rows.length === 0) return
    await client.query('UPDATE gatehouse_audit.tallied SET since = greatest(since, $1::timestamptz)', [hour])
    await client.query(
      'DELETE FROM gatehouse_audit.tally WHERE begins < $1 AND begins + hours * interval $$1 hour$$ <= $1',
      [hour],
    )
  })
}

/** The days that begin before, in milliseconds. */
async function daysBefore(pool: Pool, before: number): Promise<readonly number[]> {
  const found = await pool.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'gatehouse_audit.record'::regclass ORDER BY 1`,
  )
  return found.rows
    .map(({ name }) => Date.parse(name.replace(/^record_(\d+)(\d\d)(\d\d)$/, '$1-$2-$3')))
    .filter((day) => day < before)
}

async function removeDay(
  client: PoolClient,
  day: number,
  before: number,
  held: readonly string[],
): Promise<'whole' | number> {
  const within = [new Date(day).toISOString(), new Date(day + DAY).toISOString()]
  if (day + DAY <= before) {
    const found =
      held.length === 0
        ? { rows: [] }
        : await client.query(
            `SELECT FROM gatehouse_audit.record WHERE time >= $1 AND time < $2 AND ${isHeld('$3')} LIMIT 1`,
            [...within, held],
          )
    if (found.rows.length === 0) {
      await client.query('SELECT gatehouse_audit.drop_day($1::date)', [new Date(day).toISOString().slice(0, 10)])
      return 'whole'
    }
  }
  const removed = await client.query(
    `DELETE FROM gatehouse_audit.record WHERE time >= $1 AND time < $2 AND coalesce(clock, time) < $3 AND NOT ${isHeld('$4')}`,
    [...within, new Date(before).toISOString(), held],
  )
  return removed.rowCount ?? 0
}

/** That a row has one of the names that are bound as this. */
function isHeld(names: string): string {
  return `EXISTS (SELECT FROM unnest(${names}::text[]) AS name WHERE strpos(line, name) > 0 OR strpos(outcome, name) > 0)`
}

async function inTransaction<Answer>(pool: Pool, work: (client: PoolClient) => Promise<Answer>): Promise<Answer> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('BEGIN')
    const answer = await work(client)
    await client.query('COMMIT')
    return answer
  } catch (error) {
    await client.query('ROLLBACK').catch((failed: Error) => (broken = failed))
    throw error
  } finally {
    client.release(broken)
  }
}
