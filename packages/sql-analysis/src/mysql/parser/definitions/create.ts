/** CREATE. MySQL manual, "Data Definition Statements"; MariaDB documentation, "CREATE". */
import type { Definition } from '../../statement-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { readDefiner } from './account.ts'
import { readCreateEvent } from './event.ts'
import { readCreateIndex } from './indexes.ts'
import { readCreateLibrary } from './library.ts'
import { readCreateMaskingPolicy } from './masking-policy.ts'
import { readCreateResourceGroup } from './resource-group.ts'
import { readCreateFunction, readCreateProcedure } from './routine.ts'
import { readCreateSchema } from './schema.ts'
import { readCreateSequence } from './sequence.ts'
import { readSecurity } from './security.ts'
import { readCreateServer } from './server.ts'
import { readCreateSpatialReferenceSystem } from './spatial-reference-system.ts'
import { readCreateLogfileGroup, readCreateTablespace, readCreateUndoTablespace } from './tablespace.ts'
import { readCreateTable } from './create-table.ts'
import { readCreateTrigger } from './trigger.ts'
import { readCreateRole, readCreateUser } from './user.ts'
import { readCreateView, readViewAlgorithm } from './view.ts'
import { draftDefinition, type Draft } from './draft.ts'

/** Reads a CREATE statement; the cursor stands behind CREATE. */
export function readCreate(c: TokenCursor): Definition {
  const draft = draftDefinition('create')
  if (c.accept('or')) {
    c.expect('replace')
    draft.orReplace = true
  }
  readPrefixes(c, draft)
  if (draft.orReplace && !c.isMariadb && !c.is('view') && !c.is('json') && !c.is('spatial')) throw c.error()
  const kind = c.spelling
  c.advance()
  switch (kind) {
    case 'table':
      draft.action = 'create_table'
      readCreateTable(c, draft)
      return draft
    case 'view':
      draft.action = 'create_view'
      readCreateView(c, draft)
      return draft
    case 'json':
      if (c.isMariadb) throw c.error()
      c.accept('relational')
      c.expect('duality')
      c.expect('view')
      draft.action = 'create_view'
      draft.options.push('json_duality')
      readCreateView(c, draft)
      return draft
    case 'index':
    case 'unique':
    case 'fulltext':
    case 'spatial':
    case 'vector':
      if (kind === 'spatial' && !c.isMariadb && c.is('reference')) {
        draft.action = 'create_spatial_reference_system'
        readCreateSpatialReferenceSystem(c, draft)
        return draft
      }
      if (draft.orReplace && !c.isMariadb) throw c.error()
      if (kind !== 'index') c.expect('index')
      draft.action = 'create_index'
      readCreateIndex(c, draft, kind === 'fulltext')
      return draft
    case 'database':
    case 'schema':
      draft.action = 'create_schema'
      readCreateSchema(c, draft)
      return draft
    case 'trigger':
      draft.action = 'create_trigger'
      readCreateTrigger(c, draft)
      return draft
    case 'procedure':
      draft.action = 'create_procedure'
      readCreateProcedure(c, draft)
      return draft
    case 'aggregate':
      c.expect('function')
      draft.options.push('aggregate')
      draft.action = 'create_function'
      readCreateFunction(c, draft)
      return draft
    case 'function':
      draft.action = 'create_function'
      readCreateFunction(c, draft)
      return draft
    case 'event':
      draft.action = 'create_event'
      readCreateEvent(c, draft)
      return draft
    case 'user':
      draft.action = 'create_user'
      readCreateUser(c, draft)
      return draft
    case 'role':
      draft.action = 'create_role'
      readCreateRole(c, draft)
      return draft
    case 'server':
      draft.action = 'create_server'
      readCreateServer(c, draft)
      return draft
    default:
      return readCreateByFlavour(c, draft, kind)
  }
}

function readCreateByFlavour(c: TokenCursor, draft: Draft, kind: string): Definition {
  if (c.isMariadb) {
    if (kind !== 'sequence') throw c.error()
    draft.action = 'create_sequence'
    readCreateSequence(c, draft)
    return draft
  }
  switch (kind) {
    case 'tablespace':
      draft.action = 'create_tablespace'
      readCreateTablespace(c, draft)
      return draft
    case 'undo':
      c.expect('tablespace')
      draft.action = 'create_undo_tablespace'
      readCreateUndoTablespace(c, draft)
      return draft
    case 'logfile':
      c.expect('group')
      draft.action = 'create_logfile_group'
      readCreateLogfileGroup(c, draft)
      return draft
    case 'resource':
      c.expect('group')
      draft.action = 'create_resource_group'
      readCreateResourceGroup(c, draft)
      return draft
    case 'library':
      draft.action = 'create_library'
      readCreateLibrary(c, draft)
      return draft
    case 'masking':
      c.expect('policy')
      draft.action = 'create_masking_policy'
      readCreateMaskingPolicy(c, draft)
      return draft
    case 'external':
      c.expect('table')
      draft.action = 'create_table'
      draft.options.push('external')
      readCreateTable(c, draft)
      return draft
    default:
      throw c.error()
  }
}

/** ALGORITHM, DEFINER, SQL SECURITY, TEMPORARY: what may stand before the kind of thing. That they fit it is asked afterwards. */
function readPrefixes(c: TokenCursor, draft: Draft): void {
  if (c.accept('temporary')) {
    draft.temporary = true
    if (!c.is('table') && !c.is('sequence')) throw c.error()
    return
  }
  const algorithm = c.is('algorithm')
  if (algorithm) readViewAlgorithm(c, draft)
  const definer = c.accept('definer')
  if (definer) draft.definer = readDefiner(c)
  const security = c.accept('sql')
  if (security) readSecurity(c, draft)
  if (algorithm || security) {
    if (!c.is('view') && !c.is('json')) throw c.error()
  } else if (
    definer &&
    !['view', 'json', 'procedure', 'function', 'aggregate', 'trigger', 'event'].includes(c.spelling)
  ) {
    throw c.error()
  }
}
