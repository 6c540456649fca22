import type { SessionSettings } from '@gatehouse/core'
import { SessionQuestion } from './session-probe.ts'

/** What only bounds, names or reports, or is pinned: no statement means something else by it. */
const IRRELEVANT = [
  'application_name',
  'backslash_quote',
  'client_encoding',
  'client_min_messages',
  'geqo',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'jit',
  'lock_timeout',
  'standard_conforming_strings',
  'statement_timeout',
  'transaction_timeout',
]

/**
 * What the session was set to by its start-up message, SET and set_config(), and whose role it has taken (PostgreSQL manual,
 * `pg_settings`; roles are not among them). One row, one text cell that is a JSON object.
 */
export const SETTINGS_QUESTION: SessionQuestion = new SessionQuestion(
  `SELECT COALESCE(pg_catalog.jsonb_object_agg(name, value), '{}'::pg_catalog.jsonb)::pg_catalog.text FROM (
    SELECT s.name, s.setting AS value FROM pg_catalog.pg_settings s
    WHERE s.source OPERATOR(pg_catalog.=) ANY ('{client,session,interactive}'::pg_catalog.text[])
      AND s.setting IS NOT NULL
      AND NOT s.name OPERATOR(pg_catalog.=) ANY ('{${IRRELEVANT.join(',')}}'::pg_catalog.text[])
    UNION ALL
    SELECT 'role', current_user::pg_catalog.text WHERE current_user OPERATOR(pg_catalog.<>) session_user
    UNION ALL
    SELECT 'session_authorization', session_user::pg_catalog.text
    FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) a
    WHERE pg_catalog.pg_get_userbyid(a.usesysid) OPERATOR(pg_catalog.<>) session_user) AS settings`,
)

/** Null when the text is not a JSON object of strings. */
export function readSettings(text: string): SessionSettings | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    const entries = Object.entries(value)
    return entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')
      ? Object.fromEntries(entries)
      : null
  } catch {
    return null
  }
}
