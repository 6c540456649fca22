/** Table: the words and symbols that the parser knows. MySQL manual, "Keywords and Reserved Words"; MariaDB documentation, "Reserved Words". */

/** Words that are keywords somewhere in the grammar of either flavour; which of them are reserved is in `reserved.ts`. */
const KEYWORD_ROWS = [
  'accessible account action active add adddate admin after against aggregate algorithm all alter always analyze and any array as asc ascii asensitive assign_gtids_to_anonymous_transactions at attribute authentication auto auto_increment autoextend_size avg avg_row_length',
  'backup before begin bernoulli between bigint binary binlog bit bit_and bit_or bit_xor blob block body bool boolean both btree buckets bulk by byte',
  'cache call cascade cascaded case cast catalog_name ceil ceiling chain challenge_response change changed channel char character charset check checkpoint checksum cipher class_origin client clob clone close coalesce code collate collation column column_add column_check column_create column_delete column_format column_get column_name columns comment commit committed compact completion component compressed compression concat concurrent condition connection consistent constraint constraint_catalog constraint_name constraint_schema contains continue convert count cpu create cross cube cume_dist curdate current current_date current_pos current_role current_time current_timestamp current_user cursor cursor_name curtime cycle',
  'data database databases datafile date date_add date_sub datetime day day_hour day_microsecond day_minute day_second deallocate dec decimal declare default default_auth definer definition delay_key_write delayed delete delete_domain_id dense_rank desc describe description deterministic diagnostics directory disable discard disk distinct distinctrow div do do_domain_ids document double drop dual dumpfile duplicate dynamic',
  'each elseif else empty enable enclosed encrypted encryption end ends enforced engine engine_attribute engines enum error errors escape escaped event events every examined except exchange exclude exclusive execute exists exit expansion expire explain export extended extent_size external extract',
  'factor failed_login_attempts false fast faults federated fetch fields file file_block_size filter final finish first first_value fixed float float4 float8 flush following follows for force foreign format found from full fulltext function',
  'general generate generated geometry geometrycollection get get_format get_source_public_key global grant grants group group_concat group_replication grouping groups gtid_only gtids guided',
  'handler hard hash having help high_priority histogram history host hosts hour hour_microsecond hour_minute hour_second',
  'id identified if ignore ignore_domain_ids ignore_server_ids ignored import immediate in inactive include increment index indexes inet6 infile initial initial_size initiate inner inout insensitive insert insert_method install instance int int1 int2 int3 int4 int8 integer intersect interval into invisible invoker io io_after_gtids io_before_gtids io_thread ipc is isolation isopen issuer iterate',
  'join json json_array json_arrayagg json_duality_object json_object json_objectagg json_table json_value',
  'key key_block_size keyring keys kill',
  'lag language last last_value lastval lateral lead leading leave leaves left less level library like limit limits linear lines linestring list load local localtime localtimestamp lock locked locks log logfile logs long longblob longtext loop low_priority',
  'manual master master_auto_position master_bind master_connect_retry master_delay master_demote_to_slave master_gtid_pos master_heartbeat_period master_host master_log_file master_log_pos master_password master_port master_retry_count master_server_id master_ssl master_ssl_ca master_ssl_capath master_ssl_cert master_ssl_cipher master_ssl_crl master_ssl_crlpath master_ssl_key master_ssl_verify_server_cert master_use_gtid master_user match materialized max max_connections_per_hour max_queries_per_hour max_rows max_size max_statement_time max_updates_per_hour max_user_connections maxvalue medium mediumblob mediumint mediumtext member memory merge message_text microsecond mid middleint migrate min min_rows minus minute minute_microsecond minute_second minvalue mod mode modifies modify monitor month multilinestring multipoint multipolygon mutex mysql mysql_errno',
  'name names national natural nchar ndb ndbcluster nested network_namespace never new next nextval no no_wait nocache nocycle nodegroup nomaxvalue nominvalue none not now nowait nowritelocal no_write_to_binlog nth_value ntile null nulls number numeric nvarchar',
  'of off offset oj old old_password on one online only open optimize optimizer_costs option optional optionally options or order ordinality organization others out outer outfile over overlaps overwrite own owner',
  'pack_keys package page page_checksum parallel parse_tree parse_vcol_expr parser partial partition partitioning partitions password password_lock_time path percent_rank percentile_cont percentile_disc period persist persist_only persistent phase plugin plugin_dir plugins point polygon port position precedes preceding precision prepare preserve prev previous primary privilege_checks_user privileges procedure process processlist profile profiles proxy purge',
  'qualify quarter query quick',
  'raise random range rank raw read read_only read_write reads real rebuild recover recursive redo_buffer_size redo_log redofile redundant ref_system_id reference references regexp registration relational relay relay_log_file relay_log_pos relay_thread relaylog release reload remove rename reorganize repair repeat repeatable replace replay replica replicas replicate_do_db replicate_do_table replicate_ignore_db replicate_ignore_table replicate_rewrite_db replicate_wild_do_table replicate_wild_ignore_table replication require require_row_format require_table_primary_key_check reset resignal resource resources respect restart restore restrict resume retain return returned_sqlstate returning returns reuse reverse revoke right rlike role rollback rollup rotate routine row row_count row_format row_number rows rowcount rowtype rtree',
  'savepoint schedule schema schema_name schemas second second_microsecond secondary secondary_engine secondary_engine_attribute secondary_load secondary_unload security select sensitive separator sequence serial serializable server session session_user set setval share show shutdown signal signed simple skip slave slaves slow smallint snapshot socket soft some soname sounds source source_auto_position source_bind source_compression_algorithms source_connect_retry source_connection_auto_failover source_delay source_heartbeat_period source_host source_log_file source_log_pos source_password source_port source_public_key_path source_retry_count source_ssl source_ssl_ca source_ssl_capath source_ssl_cert source_ssl_cipher source_ssl_crl source_ssl_crlpath source_ssl_key source_ssl_verify_server_cert source_tls_ciphersuites source_tls_version source_user source_zstd_compression_level spatial specific sql sql_after_gtids sql_after_mts_gaps sql_before_gtids sql_big_result sql_buffer_result sql_cache sql_calc_found_rows sql_no_cache sql_small_result sql_thread sql_tsi_day sql_tsi_hour sql_tsi_minute sql_tsi_month sql_tsi_quarter sql_tsi_second sql_tsi_week sql_tsi_year sqlexception sqlstate sqlwarning srid ssl st_collect stacked stage start starting starts statement stats_auto_recalc stats_persistent stats_sample_pages status std stddev stddev_pop stddev_samp stop storage stored straight_join stream string subclass_origin subdate subject subpartition subpartitions substr substring sum super suspend swaps switches sysdate system system_time system_user',
  'table table_checksum table_name tables tablesample tablespace temporary temptable terminated text than then thread_priority ties time timestamp timestampadd timestampdiff tinyblob tinyint tinytext tls to trailing transaction transactional trigger triggers trim trim_array true truncate type types',
  'unbounded uncommitted undefined undo undo_buffer_size undofile unicode uninstall union unique unknown unlock unregister unsigned until update upgrade url usage use use_frm user user_resources using utc_date utc_time utc_timestamp uuid',
  'validation value values var_pop var_samp varbinary varchar varchar2 varcharacter variables variance varying vcpu vector versioning via view virtual visible',
  'wait warnings week weight_string when where while window with within without work wrapper write',
  'x509 xa xid xml xor year year_month zerofill zone',
  'atomic clustering context duality geomcollection inet4 masking policy',
] as const

/** Operators and punctuation, as one token each. */
const SYMBOL_ROW =
  '( ) , ; . * + - / % ^ ~ | & ! = < > <= >= <> != <=> << >> && || := -> ->> { } ? @@ : @ => .. \\N' as const

type Split<Text extends string, Found = never> = Text extends `${infer First} ${infer Rest}`
  ? Split<Rest, Found | First>
  : Found | Text

/** A word that is a keyword somewhere in the grammar, lower case. */
export type Keyword = Split<(typeof KEYWORD_ROWS)[number]>
/** A token of punctuation or an operator. */
export type TokenSymbol = Split<typeof SYMBOL_ROW>
/** What a token can be compared with. */
export type Spelling = Keyword | TokenSymbol

// Property names are interned by the engine, so comparing a spelling with a constant compares two addresses.
const interned = (words: readonly string[]): string[] => Object.keys(Object.fromEntries(words.map((word) => [word, 0])))
const keywords = interned(KEYWORD_ROWS.flatMap((row) => row.split(' ')))
const symbols = interned(SYMBOL_ROW.split(' '))

/** Spellings by their number; 0 is of no token: a name, a constant, the end. */
export const SPELLINGS: readonly (Spelling | '')[] = ['', ...(keywords as Keyword[]), ...(symbols as TokenSymbol[])]

const numbers = new Map(SPELLINGS.map((spelling, number) => [spelling as string, number]))

/** Number of a spelling; 0 when it is none. */
export function spellingNumber(spelling: string): number {
  return numbers.get(spelling) ?? 0
}

/** Numbers of the symbols: a property costs less than a look-up. */
export const SYMBOL_NUMBERS: Readonly<Record<TokenSymbol, number>> = Object.fromEntries(
  symbols.map((spelling) => [spelling, spellingNumber(spelling)]),
) as Record<TokenSymbol, number>

const TABLE_SIZE = 4096
const table = new Uint16Array(TABLE_SIZE)
const keywordBytes: readonly Uint8Array[] = SPELLINGS.map((spelling) =>
  Uint8Array.from(spelling, (character) => character.charCodeAt(0) | 0x20),
)
/** One step of the hash that `keywordNumber` wants; begins at 0. */
export function hashStep(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + (byte | 0x20)) | 0
}
for (let number = 1; number <= keywords.length; number++) {
  let slot = (keywordBytes[number] ?? new Uint8Array()).reduce(hashStep, 0) & (TABLE_SIZE - 1)
  while (table[slot] !== 0) slot = (slot + 1) & (TABLE_SIZE - 1)
  table[slot] = number
}

/** Number of the keyword that stands at start..end of the bytes in any case; 0: it is none. `hash` is of these bytes. */
export function keywordNumber(bytes: Uint8Array, start: number, end: number, hash: number): number {
  let slot = hash & (TABLE_SIZE - 1)
  for (;;) {
    const number = table[slot] ?? 0
    if (number === 0) return 0
    const word = keywordBytes[number]
    if (word !== undefined && word.length === end - start) {
      let at = 0
      while (at < word.length && word[at] === ((bytes[start + at] ?? 0) | 0x20)) at++
      if (at === word.length) return number
    }
    slot = (slot + 1) & (TABLE_SIZE - 1)
  }
}
