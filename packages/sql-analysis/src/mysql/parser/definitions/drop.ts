/** DROP, RENAME and TRUNCATE. MySQL manual, "Data Definition Statements". */
import type { Definition, ObjectKind } from '../../statement-tree.ts'
import { acceptIfExists, qualifiedName } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { readAccount, unqualified } from './account.ts'
import { readWait } from './alter-table.ts'
import { draftDefinition, type Draft } from './draft.ts'
import { readDropIndex } from './indexes.ts'
import { readDropTablespace } from './tablespace.ts'

/** Reads a DROP statement; the cursor stands behind DROP. (DROP PREPARE is not one of these.) */
export function readDrop(c: TokenCursor): Definition {
  const draft = draftDefinition('drop')
  if (c.accept('temporary')) {
    draft.temporary = true
    if (!c.is('table') && !c.is('tables') && !(c.is('sequence') && c.isMariadb)) throw c.error()
  }
  const kind = c.spelling
  c.advance()
  switch (kind) {
    case 'table':
    case 'tables':
      readDropTables(c, draft, 'table')
      return draft
    case 'view':
      readDropTables(c, draft, 'view')
      return draft
    case 'index':
      draft.action = 'drop_index'
      readDropIndex(c, draft)
      return draft
    case 'database':
    case 'schema':
      readDropNamed(c, draft, 'schema')
      return draft
    case 'trigger':
    case 'procedure':
    case 'function':
    case 'event':
      readDropNamed(c, draft, kind)
      return draft
    case 'server':
      draft.action = 'drop_server'
      if (acceptIfExists(c)) draft.ifExists = true
      draft.objects.push(unqualified('server', c.nameOrString()))
      return draft
    case 'user':
    case 'role':
      draft.action = `drop_${kind}`
      if (acceptIfExists(c)) draft.ifExists = true
      do draft.objects.push(readAccount(c, kind))
      while (c.accept(','))
      return draft
    default:
      return c.isMariadb ? readDropOfMariadb(c, draft, kind) : readDropOfMysql(c, draft, kind)
  }
}

function readDropOfMysql(c: TokenCursor, draft: Draft, kind: string): Definition {
  switch (kind) {
    case 'library':
      readDropNamed(c, draft, 'library')
      return draft
    case 'masking':
      c.expect('policy')
      readDropNamed(c, draft, 'masking_policy')
      return draft
    case 'tablespace':
      draft.action = 'drop_tablespace'
      readDropTablespace(c, draft, 'tablespace')
      return draft
    case 'undo':
      c.expect('tablespace')
      draft.action = 'drop_undo_tablespace'
      readDropTablespace(c, draft, 'undo_tablespace')
      return draft
    case 'logfile':
      c.expect('group')
      draft.action = 'drop_logfile_group'
      readDropTablespace(c, draft, 'logfile_group')
      return draft
    case 'resource':
      c.expect('group')
      readDropNamed(c, draft, 'resource_group')
      c.accept('force')
      return draft
    case 'spatial':
      c.expect('reference')
      c.expect('system')
      draft.action = 'drop_spatial_reference_system'
      if (acceptIfExists(c)) draft.ifExists = true
      draft.objects.push(unqualified('spatial_reference_system', c.integer()))
      return draft
    default:
      throw c.error()
  }
}

function readDropOfMariadb(c: TokenCursor, draft: Draft, kind: string): Definition {
  if (kind !== 'sequence') throw c.error()
  readDropTables(c, draft, 'sequence')
  return draft
}

/** `[IF EXISTS] name, … [RESTRICT | CASCADE]`. */
function readDropTables(c: TokenCursor, draft: Draft, type: 'table' | 'view' | 'sequence'): void {
  draft.action = `drop_${type}`
  if (acceptIfExists(c)) draft.ifExists = true
  do draft.objects.push({ type, name: qualifiedName(c) })
  while (c.accept(','))
  if (c.isMariadb) readWait(c)
  if (!c.accept('restrict')) c.accept('cascade')
}

function readDropNamed(c: TokenCursor, draft: Draft, type: ObjectKind): void {
  draft.action = `drop_${type}`
  if (acceptIfExists(c)) draft.ifExists = true
  const name = qualifiedName(c)
  if (name.schema !== null && (type === 'schema' || type === 'resource_group' || type === 'masking_policy'))
    throw c.error()
  draft.objects.push({ type, name })
}

/** Reads a RENAME statement; the cursor stands behind RENAME. */
export function readRename(c: TokenCursor): Definition {
  if (c.accept('user')) {
    const draft = draftDefinition('rename_user')
    do {
      draft.objects.push(readAccount(c, 'user'))
      c.expect('to')
      draft.others.push({ role: 'renamed', ...readAccount(c, 'user') })
    } while (c.accept(','))
    return draft
  }
  const draft = draftDefinition('rename_table')
  if (!c.accept('table')) c.expect('tables')
  if (c.isMariadb && acceptIfExists(c)) draft.ifExists = true
  do {
    draft.objects.push({ type: 'table', name: qualifiedName(c) })
    if (c.isMariadb) readWait(c)
    c.expect('to')
    draft.others.push({ role: 'renamed', type: 'table', name: qualifiedName(c) })
  } while (c.accept(','))
  return draft
}

/** Reads a TRUNCATE statement; the cursor stands behind TRUNCATE. */
export function readTruncate(c: TokenCursor): Definition {
  const draft = draftDefinition('truncate')
  c.accept('table')
  draft.objects.push({ type: 'table', name: qualifiedName(c) })
  if (c.isMariadb) readWait(c)
  return draft
}
