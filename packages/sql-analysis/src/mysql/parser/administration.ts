/** Which rule reads a statement that is neither a query nor a change of rows. MySQL manual, "SQL Statements". */
import {
  readBackup,
  readBinlog,
  readCacheIndex,
  readClone,
  readHelp,
  readImportTable,
  readInstall,
  readKill,
  readLoadIndex,
  readShutdown,
  readUninstall,
  readUse,
} from './commands/server.ts'
import { draftCommand } from './commands/command-draft.ts'
import { readFlush, readPurge, readReset } from './commands/flush.ts'
import { readGrant, readRevoke } from './commands/grant.ts'
import { readChange, readStartStop } from './commands/replication.ts'
import { readLock, readMaintenance, readUnlock } from './commands/tables.ts'
import { readAlter } from './definitions/alter.ts'
import { readCreate } from './definitions/create.ts'
import { readDrop, readRename, readTruncate } from './definitions/drop.ts'
import { readGetDiagnostics, readSignal } from './programs/diagnostics.ts'
import { readProgramStatement } from './programs/program-statement.ts'
import { readShow } from './show/show.ts'
import type { Statement } from '../statement-tree.ts'
import type { TokenCursor } from './token-cursor.ts'

/**
 * Reads the statement at the cursor if it is a definition, a command, SHOW, SIGNAL, RESIGNAL or GET DIAGNOSTICS, in MariaDB also a compound
 * statement outside of a program; null, and nothing taken, if it is of another kind (START TRANSACTION, DROP PREPARE, ANALYZE of a query and
 * LOAD DATA are).
 * @throws {TextError}
 */
export function readAdministration(c: TokenCursor): Statement | null {
  if (c.isMariadb && isCompound(c)) return readProgramStatement(c)
  const next = c.spellingAhead(1)
  switch (c.spelling) {
    case 'create':
      c.advance()
      return readCreate(c)
    case 'alter':
      c.advance()
      return readAlter(c)
    case 'drop':
      if (next === 'prepare') return null
      c.advance()
      return readDrop(c)
    case 'rename':
      c.advance()
      return readRename(c)
    case 'truncate':
      c.advance()
      return readTruncate(c)
    case 'show':
      c.advance()
      return readShow(c)
    case 'grant':
      c.advance()
      return readGrant(c)
    case 'revoke':
      c.advance()
      return readRevoke(c)
    case 'signal':
    case 'resignal': {
      const kind = c.spelling
      c.advance()
      return readSignal(c, kind)
    }
    case 'get':
      c.advance()
      return readGetDiagnostics(c)
    case 'lock':
      c.advance()
      return readLock(c)
    case 'unlock':
      c.advance()
      return readUnlock(c)
    case 'analyze':
      if (next !== 'table' && next !== 'tables' && next !== 'local' && next !== 'no_write_to_binlog') return null
      c.advance()
      return readMaintenance(c, 'analyze')
    case 'check':
    case 'checksum':
    case 'optimize':
    case 'repair': {
      const verb = c.spelling
      c.advance()
      return readMaintenance(c, verb)
    }
    default:
      return readServerCommand(c)
  }
}

function readServerCommand(c: TokenCursor): Statement | null {
  const next = c.spellingAhead(1)
  switch (c.spelling) {
    case 'use':
      c.advance()
      return readUse(c)
    case 'kill':
      c.advance()
      return readKill(c)
    case 'flush':
      c.advance()
      return readFlush(c)
    case 'reset':
      c.advance()
      return readReset(c)
    case 'purge':
      c.advance()
      return readPurge(c)
    case 'help':
      c.advance()
      return readHelp(c)
    case 'install':
      c.advance()
      return readInstall(c)
    case 'uninstall':
      c.advance()
      return readUninstall(c)
    case 'cache':
      c.advance()
      return readCacheIndex(c)
    case 'load':
      if (next !== 'index') return null
      c.advance()
      return readLoadIndex(c)
    case 'change':
      c.advance()
      return readChange(c)
    case 'start':
    case 'stop': {
      const verb = c.spelling
      if (next === 'transaction') return null
      c.advance()
      return readStartStop(c, verb)
    }
    case 'binlog':
      c.advance()
      return readBinlog(c)
    case 'shutdown':
      c.advance()
      return readShutdown(c)
    default:
      return c.isMariadb ? readCommandOfMariadb(c) : readCommandOfMysql(c)
  }
}

function readCommandOfMysql(c: TokenCursor): Statement | null {
  switch (c.spelling) {
    case 'clone':
      c.advance()
      return readClone(c)
    case 'import':
      c.advance()
      return readImportTable(c)
    case 'restart':
      c.advance()
      return draftCommand('restart')
    default:
      return null
  }
}

function readCommandOfMariadb(c: TokenCursor): Statement | null {
  if (!c.accept('backup')) return null
  return readBackup(c)
}

/** True: a compound statement of MariaDB begins. MariaDB documentation, "Using Compound Statements Outside of Stored Programs". */
function isCompound(c: TokenCursor): boolean {
  switch (c.spelling) {
    case 'begin':
      return c.spellingAhead(1) === 'not'
    case 'if':
    case 'case':
    case 'loop':
    case 'while':
    case 'repeat':
    case 'for':
      return true
    default:
      // No label outside of a program.
      return false
  }
}
