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
