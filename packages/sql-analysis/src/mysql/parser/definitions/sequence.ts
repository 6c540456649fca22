/** CREATE SEQUENCE and ALTER SEQUENCE of MariaDB. MariaDB documentation, "CREATE SEQUENCE", "ALTER SEQUENCE". */
import { acceptIfExists, acceptIfNotExists, isNumberAhead, qualifiedName } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { readWait } from './alter-table.ts'
import type { Draft } from './draft.ts'
import { readTableOptions } from './table-options.ts'

/** Reads what stands behind CREATE [TEMPORARY] SEQUENCE. */
export function readCreateSequence(c: TokenCursor, draft: Draft): void {
  if (acceptIfNotExists(c)) draft.ifNotExists = true
  draft.objects.push({ type: 'sequence', name: qualifiedName(c) })
  while (!c.is('restart') && readSequenceOption(c));
  readTableOptions(c, draft)
}

/** Reads what stands behind ALTER SEQUENCE. */
export function readAlterSequence(c: TokenCursor, draft: Draft): void {
  if (acceptIfExists(c)) draft.ifExists = true
  draft.objects.push({ type: 'sequence', name: qualifiedName(c) })
  readWait(c)
  if (!readSequenceOption(c)) throw c.error()
  while (readSequenceOption(c));
}

/** One option; false where none stands. */
function readSequenceOption(c: TokenCursor): boolean {
  switch (c.spelling) {
    case 'minvalue':
    case 'maxvalue':
    case 'cache':
      c.advance()
      c.accept('=')
      readNumber(c)
      return true
    case 'start':
      c.advance()
      if (!c.accept('with')) c.accept('=')
      readNumber(c)
      return true
    case 'increment':
      c.advance()
      if (!c.accept('by')) c.accept('=')
      readNumber(c)
      return true
    case 'no':
      c.advance()
      if (!(c.accept('minvalue') || c.accept('maxvalue') || c.accept('cache') || c.accept('cycle'))) throw c.error()
      return true
    case 'nominvalue':
    case 'nomaxvalue':
    case 'nocache':
    case 'nocycle':
    case 'cycle':
      c.advance()
      return true
    case 'restart':
      c.advance()
      if (!c.accept('with')) c.accept('=')
      if (isNumberAhead(c, 0) || c.is('-')) readNumber(c)
      return true
    default:
      return false
  }
}

function readNumber(c: TokenCursor): void {
  if (!c.accept('-')) c.accept('+')
  c.integer()
}
