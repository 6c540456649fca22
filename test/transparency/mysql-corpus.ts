import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { MysqlVersion } from '../servers/mysql.ts'

const FOLDER = resolve(import.meta.dirname, '..', '..', '..', 'shared', 'corpus', 'statements')
const FILES: Readonly<Record<MysqlVersion, string>> = {
  'mysql-9': 'mysql-9.7.jsonl',
  'mariadb-10.11': 'mariadb-10.11.jsonl',
}

/**
 * What tells two servers, or two moments, apart; what other sessions or the server's end depend on; and settings under which the
 * rest of the corpus would run into limits, or the server into an assertion of its own.
 */
const NOT_COMPARABLE =
  /shutdown|sleep\s*\(|\bkill\b|benchmark|get_lock|release_all_locks|flush\b|lock\s+instance|read_only|offline_mode|\brestart\b|global\s|@@global|clone|change\s+(?:master|replication)|start\s+(?:slave|replica)|lock\s+tables|mysql\.|master_pos_wait|redo_log|backup\s+stage|max_allowed_packet|\btimestamp\s*=|@@timestamp|now\s*\(|curtime|curdate|current_|utc_|unix_timestamp\s*\(\s*\)|localtime|uuid|rand\s*\(|random_bytes|connection_id|sysdate|analyze\s+(?:for|select|update|insert|delete|with|format)|password|innodb_|performance_schema|\bsys\.|information_schema\.(?:routines|tables|events|triggers|partitions|global_variables)|show\s+(?:procedure|function|event|trigger)|processlist|disable\s+keys|enable\s+keys|install\s|show\s+(?:engine|status|session\s+status|plugins|binary|master|table\s+status|open)|hostname|general_log_file|relay_log|^show\s+variables$|sys_guid|\bport\b|server_id|pid_file|datadir|explain\s+(?:analyze|extended)|create_time|sql_log|debug|timeout|max_statement_time|max_execution_time|set\s+names|set\s+char|character_set_|collation_|session_track_|infile|outfile|dumpfile|load_file|\buser\b|grant|revoke|\brole\b|install|xa\s|loop|while/i

/** Statements of the server's own tests that can be compared, in their order; a string: why there are none. */
export function readMysqlCorpus(version: MysqlVersion): readonly string[] | string {
  const file = resolve(FOLDER, FILES[version])
  if (!existsSync(file)) return 'the statement corpus does not stand beside this checkout'
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const entry: unknown = JSON.parse(line)
      if (typeof entry !== 'object' || entry === null || !('sql' in entry)) return []
      return typeof entry.sql === 'string' && !NOT_COMPARABLE.test(entry.sql) ? [entry.sql] : []
    })
}

/** After a definition that went through it, the gateway reads the catalog again: that takes time. */
export function isDefinition(sql: string): boolean {
  return /^\s*(?:\/\*.*?\*\/\s*)?(?:create|drop|alter|rename)\b/is.test(sql)
}
