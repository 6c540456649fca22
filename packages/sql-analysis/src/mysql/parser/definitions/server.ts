/** CREATE SERVER and ALTER SERVER. MySQL manual, "CREATE SERVER Statement". */
import { acceptIfNotExists } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { unqualified } from './account.ts'
import type { Draft } from './draft.ts'

/** Reads what stands behind CREATE SERVER; HOST, SOCKET and PORT go into `files` as where the connection leads. */
export function readCreateServer(c: TokenCursor, draft: Draft): void {
  if (c.isMariadb && acceptIfNotExists(c)) draft.ifNotExists = true
  draft.objects.push(unqualified('server', c.nameOrString()))
  c.expect('foreign')
  c.expect('data')
  c.expect('wrapper')
  c.nameOrString()
  readOptions(c, draft)
}

/** Reads what stands behind ALTER SERVER. */
export function readAlterServer(c: TokenCursor, draft: Draft): void {
  draft.objects.push(unqualified('server', c.nameOrString()))
  readOptions(c, draft)
}

function readOptions(c: TokenCursor, draft: Draft): void {
  c.expect('options')
  c.expect('(')
  do {
    const option = c.acceptAny(['user', 'host', 'database', 'owner', 'password', 'socket', 'port'])
    if (option === null) throw c.error()
    if (option === 'port') {
      c.integer()
      continue
    }
    const value = c.string()
    if (option === 'host' || option === 'socket') draft.files.push(value)
  } while (c.accept(','))
  c.expect(')')
}
