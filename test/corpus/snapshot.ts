/** One row that differs whenever a statement left a trace: rows of every table, sequences, definitions; roles and settings by name. */
export interface Snapshot extends Record<string, unknown> {
  readonly state: string
  readonly roles: readonly string[]
  readonly settings: readonly string[]
}

/** Gives a `Snapshot`. Roles and settings are the server's, which other tests use at the same time. */
export const SNAPSHOT = `
SELECT md5(concat_ws('|',
  (SELECT string_agg(query_to_xml(format('SELECT * FROM %I.%I', n.nspname, c.relname), true, true, '')::text, ';' ORDER BY n.nspname, c.relname)
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm', 'S', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname NOT LIKE 'pg_temp%'),
  (SELECT string_agg(concat_ws(' ', n.nspname, c.relname, c.relkind, a.attname, pg_get_expr(d.adbin, d.adrelid)), ';' ORDER BY n.nspname, c.relname, a.attnum)
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname NOT LIKE 'pg_temp%' AND n.nspname NOT LIKE 'pg_toast%'),
  (SELECT string_agg(concat_ws(' ', proname, prosrc), ';' ORDER BY oid) FROM pg_proc WHERE oid >= 16384),
  (SELECT string_agg(concat_ws(' ', oprname, oid), ';' ORDER BY oid) FROM pg_operator WHERE oid >= 16384),
  (SELECT string_agg(rulename, ';' ORDER BY oid) FROM pg_rewrite WHERE oid >= 16384),
  (SELECT string_agg(extname, ';' ORDER BY oid) FROM pg_extension),
  (SELECT string_agg(slot_name, ';' ORDER BY slot_name) FROM pg_replication_slots WHERE database = current_database())
)) AS state,
  ARRAY(SELECT rolname::text FROM pg_roles ORDER BY oid) AS roles,
  ARRAY(SELECT concat_ws('=', name, setting) FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf' ORDER BY name) AS settings`

/** Everything stored in columns without a mask, as one text: where a masked value must not have been copied to. */
export const UNMASKED = `
SELECT string_agg(query_to_xml(format('SELECT %s FROM %I.%I', columns, schema, relation), true, true, '')::text, '') AS text FROM (
  SELECT n.nspname AS schema, c.relname AS relation, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
  WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname NOT LIKE 'pg_temp%'
    AND a.attnum > 0 AND NOT a.attisdropped
    AND NOT (c.relname = 'users' AND a.attname IN ('ssn', 'salary', 'dob', 'photo', 'doc', 'email'))
  GROUP BY 1, 2) AS stored`
