import type { OwnQueries } from './own-queries.ts'
import { UpstreamUnavailable } from '../upstream-dial.ts'

/** What a session at the server has been set to, as far as texts are read by it. */
export interface SessionSettings {
  /** `@@sql_mode`, as the variable has it. */
  readonly sqlMode: string
  /** The current schema; null: none. */
  readonly schema: string | null
}

/** Variables whose every change the server has to tell, beside those that it tells by default. */
const TRACKED = [
  'autocommit',
  'character_set_client',
  'character_set_connection',
  'character_set_results',
  'collation_connection',
  'session_track_schema',
  'session_track_system_variables',
  'sql_mode',
  'time_zone',
]

const TRACK = `SET SESSION session_track_schema = 1, SESSION session_track_system_variables = '${TRACKED.join(',')}'`
const ASK =
  'SELECT @@SESSION.sql_mode, DATABASE(), @@SESSION.character_set_client, @@SESSION.character_set_connection, @@SESSION.character_set_results'
const PIN = 'SET NAMES utf8mb4'

/**
 * Makes a session one whose texts can be read: everything in utf8mb4, and every change of what reading goes by is told. For
 * one that has just been logged in to, or reset. `role`: as after SET ROLE; null: the server's choice. `schema`: to
 * begin in; null: it is in one, or in none. Rejects with `UpstreamUnavailable`.
 */
export async function settleSession(
  target: string,
  queries: OwnQueries,
  role: string | null,
  schema: string | null = null,
): Promise<SessionSettings> {
  if (role !== null) await queries.rows(`SET ROLE ${role}`)
  if (schema !== null) await queries.rows(`USE ${quoteName(schema)}`)
  await queries.rows(TRACK)
  let row = await asked(target, queries)
  if (!row.pinned) {
    await queries.rows(PIN)
    row = await asked(target, queries)
  }
  if (row.pinned) return row.settings
  throw new UpstreamUnavailable(target, 'the database does not let a session speak utf8mb4', 'SET NAMES had no effect')
}

/** The name of a role or a schema as it stands in a statement, under any `sql_mode`. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

async function asked(
  target: string,
  queries: OwnQueries,
): Promise<{ readonly settings: SessionSettings; readonly pinned: boolean }> {
  const [sqlMode, schema, ...characterSets] = (await queries.rows(ASK))[0] ?? []
  if (typeof sqlMode !== 'string' || schema === undefined) {
    throw new UpstreamUnavailable(target, 'the database did not say how it reads texts', 'no row')
  }
  const pinned = characterSets.length === 3 && characterSets.every((name) => name === 'utf8mb4')
  return { settings: { sqlMode, schema }, pinned }
}
