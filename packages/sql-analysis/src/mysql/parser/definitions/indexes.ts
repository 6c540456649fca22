/** CREATE INDEX and DROP INDEX. MySQL manual, "CREATE INDEX Statement", "DROP INDEX Statement". */
import { acceptIfExists, acceptIfNotExists, qualifiedName } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { unqualified } from './account.ts'
import { readWait } from './alter-table.ts'
import type { Draft } from './draft.ts'
import { readIndexOption, readIndexType, readKeyParts, readParser } from './keys.ts'

/** Reads what stands behind CREATE … INDEX. */
export function readCreateIndex(c: TokenCursor, draft: Draft, fulltext: boolean): void {
  if (c.isMariadb && acceptIfNotExists(c)) draft.ifNotExists = true
  draft.objects.push(unqualified('index', c.name()))
  readIndexType(c)
  readOnTable(c, draft)
  readKeyParts(c, draft)
  if (c.isMariadb) readWait(c)
  if (fulltext) while (readIndexOption(c) || readParser(c));
  else while (readIndexOption(c));
  readAlgorithmAndLock(c)
}

/** Reads what stands behind DROP INDEX. */
export function readDropIndex(c: TokenCursor, draft: Draft): void {
  if (c.isMariadb && acceptIfExists(c)) draft.ifExists = true
  draft.objects.push(unqualified('index', c.name()))
  readOnTable(c, draft)
  if (c.isMariadb) readWait(c)
  else readAlgorithmAndLock(c)
}

function readOnTable(c: TokenCursor, draft: Draft): void {
  c.expect('on')
  draft.others.push({ role: 'on', type: 'table', name: qualifiedName(c) })
}

/** ALGORITHM and LOCK, each once, in any order. */
function readAlgorithmAndLock(c: TokenCursor): void {
  let last = ''
  while ((c.is('algorithm') || c.is('lock')) && c.spelling !== last && last !== 'both') {
    last = last === '' ? c.spelling : 'both'
    c.advance()
    c.accept('=')
    if (!c.accept('default')) c.name()
  }
}
