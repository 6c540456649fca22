/** CREATE DATABASE and ALTER DATABASE. MySQL manual, "CREATE DATABASE Statement", "ALTER DATABASE Statement". */
import { acceptIfNotExists } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { unqualified } from './account.ts'
import type { Draft } from './draft.ts'
import { readDefaultCharacterSet } from './table-options.ts'

/** Reads what stands behind CREATE DATABASE. */
export function readCreateSchema(c: TokenCursor, draft: Draft): void {
  if (acceptIfNotExists(c)) draft.ifNotExists = true
  draft.objects.push(unqualified('schema', c.name()))
  while (!c.is('read') && readSchemaOption(c, draft));
}

/** Reads what stands behind ALTER DATABASE; without a name the current schema is meant, and `objects` is empty. */
export function readAlterSchema(c: TokenCursor, draft: Draft): void {
  // A word that is not reserved is a name, even where an option could stand.
  if (c.isName && !(c.isMariadb && c.is('comment'))) {
    draft.objects.push(unqualified('schema', c.name()))
    if (c.isMariadb && c.acceptPair('upgrade', 'data')) {
      c.expect('directory')
      c.expect('name')
      return
    }
  }
  if (!readSchemaOption(c, draft)) throw c.error()
  while (readSchemaOption(c, draft));
}

function readSchemaOption(c: TokenCursor, draft: Draft): boolean {
  if (readDefaultCharacterSet(c)) return true
  if (c.isMariadb) {
    if (!c.accept('comment')) return false
    c.accept('=')
    c.string()
    return true
  }
  if (c.is('encryption') || (c.is('default') && c.spellingAhead(1) === 'encryption')) {
    c.accept('default')
    c.advance()
    c.accept('=')
    c.string()
    return true
  }
  if (c.is('read') && c.spellingAhead(1) === 'only') {
    c.advance()
    c.advance()
    c.accept('=')
    if (!c.accept('default')) c.integer()
    draft.options.push('read_only')
    return true
  }
  return false
}
