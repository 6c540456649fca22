import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const FILE = resolve(import.meta.dirname, '..', '..', '..', 'shared', 'corpus', 'statements', 'postgres-18.jsonl')

/**
 * What tells two servers, or two moments, apart; settings that the gateway pins; and settings under which the rest of the
 * corpus would run into time limits.
 */
const NOT_COMPARABLE =
  /pg_backend_pid|now\s*\(|current_time|localtime|current_date|clock_timestamp|timeofday|statement_timestamp|random|pg_sleep|gen_random|uuidv|uuid_generate|txid|xact|xid|pg_stat|pg_lock|_wal_|lsn|pg_terminate|pg_cancel|pg_logical|replication|pg_postmaster|pg_conf|pg_ls_|explain\s*\(?[^)]*\banaly[zs]e|standard_conforming_strings|client_encoding|backslash_quote|timeout|escape_string_warning|session\s+authorization|'(?:now|today|tomorrow|yesterday)|inet_(?:client|server)|shobj|pg_control|pg_read|pg_size|relation_size|database_size|alter\s+system|pg_reload|filenode|checkpoint|ctid|cmin|tablespace|vacuum|pg_temp|setseed|tablesample|date_trunc_now|age\(|subscription|publication|\bmin_parallel|\bload\b/i

/** Statements of PostgreSQL's own tests that can be compared, in their order; a string: why there are none. */
export function readCorpus(): readonly string[] | string {
  if (!existsSync(FILE)) return 'the statement corpus does not stand beside this checkout'
  return readFileSync(FILE, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const entry: unknown = JSON.parse(line)
      if (typeof entry !== 'object' || entry === null || !('sql' in entry) || !('accepted' in entry)) return []
      return entry.accepted === true && typeof entry.sql === 'string' && !NOT_COMPARABLE.test(entry.sql)
        ? [entry.sql]
        : []
    })
}
