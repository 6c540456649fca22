/** Options that a storage engine of MariaDB defines. */
import { acceptNumber } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** Words that the server has for itself. */
const OWN = new Set(
  'engine type autoextend_size tablespace storage start comment data connection algorithm lock'.split(' '),
)

/** Options that lead out of the database. MariaDB documentation, "CONNECT Table Types". */
const PLACES = new Set(['file_name', 'srcdef', 'http', 'uri', 'option_list', 'tabname'])

/**
 * `name = value` of MariaDB, whose names the storage engine defines; false where none stands. Files, addresses and queries of the CONNECT
 * engine go into `files`.
 * MariaDB documentation, "Engine-defined New Table/Field/Index Attributes".
 */
export function readEngineOption(c: TokenCursor, files: string[] | null = null): boolean {
  if (!c.isName || c.spellingAhead(1) !== '=' || OWN.has(c.spelling)) return false
  const name = c.name().toLowerCase()
  c.expect('=')
  if (c.accept('default') || acceptNumber(c)) return true
  const value = c.nameOrString()
  if (PLACES.has(name)) files?.push(value)
  return true
}
