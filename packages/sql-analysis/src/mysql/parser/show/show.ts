/** SHOW. MySQL manual, "SHOW Statements"; MariaDB documentation, "SHOW". */
import { readAccountName } from '../definitions/account.ts'
import type { Show } from '../../statement-tree.ts'
import { acceptWord, qualifiedName } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { readShowCreate } from './show-create.ts'
import {
  draftShow,
  readFilter,
  readFromSchema,
  readFromTable,
  readLimit,
  readWhere,
  type ShowDraft,
} from './show-draft.ts'
import { readShowBinary, readShowEngine, readShowLogEvents, readShowProfile, readShowReplica } from './show-server.ts'

/** Reads a SHOW statement; the cursor stands behind SHOW. */
export function readShow(c: TokenCursor): Show {
  const draft = draftShow()
  const word = c.spelling
  if (word === 'create') {
    c.advance()
    readShowCreate(c, draft)
  } else if (word === 'full' || word === 'extended') readWithFull(c, draft)
  else if (!readOfObjects(c, draft) && !readOfServer(c, draft) && !(c.isMariadb && readOfMariadb(c, draft)))
    throw c.error()
  return draft
}

/** `SHOW [EXTENDED] [FULL] …`. */
function readWithFull(c: TokenCursor, draft: ShowDraft): void {
  const extended = !c.isMariadb && c.accept('extended')
  draft.full = c.accept('full')
  switch (c.spelling) {
    case 'tables':
    case 'columns':
    case 'fields':
      readOfObjects(c, draft)
      return
    case 'index':
    case 'indexes':
    case 'keys':
      if (draft.full) throw c.error()
      readOfObjects(c, draft)
      return
    case 'processlist':
      if (extended) throw c.error()
      c.advance()
      draft.what = 'processlist'
      return
    case 'triggers':
      if (extended) throw c.error()
      readOfObjects(c, draft)
      return
    default:
      throw c.error()
  }
}

/** SHOW of schemas, tables, columns, indexes, routines …; false where none stands. */
function readOfObjects(c: TokenCursor, draft: ShowDraft): boolean {
  switch (c.spelling) {
    case 'databases':
    case 'schemas':
      c.advance()
      draft.what = 'databases'
      readFilter(c, draft)
      return true
    case 'tables':
    case 'triggers':
    case 'events':
      draft.what = c.spelling
      c.advance()
      readFromSchema(c, draft)
      readFilter(c, draft)
      return true
    case 'open':
    case 'table':
      draft.what = c.spelling === 'open' ? 'open_tables' : 'table_status'
      c.expect(c.spellingAhead(0) === 'open' ? 'open' : 'table')
      c.expect(draft.what === 'open_tables' ? 'tables' : 'status')
      readFromSchema(c, draft)
      readFilter(c, draft)
      return true
    case 'columns':
    case 'fields':
      c.advance()
      draft.what = 'columns'
      readFromTable(c, draft)
      readFilter(c, draft)
      return true
    case 'index':
    case 'indexes':
    case 'keys':
      c.advance()
      draft.what = 'index'
      readFromTable(c, draft)
      readWhere(c, draft)
      return true
    case 'function':
    case 'procedure':
      draft.what = c.spelling
      c.advance()
      readRoutines(c, draft)
      return true
    case 'library':
      if (c.isMariadb) return false
      c.advance()
      c.expect('status')
      draft.what = 'library_status'
      readFilter(c, draft)
      return true
    default:
      return false
  }
}

/** `STATUS [filter]` or `CODE name`. */
function readRoutines(c: TokenCursor, draft: ShowDraft): void {
  if (c.accept('code')) {
    draft.what += '_code'
    draft.object = qualifiedName(c)
    return
  }
  c.expect('status')
  draft.what += '_status'
  readFilter(c, draft)
}

/** SHOW of variables, warnings, grants, logs …; false where none stands. */
function readOfServer(c: TokenCursor, draft: ShowDraft): boolean {
  switch (c.spelling) {
    case 'global':
    case 'session':
    case 'local':
      c.advance()
      if (!c.is('status') && !c.is('variables')) throw c.error()
      return readOfServer(c, draft)
    case 'status':
    case 'variables':
    case 'collation':
    case 'charset':
      draft.what = c.spelling === 'charset' ? 'character_set' : c.spelling
      c.advance()
      readFilter(c, draft)
      return true
    case 'character':
    case 'char':
      c.advance()
      c.expect('set')
      draft.what = 'character_set'
      readFilter(c, draft)
      return true
    case 'warnings':
    case 'errors':
      draft.what = c.spelling
      c.advance()
      readLimit(c)
      return true
    case 'count':
      c.advance()
      c.expect('(')
      c.expect('*')
      c.expect(')')
      if (!c.is('warnings') && !c.is('errors')) throw c.error()
      draft.what = `count_${c.spelling}`
      c.advance()
      return true
    case 'grants':
      c.advance()
      draft.what = 'grants'
      if (!c.accept('for')) return true
      draft.object = { schema: null, name: readAccountName(c) }
      if (!c.isMariadb && c.accept('using')) c.list(readAccountName)
      return true
    case 'privileges':
    case 'profiles':
    case 'processlist':
      draft.what = c.spelling
      c.advance()
      return true
    case 'plugins':
      c.advance()
      draft.what = 'plugins'
      if (!c.isMariadb) return true
      if (!c.accept('soname')) return true
      if (c.isString) c.string()
      else readFilter(c, draft)
      return true
    case 'engines':
      c.advance()
      draft.what = 'engines'
      return true
    case 'storage':
      c.advance()
      c.expect('engines')
      draft.what = 'engines'
      return true
    case 'engine':
      c.advance()
      readShowEngine(c, draft)
      return true
    case 'profile':
      c.advance()
      readShowProfile(c, draft)
      return true
    case 'binlog':
      c.advance()
      if (c.isMariadb && c.accept('status')) draft.what = 'binary_log_status'
      else readShowLogEvents(c, draft, 'binlog_events')
      return true
    case 'relaylog':
      c.advance()
      if (c.isMariadb && c.isString) c.string()
      readShowLogEvents(c, draft, 'relaylog_events')
      return true
    case 'binary':
    case 'master':
      if (c.spellingAhead(0) === 'master' && !c.isMariadb && c.dialect.version >= 80400) return false
      readShowBinary(c, draft)
      return true
    case 'replicas':
    case 'replica':
    case 'slave':
      return readShowReplica(c, draft)
    default:
      return false
  }
}

const STATISTICS = [
  'user_statistics',
  'client_statistics',
  'index_statistics',
  'table_statistics',
  'query_response_time',
]

/** What only MariaDB shows; false where none stands. */
function readOfMariadb(c: TokenCursor, draft: ShowDraft): boolean {
  for (const statistics of STATISTICS) {
    if (acceptWord(c, statistics)) {
      draft.what = statistics
      return true
    }
  }
  if (acceptWord(c, 'authors') || acceptWord(c, 'contributors')) {
    draft.what = 'authors'
    return true
  }
  switch (c.spelling) {
    case 'explain':
    case 'analyze':
      draft.what = c.spelling
      c.advance()
      if (c.accept('format')) {
        c.expect('=')
        c.nameOrString()
      }
      c.expect('for')
      // Computed by the server, and repeated in its error.
      draft.where = c.grammar.expression(c)
      return true
    case 'package':
      c.advance()
      draft.what = c.accept('body') ? 'package_body' : 'package'
      readRoutines(c, draft)
      return true
    case 'all':
      c.advance()
      if (c.acceptAny(['slaves', 'replicas']) === null) throw c.error()
      c.expect('status')
      draft.what = 'replica_status'
      return true
    default:
      return false
  }
}
