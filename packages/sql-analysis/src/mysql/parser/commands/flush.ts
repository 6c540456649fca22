/** FLUSH, RESET and PURGE. MySQL manual, "FLUSH Statement", "RESET Statement", "PURGE BINARY LOGS Statement"; MariaDB documentation, the same. */
import type { Command } from '../../statement-tree.ts'
import { acceptIfExists, acceptWord, isNumberAhead, qualifiedName } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { draftCommand, type CommandDraft } from './command-draft.ts'

/** Reads FLUSH; the cursor stands behind it. `words` say what is flushed. */
export function readFlush(c: TokenCursor): Command {
  const draft = draftCommand('flush')
  if (!c.accept('no_write_to_binlog')) c.accept('local')
  if (c.accept('tables') || c.accept('table')) {
    readFlushTables(c, draft)
    return draft
  }
  do readFlushed(c, draft)
  while (c.accept(','))
  return draft
}

/** `[name, …] [WITH READ LOCK | FOR EXPORT]`. */
function readFlushTables(c: TokenCursor, draft: CommandDraft): void {
  draft.words.push('tables')
  if (c.isName || c.is('.')) {
    do draft.objects.push({ type: 'table', name: qualifiedName(c) })
    while (c.accept(','))
  }
  if (c.acceptPair('with', 'read')) {
    c.expect('lock')
    draft.words.push('with read lock')
    if (c.isMariadb && c.acceptPair('and', 'disable')) c.expect('checkpoint')
  } else if (draft.objects.length > 0 && c.acceptPair('for', 'export')) draft.words.push('for export')
}

function readFlushed(c: TokenCursor, draft: CommandDraft): void {
  const kind = c.acceptAny(['binary', 'engine', 'error', 'general', 'slow', 'relay'])
  if (kind !== null) {
    draft.words.push(`${kind} logs`)
    if (!(c.isMariadb && c.accept('log'))) c.expect('logs')
    if (kind === 'relay') {
      if (c.isMariadb && c.isString) c.string()
      readChannel(c)
    } else if (kind === 'binary' && c.isMariadb && c.accept('delete_domain_id')) {
      c.expect('=')
      c.parenthesised((at) => at.integer())
    }
    return
  }
  const word = c.acceptAny(['logs', 'privileges', 'status', 'user_resources', 'optimizer_costs', 'hosts'])
  if (word !== null) {
    if (word === 'optimizer_costs' && c.isMariadb) throw c.error()
    if (word === 'hosts' && !c.isMariadb && c.dialect.version >= 80400) throw c.error()
    draft.words.push(word)
    return
  }
  if (!c.isMariadb) throw c.error()
  readFlushedOfMariadb(c, draft)
}

const OF_PLUGINS = [
  'client_statistics',
  'index_statistics',
  'table_statistics',
  'user_statistics',
  'user_variables',
  'query_response_time',
]

function readFlushedOfMariadb(c: TokenCursor, draft: CommandDraft): void {
  for (const word of OF_PLUGINS) {
    if (acceptWord(c, word)) {
      draft.words.push(word)
      return
    }
  }
  if (c.acceptPair('query', 'cache') || acceptWord(c, 'des_key_file') || c.accept('master') || c.accept('ssl')) {
    draft.words.push('other')
    return
  }
  if (c.acceptAny(['slave', 'replica']) !== null) {
    if (c.isString) c.string()
    draft.words.push('replica')
    return
  }
  throw c.error()
}

/** Reads RESET; the cursor stands behind it. */
export function readReset(c: TokenCursor): Command {
  const draft = draftCommand('reset')
  if (!c.isMariadb && c.accept('persist')) {
    draft.words.push('persist')
    if (acceptIfExists(c) || c.isName) {
      let variable = c.name()
      if (c.accept('.')) variable += `.${c.name()}`
      draft.words.push(variable.toLowerCase())
    }
    return draft
  }
  do readResetItem(c, draft)
  while (c.accept(','))
  return draft
}

function readResetItem(c: TokenCursor, draft: CommandDraft): void {
  if (c.isMariadb && c.acceptPair('query', 'cache')) {
    draft.words.push('query cache')
    return
  }
  if (!c.isMariadb && c.dialect.version >= 80400 && c.is('slave')) throw c.error()
  if (c.acceptAny(['slave', 'replica']) !== null) {
    draft.words.push('replica')
    if (c.isMariadb && c.isString) c.string()
    c.accept('all')
    readChannel(c)
    return
  }
  if (!c.isMariadb && c.acceptPair('binary', 'logs')) c.expectPair('and', 'gtids')
  else if (!c.isMariadb && c.dialect.version >= 80400) throw c.error()
  else c.expect('master')
  draft.words.push('binary logs')
  if (c.accept('to') && isNumberAhead(c, 0)) c.advance()
}

/** Reads PURGE; the cursor stands behind it. */
export function readPurge(c: TokenCursor): Command {
  const draft = draftCommand('purge_binary_logs')
  if (!c.accept('binary')) {
    if (!c.isMariadb && c.dialect.version >= 80400) throw c.error()
    c.expect('master')
  }
  c.expect('logs')
  if (c.accept('to')) c.string()
  else {
    c.expect('before')
    draft.expressions.push(c.grammar.expression(c))
  }
  return draft
}

function readChannel(c: TokenCursor): void {
  if (c.acceptPair('for', 'channel')) c.nameOrString()
}
