/** Options of CREATE TABLE and ALTER TABLE. MySQL manual, "CREATE TABLE Statement", table_options; MariaDB documentation, "CREATE TABLE". */
import { qualifiedName, readNumber, readSize } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { readCharacterSetName } from './data-type.ts'
import type { Draft } from './draft.ts'
import { readEngineOption } from './engine-option.ts'

const NUMBERS = new Set(
  'max_rows min_rows avg_row_length auto_increment checksum table_checksum delay_key_write key_block_size'.split(' '),
)
const NUMBERS_OF_MARIADB = new Set('transactional page_checksum sequence'.split(' '))
const NUMBERS_OR_DEFAULT = new Set('pack_keys stats_auto_recalc stats_persistent stats_sample_pages'.split(' '))
const STRINGS = new Set(
  'password comment compression encryption engine_attribute secondary_engine_attribute'.split(' '),
)
const ROW_FORMATS = new Set('default dynamic fixed compressed redundant compact page'.split(' '))

/** Reads options until something else stands, with or without commas between; `draft` gets engine, files and the tables of UNION. */
export function readTableOptions(c: TokenCursor, draft: Draft): void {
  if (!readTableOption(c, draft)) return
  for (;;) {
    const comma = c.is(',')
    if (comma) c.advance()
    if (!readTableOption(c, draft)) {
      if (comma) throw c.error()
      return
    }
  }
}

/** One option; false where none stands, and then nothing was taken. */
export function readTableOption(c: TokenCursor, draft: Draft): boolean {
  const name = c.spelling
  if (name === '') return c.isMariadb && readEngineOption(c, draft.files)
  if (NUMBERS.has(name) || (c.isMariadb && NUMBERS_OF_MARIADB.has(name))) {
    c.advance()
    c.accept('=')
    readNumber(c)
    return true
  }
  if (NUMBERS_OR_DEFAULT.has(name)) {
    c.advance()
    c.accept('=')
    if (!c.accept('default')) readNumber(c)
    return true
  }
  if (STRINGS.has(name) && (!c.isMariadb || name === 'password' || name === 'comment')) {
    c.advance()
    c.accept('=')
    c.string()
    return true
  }
  switch (name) {
    case 'engine':
      c.advance()
      c.accept('=')
      draft.engine = c.nameOrString().toLowerCase()
      return true
    case 'secondary_engine':
      if (c.isMariadb) return readEngineOption(c, draft.files)
      c.advance()
      c.accept('=')
      if (!c.accept('null')) draft.options.push(`secondary_engine=${c.nameOrString()}`)
      return true
    case 'row_format':
      c.advance()
      c.accept('=')
      if (!ROW_FORMATS.has(c.spelling) || (c.is('page') && !c.isMariadb)) throw c.error()
      c.advance()
      return true
    case 'insert_method':
      c.advance()
      c.accept('=')
      if (!(c.accept('no') || c.accept('first') || c.accept('last'))) throw c.error()
      return true
    case 'default':
    case 'character':
    case 'char':
    case 'charset':
    case 'collate':
      return readDefaultCharacterSet(c)
    case 'union':
      c.advance()
      c.accept('=')
      readUnion(c, draft)
      return true
    case 'data':
    case 'index':
      if (c.spellingAhead(1) !== 'directory') return false
      c.advance()
      c.advance()
      c.accept('=')
      draft.files.push(c.string())
      return true
    case 'connection':
      c.advance()
      c.accept('=')
      draft.files.push(c.string())
      return true
    case 'tablespace':
      c.advance()
      if (!c.isMariadb) c.accept('=')
      draft.others.push({ role: 'other', type: 'tablespace', name: { schema: null, name: c.name() } })
      return true
    case 'storage':
      if (c.spellingAhead(1) !== 'disk' && c.spellingAhead(1) !== 'memory') return false
      c.advance()
      c.advance()
      return true
    case 'start':
      if (c.isMariadb) return readEngineOption(c, draft.files)
      c.advance()
      c.expect('transaction')
      return true
    case 'autoextend_size':
      if (c.isMariadb) return readEngineOption(c, draft.files)
      c.advance()
      c.accept('=')
      readSize(c)
      return true
    case 'with':
      if (!c.isMariadb || c.spellingAhead(1) !== 'system') return false
      c.advance()
      c.advance()
      c.expect('versioning')
      return true
    default:
      return c.isMariadb && readEngineOption(c, draft.files)
  }
}

/** `[DEFAULT] CHARACTER SET [=] x` or `[DEFAULT] COLLATE [=] x`; false where neither stands. */
export function readDefaultCharacterSet(c: TokenCursor): boolean {
  const ahead = c.is('default') ? 1 : 0
  if (c.spellingAhead(ahead) === 'collate' || c.spellingAhead(ahead) === 'charset') {
    if (ahead === 1) c.advance()
    c.advance()
  } else if (
    (c.spellingAhead(ahead) === 'character' || c.spellingAhead(ahead) === 'char') &&
    c.spellingAhead(ahead + 1) === 'set'
  ) {
    if (ahead === 1) c.advance()
    c.advance()
    c.advance()
  } else return false
  c.accept('=')
  if (!c.isMariadb || !c.accept('default')) readCharacterSetName(c)
  return true
}

function readUnion(c: TokenCursor, draft: Draft): void {
  c.expect('(')
  if (c.accept(')')) return
  do draft.others.push({ role: 'union', type: 'table', name: qualifiedName(c) })
  while (c.accept(','))
  c.expect(')')
}
