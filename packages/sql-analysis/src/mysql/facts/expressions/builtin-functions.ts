// A table: the functions that MySQL 9 and MariaDB have built in, how far they reach, and which cannot fail on account of a value. MySQL manual, "Built-In Function and Operator Reference"; MariaDB documentation, "Built-in Functions".
import type { FunctionTrust } from '@gatehouse/core'
import type { Dialect } from '../../dialect.ts'
import type { Lineage, ValueClass } from '../lineage.ts'

/** Which arguments can make it fail or warn: `none` of them; the `first`, or all but it; those `from_third` on; `all`; those not of its own kind. */
type Telling = 'none' | 'first' | 'all_but_first' | 'from_third' | 'all' | 'no_number' | 'no_moment' | 'no_json'

/** A function that is built in. */
export interface BuiltinFunction {
  readonly trust: Extract<FunctionTrust, 'harmless' | 'sensitive' | 'revealing'>
  readonly telling: Telling
  /** Null: not known, or that of its arguments. */
  readonly result: ValueClass | null
}

type Flavour = Dialect['flavour'] | 'both'

interface Row {
  readonly fn: BuiltinFunction
  readonly flavour: Flavour
}

const table = new Map<string, Row>()

function add(
  flavour: Flavour,
  trust: BuiltinFunction['trust'],
  telling: Telling,
  result: ValueClass | null,
  names: string,
): void {
  const fn: BuiltinFunction = { trust, telling, result }
  for (const name of names.split(/\s+/)) if (name !== '') table.set(name, { fn, flavour })
}

// Texts: what they are given is read as text, which every value can be.
add(
  'both',
  'harmless',
  'none',
  'string',
  `lower lcase upper ucase reverse concat concat_ws md5 sha sha1 to_base64 trim ltrim rtrim replace quote soundex
  hex compress json_quote`,
)
add(
  'both',
  'harmless',
  'none',
  'number',
  `char_length character_length length octet_length bit_length ascii ord instr find_in_set crc32
  is_ipv4 is_ipv6 is_ipv4_compat is_ipv4_mapped is_uuid isnull json_valid count row_number rank dense_rank
  percent_rank cume_dist`,
)
add('both', 'harmless', 'all_but_first', 'string', 'left right substring substr mid insert sha2')
add('both', 'harmless', 'first', 'string', 'elt export_set make_set')
add('both', 'harmless', 'from_third', 'string', 'substring_index')
add('both', 'harmless', 'from_third', 'number', 'locate position')
add('both', 'harmless', 'no_moment', 'string', 'date_format time_format')
// Their result may be larger than the server takes.
add('both', 'harmless', 'all', 'string', 'lpad rpad repeat space')
add('both', 'harmless', 'none', null, 'min max any_value first_value last_value name_const')
add('both', 'harmless', 'all_but_first', null, 'nth_value lag lead')
add('both', 'harmless', 'all', null, 'greatest least interval ntile')
// Numbers: a text that is none leaves a warning.
add(
  'both',
  'harmless',
  'no_number',
  'number',
  'abs ceil ceiling floor sign sum avg std stddev stddev_pop stddev_samp var_pop var_samp variance bit_and bit_or bit_xor bit_count oct bin',
)
add(
  'both',
  'harmless',
  'all',
  'number',
  'acos asin atan atan2 cos cot degrees exp ln log log10 log2 mod pi pow power radians rand sin sqrt tan round truncate format conv inet_aton inet_ntoa period_add period_diff sec_to_time',
)
// Dates and times: what is none leaves a warning.
add(
  'both',
  'harmless',
  'no_moment',
  'number',
  `year month day dayofmonth dayofweek dayofyear hour minute second microsecond quarter week weekday weekofyear yearweek to_days to_seconds
  time_to_sec datediff timestampdiff unix_timestamp extract`,
)
add('both', 'harmless', 'no_moment', 'string', 'dayname monthname')
add('both', 'harmless', 'no_moment', 'temporal', 'date time last_day timediff')
add(
  'both',
  'harmless',
  'all',
  'temporal',
  `adddate addtime date_add date_sub subdate subtime convert_tz from_days from_unixtime makedate maketime str_to_date timestamp timestampadd`,
)
add('both', 'harmless', 'all', 'string', 'get_format')
add(
  'both',
  'harmless',
  'all',
  'temporal',
  `now current_timestamp localtime localtimestamp sysdate curdate current_date curtime current_time utc_date utc_time utc_timestamp`,
)
// JSON: a text that is no document is an error, or a warning.
add(
  'both',
  'harmless',
  'no_json',
  'json',
  `json_extract json_keys json_array_append json_array_insert json_insert json_merge json_merge_patch json_merge_preserve json_remove
  json_replace json_set`,
)
add('both', 'harmless', 'no_json', 'string', 'json_unquote json_unquote_extract json_pretty json_type json_value')
add('both', 'harmless', 'no_json', 'number', 'json_depth json_length json_contains json_contains_path json_overlaps')
add('both', 'harmless', 'none', 'json', 'json_array json_arrayagg')
add('both', 'harmless', 'all', 'json', 'json_object json_objectagg json_schema_valid')
add('both', 'harmless', 'all', 'string', 'json_search group_concat')
// Functions whose errors and warnings quote what they were given, and others that can fail on any value.
add(
  'both',
  'harmless',
  'all',
  null,
  `aes_decrypt aes_encrypt encode decode des_decrypt des_encrypt bin_to_uuid char extractvalue updatexml from_base64 inet6_aton
  inet6_ntoa match random_bytes regexp_instr regexp_like regexp_replace regexp_substr uncompress uncompressed_length unhex uuid_to_bin
  validate_password_strength weight_string password old_password encrypt format_bytes format_pico_time`,
)
add('mysql', 'harmless', 'all', 'string', 'statement_digest statement_digest_text json_schema_validation_report')
add(
  'both',
  'harmless',
  'none',
  'number',
  'connection_id found_rows row_count uuid_short ps_current_thread_id icu_version',
)
add(
  'both',
  'harmless',
  'none',
  'string',
  'user current_user session_user system_user current_role database schema version charset collation coercibility uuid',
)
add(
  'mysql',
  'harmless',
  'all',
  null,
  'json_duality_object etag current_user_in current_role_in mysqlx_generate_document_id',
)
add('mysql', 'harmless', 'all', 'number', 'gtid_subset ps_thread_id st_distance')
add('mysql', 'harmless', 'all', 'string', 'gtid_subtract')
add(
  'mysql',
  'harmless',
  'all',
  null,
  'json_storage_free json_storage_size vector_dim string_to_vector to_vector vector_to_string from_vector distance vector_distance',
)
add(
  'mariadb',
  'harmless',
  'all',
  null,
  `add_months chr crc32c column_add column_check column_create column_delete column_exists column_get column_json column_list concat_operator_oracle
  decode_oracle json_array_intersect json_compact json_detailed json_equals json_exists json_loose json_normalize json_object_filter_keys
  json_object_to_array json_query json_key_value kdf lengthb median rownum natural_sort_key nvl nvl2 percentile_cont percentile_disc
  sformat substr_oracle to_char trim_oracle lpad_oracle rpad_oracle replace_oracle uuid_v4 uuid_v7 sys_guid vec_distance vec_fromtext vec_totext
  vec_distance_euclidean vec_distance_cosine unixtime date_diff months_between trunc to_number`,
)
// They reach further than their arguments: locks and waits that others see, what is kept between statements, replication.
add(
  'both',
  'sensitive',
  'all',
  'number',
  `benchmark get_lock is_free_lock is_used_lock release_all_locks release_lock sleep master_pos_wait source_pos_wait
  wait_for_executed_gtid_set wait_until_sql_thread_after_gtids last_insert_id nextval lastval setval`,
)
add(
  'mysql',
  'sensitive',
  'all',
  null,
  'roles_graphml asynchronous_connection_failover_add_source mysql_firewall_flush_status',
)
add(
  'mariadb',
  'sensitive',
  'all',
  null,
  'binlog_gtid_pos master_gtid_wait wsrep_last_written_gtid wsrep_last_seen_gtid wsrep_sync_wait_upto_gtid decode_histogram',
)
add('both', 'revealing', 'all', null, 'load_file')

// Spatial functions under their older names.
add(
  'mariadb',
  'harmless',
  'all',
  null,
  `area boundary buffer centroid contains convexhull crosses dimension disjoint endpoint envelope equals exteriorring geometryn geometrytype
  glength interiorringn intersects isclosed isempty isring issimple numgeometries numinteriorrings numpoints overlaps pointn pointonsurface
  startpoint srid touches within x y`,
)

/** Spatial functions: all compute only. */
const SPATIAL =
  /^(?:st|mbr)_?[a-z0-9_]+$|^(?:geometrycollection|geomcollection|linestring|multilinestring|multipoint|multipolygon|point|polygon|(?:geom|geometry|line|linestring|mline|mpoint|mpoly|point|poly|polygon|multipoint|multipolygon|multilinestring|geometrycollection|geomcoll)from(?:text|wkb)|mbr[a-z]+|astext|asbinary|aswkb|aswkt|asgeojson)$/

const COMPUTES: BuiltinFunction = { trust: 'harmless', telling: 'all', result: null }

/** A built-in function by its name in lower case; null: there is none of that name in the flavour. */
export function builtinFunction(name: string, flavour: Dialect['flavour']): BuiltinFunction | null {
  const row = table.get(name)
  if (row !== undefined) return row.flavour === 'both' || row.flavour === flavour ? row.fn : null
  return SPATIAL.test(name) ? COMPUTES : null
}

/** The arguments that can make the call fail or warn. */
export function tellingArguments(fn: BuiltinFunction, parts: readonly Lineage[]): readonly Lineage[] {
  switch (fn.telling) {
    case 'none':
      return []
    case 'first':
      return parts.slice(0, 1)
    case 'all_but_first':
      return parts.slice(1)
    case 'from_third':
      return parts.slice(2)
    case 'all':
      return parts
    case 'no_number':
      return parts.filter(({ type }) => type !== 'number')
    case 'no_moment':
      return parts.filter(({ type }) => type !== 'temporal')
    case 'no_json':
      // Behind the document come paths and values.
      return parts.filter(({ type }, index) => index > 0 || type !== 'json')
    default:
      return fn.telling satisfies never
  }
}
