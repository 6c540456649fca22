import type { Dialect } from '@gatehouse/sql-analysis'

/** What a server's version text tells: which product, and its version as in executable comments (90704, 101119). */
export interface ServerVersion {
  readonly flavour: Dialect['flavour']
  readonly version: number
}

/**
 * Reads `server_version` of a handshake: `9.7.4`, `8.0.39-0ubuntu0`, `5.5.5-10.11.19-MariaDB-log` (the prefix is for old replicas
 * and is no version). Null: it is none.
 */
export function readServerVersion(text: string): ServerVersion | null {
  const mariadb = /mariadb/i.test(text)
  const numbers = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})/.exec(mariadb ? text.replace(/^5\.5\.5-(?=\d)/, '') : text)
  if (numbers === null) return null
  const [, major = '', minor = '', patch = ''] = numbers
  return {
    flavour: mariadb ? 'mariadb' : 'mysql',
    version: Number(major) * 10_000 + Number(minor) * 100 + Number(patch),
  }
}

/** How the server reads texts under this `sql_mode` (names joined by commas, as the variable has them). */
export function dialectOf({ flavour, version }: ServerVersion, sqlMode: string): Dialect {
  const modes = new Set(sqlMode.toUpperCase().split(','))
  return {
    flavour,
    version,
    ansiQuotes: modes.has('ANSI_QUOTES'),
    noBackslashEscapes: modes.has('NO_BACKSLASH_ESCAPES'),
    pipesAsConcat: modes.has('PIPES_AS_CONCAT'),
    ignoreSpace: modes.has('IGNORE_SPACE'),
    highNotPrecedence: modes.has('HIGH_NOT_PRECEDENCE'),
    oracle: modes.has('ORACLE'),
  }
}
