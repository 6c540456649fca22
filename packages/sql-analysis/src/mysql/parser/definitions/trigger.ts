/** CREATE TRIGGER. MySQL manual, "CREATE TRIGGER Statement". */
import { readProgramStatement } from '../programs/program-statement.ts'
import { acceptIfNotExists, qualifiedName } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import type { Draft } from './draft.ts'

/** Reads what stands behind CREATE TRIGGER. */
export function readCreateTrigger(c: TokenCursor, draft: Draft): void {
  if (acceptIfNotExists(c)) draft.ifNotExists = true
  draft.objects.push({ type: 'trigger', name: qualifiedName(c) })
  const time = c.accept('before') ? 'before' : (c.expect('after'), 'after')
  const event = c.accept('insert') ? 'insert' : c.accept('update') ? 'update' : (c.expect('delete'), 'delete')
  draft.trigger = { time, event }
  c.expect('on')
  draft.others.push({ role: 'on', type: 'table', name: qualifiedName(c) })
  c.expect('for')
  c.expect('each')
  c.expect('row')
  if (c.is('follows') || c.is('precedes')) {
    // A body cannot begin with these words: they would be a label, and that has a colon.
    if (c.spellingAhead(1) !== ':') {
      c.advance()
      draft.others.push({ role: 'follows', type: 'trigger', name: { schema: null, name: c.nameOrString() } })
    }
  }
  draft.body = readProgramStatement(c)
}
