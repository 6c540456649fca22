/** Table: which built-in functions reach beyond their arguments. Judged by the PostgreSQL manual, chapter "Functions and Operators". */
import type { ColumnName, FunctionTrust } from '@gatehouse/core'
import type { CatalogFunction, Volatility } from '../../catalog.ts'

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter((word) => word !== ''))

/** Volatile by declaration, yet they read only their arguments, the clock, randomness, the session itself or sizes. */
const HARMLESS_VOLATILE = words(`
  random random_normal array_sample array_shuffle setseed gen_random_uuid uuidv4 uuidv7 clock_timestamp timeofday
  current_query pg_is_in_recovery pg_jit_available pg_stat_clear_snapshot
  pg_relation_size pg_table_size pg_indexes_size pg_total_relation_size pg_database_size pg_tablespace_size
  pg_partition_tree pg_partition_ancestors pg_advisory_unlock_all pg_sequence_last_value pg_get_sequence_data pg_collation_actual_version
  pg_database_collation_actual_version pg_relation_filepath amvalidate
  pg_get_shmem_allocations pg_get_wait_events pg_get_loaded_modules
  txid_current pg_current_xact_id txid_status pg_xact_status`)

/** Immutable or stable by declaration, yet they show other sessions, files, server secrets or values of other tables. */
const SENSITIVE_STABLE = words(`
  pg_stat_get_activity pg_stat_get_wal_senders pg_stat_get_wal_receiver pg_stat_get_replication_slot
  pg_stat_get_subscription pg_stat_get_subscription_stats pg_stat_get_progress_info pg_stat_get_io pg_stat_get_slru
  pg_stat_get_xact_function_calls pg_get_replication_slots pg_show_replication_origin_status
  pg_lock_status pg_blocking_pids pg_safe_snapshot_blocking_pids pg_prepared_xact pg_cursor pg_prepared_statement
  pg_show_all_file_settings pg_hba_file_rules pg_ident_file_mappings pg_config pg_current_logfile pg_control_system
  pg_control_checkpoint pg_control_recovery pg_control_init pg_mcv_list_items
  pg_get_backend_memory_contexts pg_get_process_memory_contexts pg_get_aios pg_timezone_abbrevs_zone
  pg_listening_channels pg_notification_queue_usage pg_get_multixact_members
  query_to_xml query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema
  table_to_xml table_to_xmlschema table_to_xml_and_xmlschema schema_to_xml schema_to_xmlschema
  schema_to_xml_and_xmlschema database_to_xml database_to_xmlschema database_to_xml_and_xmlschema
  ts_stat ts_rewrite currtid currtid2 set_config nextval setval lastval currval
  pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile pg_notify pg_export_snapshot
  pg_sleep pg_sleep_for pg_sleep_until`)

/** Whole families, whatever their volatility; but connection pools send pg_advisory_unlock_all, which gives up the session's own locks. */
const SENSITIVE_FAMILY =
  /^(?:pg_read_|pg_ls_|pg_stat_file$|pg_logdir_ls|pg_file_|lo_|loread$|lowrite$|lo(?:im|ex)port|pg_stat_get_backend_|pg_advisory_(?!unlock_all$)|pg_try_advisory_|pg_logical_|pg_replication_|pg_create_|pg_drop_|pg_copy_|pg_wal_|pg_walfile_|pg_switch_|pg_promote|pg_backup_|pg_start_backup|pg_stop_backup|binary_upgrade_|pg_stat_reset|pg_log_|pg_sync_|pg_restore_|pg_clear_|pg_import_system|pg_nextoid|pg_stop_making|dblink)/

/** Their result can be any stored value: other tables, files, other sessions' statements. */
const ANY_VALUE =
  /^(?:query_to_xml|cursor_to_xml|table_to_xml|schema_to_xml|database_to_xml|ts_stat$|pg_read_|pg_ls_|pg_stat_get_activity$|pg_stat_get_backend_activity$|lo_get$|loread$|pg_logical_slot_|pg_cursor$|pg_prepared_statement$|pg_mcv_list_items$|pg_get_replication_slots$|pg_show_all_file_settings$|pg_hba_file_rules$|pg_ident_file_mappings$|pg_listening_channels$)/

/** They run text as SQL. */
const RUNS_TEXT = /^(?:(?:query|cursor|table|schema|database)_to_xml(?:schema|_and_xmlschema)?|ts_stat)$/

/** Not built in, but widely installed: text among their arguments is run as SQL. */
const RUNS_TEXT_BY_EXTENSION = /^(?:dblink|crosstab|connectby$|xpath_table$|plv8|exec|cron)/

/**
 * Extensions whose immutable functions compute from their arguments and nothing else (PostgreSQL manual, appendix "Additional Supplied
 * Modules"; the documentation of pgvector and PostGIS). They are written in C: only a superuser can make such a function.
 */
const PURE_EXTENSIONS = words(`
  btree_gin btree_gist citext cube earthdistance fuzzystrmatch hstore intarray isn ltree pg_trgm pgcrypto seg unaccent uuid-ossp vector postgis`)

/** True for an immutable function in C, or in the server's own language, of an extension that is known to compute only. */
export function isPureOfExtension(fn: CatalogFunction): boolean {
  return (
    fn.extension !== undefined &&
    PURE_EXTENSIONS.has(fn.extension) &&
    fn.volatility === 'immutable' &&
    (fn.language === 'c' || fn.language === 'internal')
  )
}

/** How far a built-in function is trusted. */
export function builtinTrust(name: string, volatility: Volatility): FunctionTrust {
  if (returnsAnyValue(name) && fieldWithValues(name) === null) return 'revealing'
  if (SENSITIVE_STABLE.has(name) || SENSITIVE_FAMILY.test(name)) {
    // The two-argument and three-tsquery forms share a name: both count as the dangerous one.
    return 'sensitive'
  }
  if (volatility === 'volatile' && !HARMLESS_VOLATILE.has(name)) return 'sensitive'
  return 'harmless'
}

/** True when the result of a built-in function can hold values that its arguments do not. */
export function returnsAnyValue(name: string): boolean {
  return ANY_VALUE.test(name)
}

/** The text of other sessions' statements, as the view has it that shows what the function returns. */
const STATEMENTS_OF_OTHERS: ColumnName = { schema: 'pg_catalog', relation: 'pg_stat_activity', column: 'query' }

/**
 * Of a built-in function that returns rows in FROM: the one field that can hold any value, by the name of the system view's column
 * that it is; null when that cannot be told of it.
 */
export function fieldWithValues(name: string): ColumnName | null {
  return name === 'pg_stat_get_activity' ? STATEMENTS_OF_OTHERS : null
}

/** True when the function runs text as SQL. `builtin`: it is one of the server's own. */
export function runsText(name: string, builtin: boolean, argumentCount: number): boolean {
  if (builtin) return RUNS_TEXT.test(name) || (name === 'ts_rewrite' && argumentCount === 2)
  return RUNS_TEXT_BY_EXTENSION.test(name)
}
