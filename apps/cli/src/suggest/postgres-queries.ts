import { FIRST_NORMAL_OID } from './system-objects.ts'

/**
 * What suggestions need of a target beside its catalog. Each gives one text column, a JSON array per row. Nothing of them is a
 * value: no default, no check, no comment, no statistics.
 */
export const COLUMN_DETAILS_QUERY: string = `
SELECT json_build_array(a.attrelid::int8, a.attnum, a.atttypmod, pg_catalog.format_type(a.atttypid, a.atttypmod),
  pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
    AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT'))::text
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
WHERE c.relkind IN ('r', 'p', 'f') AND c.oid >= ${FIRST_NORMAL_OID} AND a.attnum > 0 AND NOT a.attisdropped`

/** Which columns hold the values of which, by foreign keys. */
export const FOREIGN_KEYS_QUERY: string = `
SELECT json_build_array(k.conrelid::int8, k.conkey, k.confrelid::int8, k.confkey)::text
FROM pg_catalog.pg_constraint k WHERE k.contype = 'f'`

/**
 * How many pages the server last counted in each table, its children's with it; 0 where it never did. Asking for the size as it
 * is now would wait for whoever holds a lock.
 */
export const PAGES_QUERY: string = `
WITH RECURSIVE tree (root, oid) AS (
  SELECT c.oid, c.oid FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p') AND c.oid >= ${FIRST_NORMAL_OID}
  UNION
  SELECT t.root, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
)
SELECT json_build_array(t.root::int8, pg_catalog.sum(greatest(c.relpages, 0)))::text
FROM tree t JOIN pg_catalog.pg_class c ON c.oid = t.oid GROUP BY t.root`

/** A name as SQL. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
