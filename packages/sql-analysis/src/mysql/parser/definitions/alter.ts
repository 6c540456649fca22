/** ALTER. MySQL manual, "Data Definition Statements", "ALTER INSTANCE Statement"; MariaDB documentation, "ALTER". */
import type { Definition } from '../../statement-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { readDefiner } from './account.ts'
import { readAlterTable } from './alter-table.ts'
import { draftDefinition, type Draft } from './draft.ts'
import { readAlterEvent } from './event.ts'
import { readAlterLibrary } from './library.ts'
import { readAlterResourceGroup } from './resource-group.ts'
import { readAlterRoutine } from './routine.ts'
import { readAlterSchema } from './schema.ts'
import { readSecurity } from './security.ts'
import { readAlterSequence } from './sequence.ts'
import { readAlterServer } from './server.ts'
import { readAlterTablespace, readAlterUndoTablespace, readCreateLogfileGroup } from './tablespace.ts'
import { readAlterUser } from './user.ts'
import { readView, readViewAlgorithm } from './view.ts'

/** Reads an ALTER statement; the cursor stands behind ALTER. */
export function readAlter(c: TokenCursor): Definition {
  const draft = draftDefinition('alter')
  if (c.isMariadb && (c.is('online') || c.is('ignore'))) {
    c.accept('online')
    if (c.accept('ignore')) draft.duplicates = 'ignore'
    if (!c.is('table')) throw c.error()
  }
  const viewOnly = c.is('algorithm') || c.is('sql')
  if (c.is('algorithm')) readViewAlgorithm(c, draft)
  if (c.accept('definer')) {
    draft.definer = readDefiner(c)
    if (!c.is('view') && !c.is('event') && !c.is('sql')) throw c.error()
  }
  if (c.accept('sql')) {
    readSecurity(c, draft)
    if (!c.is('view')) throw c.error()
  }
  if (viewOnly && !c.is('view')) throw c.error()
  const kind = c.spelling
  c.advance()
  switch (kind) {
    case 'table':
      draft.action = 'alter_table'
      readAlterTable(c, draft)
      return draft
    case 'view':
      draft.action = 'alter_view'
      readView(c, draft)
      return draft
    case 'database':
    case 'schema':
      draft.action = 'alter_schema'
      readAlterSchema(c, draft)
      return draft
    case 'procedure':
    case 'function':
      draft.action = `alter_${kind}`
      readAlterRoutine(c, draft, kind)
      return draft
    case 'event':
      draft.action = 'alter_event'
      readAlterEvent(c, draft)
      return draft
    case 'server':
      draft.action = 'alter_server'
      readAlterServer(c, draft)
      return draft
    case 'user':
      draft.action = 'alter_user'
      readAlterUser(c, draft)
      return draft
    default:
      return c.isMariadb ? readAlterOfMariadb(c, draft, kind) : readAlterOfMysql(c, draft, kind)
  }
}

function readAlterOfMariadb(c: TokenCursor, draft: Draft, kind: string): Definition {
  if (kind !== 'sequence') throw c.error()
  draft.action = 'alter_sequence'
  readAlterSequence(c, draft)
  return draft
}

function readAlterOfMysql(c: TokenCursor, draft: Draft, kind: string): Definition {
  switch (kind) {
    case 'tablespace':
      draft.action = 'alter_tablespace'
      readAlterTablespace(c, draft)
      return draft
    case 'undo':
      c.expect('tablespace')
      draft.action = 'alter_undo_tablespace'
      readAlterUndoTablespace(c, draft)
      return draft
    case 'logfile':
      c.expect('group')
      draft.action = 'alter_logfile_group'
      readCreateLogfileGroup(c, draft)
      return draft
    case 'resource':
      c.expect('group')
      draft.action = 'alter_resource_group'
      readAlterResourceGroup(c, draft)
      return draft
    case 'library':
      draft.action = 'alter_library'
      readAlterLibrary(c, draft)
      return draft
    case 'json':
      c.accept('relational')
      c.expect('duality')
      c.expect('view')
      draft.action = 'alter_view'
      draft.options.push('json_duality')
      readView(c, draft)
      return draft
    case 'instance':
      draft.action = 'alter_instance'
      readAlterInstance(c, draft)
      return draft
    default:
      throw c.error()
  }
}

/** ROTATE … MASTER KEY, RELOAD TLS …, RELOAD KEYRING, ENABLE and DISABLE INNODB REDO_LOG. */
function readAlterInstance(c: TokenCursor, draft: Draft): void {
  if (c.accept('rotate')) {
    const engine = c.name().toLowerCase()
    if (engine !== 'innodb' && engine !== 'binlog') throw c.error()
    c.expect('master')
    c.expect('key')
    draft.options.push(`rotate_${engine}_master_key`)
    return
  }
  if (c.accept('reload')) {
    if (c.accept('keyring')) {
      draft.options.push('reload_keyring')
      return
    }
    c.expect('tls')
    draft.options.push('reload_tls')
    if (c.acceptPair('for', 'channel')) c.name()
    if (c.acceptPair('no', 'rollback')) {
      c.expect('on')
      c.expect('error')
    }
    return
  }
  const verb = c.spelling
  if (verb !== 'enable' && verb !== 'disable') throw c.error()
  c.advance()
  if (c.name().toLowerCase() !== 'innodb') throw c.error()
  c.expect('redo_log')
  draft.options.push(`${verb}_redo_log`)
}
