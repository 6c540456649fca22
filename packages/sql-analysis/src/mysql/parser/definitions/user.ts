/** CREATE USER, ALTER USER, CREATE ROLE. MySQL manual, "Account Management Statements"; MariaDB documentation, "CREATE USER". */
import { TokenKind } from '../../lexer/tokens.ts'
import { acceptIfExists, acceptIfNotExists } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { readAccount, readAccountName } from './account.ts'
import { readAuthentication } from './authentication.ts'
import type { Draft } from './draft.ts'

/** Reads what stands behind CREATE USER. */
export function readCreateUser(c: TokenCursor, draft: Draft): void {
  if (acceptIfNotExists(c)) draft.ifNotExists = true
  do {
    draft.objects.push(readAccount(c, 'user'))
    readAuthentication(c, 'create')
  } while (c.accept(','))
  if (!c.isMariadb && c.accept('default')) {
    c.expect('role')
    readRoles(c, draft)
  }
  readAccountOptions(c)
}

/** Reads what stands behind ALTER USER. */
export function readAlterUser(c: TokenCursor, draft: Draft): void {
  if (acceptIfExists(c)) draft.ifExists = true
  if (!c.isMariadb && c.is('user') && c.spellingAhead(1) === '(') {
    c.advance()
    c.advance()
    c.expect(')')
    draft.objects.push({ type: 'user', name: { schema: null, name: 'current_user' } })
    if (c.isPair('identified', 'with')) throw c.error()
    readAuthentication(c)
    return
  }
  do {
    draft.objects.push(readAccount(c, 'user'))
    readAuthentication(c)
  } while (c.accept(','))
  if (!c.isMariadb && c.accept('default')) {
    c.expect('role')
    draft.options.push('default_role')
    if (!c.accept('all') && !c.accept('none')) readRoles(c, draft)
    return
  }
  readAccountOptions(c)
}

/** Words that cannot name a role unless they are quoted. MySQL manual, "Specifying Role Names". */
const NO_ROLES = new Set('event execute file none process proxy reload replication resource super'.split(' '))

/** Reads what stands behind CREATE ROLE. */
export function readCreateRole(c: TokenCursor, draft: Draft): void {
  if (acceptIfNotExists(c)) draft.ifNotExists = true
  do {
    if (!c.isMariadb && NO_ROLES.has(c.spelling)) throw c.error()
    draft.objects.push(readAccount(c, 'role'))
  } while (c.accept(','))
  if (c.isMariadb && c.acceptPair('with', 'admin')) {
    draft.others.push({ role: 'other', ...readAccount(c, 'user') })
  }
}

function readRoles(c: TokenCursor, draft: Draft): void {
  do draft.others.push({ role: 'other', type: 'role', name: { schema: null, name: readAccountName(c) } })
  while (c.accept(','))
}

/** REQUIRE, WITH, and the options of passwords and locks, comment or attribute. */
export function readAccountOptions(c: TokenCursor): void {
  readRequire(c)
  if (c.accept('with')) {
    if (!readResource(c)) throw c.error()
    while (readResource(c));
  }
  while (readPasswordOption(c));
  if (!c.isMariadb && (c.accept('comment') || c.accept('attribute'))) c.string()
}

/** `REQUIRE NONE | SSL | X509 | …`, or nothing. */
export function readRequire(c: TokenCursor): void {
  if (!c.accept('require')) return
  if (c.accept('none') || c.accept('ssl') || c.accept('x509')) return
  do {
    if (!c.accept('cipher') && !c.accept('issuer')) c.expect('subject')
    c.string()
    c.accept('and')
  } while (c.is('cipher') || c.is('issuer') || c.is('subject'))
}

/** A limit on resources; false where none stands. */
export function readResource(c: TokenCursor): boolean {
  switch (c.spelling) {
    case 'max_queries_per_hour':
    case 'max_updates_per_hour':
    case 'max_connections_per_hour':
    case 'max_user_connections':
      c.advance()
      if (c.isMariadb) c.accept('-')
      c.integer()
      return true
    case 'max_statement_time':
      if (!c.isMariadb) return false
      c.advance()
      if (c.kind === TokenKind.decimal || c.kind === TokenKind.float) c.advance()
      else c.integer()
      return true
    default:
      return false
  }
}

function readPasswordOption(c: TokenCursor): boolean {
  switch (c.spelling) {
    case 'account':
      c.advance()
      if (!c.accept('lock')) c.expect('unlock')
      return true
    case 'password':
      c.advance()
      readPasswordRule(c)
      return true
    case 'failed_login_attempts':
      if (c.isMariadb) return false
      c.advance()
      c.integer()
      return true
    case 'password_lock_time':
      if (c.isMariadb) return false
      c.advance()
      if (!c.accept('unbounded')) c.integer()
      return true
    default:
      return false
  }
}

function readPasswordRule(c: TokenCursor): void {
  if (c.accept('expire')) {
    if (c.accept('default') || c.accept('never')) return
    if (c.accept('interval')) {
      c.integer()
      c.expect('day')
    }
    return
  }
  if (c.isMariadb) throw c.error()
  if (c.accept('history')) {
    if (!c.accept('default')) c.integer()
    return
  }
  if (c.accept('reuse')) {
    c.expect('interval')
    if (c.accept('default')) return
    c.integer()
    c.expect('day')
    return
  }
  c.expect('require')
  c.expect('current')
  if (!c.accept('default')) c.accept('optional')
}
