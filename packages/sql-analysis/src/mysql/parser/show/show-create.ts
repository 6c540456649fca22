/** SHOW CREATE. MySQL manual, "SHOW Statements"; MariaDB documentation, "SHOW CREATE TABLE" and its kin. */
import { readAccountName } from '../definitions/account.ts'
import { acceptIfNotExists, qualifiedName } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import type { ShowDraft } from './show-draft.ts'

/** Reads what stands behind SHOW CREATE. */
export function readShowCreate(c: TokenCursor, draft: ShowDraft): void {
  switch (c.spelling) {
    case 'database':
    case 'schema':
      c.advance()
      draft.what = 'create_schema'
      acceptIfNotExists(c)
      draft.schema = c.name()
      return
    case 'table':
    case 'view':
    case 'procedure':
    case 'function':
    case 'trigger':
    case 'event':
      draft.what = `create_${c.spelling}`
      c.advance()
      draft.object = qualifiedName(c)
      return
    case 'user':
      c.advance()
      draft.what = 'create_user'
      if (c.isMariadb && c.atEnd) draft.object = { schema: null, name: 'current_user' }
      else draft.object = { schema: null, name: readAccountName(c) }
      return
    default:
      if (!(c.isMariadb ? readOfMariadb(c, draft) : readOfMysql(c, draft))) throw c.error()
  }
}

function readOfMysql(c: TokenCursor, draft: ShowDraft): boolean {
  if (c.accept('library')) draft.what = 'create_library'
  else if (c.acceptPair('masking', 'policy')) draft.what = 'create_masking_policy'
  else return false
  draft.object = qualifiedName(c)
  return true
}

function readOfMariadb(c: TokenCursor, draft: ShowDraft): boolean {
  if (c.accept('sequence')) draft.what = 'create_sequence'
  else if (c.accept('package')) draft.what = c.accept('body') ? 'create_package_body' : 'create_package'
  else return false
  draft.object = qualifiedName(c)
  return true
}
