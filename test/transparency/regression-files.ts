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
  psql prepare portals transactions plancache copy copydml temp insert_conflict update returning merge with
  select subselect union join groupingsets aggregates window
  int4 numeric float8 text bit uuid enum timestamptz arrays rangetypes rowtypes jsonb_jsonpath xmlmap regex unicode collate
  errors guc async lock explain misc_functions roleattributes comments create_procedure create_function_sql identity matview truncate
`
  .trim()
  .split(/\s+/)
