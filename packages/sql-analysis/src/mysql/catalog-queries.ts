import type { Dialect } from './dialect.ts'

/** One row of a query, as text. */
export type CatalogRow = readonly (string | null)[]

/**
 * Run before the queries below, on the gateway's own connection: texts then come in one quoting and times in one zone, whatever
 * the server's defaults are.
 */
export const MYSQL_CATALOG_SESSION: string =
  "SET NAMES utf8mb4, SESSION sql_mode = '', SESSION sql_quote_show_create = 1, SESSION time_zone = '+00:00'"

/**
 * The queries that fill a catalog, for MySQL from 8.0 and MariaDB from 10.6; the columns of each in the order that
 * `catalog-rows.ts` reads them. They give what the account may see: SHOW VIEW shows the texts of views, TRIGGER and EVENT (of a
 * schema) triggers and events, SHOW_ROUTINE (MySQL) or SELECT on `mysql.proc` (MariaDB) the texts of routines.
 */
export const MYSQL_CATALOG_QUERIES = {
  server: 'SELECT @@lower_case_table_names',
  schemas: 'SELECT schema_name FROM information_schema.schemata',
  tables: 'SELECT table_schema, table_name, table_type, engine, create_options FROM information_schema.tables',
  columns: `SELECT table_schema, table_name, ordinal_position, column_name, data_type, extra, generation_expression
    FROM information_schema.columns`,
  views: 'SELECT table_schema, table_name, view_definition, security_type, definer FROM information_schema.views',
  uniqueKeys: `SELECT table_schema, table_name, index_name, seq_in_index, column_name FROM information_schema.statistics
    WHERE non_unique = 0`,
  foreignKeys: `SELECT k.table_schema, k.table_name, k.constraint_name, k.ordinal_position, k.column_name,
      k.referenced_table_schema, k.referenced_table_name, k.referenced_column_name
    FROM information_schema.key_column_usage k WHERE k.referenced_table_name IS NOT NULL`,
  rules: `SELECT constraint_schema, table_name, constraint_name, delete_rule, update_rule
    FROM information_schema.referential_constraints`,
  routines: `SELECT routine_schema, routine_name, routine_type, routine_body, security_type, sql_mode, routine_definition,
      data_type
    FROM information_schema.routines`,
  parameters: `SELECT specific_schema, specific_name, routine_type, ordinal_position, parameter_mode, parameter_name,
      data_type
    FROM information_schema.parameters WHERE ordinal_position > 0`,
  triggers: `SELECT event_object_schema, event_object_table, trigger_name, action_timing, event_manipulation, action_order,
      sql_mode, action_statement, trigger_schema
    FROM information_schema.triggers`,
  events: 'SELECT event_schema, event_name, event_body, sql_mode, event_definition FROM information_schema.events',
} as const

/** What the account was granted itself, on everything, on schemas, on tables; by roles is not among it. */
export const OWN_PRIVILEGES_QUERY: string = ['user', 'schema', 'table']
  .map((level) => {
    const schema = level === 'user' ? 'NULL' : 'table_schema'
    const table = level === 'table' ? 'table_name' : 'NULL'
    return `SELECT '${level}' AS level, ${schema} AS s, ${table} AS t, privilege_type FROM information_schema.${level}_privileges
      WHERE grantee = CONCAT('''', REGEXP_REPLACE(CURRENT_USER(), '@[^@]*$', ''), '''@''', SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')`
  })
  .join(' UNION ALL ')

/** CHECK constraints; in MariaDB they also tell which texts are JSON (MariaDB documentation, "JSON Data Type"). */
export const CHECKS_QUERY: Readonly<Record<Dialect['flavour'], string>> = {
  mysql: `SELECT t.table_schema, t.table_name, c.check_clause FROM information_schema.check_constraints c
    JOIN information_schema.table_constraints t USING (constraint_schema, constraint_name)
    WHERE t.constraint_type = 'CHECK' AND t.enforced = 'YES'`,
  mariadb: 'SELECT constraint_schema, table_name, check_clause FROM information_schema.check_constraints',
}

/** With partial revokes (MySQL) a privilege on everything is one on everything but what was taken back. MariaDB has no such variable. */
export const PARTIAL_REVOKES_QUERY = 'SELECT @@global.partial_revokes'

/** Fails, or gives nothing, where the account cannot see every routine and its text, besides by SHOW_ROUTINE. */
export const ROUTINES_TABLE_QUERY = 'SELECT 1 FROM mysql.proc LIMIT 1'

/** The loadable functions; refused to an account that may not read the table. */
export const LOADABLE_FUNCTIONS_QUERY: Readonly<Record<Dialect['flavour'], string>> = {
  mysql: 'SELECT udf_name FROM performance_schema.user_defined_functions',
  mariadb: 'SELECT name FROM mysql.func',
}

/**
 * True for the text of a routine, trigger or event that must be read by SHOW CREATE. In `information_schema` they have lost their
 * escapes: `'a\'b'` stands there as `'a'b'`, and a quote in an identifier likewise, so another text could be read than runs.
 */
export function needsWholeText(definition: string): boolean {
  return /['"`\\]/.test(definition)
}

/** The whole text of a routine, trigger or event, with `sql_mode` and character set it was made under. */
export function showCreateQuery(
  kind: 'function' | 'procedure' | 'trigger' | 'event',
  schema: string,
  name: string,
): string {
  return `SHOW CREATE ${kind.toUpperCase()} ${quoted(schema)}.${quoted(name)}`
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/**
 * Changes with any definition that the account can see, and with its privileges: one text of counts and sums of hashes. Costs about
 * 0.1 ms for each table. Tables that the server makes up are left out; they change with the server's version only.
 */
export const MYSQL_CATALOG_VERSION_QUERY: string = `SELECT CONCAT_WS(' ', @@version, ${[
  summed('schemata', ['schema_name']),
  summed('tables', ['table_schema', 'table_name', 'table_type', 'engine', 'create_time'], 'table_schema'),
  summed(
    'columns',
    [
      'table_schema',
      'table_name',
      'ordinal_position',
      'column_name',
      'data_type',
      'extra',
      'generation_expression',
      'column_key',
    ],
    'table_schema',
  ),
  summed('views', ['table_schema', 'table_name', 'view_definition', 'security_type', 'definer']),
  summed('referential_constraints', [
    'constraint_schema',
    'table_name',
    'constraint_name',
    'referenced_table_name',
    'delete_rule',
    'update_rule',
  ]),
  summed('check_constraints', ['constraint_schema', 'constraint_name', 'check_clause']),
  summed('routines', [
    'routine_schema',
    'routine_name',
    'routine_type',
    'security_type',
    'sql_mode',
    'last_altered',
    'routine_definition',
  ]),
  summed('triggers', [
    'event_object_schema',
    'event_object_table',
    'trigger_name',
    'action_timing',
    'event_manipulation',
    'action_order',
    'created',
    'sql_mode',
    'action_statement',
  ]),
  summed('events', ['event_schema', 'event_name', 'last_altered', 'sql_mode', 'event_definition']),
].join(', ')})`

function summed(view: string, columns: readonly string[], schema: string | null = null): string {
  // 60 bits of each row's hash: a sum of them is exact, and the same in any order.
  const hash = `CAST(CONV(LEFT(SHA2(CONCAT_WS('.', ${columns.join(', ')}), 256), 15), 16, 10) AS UNSIGNED)`
  const where = schema === null ? '' : ` WHERE ${schema} NOT IN ('information_schema', 'performance_schema')`
  return `(SELECT CONCAT(COUNT(*), ':', COALESCE(SUM(${hash}), 0)) FROM information_schema.${view}${where})`
}
