/** CREATE VIEW and ALTER VIEW. MySQL manual, "CREATE VIEW Statement", "CREATE JSON DUALITY VIEW Statement". */
import { acceptIfNotExists, qualifiedName } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import type { Draft } from './draft.ts'

/** `ALGORITHM = UNDEFINED | MERGE | TEMPTABLE`. */
export function readViewAlgorithm(c: TokenCursor, draft: Draft): void {
  c.expect('algorithm')
  c.expect('=')
  const algorithm = c.spelling
  if (algorithm !== 'undefined' && algorithm !== 'merge' && algorithm !== 'temptable') throw c.error()
  c.advance()
  draft.options.push(`algorithm_${algorithm}`)
}

/** Reads what stands behind VIEW. */
export function readCreateView(c: TokenCursor, draft: Draft): void {
  if (acceptIfNotExists(c)) {
    if (draft.orReplace && !c.isMariadb) throw c.error()
    draft.ifNotExists = true
  }
  readView(c, draft)
}

/** `name [(column, …)] AS query [WITH … CHECK OPTION]`. */
export function readView(c: TokenCursor, draft: Draft): void {
  draft.objects.push({ type: 'view', name: qualifiedName(c) })
  if (c.accept('(')) {
    const names: string[] = []
    do names.push(c.name())
    while (c.accept(','))
    c.expect(')')
    draft.columnNames = names
  }
  c.expect('as')
  draft.query = c.grammar.query(c)
  if (draft.query.into !== null) throw c.error()
  if (!c.accept('with')) return
  if (!c.accept('cascaded')) c.accept('local')
  c.expect('check')
  c.expect('option')
  draft.options.push('check_option')
}
