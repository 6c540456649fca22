/** SQL SECURITY. MySQL manual, "Stored Object Access Control". */
import type { TokenCursor } from '../token-cursor.ts'
import type { Draft } from './draft.ts'

/** `SECURITY DEFINER` or `SECURITY INVOKER`; the cursor stands behind SQL. */
export function readSecurity(c: TokenCursor, draft: Draft): void {
  c.expect('security')
  if (c.accept('invoker')) draft.security = 'invoker'
  else {
    c.expect('definer')
    draft.security = 'definer'
  }
}
