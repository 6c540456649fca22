const systemSchemas = "('information_schema', 'performance_schema', 'mysql', 'sys')"

/**
 * What suggestions need of a target of MySQL or MariaDB, as `information_schema` has it. Nothing of it is a value: no default,
 * no check, no comment, no statistics of columns, no members of an ENUM.
 */
export const TABLES_QUERY: string = `
SELECT t.table_schema, t.table_name, t.engine, t.table_rows FROM information_schema.tables t
WHERE t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND t.table_schema NOT IN ${systemSchemas}`

export const COLUMNS_QUERY: string = `
SELECT c.table_schema, c.table_name, c.column_name, c.data_type,
  CASE WHEN c.data_type IN ('enum', 'set') THEN c.data_type ELSE c.column_type END, c.privileges LIKE '%select%'
FROM information_schema.columns c WHERE c.table_schema NOT IN ${systemSchemas}
ORDER BY c.table_schema, c.table_name, c.ordinal_position`

/** Which columns hold the values of which, by foreign keys. */
export const LINKS_QUERY: string = `
SELECT k.table_schema, k.table_name, k.column_name, k.referenced_table_schema, k.referenced_table_name, k.referenced_column_name
FROM information_schema.key_column_usage k WHERE k.referenced_table_name IS NOT NULL`

/** A name as SQL. */
export function quoteMysqlName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
