/** Tablespaces and log file groups of MySQL. MySQL manual, "CREATE TABLESPACE Statement", "ALTER TABLESPACE Statement", "CREATE LOGFILE GROUP Statement". */
import { readSize } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { unqualified } from './account.ts'
import type { Draft } from './draft.ts'

/** Reads what stands behind CREATE TABLESPACE. */
export function readCreateTablespace(c: TokenCursor, draft: Draft): void {
  draft.objects.push(unqualified('tablespace', c.name()))
  if (c.acceptPair('add', 'datafile')) draft.files.push(c.string())
  if (c.acceptPair('use', 'logfile')) {
    c.expect('group')
    draft.others.push({ role: 'other', ...unqualified('logfile_group', c.name()) })
  }
  readOptions(c, draft)
}

/** Reads what stands behind ALTER TABLESPACE. */
export function readAlterTablespace(c: TokenCursor, draft: Draft): void {
  draft.objects.push(unqualified('tablespace', c.name()))
  if (c.accept('add') || c.accept('drop')) {
    c.expect('datafile')
    draft.files.push(c.string())
    readOptions(c, draft)
    return
  }
  if (c.accept('rename')) {
    c.expect('to')
    draft.others.push({ role: 'renamed', ...unqualified('tablespace', c.name()) })
    return
  }
  if (!readOption(c, draft)) throw c.error()
  c.accept(',')
  readOptions(c, draft)
}

/** Reads what stands behind CREATE UNDO TABLESPACE. */
export function readCreateUndoTablespace(c: TokenCursor, draft: Draft): void {
  draft.objects.push(unqualified('undo_tablespace', c.name()))
  c.expect('add')
  c.expect('datafile')
  draft.files.push(c.string())
  readOptions(c, draft)
}

/** Reads what stands behind ALTER UNDO TABLESPACE. */
export function readAlterUndoTablespace(c: TokenCursor, draft: Draft): void {
  draft.objects.push(unqualified('undo_tablespace', c.name()))
  c.expect('set')
  if (!c.accept('active')) c.expect('inactive')
  readOptions(c, draft)
}

/** Reads what stands behind CREATE LOGFILE GROUP or ALTER LOGFILE GROUP. */
export function readCreateLogfileGroup(c: TokenCursor, draft: Draft): void {
  draft.objects.push(unqualified('logfile_group', c.name()))
  c.expect('add')
  c.expect('undofile')
  draft.files.push(c.string())
  readOptions(c, draft)
}

/** Reads what stands behind DROP [UNDO] TABLESPACE or DROP LOGFILE GROUP. */
export function readDropTablespace(
  c: TokenCursor,
  draft: Draft,
  type: 'tablespace' | 'undo_tablespace' | 'logfile_group',
): void {
  draft.objects.push(unqualified(type, c.name()))
  readOptions(c, draft)
}

function readOptions(c: TokenCursor, draft: Draft): void {
  while (readOption(c, draft)) c.accept(',')
}

function readOption(c: TokenCursor, draft: Draft): boolean {
  switch (c.spelling) {
    case 'initial_size':
    case 'autoextend_size':
    case 'extent_size':
    case 'max_size':
    case 'undo_buffer_size':
    case 'redo_buffer_size':
    case 'file_block_size':
      c.advance()
      c.accept('=')
      readSize(c)
      return true
    case 'nodegroup':
      c.advance()
      c.accept('=')
      c.integer()
      return true
    case 'storage':
    case 'engine':
      if (c.accept('storage')) c.expect('engine')
      else c.advance()
      c.accept('=')
      draft.engine = c.nameOrString().toLowerCase()
      return true
    case 'comment':
    case 'encryption':
    case 'engine_attribute':
      c.advance()
      c.accept('=')
      c.string()
      return true
    case 'wait':
    case 'no_wait':
      c.advance()
      return true
    default:
      return false
  }
}
