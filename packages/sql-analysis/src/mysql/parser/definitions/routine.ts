/** CREATE and ALTER PROCEDURE and FUNCTION. MySQL manual, "CREATE PROCEDURE and CREATE FUNCTION Statements", "CREATE FUNCTION Statement for Loadable Functions". */
import { readProgramStatement } from '../programs/program-statement.ts'
import { readVariableType } from '../programs/variable-type.ts'
import { acceptIfNotExists, qualifiedName, readProgramText } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { unqualified } from './account.ts'
import { readCharacterSetName } from './data-type.ts'
import type { Draft } from './draft.ts'
import { readSecurity } from './security.ts'

/** Reads what stands behind CREATE PROCEDURE. */
export function readCreateProcedure(c: TokenCursor, draft: Draft): void {
  if (acceptIfNotExists(c)) draft.ifNotExists = true
  draft.objects.push({ type: 'procedure', name: qualifiedName(c) })
  readParameters(c, draft, true)
  readCharacteristicsAndBody(c, draft)
}

/** Reads what stands behind CREATE [AGGREGATE] FUNCTION: a stored function, or a loadable one (`create_loadable_function`). */
export function readCreateFunction(c: TokenCursor, draft: Draft): void {
  if (acceptIfNotExists(c)) draft.ifNotExists = true
  const name = qualifiedName(c)
  if (c.is('returns')) {
    readLoadable(c, draft, name.name)
    if (name.schema !== null || draft.definer !== null) throw c.error()
    return
  }
  if (draft.options.includes('aggregate') && !c.isMariadb) throw c.error()
  draft.objects.push({ type: 'function', name })
  readParameters(c, draft, c.isMariadb)
  c.expect('returns')
  const returns = readVariableType(c)
  if (returns !== null) draft.returns = returns
  while (c.accept('collate')) readCharacterSetName(c)
  readCharacteristicsAndBody(c, draft)
}

function readLoadable(c: TokenCursor, draft: Draft, name: string): void {
  c.expect('returns')
  if (!(c.accept('string') || c.accept('integer') || c.accept('real') || c.accept('decimal') || c.accept('int')))
    throw c.error()
  c.expect('soname')
  draft.action = 'create_loadable_function'
  draft.objects.push(unqualified('loadable_function', name))
  draft.files.push(c.string())
}

function readParameters(c: TokenCursor, draft: Draft, modes: boolean): void {
  c.expect('(')
  if (c.accept(')')) return
  do {
    const mode = modes ? readMode(c) : 'in'
    const name = c.name()
    const type = readVariableType(c)
    while (c.accept('collate')) readCharacterSetName(c)
    draft.parameters.push({ name, mode, ...(type === null ? {} : { type }) })
  } while (c.accept(','))
  c.expect(')')
}

function readMode(c: TokenCursor): 'in' | 'out' | 'inout' {
  if (c.accept('in')) return 'in'
  if (c.accept('out')) return 'out'
  return c.accept('inout') ? 'inout' : 'in'
}

function readCharacteristicsAndBody(c: TokenCursor, draft: Draft): void {
  let external = false
  for (;;) {
    const language = readCharacteristic(c, draft)
    if (language === null) break
    if (language !== '') external = language !== 'sql'
  }
  // MySQL: AS and the text of a program in another language. MariaDB has no such thing.
  if (external && c.accept('as')) {
    readProgramText(c)
    draft.options.push('external')
    return
  }
  if (external) throw c.error()
  draft.body = readProgramStatement(c)
}

/** One characteristic: the language it names or ''; null where none stands. */
function readCharacteristic(c: TokenCursor, draft: Draft): string | null {
  switch (c.spelling) {
    case 'comment':
      c.advance()
      c.string()
      return ''
    case 'language': {
      c.advance()
      const language = c.accept('sql') ? 'sql' : c.name().toLowerCase()
      if (c.isMariadb && language !== 'sql') throw c.error()
      return language
    }
    case 'using':
      if (c.isMariadb) return null
      if (draft.others.length > 0) throw c.error()
      c.advance()
      readLibraries(c, draft)
      return ''
    case 'no':
      c.advance()
      c.expect('sql')
      return ''
    case 'contains':
      c.advance()
      c.expect('sql')
      return ''
    case 'reads':
    case 'modifies':
      c.advance()
      c.expect('sql')
      c.expect('data')
      return ''
    case 'sql':
      c.advance()
      readSecurity(c, draft)
      return ''
    case 'not':
      c.advance()
      c.expect('deterministic')
      return ''
    case 'deterministic':
      c.advance()
      return ''
    default:
      return null
  }
}

/** `(library [AS alias], …)`. */
function readLibraries(c: TokenCursor, draft: Draft): void {
  c.expect('(')
  if (c.accept(')')) return
  do {
    draft.others.push({ role: 'other', type: 'library', name: qualifiedName(c) })
    if (c.accept('as') || c.isName) c.name()
  } while (c.accept(','))
  c.expect(')')
}

/** Reads what stands behind ALTER PROCEDURE or ALTER FUNCTION. */
export function readAlterRoutine(c: TokenCursor, draft: Draft, type: 'procedure' | 'function'): void {
  draft.objects.push({ type, name: qualifiedName(c) })
  while (!c.atEnd && !c.is('deterministic') && !c.is('not')) {
    if (readCharacteristic(c, draft) === null) break
  }
}
