import type { TypeName } from 'libpg-query'
import { stringsOf } from './facts/tree.ts'

/** Built-in types whose input function looks at nothing but its text: a literal cast to one is just a value. */
const plainTypes: ReadonlySet<string> = new Set(
  `int2 int4 int8 smallint integer int bigint float4 float8 numeric decimal real money bool boolean text varchar bpchar char name
  bytea date time timetz timestamp timestamptz interval uuid json jsonb xml bit varbit inet cidr macaddr macaddr8 point line lseg
  box path polygon circle int4range int8range numrange tsrange tstzrange daterange int4multirange int8multirange nummultirange
  tsmultirange tstzmultirange datemultirange`.split(/\s+/),
)

/** True for those types, also as arrays, unqualified or in `pg_catalog`. */
export function isPlainType(type: TypeName | undefined): boolean {
  if (type === undefined || type.setof === true || type.pct_type === true) return false
  const names = stringsOf(type.names)
  if (names.length === 0 || names.length > 2 || (names.length === 2 && names[0] !== 'pg_catalog')) return false
  return plainTypes.has(names[names.length - 1] ?? '')
}

/**
 * Functions whose literal arguments may name something (a relation, a setting, a file, a text search configuration) or hold a
 * program (SQL, a JSON path): by name, whatever their trust, and generously, since the price is one parse.
 */
const namers =
  /^(pg_|has_|to_reg|row_security|lo_|ts_stat|ts_rewrite|jsonb_path|json_query|json_value|json_exists|dblink|xpath|xml|query_to|table_to|schema_to|database_to|cursor_to|set_|current_setting|txid|acl|make_acl|inet_(client|server)|array_fill)|(_privilege|description|val|_regclass|_to_xml|_to_xmlschema|xml_and_xmlschema)$|^(like_escape|similar_to_escape|similar_escape|format_type|col_description|getdatabaseencoding|nextval|currval|setval|lastval)$/

/** True when a call of that name with literals is always read by its exact text. */
export function neverWithLiterals(functionName: string): boolean {
  return namers.test(functionName)
}

/** Types that look names up. One of them anywhere in a tree (as libpg-query's JSON) leaves the whole text to its exact bytes. */
const lookups =
  /"String":\{"sval":"(?:reg(?:class|proc|procedure|oper|operator|type|role|namespace|config|dictionary|collation|database)|refcursor|aclitem)"/

/** True when the tree names a type that looks names up. */
export function mentionsLookupType(json: string): boolean {
  return lookups.test(json)
}
