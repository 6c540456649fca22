/** Replication. MySQL manual, "Replication Statements"; MariaDB documentation, "Replication Commands". */
import { TokenKind } from '../../lexer/tokens.ts'
import { readAccountName, unqualified } from '../definitions/account.ts'
import type { Command } from '../../statement-tree.ts'
import { acceptNumber, qualifiedName } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { draftCommand, type CommandDraft } from './command-draft.ts'

/** Reads CHANGE REPLICATION SOURCE, CHANGE REPLICATION FILTER or CHANGE MASTER; the cursor stands behind CHANGE. Options go into `words`, their values are not kept but for file names. */
export function readChange(c: TokenCursor): Command {
  if (!c.isMariadb && c.accept('replication')) {
    if (c.accept('filter')) return readFilter(c)
    c.expectPair('source', 'to')
    return readSource(c)
  }
  if (isLater(c)) throw c.error()
  c.expect('master')
  if (c.isMariadb && c.isString) c.string()
  c.expect('to')
  return readSource(c)
}

function readSource(c: TokenCursor): Command {
  const draft = draftCommand('change_replication_source')
  do readOption(c, draft)
  while (c.accept(','))
  readChannel(c, draft)
  return draft
}

function readOption(c: TokenCursor, draft: CommandDraft): void {
  const option = readOptionName(c)
  if (!OPTIONS.test(option)) throw c.error()
  if (option.startsWith('source_') ? c.isMariadb : option.startsWith('master_') && isLater(c)) throw c.error()
  draft.words.push(option)
  c.expect('=')
  if (c.accept('(')) {
    if (c.accept(')')) return
    do c.integer()
    while (c.accept(','))
    c.expect(')')
    return
  }
  if (option === 'privilege_checks_user') {
    if (!c.accept('null')) {
      if (c.is('current_user')) throw c.error()
      readAccountName(c)
    }
    return
  }
  if (c.isString) {
    const value = c.string()
    if (/_file$|_path$|_ca$|_capath$|_cert$|_key$|_crl$|_crlpath$/.test(option)) draft.files.push(value)
    return
  }
  if (acceptNumber(c) || c.accept('null')) return
  if (!WORDS.test(option)) throw c.error()
  if (!c.accept('on') && !c.accept('master')) c.name()
}

/** A word, lower case; some options are reserved words. */
function readOptionName(c: TokenCursor): string {
  if (c.kind !== TokenKind.word) throw c.error()
  return c.takeName().toLowerCase()
}

/** Options whose value may be a word: ON, GENERATE, LOCAL, slave_pos …. */
const WORDS =
  /^(?:require_table_primary_key_check|assign_gtids_to_anonymous_transactions|master_use_gtid|master_demote_to_slave)$/

/** True: a MySQL whose words for replication are source and replica alone. */
function isLater(c: TokenCursor): boolean {
  return !c.isMariadb && c.dialect.version >= 80400
}

/** What the options of a source are called. */
const OPTIONS =
  /^(?:master|source)_[a-z_]+$|^(?:relay_log_file|relay_log_pos|ignore_server_ids|do_domain_ids|ignore_domain_ids|privilege_checks_user|require_row_format|require_table_primary_key_check|assign_gtids_to_anonymous_transactions|get_(?:master|source)_public_key|network_namespace|gtid_only)$/

/** `REPLICATE_… = (…), … [FOR CHANNEL name]`. */
function readFilter(c: TokenCursor): Command {
  const draft = draftCommand('change_replication_filter')
  do {
    const rule = c.acceptAny([
      'replicate_do_db',
      'replicate_ignore_db',
      'replicate_do_table',
      'replicate_ignore_table',
      'replicate_wild_do_table',
      'replicate_wild_ignore_table',
      'replicate_rewrite_db',
    ])
    if (rule === null) throw c.error()
    draft.words.push(rule)
    c.expect('=')
    c.expect('(')
    if (c.accept(')')) continue
    do {
      switch (rule) {
        case 'replicate_do_db':
        case 'replicate_ignore_db':
          draft.objects.push(unqualified('schema', c.name()))
          break
        case 'replicate_do_table':
        case 'replicate_ignore_table':
          draft.objects.push({ type: 'table', name: qualifiedName(c) })
          break
        case 'replicate_wild_do_table':
        case 'replicate_wild_ignore_table':
          c.string()
          break
        case 'replicate_rewrite_db':
          c.expect('(')
          c.name()
          c.expect(',')
          c.name()
          c.expect(')')
          break
      }
    } while (c.accept(','))
    c.expect(')')
  } while (c.accept(','))
  readChannel(c, draft)
  return draft
}

/** Reads START or STOP of replicas and groups; the cursor stands behind the verb, before REPLICA, SLAVE, GROUP_REPLICATION or ALL. (START TRANSACTION is not one of these.) */
export function readStartStop(c: TokenCursor, verb: 'start' | 'stop'): Command {
  if (!c.isMariadb && c.accept('group_replication')) {
    const draft = draftCommand(`${verb}_group_replication`)
    if (verb === 'start' && c.isName) readConnectionOptions(c, true)
    return draft
  }
  const draft = draftCommand(`${verb}_replica`)
  if (c.isMariadb && c.accept('all')) {
    if (c.acceptAny(['slaves', 'replicas']) === null) throw c.error()
    readThreads(c, draft)
    return draft
  }
  if (isLater(c)) c.expect('replica')
  else if (!c.accept('slave')) c.expect('replica')
  if (c.isMariadb && c.isString) c.string()
  readThreads(c, draft)
  if (verb === 'start') {
    if (c.accept('until')) readUntil(c)
    if (!c.isMariadb) readConnectionOptions(c, false)
  }
  readChannel(c, draft)
  return draft
}

function readThreads(c: TokenCursor, draft: CommandDraft): void {
  let thread = c.acceptAny(['sql_thread', 'io_thread', 'relay_thread'])
  if (thread === null) return
  draft.words.push(thread)
  while (c.accept(',')) {
    thread = c.acceptAny(['sql_thread', 'io_thread', 'relay_thread'])
    if (thread === null) throw c.error()
    draft.words.push(thread)
  }
}

/** Positions and GTIDs: `name = value, …`, or the bare SQL_AFTER_MTS_GAPS. */
function readUntil(c: TokenCursor): void {
  do {
    const name = readOptionName(c)
    if (c.isMariadb && name.startsWith('sql_')) throw c.error()
    if (name === 'sql_after_mts_gaps') continue
    if (!/^(?:(?:master|source|relay)_log_(?:file|pos)|sql_(?:before|after)_gtids|master_gtid_pos)$/.test(name))
      throw c.error()
    c.expect('=')
    if (!acceptNumber(c)) c.string()
  } while (c.accept(','))
}

/** `USER = '…' PASSWORD = '…' DEFAULT_AUTH = '…' PLUGIN_DIR = '…'`; commas between or none. */
function readConnectionOptions(c: TokenCursor, commas: boolean): void {
  while (c.acceptAny(['user', 'password', 'default_auth', 'plugin_dir']) !== null) {
    c.expect('=')
    c.string()
    if (commas && !c.accept(',')) return
  }
}

function readChannel(c: TokenCursor, draft: CommandDraft): void {
  if (c.acceptPair('for', 'channel')) draft.objects.push(unqualified('channel', c.nameOrString()))
}
