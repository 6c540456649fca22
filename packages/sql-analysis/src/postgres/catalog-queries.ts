import { CONSTRAINTS_QUERY } from './catalog-constraints.ts'
import type { CatalogRows } from './catalog-rows.ts'
import { FIRST_NORMAL_OID } from './catalog.ts'

/**
 * Run before the queries below, on the gateway's own connection: stored view texts then come with every name
 * qualified (PostgreSQL manual, "System Catalog Information Functions").
 */
export const CATALOG_SESSION: string = "SET search_path = ''"

/**
 * The queries that fill a catalog, for PostgreSQL 15 to 18. Each gives one text column `row`: a JSON array for one
 * object, in the order the readers below expect. Run them in one REPEATABLE READ transaction.
 */
export const CATALOG_QUERIES: Readonly<Record<keyof CatalogRows, string>> = {
  relations: `
SELECT json_build_array(c.oid::int8, n.nspname, c.relname, c.relkind,
  (SELECT json_agg(json_build_array(a.attname, a.attnum, a.atttypid::int8, a.attnotnull, a.attgenerated <> '',
     CASE WHEN a.attgenerated <> '' THEN
       (SELECT json_agg(DISTINCT d.refobjsubid) FROM pg_catalog.pg_attrdef e JOIN pg_catalog.pg_depend d ON d.objid = e.oid
          AND d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
          AND d.refobjid = a.attrelid AND d.refobjsubid > 0 AND d.refobjsubid <> a.attnum
        WHERE e.adrelid = a.attrelid AND e.adnum = a.attnum) END) ORDER BY a.attnum)
     FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  (SELECT json_agg(i.inhparent::int8 ORDER BY i.inhseqno) FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid),
  CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END,
  (SELECT json_agg(json_build_array(t.tgtype, t.tgfoid::int8) ORDER BY t.tgname) FROM pg_catalog.pg_trigger t
    WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D'),
  (SELECT json_agg(pg_catalog.pg_get_ruledef(r.oid) ORDER BY r.rulename) FROM pg_catalog.pg_rewrite r
     WHERE r.ev_class = c.oid AND r.ev_type <> '1' AND r.ev_enabled <> 'D'))::text AS row
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S', 'c', 'i', 'I')
  AND n.nspname <> 'pg_toast'`,
  functions: `
SELECT json_build_array(p.oid::int8, n.nspname, p.proname, p.prokind, p.provolatile, l.lanname, p.proretset,
  p.prorettype::int8, p.proargtypes::oid[]::int8[], p.pronargdefaults, p.provariadic <> 0,
  p.proargmodes, p.proargnames, CASE WHEN p.oid >= ${FIRST_NORMAL_OID} THEN
    (SELECT e.extname FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
      WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e'
        AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass) END,
  CASE WHEN p.oid >= ${FIRST_NORMAL_OID} AND l.lanname IN ('sql', 'plpgsql') AND p.prokind IN ('f', 'p') THEN
    json_build_array(CASE l.lanname WHEN 'plpgsql' THEN pg_catalog.pg_get_functiondef(p.oid)
        ELSE coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc) END, p.prosqlbody IS NOT NULL,
      pg_catalog.pg_get_expr(p.proargdefaults, 0), p.proconfig) END)::text AS row
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang`,
  types: `
SELECT json_build_array(t.oid::int8, n.nspname, t.typname, t.typtype,
  CASE WHEN t.typcategory = 'A' THEN t.typelem::int8 ELSE 0 END, t.typbasetype::int8, t.typrelid::int8,
  (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid),
  t.typcategory)::text AS row
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname <> 'pg_toast'`,
  operators: `
SELECT json_build_array(n.nspname, o.oprname, o.oprleft::int8, o.oprright::int8, o.oprcode::oid::int8)::text AS row
FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
WHERE o.oid >= ${FIRST_NORMAL_OID}`,
  builtinOperators: `
SELECT DISTINCT pg_catalog.to_json(o.oprname)::text AS row FROM pg_catalog.pg_operator o WHERE o.oid < ${FIRST_NORMAL_OID}`,
  constraints: CONSTRAINTS_QUERY,
}

/**
 * The same in two parts, what initdb made and what users made: the first stays as it is while a server runs, is most of a small
 * database's catalog, and need not be read again when the version changes. Null: that kind has none.
 */
export const CATALOG_QUERIES_BUILTIN: CatalogPartQueries = {
  relations: `${CATALOG_QUERIES.relations} AND c.oid < ${FIRST_NORMAL_OID}`,
  functions: `${CATALOG_QUERIES.functions} WHERE p.oid < ${FIRST_NORMAL_OID}`,
  types: `${CATALOG_QUERIES.types} AND t.oid < ${FIRST_NORMAL_OID}`,
  operators: null,
  builtinOperators: CATALOG_QUERIES.builtinOperators,
  constraints: null,
}

/** What users made: see `CATALOG_QUERIES_BUILTIN`. */
export const CATALOG_QUERIES_OWN: CatalogPartQueries = {
  relations: `${CATALOG_QUERIES.relations} AND c.oid >= ${FIRST_NORMAL_OID}`,
  functions: `${CATALOG_QUERIES.functions} WHERE p.oid >= ${FIRST_NORMAL_OID}`,
  types: `${CATALOG_QUERIES.types} AND t.oid >= ${FIRST_NORMAL_OID}`,
  operators: CATALOG_QUERIES.operators,
  builtinOperators: null,
  constraints: CATALOG_QUERIES.constraints,
}

/** A query for each kind of row; null where there is nothing to read. */
export type CatalogPartQueries = Readonly<Record<keyof CatalogRows, string | null>>

/**
 * Cheap probe that changes with any definition (row versions of the catalog, summed up): rebuild when it differs.
 * It sees what is committed; what a session has not committed yet must be probed on that session's connection.
 */
export const CATALOG_VERSION_QUERY: string = `
SELECT pg_catalog.md5(pg_catalog.concat_ws('.', ${[
  ['pg_class', 'oid'],
  ['pg_attribute', 'attrelid'],
  ['pg_proc', 'oid'],
  ['pg_type', 'oid'],
  ['pg_rewrite', 'oid'],
  ['pg_trigger', 'oid'],
  ['pg_inherits', 'inhrelid'],
  ['pg_operator', 'oid'],
  ['pg_enum', 'oid'],
  ['pg_index', 'indexrelid'],
  ['pg_constraint', 'oid'],
  ['pg_attrdef', 'oid'],
  ['pg_policy', 'oid'],
  ['pg_partitioned_table', 'partrelid'],
]
  .map(
    ([table, key]) =>
      `(SELECT pg_catalog.sum(pg_catalog.hashint8extended(${key}::int8, xmin::text::int8)) FROM pg_catalog.${table} WHERE ${key} >= ${FIRST_NORMAL_OID})`,
  )
  .join(', ')}))`
