/** What every session may do without a rule, and what no session may do whatever the rules. */
import type { Action, SettingUse } from '../statement/facts.ts'
import type { EngineName } from './name-pattern.ts'

const freeActions = new Set<Action>(
  `begin commit rollback savepoint release rollback_to set_transaction show deallocate close_cursor discard unlisten
  use unlock help get_diagnostics signal resignal`.split(/\s+/),
)

/** True for actions that a principal with any allow rule may do on no object: drivers and poolers need them. */
export function isFreeAction(action: Action): boolean {
  return freeActions.has(action)
}

/** Settings that drivers send when they connect: they shape dates, numbers, time limits and names in reports. */
const driverSettings: Readonly<Record<EngineName, ReadonlySet<string>>> = {
  postgres: new Set(
    `application_name bytea_output client_encoding client_min_messages datestyle default_transaction_deferrable
    default_transaction_isolation default_transaction_read_only extra_float_digits geqo idle_in_transaction_session_timeout
    idle_session_timeout intervalstyle jit lock_timeout standard_conforming_strings statement_timeout timezone
    transaction_deferrable transaction_isolation transaction_read_only transaction_timeout`.split(/\s+/),
  ),
  mysql: new Set(
    `autocommit character_set_client character_set_connection character_set_results collation_connection group_concat_max_len
    information_schema_stats_expiry innodb_lock_wait_timeout interactive_timeout lock_wait_timeout max_execution_time
    max_statement_time names net_read_timeout net_write_timeout session_track_gtids session_track_schema
    session_track_state_change session_track_system_variables session_track_transaction_info sql_auto_is_null sql_mode sql_notes
    sql_quote_show_create sql_safe_updates sql_select_limit time_zone transaction_isolation transaction_read_only tx_isolation tx_read_only wait_timeout`.split(
      /\s+/,
    ),
  ),
}

/** True for a change of a setting that needs no rule. RESET goes back to what the session was opened with. */
export function isFreeSetting(use: SettingUse, engine: EngineName): boolean {
  if (use.action === 'show') return true
  if (use.action === 'reset' && (use.name === '*' || roleSettings.has(use.name))) return true
  // What is in a user variable was let in as a write of its own.
  return driverSettings[engine].has(use.name) || (engine === 'mysql' && use.name.startsWith('@'))
}

/** Settings that stand for an action: `set_config('role', …)` is SET ROLE. */
const roleSettings: ReadonlyMap<string, Action> = new Map([
  ['role', 'set_role'],
  ['session_authorization', 'set_session_authorization'],
])

/** The action a change of this setting amounts to; null when it is a setting like any other. */
export function actionOfSetting(use: SettingUse): Action | null {
  return use.action === 'set' ? (roleSettings.get(use.name) ?? null) : null
}

/** Settings that change how text is read or what it shows, and the values under which the gateway reads as the server does. */
const pinnedSettings: Readonly<Record<EngineName, ReadonlyMap<string, RegExp>>> = {
  postgres: new Map([
    ['standard_conforming_strings', /^(?:on|true|yes|1|t|y)$/i],
    ['client_encoding', /^(?:|utf-?8|unicode)$/i],
    ['backslash_quote', /^safe_encoding$/i],
  ]),
  mysql: new Map([
    ['names', /^utf8(?:mb[34])?$/i],
    // From a user variable, as dumps put back what they found: the server tells what it was, and another ends the session.
    ['character_set_client', /^(?:utf8(?:mb[34])?|@[^@].*)$/is],
    ['character_set_connection', /^(?:utf8(?:mb[34])?|@[^@].*)$/is],
    ['collation_connection', /^(?:utf8(?:mb[34])?_\w+|@[^@].*)$/is],
    // By name, so that it is told which; or from where dumps keep what they found. Under ORACLE another language is spoken.
    ['sql_mode', /^(?!.*\boracle\b)(?:(?:@@sql_mode\b)?[a-z_0-9, ]*|@(?:old|saved)_sql_mode)$/i],
    // What EXPLAIN without FORMAT shows: plans in JSON hold values.
    ['explain_format', /^(?:traditional|tree)$/i],
  ]),
}

/** Pinned settings that may go back to the server's own value: the server tells what that is. */
const restorableSettings: ReadonlySet<string> = new Set(['sql_mode'])

/** A change that is refused whatever the policy says. */
export interface PinnedChange {
  readonly name: string
  /** The value that is accepted, as one would write it; null when the name is computed and none can be named. */
  readonly accepted: string | null
}

const acceptedValues: ReadonlyMap<string, string> = new Map([
  ['standard_conforming_strings', 'on'],
  ['client_encoding', 'UTF8'],
  ['backslash_quote', 'safe_encoding'],
  ['names', 'utf8mb4'],
  ['character_set_client', 'utf8mb4'],
  ['character_set_connection', 'utf8mb4'],
  ['collation_connection', 'utf8mb4_0900_ai_ci'],
  ['sql_mode', 'the modes by name, but for ORACLE; DEFAULT; or @old_sql_mode'],
  ['explain_format', 'TRADITIONAL or TREE'],
])

/**
 * The first change of a pinned setting to another value, null when there is none. A value or a name that is computed at run
 * time counts as another value; RESET ALL is no change, for the session was opened under the pinned values.
 */
export function pinnedChange(settings: readonly SettingUse[], engine: EngineName): PinnedChange | null {
  for (const use of settings) {
    if (use.action === 'show' || (use.action === 'reset' && use.name === '*')) continue
    if (use.name === '*') return { name: use.name, accepted: null }
    const accepted = pinnedSettings[engine].get(use.name)
    if (accepted === undefined) continue
    if (use.action === 'reset' && restorableSettings.has(use.name)) continue
    if (use.action === 'set' && use.value !== null && accepted.test(use.value)) continue
    return { name: use.name, accepted: acceptedValues.get(use.name) ?? null }
  }
  return null
}
