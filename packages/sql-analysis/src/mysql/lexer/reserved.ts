/** Table: the reserved words of each flavour. MySQL manual, "Keywords and Reserved Words"; MariaDB documentation, "Reserved Words". */
import type { Dialect } from '../dialect.ts'
import { SPELLINGS, spellingNumber, type Keyword } from './keywords.ts'

const BOTH =
  'accessible add all alter analyze and as asc asensitive before between bigint binary blob both by call cascade case change char character check collate column condition constraint continue convert create cross current_date current_time current_timestamp current_user cursor databases day_hour day_microsecond day_minute day_second dec decimal declare default delayed delete desc describe deterministic distinct distinctrow div double drop dual each else elseif enclosed escaped except exists exit explain false fetch float float4 float8 for force foreign from fulltext grant group having high_priority hour_microsecond hour_minute hour_second if ignore in index infile inner inout insensitive insert int int1 int2 int3 int4 int8 integer intersect interval into is iterate join key keys kill leading leave left like limit linear lines load localtime localtimestamp lock long longblob longtext loop low_priority match maxvalue mediumblob mediumint mediumtext middleint minute_microsecond minute_second mod modifies natural not no_write_to_binlog null numeric on optimize optionally or order out outer outfile over partition precision primary procedure purge range read reads read_write real recursive references regexp release rename repeat replace require resignal restrict return revoke right rlike rows schemas second_microsecond select sensitive separator set show signal smallint spatial specific sql sqlexception sqlstate sqlwarning sql_big_result sql_calc_found_rows sql_small_result ssl starting straight_join table terminated then tinyblob tinyint tinytext to trailing trigger true undo union unique unlock unsigned update usage use using utc_date utc_time utc_timestamp values varbinary varchar varcharacter varying when where while with write xor year_month zerofill'
const MYSQL =
  'cube cume_dist database schema dense_rank empty first_value function generated get grouping groups io_after_gtids io_before_gtids json_table lag last_value lateral lead nth_value ntile of optimizer_costs option percent_rank rank row row_number stored system virtual window'
const MYSQL_84 = 'manual parallel qualify tablesample'
const MYSQL_9 = 'qualify tablesample'
const MYSQL_92 = 'qualify tablesample external library'
const MARIADB =
  'current_role master_demote_to_slave delete_domain_id do_domain_ids ignore_domain_ids master_ssl_verify_server_cert offset page_checksum parse_vcol_expr ref_system_id returning row_number stats_auto_recalc stats_persistent stats_sample_pages'

function flags(...rows: readonly string[]): Uint8Array {
  const reserved = new Uint8Array(SPELLINGS.length)
  for (const row of rows) for (const word of row.split(' ')) reserved[spellingNumber(word)] = 1
  reserved[0] = 0
  return reserved
}

const mysql = flags(BOTH, MYSQL)
const mysql84 = flags(BOTH, MYSQL, MYSQL_84)
const mysql9 = flags(BOTH, MYSQL, MYSQL_9)
const mysql92 = flags(BOTH, MYSQL, MYSQL_92)
const mariadb = flags(BOTH, MARIADB)

/** For each spelling number 1 if it is a reserved word of the dialect, else 0. */
export function reservedWords(dialect: Dialect): Uint8Array {
  if (dialect.flavour === 'mariadb') return mariadb
  if (dialect.version >= 90200) return mysql92
  if (dialect.version >= 90000) return mysql9
  return dialect.version >= 80400 ? mysql84 : mysql
}

/** Names of built-in functions that are keywords only with "(" right behind them. MySQL manual, "Function Name Parsing and Resolution". */
export const NEEDS_PARENTHESIS: ReadonlySet<Keyword> = new Set<Keyword>([
  'adddate',
  'bit_and',
  'bit_or',
  'bit_xor',
  'cast',
  'count',
  'curdate',
  'curtime',
  'date_add',
  'date_sub',
  'extract',
  'group_concat',
  'json_arrayagg',
  'json_objectagg',
  'max',
  'mid',
  'min',
  'now',
  'position',
  'session_user',
  'st_collect',
  'std',
  'stddev',
  'stddev_pop',
  'stddev_samp',
  'subdate',
  'substr',
  'substring',
  'sum',
  'sysdate',
  'system_user',
  'trim',
  'variance',
  'var_pop',
  'var_samp',
])
