import type { MysqlDialect } from '@gatehouse/core'

/** What decides how a MySQL or MariaDB server reads a text. Belongs into every cache key. */
export type Dialect = MysqlDialect

/** What a server's version text tells: which product, and its version as in executable comments (90704, 101119). */
export interface ServerVersion {
  readonly flavour: Dialect['flavour']
  readonly version: number
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
