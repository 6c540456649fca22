/** Names of users and roles. MySQL manual, "Specifying Account Names", "Specifying Role Names". */
import type { NamedObject, ObjectKind } from '../../statement-tree.ts'
import { TokenKind } from '../../lexer/tokens.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** `name`, `name@host`, CURRENT_USER, in MariaDB CURRENT_ROLE: as `name@host`, or `current_user`, `current_role`. */
export function readAccountName(c: TokenCursor): string {
  if (c.accept('current_user')) {
    if (c.accept('(')) c.expect(')')
    return 'current_user'
  }
  if (c.isMariadb && c.accept('current_role')) {
    if (c.accept('(')) c.expect(')')
    return 'current_role'
  }
  const name = c.nameOrString()
  return c.kind === TokenKind.userVariable ? `${name}@${c.userVariableName()}` : name
}

/** An account as an object of a definition or command. */
export function readAccount(c: TokenCursor, type: 'user' | 'role'): NamedObject {
  return unqualified(type, readAccountName(c))
}

/** An object whose name has no schema. */
export function unqualified(type: ObjectKind, name: string): NamedObject {
  return { type, name: { schema: null, name } }
}

/** `DEFINER = account`, CURRENT_ROLE too in MariaDB; the cursor stands behind DEFINER. */
export function readDefiner(c: TokenCursor): string {
  c.expect('=')
  return readAccountName(c)
}
