/** CREATE LIBRARY and ALTER LIBRARY of MySQL. MySQL manual, "CREATE LIBRARY Statement". */
import { acceptIfNotExists, qualifiedName, readProgramText } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import type { Draft } from './draft.ts'

/** Reads what stands behind CREATE LIBRARY; the code is not SQL and is not kept. */
export function readCreateLibrary(c: TokenCursor, draft: Draft): void {
  if (acceptIfNotExists(c)) draft.ifNotExists = true
  draft.objects.push({ type: 'library', name: qualifiedName(c) })
  let language = false
  for (;;) {
    if (c.accept('comment')) c.string()
    else if (c.accept('language')) {
      c.nameOrString()
      language = true
    } else break
  }
  if (!language) throw c.error()
  c.expect('as')
  readProgramText(c)
}

/** Reads what stands behind ALTER LIBRARY. */
export function readAlterLibrary(c: TokenCursor, draft: Draft): void {
  draft.objects.push({ type: 'library', name: qualifiedName(c) })
  c.expect('comment')
  c.string()
}
