/** GRANT and REVOKE. MySQL manual, "GRANT Statement", "REVOKE Statement"; MariaDB documentation, "GRANT", "REVOKE". */
import { readAccount, readAccountName } from '../definitions/account.ts'
import { readAuthentication } from '../definitions/authentication.ts'
import { readRequire, readResource } from '../definitions/user.ts'
import type { Command, ObjectKind } from '../../statement-tree.ts'
import { acceptIfExists, qualifiedName } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { draftCommand, type CommandDraft } from './command-draft.ts'
import { readPrivileges } from './privileges.ts'

/** Reads a GRANT statement; the cursor stands behind GRANT. `objects` are what it is on, then who gets it; `words` the privileges or roles. */
export function readGrant(c: TokenCursor): Command {
  const draft = draftCommand('grant')
  if (c.accept('proxy')) {
    c.expect('on')
    draft.words.push('proxy')
    draft.objects.push(readAccount(c, 'user'))
    c.expect('to')
    readGrantees(c, draft)
    if (c.acceptPair('with', 'grant')) c.expect('option')
    return draft
  }
  const roles = readPrivileges(c, draft)
  if (c.accept('on')) {
    // MySQL's dynamic privileges are names like those of roles; MariaDB has none.
    if (c.isMariadb && roles) throw c.error()
    readLevel(c, draft)
    c.expect('to')
    readGrantees(c, draft)
    if (c.isMariadb) readRequire(c)
    readGrantOptions(c, draft)
    if (!c.isMariadb) readAs(c)
    return draft
  }
  if (!roles) throw c.error()
  c.expect('to')
  readGrantees(c, draft)
  if (c.acceptPair('with', 'admin')) {
    c.expect('option')
    draft.words.push('with admin option')
  }
  return draft
}

/** Reads a REVOKE statement; the cursor stands behind REVOKE. */
export function readRevoke(c: TokenCursor): Command {
  const draft = draftCommand('revoke')
  if (!c.isMariadb) acceptIfExists(c)
  if (c.isMariadb && c.acceptPair('admin', 'option')) {
    c.expect('for')
    draft.words.push('admin option for')
  }
  if (c.accept('proxy')) {
    c.expect('on')
    draft.words.push('proxy')
    draft.objects.push(readAccount(c, 'user'))
  } else {
    const roles = readPrivileges(c, draft)
    if (c.accept('on')) {
      if (c.isMariadb && roles) throw c.error()
      readLevel(c, draft)
    }
    // REVOKE ALL PRIVILEGES, GRANT OPTION FROM …: everything everywhere.
    else if (!roles && !isAllAndGrantOption(draft)) throw c.error()
  }
  c.expect('from')
  do draft.objects.push(readAccount(c, 'user'))
  while (c.accept(','))
  if (!c.isMariadb && c.acceptPair('ignore', 'unknown')) c.expect('user')
  return draft
}

function isAllAndGrantOption(draft: CommandDraft): boolean {
  return draft.words.length === 2 && draft.words[0] === 'all' && draft.words[1] === 'grant option'
}

function readGrantees(c: TokenCursor, draft: CommandDraft): void {
  do {
    draft.objects.push(readAccount(c, 'user'))
    if (c.isMariadb) readAuthentication(c)
  } while (c.accept(','))
}

/** `[TABLE | FUNCTION | PROCEDURE | …] * | *.* | schema.* | [schema.]name`. */
function readLevel(c: TokenCursor, draft: CommandDraft): void {
  const type = readLevelType(c)
  if (c.accept('*')) {
    if (!c.accept('.')) {
      draft.objects.push({ type, name: { schema: null, name: '*' } })
      return
    }
    c.expect('*')
    draft.objects.push({ type, name: { schema: '*', name: '*' } })
    return
  }
  if (c.isNameAhead(0) && c.spellingAhead(1) === '.' && c.spellingAhead(2) === '*') {
    const schema = c.name()
    c.advance()
    c.advance()
    draft.objects.push({ type, name: { schema, name: '*' } })
    return
  }
  draft.objects.push({ type, name: qualifiedName(c) })
}

function readLevelType(c: TokenCursor): ObjectKind {
  // A table may bear one of these words as its name: then "TO" or a dot follows.
  const next = c.spellingAhead(1)
  if (next === 'to' || next === 'from' || next === '.') return 'table'
  switch (c.spelling) {
    case 'table':
    case 'function':
    case 'procedure': {
      const type = c.spelling
      c.advance()
      return type
    }
    case 'library':
      if (c.isMariadb) return 'table'
      c.advance()
      return 'library'
    default:
      return 'table'
  }
}

function readGrantOptions(c: TokenCursor, draft: CommandDraft): void {
  if (!c.accept('with')) return
  let any = false
  for (;;) {
    if (c.acceptPair('grant', 'option')) draft.words.push('grant option')
    else if (!(c.isMariadb && readResource(c))) break
    any = true
  }
  if (!any) throw c.error()
}

/** `AS user [WITH ROLE …]` of MySQL. */
function readAs(c: TokenCursor): void {
  if (!c.accept('as')) return
  readAccountName(c)
  if (!c.acceptPair('with', 'role')) return
  if (c.accept('default') || c.accept('none')) return
  if (c.accept('all')) {
    if (!c.accept('except')) return
  }
  do readAccountName(c)
  while (c.accept(','))
}
