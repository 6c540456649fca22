/** Lists of privileges and roles. MySQL manual, "Privileges Provided by MySQL"; MariaDB documentation, "GRANT", "Privilege Levels". */
import { readAccountName } from '../definitions/account.ts'
import { TokenKind } from '../../lexer/tokens.ts'
import type { TokenCursor } from '../token-cursor.ts'
import type { CommandDraft } from './command-draft.ts'

/** Privileges of several words, by the first. */
const LONGER: Readonly<Record<string, readonly string[]>> = {
  alter: ['alter routine'],
  create: ['create temporary tables', 'create view', 'create routine', 'create user', 'create tablespace'],
  grant: ['grant option'],
  lock: ['lock tables'],
  replication: ['replication client', 'replication slave'],
  show: ['show databases', 'show view'],
}
const LONGER_OF_MYSQL: Readonly<Record<string, readonly string[]>> = { create: ['create role'], drop: ['drop role'] }
const LONGER_OF_MARIADB: Readonly<Record<string, readonly string[]>> = {
  binlog: ['binlog monitor', 'binlog admin', 'binlog replay'],
  connection: ['connection admin'],
  delete: ['delete history', 'delete versioning rows'],
  federated: ['federated admin'],
  read: ['read only admin', 'read_only admin'],
  read_only: ['read_only admin'],
  replica: ['replica monitor'],
  replication: [
    'replication slave admin',
    'replication replica admin',
    'replication master admin',
    'replication replica',
  ],
  set: ['set user'],
  show: ['show create routine'],
  slave: ['slave monitor'],
}
const SINGLE = new Set(
  'alter create delete drop event execute file index insert process proxy references reload select shutdown super trigger update usage'.split(
    ' ',
  ),
)

/** Privileges that may be for columns. */
const OF_COLUMNS = new Set(['select', 'insert', 'update', 'references'])

/**
 * Reads privileges (with their columns) or roles into `words`, lower case; `column:name` follows a privilege for each of its columns.
 * True: what was read may be a list of roles (or dynamic privileges): every member is a name.
 */
export function readPrivileges(c: TokenCursor, draft: CommandDraft): boolean {
  if (c.accept('all')) {
    c.accept('privileges')
    draft.words.push('all')
    // Only REVOKE has something behind it.
    if (c.accept(',')) {
      c.expectPair('grant', 'option')
      draft.words.push('grant option')
    }
    return false
  }
  let roles = true
  let privileges = true
  do {
    if (readMember(c, draft)) privileges = false
    else roles = false
  } while (c.accept(','))
  // What is no privilege is a role in MariaDB, and these are granted by themselves.
  if (c.isMariadb && !roles && !privileges) throw c.error()
  return roles
}

/** One privilege or role; true: it can be a role. */
function readMember(c: TokenCursor, draft: CommandDraft): boolean {
  const privilege = readPrivilege(c)
  if (privilege !== null) {
    draft.words.push(privilege)
    if (OF_COLUMNS.has(privilege) && c.accept('(')) {
      do draft.words.push(`column:${c.name()}`)
      while (c.accept(','))
      c.expect(')')
    }
    return false
  }
  const name = readAccountName(c)
  draft.words.push(name)
  if (c.accept('(')) {
    do draft.words.push(`column:${c.name()}`)
    while (c.accept(','))
    c.expect(')')
    return false
  }
  return true
}

function readPrivilege(c: TokenCursor): string | null {
  const first = c.spelling
  if (c.kind !== TokenKind.word || first === '') return null
  // The longest that fits: no list has a member after one that it begins.
  const own = c.isMariadb ? LONGER_OF_MARIADB : LONGER_OF_MYSQL
  for (const words of [...(own[first] ?? []), ...(LONGER[first] ?? [])]) {
    const parts = words.split(' ')
    if (parts.every((word, ahead) => c.spellingAhead(ahead) === word)) {
      c.restore(c.at + parts.length)
      return words
    }
  }
  if (!SINGLE.has(first)) return null
  // EVENT, EXECUTE, FILE … are privileges whether or not a role is called so: a role of that name needs quotes.
  c.advance()
  return first
}
