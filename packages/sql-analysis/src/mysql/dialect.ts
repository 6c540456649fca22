/** What decides how a MySQL or MariaDB server reads a text. Belongs into every cache key. */
export interface Dialect {
  readonly flavour: 'mysql' | 'mariadb'
  /** As in executable comments: 90700 is 9.7.0, 101114 is 10.11.14. From the upstream's handshake. */
  readonly version: number
  /** `sql_mode`s that change reading. MySQL manual, "Server SQL Modes". */
  readonly ansiQuotes: boolean
  readonly noBackslashEscapes: boolean
  readonly pipesAsConcat: boolean
  readonly ignoreSpace: boolean
  readonly highNotPrecedence: boolean
  /** MariaDB's `sql_mode=ORACLE`: another grammar; statements are then not read (`complete: false`). */
  readonly oracle: boolean
}

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
