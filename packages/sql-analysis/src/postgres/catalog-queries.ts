import {
  Catalog,
  type CatalogColumn,
  type CatalogFunction,
  type CatalogOperator,
  type CatalogParts,
  type CatalogType,
  FIRST_NORMAL_OID,
  type FunctionKind,
  type RelationDescription,
  type RelationKind,
  type TypeKind,
  type Volatility,
} from './catalog.ts'

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
        WHERE e.adrelid = a.attrelid AND e.adnum = a.attnum) END, a.atttypmod) ORDER BY a.attnum)
     FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  (SELECT json_agg(i.inhparent::int8 ORDER BY i.inhseqno) FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid),
  CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END)::text AS row
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S', 'c', 'i', 'I')
  AND n.nspname <> 'pg_toast'`,
  functions: `
SELECT json_build_array(p.oid::int8, n.nspname, p.proname, p.prokind, p.provolatile, l.lanname, p.proretset,
  p.prorettype::int8, p.proargtypes::oid[]::int8[], p.pronargdefaults, p.provariadic <> 0,
  p.proargmodes, p.proargnames)::text AS row
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang`,
  types: `
SELECT json_build_array(t.oid::int8, n.nspname, t.typname, t.typtype,
  CASE WHEN t.typcategory = 'A' THEN t.typelem::int8 ELSE 0 END, t.typbasetype::int8, t.typrelid::int8,
  (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid),
  t.typcategory, t.typtypmod)::text AS row
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname <> 'pg_toast'`,
  operators: `
SELECT json_build_array(n.nspname, o.oprname, o.oprleft::int8, o.oprright::int8)::text AS row
FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
WHERE o.oid >= ${FIRST_NORMAL_OID}`,
  builtinOperators: `
SELECT DISTINCT pg_catalog.to_json(o.oprname)::text AS row FROM pg_catalog.pg_operator o WHERE o.oid < ${FIRST_NORMAL_OID}`,
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
}

/** What users made: see `CATALOG_QUERIES_BUILTIN`. */
export const CATALOG_QUERIES_OWN: CatalogPartQueries = {
  relations: `${CATALOG_QUERIES.relations} AND c.oid >= ${FIRST_NORMAL_OID}`,
  functions: `${CATALOG_QUERIES.functions} WHERE p.oid >= ${FIRST_NORMAL_OID}`,
  types: `${CATALOG_QUERIES.types} AND t.oid >= ${FIRST_NORMAL_OID}`,
  operators: CATALOG_QUERIES.operators,
  builtinOperators: null,
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
  ['pg_inherits', 'inhrelid'],
  ['pg_operator', 'oid'],
  ['pg_enum', 'oid'],
]
  .map(
    ([table, key]) =>
      `(SELECT pg_catalog.sum(pg_catalog.hashint8extended(${key}::int8, xmin::text::int8)) FROM pg_catalog.${table} WHERE ${key} >= ${FIRST_NORMAL_OID})`,
  )
  .join(', ')}))`

/** The `row` texts of each query. */
export interface CatalogRows {
  readonly relations: readonly string[]
  readonly functions: readonly string[]
  readonly types: readonly string[]
  readonly operators: readonly string[]
  readonly builtinOperators: readonly string[]
}

/**
 * A catalog from what the queries gave, in one part or several. `version` is the caller's name for this state. A part that was
 * read before, the same object, is not read again. Throws TypeError when a row has not the form that its query gives.
 */
export function buildCatalog(version: string, ...parts: readonly CatalogRows[]): Catalog {
  const read = parts.map(readPart)
  return new Catalog({
    version,
    relations: read.flatMap((part) => part.relations),
    functions: read.flatMap((part) => part.functions),
    types: read.flatMap((part) => part.types),
    operators: read.flatMap((part) => part.operators),
    builtinOperators: read.flatMap((part) => part.builtinOperators),
  })
}

type ReadPart = Required<Omit<CatalogParts, 'version'>>

const readParts = new WeakMap<CatalogRows, ReadPart>()

function readPart(rows: CatalogRows): ReadPart {
  let part = readParts.get(rows)
  if (part === undefined) {
    part = {
      relations: rows.relations.map(readRelation),
      functions: rows.functions.map(readFunction),
      types: rows.types.map(readType),
      operators: rows.operators.map(readOperator),
      builtinOperators: rows.builtinOperators.map((text) => stringOf(JSON.parse(text))),
    }
    readParts.set(rows, part)
  }
  return part
}

const RELATION_KINDS: ReadonlyMap<string, RelationKind> = new Map([
  ['r', 'table'],
  ['v', 'view'],
  ['m', 'materialized_view'],
  ['p', 'partitioned'],
  ['f', 'foreign'],
  ['S', 'sequence'],
  ['c', 'composite'],
  ['i', 'index'],
  ['I', 'index'],
])

const FUNCTION_KINDS: ReadonlyMap<string, FunctionKind> = new Map([
  ['f', 'function'],
  ['p', 'procedure'],
  ['a', 'aggregate'],
  ['w', 'window'],
])

const TYPE_KINDS: ReadonlyMap<string, TypeKind> = new Map([
  ['b', 'base'],
  ['c', 'composite'],
  ['d', 'domain'],
  ['e', 'enum'],
  ['p', 'pseudo'],
  ['r', 'range'],
  ['m', 'multirange'],
])

const VOLATILITIES: ReadonlyMap<string, Volatility> = new Map([
  ['i', 'immutable'],
  ['s', 'stable'],
  ['v', 'volatile'],
])

const OUTPUT_MODES: ReadonlySet<unknown> = new Set(['o', 'b', 't'])

function readRelation(text: string): RelationDescription {
  const [oid, schema, name, kind, columns, parents, definition] = arrayOf(JSON.parse(text))
  return {
    oid: numberOf(oid),
    schema: stringOf(schema),
    name: stringOf(name),
    kind: named(RELATION_KINDS, kind),
    columns: arrayOf(columns ?? []).map(readColumn),
    parents: arrayOf(parents ?? []).map(numberOf),
    viewDefinition: definition === null ? null : stringOf(definition),
  }
}

function readColumn(value: unknown): CatalogColumn {
  const [name, number, typeOid, notNull, generated, from, modifier] = arrayOf(value)
  return {
    name: stringOf(name),
    number: numberOf(number),
    typeOid: numberOf(typeOid),
    notNull: notNull === true,
    generated: generated === true,
    generatedFrom: arrayOf(from ?? []).map(numberOf),
    typeModifier: numberOf(modifier ?? -1),
  }
}

function readFunction(text: string): CatalogFunction {
  const [oid, schema, name, kind, volatility, language, set, returned, types, defaults, variadic, modes, names] =
    arrayOf(JSON.parse(text))
  const schemaName = stringOf(schema)
  const argumentNames = arrayOf(names ?? [])
  const outputNames: string[] = []
  arrayOf(modes ?? []).forEach((mode, index) => {
    if (OUTPUT_MODES.has(mode)) outputNames.push(stringOf(argumentNames[index] ?? ''))
  })
  return {
    oid: numberOf(oid),
    schema: schemaName,
    name: stringOf(name),
    kind: named(FUNCTION_KINDS, kind),
    volatility: named(VOLATILITIES, volatility),
    language: stringOf(language),
    returnsSet: set === true,
    returnTypeOid: numberOf(returned),
    argumentTypes: arrayOf(types ?? []).map(numberOf),
    defaultedArguments: numberOf(defaults),
    variadic: variadic === true,
    outputNames,
    builtin: numberOf(oid) < FIRST_NORMAL_OID && (schemaName === 'pg_catalog' || schemaName === 'information_schema'),
  }
}

function readType(text: string): CatalogType {
  const [oid, schema, name, kind, element, base, relation, labels, category, modifier] = arrayOf(JSON.parse(text))
  return {
    oid: numberOf(oid),
    schema: stringOf(schema),
    name: stringOf(name),
    kind: named(TYPE_KINDS, kind),
    elementOid: numberOf(element),
    baseOid: numberOf(base),
    baseModifier: numberOf(modifier ?? -1),
    relationOid: numberOf(relation),
    enumLabels: arrayOf(labels ?? []).map(stringOf),
    category: stringOf(category),
  }
}

function readOperator(text: string): CatalogOperator {
  const [schema, name, left, right] = arrayOf(JSON.parse(text))
  return { schema: stringOf(schema), name: stringOf(name), left: numberOf(left), right: numberOf(right) }
}

function arrayOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('a catalog row is not what its query gives: no list')
  return value
}

function stringOf(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('a catalog row is not what its query gives: no text')
  return value
}

function numberOf(value: unknown): number {
  if (typeof value !== 'number') throw new TypeError('a catalog row is not what its query gives: no number')
  return value
}

function named<T>(names: ReadonlyMap<string, T>, key: unknown): T {
  const found = names.get(stringOf(key))
  if (found === undefined) throw new TypeError('a catalog row has a kind that is not known')
  return found
}
