import type { SessionSettings } from '@gatehouse/core'
import type { OwnQueries } from './own-queries.ts'

/** What only bounds, names or reports, or what the gateway itself sets: no statement means something else by it. */
const IRRELEVANT =
  /^(?:character_set_.*|collation_database|.*_timeout|max_(?:execution|statement)_time|session_track_.*|sql_notes|sql_quote_show_create)$/

/**
 * What the session is set to other than the server, by the names of its variables; those that only sessions have are not among them.
 * Rejects as `OwnQueries.rows`.
 */
export async function readSettings(queries: OwnQueries): Promise<SessionSettings> {
  const session = await queries.rows('SHOW SESSION VARIABLES')
  const server = new Map((await queries.rows('SHOW GLOBAL VARIABLES')).map(([name, value]) => [name, value]))
  return Object.fromEntries(
    session.flatMap(([name, value]) =>
      typeof name === 'string' && server.has(name) && server.get(name) !== value && !IRRELEVANT.test(name)
        ? [[name, value ?? 'NULL']]
        : [],
    ),
  )
}
