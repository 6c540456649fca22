/** LOCK, UNLOCK, and the maintenance of tables. MySQL manual, "LOCK TABLES and UNLOCK TABLES Statements", "Table Maintenance Statements". */
import type { Command } from '../../statement-tree.ts'
import { qualifiedName, readText } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { draftCommand, type CommandDraft } from './command-draft.ts'

/** Reads LOCK TABLES or LOCK INSTANCE; the cursor stands behind LOCK. */
export function readLock(c: TokenCursor): Command {
  if (!c.isMariadb && c.accept('instance')) {
    c.expect('for')
    c.expect('backup')
    return draftCommand('lock_instance')
  }
  const draft = draftCommand('lock')
  if (!c.accept('table')) c.expect('tables')
  do {
    draft.objects.push({ type: 'table', name: qualifiedName(c) })
    if (c.accept('as')) c.name()
    else if (!c.is('read') && !c.is('write') && !c.is('low_priority')) c.acceptName()
    draft.words.push(readLockType(c))
  } while (c.accept(','))
  if (c.isMariadb) {
    if (c.accept('wait')) c.integer()
    else c.accept('nowait')
  }
  return draft
}

function readLockType(c: TokenCursor): 'read' | 'write' {
  if (c.accept('read')) {
    c.accept('local')
    return 'read'
  }
  if (c.isMariadb || c.dialect.version < 90000) c.accept('low_priority')
  c.expect('write')
  if (c.isMariadb) c.accept('concurrent')
  return 'write'
}

/** Reads UNLOCK; the cursor stands behind it. */
export function readUnlock(c: TokenCursor): Command {
  if (!c.isMariadb && c.accept('instance')) return draftCommand('unlock_instance')
  if (!c.accept('table')) c.expect('tables')
  return draftCommand('unlock')
}

/** What ANALYZE, CHECK … say of a table. */
const AFTER: Readonly<Record<string, readonly string[]>> = {
  check: ['quick', 'fast', 'medium', 'extended', 'changed'],
  checksum: ['quick', 'extended'],
  repair: ['quick', 'extended', 'use_frm'],
}

/** Reads ANALYZE, CHECK, CHECKSUM, OPTIMIZE or REPAIR of tables (views too in MariaDB); the cursor stands behind the verb. */
export function readMaintenance(
  c: TokenCursor,
  verb: 'analyze' | 'check' | 'checksum' | 'optimize' | 'repair',
): Command {
  const draft = draftCommand(verb)
  if (verb !== 'check' && verb !== 'checksum' && !c.accept('no_write_to_binlog')) c.accept('local')
  const views = c.isMariadb && (verb === 'check' || verb === 'repair') && c.accept('view')
  if (!views && !c.accept('tables')) c.expect('table')
  do {
    draft.objects.push({ type: views ? 'view' : 'table', name: qualifiedName(c) })
    if (c.isMariadb && verb === 'analyze') readPersistent(c)
  } while (c.accept(','))
  if (verb === 'analyze' && !c.isMariadb) readHistogram(c, draft)
  if (verb === 'optimize' && c.isMariadb) {
    if (c.accept('wait')) c.integer()
    else c.accept('nowait')
  }
  for (;;) {
    if ((verb === 'check' || verb === 'repair') && c.accept('for')) {
      c.expect('upgrade')
      draft.words.push('for upgrade')
    } else if (views && c.acceptPair('from', 'mysql')) draft.words.push('from mysql')
    else if (AFTER[verb]?.includes(c.spelling) === true) {
      draft.words.push(c.spelling)
      c.advance()
      if (verb === 'checksum') return draft
    } else return draft
  }
}

/** `UPDATE HISTOGRAM ON column, … [WITH n BUCKETS] [MANUAL | AUTO UPDATE] [USING DATA '…']`, `DROP HISTOGRAM ON column, …`. */
function readHistogram(c: TokenCursor, draft: CommandDraft): void {
  const verb = c.acceptAny(['update', 'drop'])
  if (verb === null) return
  c.expect('histogram')
  c.expect('on')
  draft.words.push(`${verb} histogram`)
  do draft.expressions.push({ kind: 'column', schema: null, table: null, name: c.name() })
  while (c.accept(','))
  if (verb === 'drop') return
  if (c.accept('using')) {
    c.expect('data')
    readText(c)
    return
  }
  if (c.accept('with')) {
    c.integer()
    c.expect('buckets')
  }
  if (c.acceptAny(['auto', 'manual']) !== null) c.expect('update')
  if (c.accept('using')) {
    c.expect('data')
    readText(c)
  }
}

/** `PERSISTENT FOR {ALL | COLUMNS … INDEXES …}` of MariaDB. */
function readPersistent(c: TokenCursor): void {
  if (!c.accept('persistent')) return
  c.expect('for')
  if (c.accept('all')) return
  c.expect('columns')
  readNamesOrAll(c)
  c.expect('indexes')
  readNamesOrAll(c)
}

function readNamesOrAll(c: TokenCursor): void {
  if (c.accept('all')) return
  c.expect('(')
  if (c.accept(')')) return
  do if (!c.accept('primary')) c.name()
  while (c.accept(','))
  c.expect(')')
}
