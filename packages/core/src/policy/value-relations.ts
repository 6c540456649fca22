// A table: the system relations that hold samples of other tables' values, or the text of other sessions' statements; and the columns that hold credentials.
import type { Access, ColumnName } from '../statement/facts.ts'

/** Statement text in views of MySQL's sys schema. */
const sysStatementColumns: readonly string[] = [
  'current_statement',
  'last_statement',
  'waiting_query',
  'blocking_query',
]

/** Columns that hold values, by relation; null: all of them. Schema null: an extension, installed in any schema. */
const valueRelations: readonly {
  readonly schema: string | null
  readonly name: string
  readonly columns: readonly string[] | null
}[] = [
  // PostgreSQL manual, 53 System Views and 52 System Catalogs
  {
    schema: 'pg_catalog',
    name: 'pg_statistic',
    columns: ['stavalues1', 'stavalues2', 'stavalues3', 'stavalues4', 'stavalues5'],
  },
  { schema: 'pg_catalog', name: 'pg_statistic_ext_data', columns: ['stxdmcv', 'stxdexpr'] },
  {
    schema: 'pg_catalog',
    name: 'pg_stats',
    columns: [
      'most_common_vals',
      'histogram_bounds',
      'most_common_elems',
      'elem_count_histogram',
      'range_length_histogram',
      'range_bounds_histogram',
    ],
  },
  { schema: 'pg_catalog', name: 'pg_stats_ext', columns: ['most_common_vals'] },
  {
    schema: 'pg_catalog',
    name: 'pg_stats_ext_exprs',
    columns: [
      'most_common_vals',
      'histogram_bounds',
      'most_common_elems',
      'elem_count_histogram',
      'range_length_histogram',
      'range_bounds_histogram',
    ],
  },
  { schema: 'pg_catalog', name: 'pg_stat_activity', columns: ['query'] },
  { schema: null, name: 'pg_stat_statements', columns: ['query'] },
  // MySQL manual, 28 INFORMATION_SCHEMA Tables, 29 Performance Schema, 30 sys Schema; MariaDB, Engine-Independent Table Statistics
  { schema: 'information_schema', name: 'column_statistics', columns: ['histogram'] },
  { schema: 'information_schema', name: 'innodb_ft_index_cache', columns: null },
  { schema: 'information_schema', name: 'innodb_ft_index_table', columns: null },
  { schema: 'information_schema', name: 'innodb_locks', columns: ['lock_data'] },
  { schema: 'information_schema', name: 'innodb_trx', columns: ['trx_query', 'trx_last_foreign_key_error'] },
  { schema: 'information_schema', name: 'optimizer_trace', columns: null },
  { schema: 'information_schema', name: 'processlist', columns: ['info', 'info_binary'] },
  { schema: 'information_schema', name: 'query_cache_info', columns: null },
  { schema: 'information_schema', name: 'user_variables', columns: ['variable_value'] },
  { schema: 'mysql', name: 'column_stats', columns: null },
  { schema: 'mysql', name: 'general_log', columns: null },
  { schema: 'mysql', name: 'slow_log', columns: null },
  { schema: 'performance_schema', name: 'data_locks', columns: ['lock_data'] },
  { schema: 'performance_schema', name: 'error_log', columns: null },
  { schema: 'performance_schema', name: 'events_statements_current', columns: ['sql_text', 'message_text'] },
  { schema: 'performance_schema', name: 'events_statements_history', columns: ['sql_text', 'message_text'] },
  { schema: 'performance_schema', name: 'events_statements_history_long', columns: ['sql_text', 'message_text'] },
  { schema: 'performance_schema', name: 'events_statements_summary_by_digest', columns: ['query_sample_text'] },
  { schema: 'performance_schema', name: 'prepared_statements_instances', columns: ['sql_text'] },
  { schema: 'performance_schema', name: 'processlist', columns: ['info'] },
  { schema: 'performance_schema', name: 'replication_applier_status_by_coordinator', columns: ['last_error_message'] },
  {
    schema: 'performance_schema',
    name: 'replication_applier_status_by_worker',
    columns: [
      'last_error_message',
      'last_applied_transaction_last_transient_error_message',
      'applying_transaction_last_transient_error_message',
    ],
  },
  { schema: 'performance_schema', name: 'replication_connection_status', columns: ['last_error_message'] },
  { schema: 'performance_schema', name: 'threads', columns: ['processlist_info'] },
  { schema: 'performance_schema', name: 'user_variables_by_thread', columns: null },
  ...['innodb_lock_waits', 'schema_table_lock_waits', 'processlist', 'session'].flatMap((name) => [
    { schema: 'sys', name, columns: sysStatementColumns },
    // The same view with plain numbers, and longer texts.
    { schema: 'sys', name: `x$${name}`, columns: sysStatementColumns },
  ]),
]

/** True when the access may show values of other tables: masks cannot follow them there. */
export function mayShowValues(access: Access): boolean {
  const relation = access.relation
  if (relation === null) return false
  const { columns } = access
  return isListed(relation.schema, relation.name, (held) => {
    return held === null || columns === null || columns.some((column) => held.includes(column.toLowerCase()))
  })
}

/** Relations that hold samples of columns, words of texts and keys of rows, whoever wrote them; the others hold what sessions said. */
const samples =
  /^(?:pg_statistic(?:_ext_data)?|pg_stats(?:_ext(?:_exprs)?)?|column_statistics|column_stats|innodb_ft_index_(?:cache|table)|data_locks|innodb_locks)$/i

/** True when the access may show rows of any table, a denied one too: samples of its columns, or its long values out of line. */
export function mayShowRows(access: Access): boolean {
  const relation = access.relation
  if (relation === null) return false
  if (relation.schema?.startsWith('pg_toast') === true) return true
  return samples.test(relation.name) && mayShowValues(access)
}

/** True when the column holds values of other tables. */
export function holdsValues(column: ColumnName): boolean {
  const name = column.column.toLowerCase()
  return isListed(column.schema, column.relation, (held) => held === null || held.includes(name))
}

function isListed(schema: string | null, name: string, matches: (held: readonly string[] | null) => boolean): boolean {
  const lowerName = name.toLowerCase()
  const lowerSchema = schema?.toLowerCase() ?? null
  return valueRelations.some(
    (entry) =>
      entry.name === lowerName &&
      (entry.schema === null || lowerSchema === null || entry.schema === lowerSchema) &&
      matches(entry.columns),
  )
}

/** Columns that hold credentials of the server or of others. */
const credentials: readonly { readonly schema: string; readonly name: string; readonly columns: readonly string[] }[] =
  [
    { schema: 'pg_catalog', name: 'pg_authid', columns: ['rolpassword'] },
    { schema: 'pg_catalog', name: 'pg_user_mapping', columns: ['umoptions'] },
    // `user_attributes` has a second password where there is one; `password` is MariaDB's.
    { schema: 'mysql', name: 'user', columns: ['authentication_string', 'password', 'user_attributes'] },
    { schema: 'mysql', name: 'global_priv', columns: ['priv'] },
    { schema: 'mysql', name: 'password_history', columns: ['password'] },
    { schema: 'mysql', name: 'servers', columns: ['password', 'options'] },
    { schema: 'mysql', name: 'slave_master_info', columns: ['user_password'] },
  ]

/** True when the column holds credentials of the server or of others: a mask over the column itself is as good as refusing it. */
export function holdsCredentials({ schema, relation, column }: ColumnName): boolean {
  return credentials.some(
    (entry) => entry.schema === schema && entry.name === relation && entry.columns.includes(column.toLowerCase()),
  )
}
