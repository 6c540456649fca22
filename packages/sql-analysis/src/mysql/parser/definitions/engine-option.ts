/** Options that a storage engine of MariaDB defines. */
import { acceptNumber } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** Words that the server has for itself. */
const OWN = new Set('engine type autoextend_size tablespace storage start comment data connection'.split(' '))

/**
 * `name = value` of MariaDB, whose names the storage engine defines; false where none stands.
 * MariaDB documentation, "Engine-defined New Table/Field/Index Attributes".
 */
export function readEngineOption(c: TokenCursor): boolean {
  if (!c.isName || c.spellingAhead(1) !== '=' || OWN.has(c.spelling)) return false
  c.name()
  c.expect('=')
  if (!c.accept('default') && !acceptNumber(c)) c.nameOrString()
  return true
}
