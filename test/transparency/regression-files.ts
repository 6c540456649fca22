/**
 * Scripts that make what later ones use (indexes on the common tables, views, functions, types): run once, into the
 * template that all scripts but these start from.
 */
export const BASE_SCRIPTS: readonly string[] = [
  'point',
  'lseg',
  'line',
  'box',
  'path',
  'polygon',
  'circle',
  'date',
  'time',
  'timetz',
  'timestamp',
  'timestamptz',
  'interval',
  'create_misc',
  'create_operator',
  'create_procedure',
  'create_type',
  'create_index',
  'create_index_spgist',
  'create_view',
  'create_aggregate',
  'create_function_sql',
]

/** Scripts that are not compared, and why. */
export const EXCLUDED: ReadonlyMap<string, string> = new Map<string, string>([])

/** Each of the scripts that make the template starts from the one without them. */
export function templateFor(script: string): string {
  return BASE_SCRIPTS.includes(script) ? 'base_setup' : 'base_objects'
}

/** What the permanent test runs: a script or more for each thing a client can do, quick ones first. */
export const SELECTED: readonly string[] = `
  psql psql_crosstab prepare prepared_xacts portals portals_p2 transactions combocid plancache
  copy copyselect copydml copy2 temp insert insert_conflict update delete returning merge with
  select select_distinct select_having subselect union case join tsrf limit groupingsets aggregates window tablesample
  boolean int4 numeric float8 text bit money uuid enum timestamptz interval horology inet arrays rangetypes rowtypes
  json jsonb_jsonpath xmlmap tsearch regex unicode encoding collate
  errors guc async lock advisory_lock infinite_recurse explain misc_functions sysviews
  create_role password roleattributes security_label init_privs comments namespace
  create_table create_procedure create_function_sql create_type create_cast create_am typed_table identity
  matview select_views drop_if_exists dependency object_address truncate vacuum cluster bitmapops
`
  .trim()
  .split(/\s+/)
