/** Indexes, keys and constraints inside a table's definition. MySQL manual, "CREATE TABLE Statement", "CREATE INDEX Statement". */
import { acceptIfNotExists, qualifiedName } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import type { Draft } from './draft.ts'
import { readEngineOption } from './engine-option.ts'

/** True where an index or constraint, not a column, begins. */
export function atKey(c: TokenCursor): boolean {
  switch (c.spelling) {
    case 'primary':
    case 'unique':
    case 'fulltext':
    case 'spatial':
    case 'key':
    case 'index':
    case 'foreign':
    case 'constraint':
    case 'check':
      return true
    case 'vector':
      return c.isMariadb && (c.spellingAhead(1) === 'key' || c.spellingAhead(1) === 'index')
    default:
      return false
  }
}

/** Reads an index or constraint; the caller has seen `atKey`. */
export function readKey(c: TokenCursor, draft: Draft): void {
  if (c.is('constraint') || c.is('check')) {
    if (readCheck(c, draft, true)) return
    // CONSTRAINT [name], and a key follows.
    if (!c.is('primary') && !c.is('unique') && !c.is('foreign')) throw c.error()
  }
  switch (c.spelling) {
    case 'primary':
      c.advance()
      c.expect('key')
      break
    case 'foreign':
      c.advance()
      c.expect('key')
      readIfNotExists(c, draft)
      c.acceptName()
      readKeyParts(c, draft)
      readReferences(c, draft)
      return
    case 'unique':
      c.advance()
      if (!c.accept('key')) c.accept('index')
      break
    case 'fulltext':
    case 'spatial':
    case 'vector':
      readKeyWithoutType(c, draft)
      return
    case 'key':
    case 'index':
      c.advance()
      break
    default:
      throw c.error()
  }
  readIfNotExists(c, draft)
  c.acceptName()
  readIndexType(c)
  readKeyParts(c, draft)
  while (readIndexOption(c));
}

/** FULLTEXT and SPATIAL: what kind of index that is, is said already. */
function readKeyWithoutType(c: TokenCursor, draft: Draft): void {
  c.advance()
  if (!c.accept('key')) c.accept('index')
  readIfNotExists(c, draft)
  c.acceptName()
  readKeyParts(c, draft)
  while (readParser(c) || (!c.is('using') && readIndexOption(c)));
}

/** `WITH PARSER name`, of FULLTEXT indexes. */
export function readParser(c: TokenCursor): boolean {
  if (!c.acceptPair('with', 'parser')) return false
  c.name()
  return true
}

function readIfNotExists(c: TokenCursor, draft: Draft): void {
  if (c.isMariadb && draft.action !== 'create_table') acceptIfNotExists(c)
}

/** `USING BTREE` or `TYPE BTREE`; false where neither stands. */
export function readIndexType(c: TokenCursor): boolean {
  if (!c.accept('using') && !c.accept('type')) return false
  if (!(c.accept('btree') || c.accept('hash') || c.accept('rtree'))) throw c.error()
  return true
}

/** `(part, …)`: columns with length and direction, or `(expression)`. */
export function readKeyParts(c: TokenCursor, draft: Draft): void {
  c.expect('(')
  do {
    if (!c.isMariadb && c.accept('(')) {
      draft.expressions.push(c.grammar.expression(c))
      c.expect(')')
    } else {
      const column = c.name()
      if (c.isMariadb && c.acceptPair('without', 'overlaps')) continue
      draft.expressions.push({ kind: 'column', schema: null, table: null, name: column })
      if (c.accept('(')) {
        c.integer()
        c.expect(')')
      }
    }
    if (!c.accept('asc')) c.accept('desc')
  } while (c.accept(','))
  c.expect(')')
}

/** One option behind the parts of an index; false where none stands. */
export function readIndexOption(c: TokenCursor): boolean {
  switch (c.spelling) {
    case 'using':
    case 'type':
      return readIndexType(c)
    case 'key_block_size':
      c.advance()
      c.accept('=')
      c.integer()
      return true
    case 'comment':
      c.advance()
      c.string()
      return true
    case 'visible':
      c.advance()
      return true
    case 'invisible':
      if (c.isMariadb) return readEngineOption(c)
      c.advance()
      return true
    case 'ignored':
      if (!c.isMariadb) return false
      c.advance()
      return true
    case 'not':
      if (!c.isMariadb || c.spellingAhead(1) !== 'ignored') return false
      c.advance()
      c.advance()
      return true
    case 'clustering':
      if (!c.isMariadb) return false
      if (c.spellingAhead(1) === '=') return readEngineOption(c)
      c.advance()
      return true
    case 'engine_attribute':
    case 'secondary_engine_attribute':
      if (c.isMariadb) return readEngineOption(c)
      c.advance()
      c.accept('=')
      c.string()
      return true
    default:
      return c.isMariadb && readEngineOption(c)
  }
}

/**
 * `[CONSTRAINT [name]] CHECK (expression) [[NOT] ENFORCED]`. False where CONSTRAINT [name] has something else behind it, which is then
 * where the cursor stands; only where `names` is true is that no error.
 */
export function readCheck(c: TokenCursor, draft: Draft, keysToo = false): boolean {
  if (c.accept('constraint')) {
    readIfNotExists(c, draft)
    if (!c.is('check') && !c.is('references') && !atConstraintKey(c)) c.name()
  }
  if (keysToo && !c.is('check')) return false
  if (c.isMariadb && c.is('references')) {
    readReferences(c, draft)
    return true
  }
  c.expect('check')
  c.expect('(')
  draft.expressions.push(c.grammar.expression(c))
  c.expect(')')
  if (!c.isMariadb && !c.accept('enforced')) c.acceptPair('not', 'enforced')
  return true
}

function atConstraintKey(c: TokenCursor): boolean {
  return c.is('primary') || c.is('unique') || c.is('foreign')
}

/** `REFERENCES table [(column, …)] [MATCH …] [ON DELETE …] [ON UPDATE …]`. */
export function readReferences(c: TokenCursor, draft: Draft): void {
  c.expect('references')
  const name = qualifiedName(c)
  const columns = c.is('(') ? c.parenthesised((at) => at.name()) : []
  draft.others.push({ role: 'references', type: 'table', name, ...(columns.length === 0 ? {} : { columns }) })
  if (c.accept('match') && !(c.accept('full') || c.accept('partial') || c.accept('simple'))) throw c.error()
  let done = ''
  while (c.is('on')) {
    const change = c.spellingAhead(1)
    if ((change !== 'delete' && change !== 'update') || change === done || done === 'both') return
    c.advance()
    c.advance()
    if (!c.accept('restrict') && !c.accept('cascade') && !c.acceptPair('no', 'action')) {
      if (!c.acceptPair('set', 'null')) c.expectPair('set', 'default')
    }
    done = done === '' ? change : 'both'
  }
}
