import type { SessionSettings } from '@gatehouse/core'
import type { OwnQueries } from './own-queries.ts'

/** What only bounds, names or reports, or what the gateway itself sets: no statement means something else by it. */
const IRRELEVANT =
  /^(?:character_set_.*|collation_database|.*_timeout|max_(?:execution|statement)_time|session_track_.*|sql_notes|sql_quote_show_create)$/

/** SYSDATE() goes on where SET timestamp has stopped NOW(); `insert_id` is given to the next row. Both are variables of sessions alone. */
const OWN = 'SELECT @@SESSION.timestamp, ABS(@@SESSION.timestamp - UNIX_TIMESTAMP(SYSDATE(6))) > 5, @@SESSION.insert_id'

/**
 * What the session is set to other than the server, by the names of its variables. Of those that only sessions have it tells the ones
 * that change what a statement writes or finds. Rejects as `OwnQueries.rows`.
 */
export async function readSettings(queries: OwnQueries): Promise<SessionSettings> {
  const session = await queries.rows('SHOW SESSION VARIABLES')
  const server = new Map((await queries.rows('SHOW GLOBAL VARIABLES')).map(([name, value]) => [name, value]))
  const [timestamp, stopped, insertId] = (await queries.rows(OWN))[0] ?? []
  return Object.fromEntries([
    ...session.flatMap(([name, value]) =>
      typeof name === 'string' && server.has(name) && server.get(name) !== value && !IRRELEVANT.test(name)
        ? [[name, value ?? 'NULL']]
        : [],
    ),
    ...(stopped === '1' ? [['timestamp', timestamp ?? 'NULL']] : []),
    ...(insertId === '0' ? [] : [['insert_id', insertId ?? 'NULL']]),
  ])
}
