/** The clauses of ALTER TABLE that concern partitions. MySQL manual, "ALTER TABLE Partition Operations"; MariaDB documentation, "ALTER TABLE". */
import { acceptIfExists, acceptIfNotExists, qualifiedName } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import type { Draft } from './draft.ts'
import { readPartitionDefinition, readPartitionDefinitions } from './partitions.ts'

/** Reads a clause about partitions; false where none stands. It is the last clause. */
export function readAlterPartition(c: TokenCursor, draft: Draft): boolean {
  switch (c.spelling) {
    case 'add':
      if (c.spellingAhead(1) !== 'partition') return false
      c.advance()
      c.advance()
      if (c.isMariadb) acceptIfNotExists(c)
      readNoWriteToBinlog(c)
      if (c.accept('partitions')) c.integer()
      else if (!c.atEnd) readPartitionDefinitions(c, draft)
      draft.options.push('add_partition')
      return true
    case 'drop':
      if (c.spellingAhead(1) !== 'partition') return false
      c.advance()
      c.advance()
      if (c.isMariadb) acceptIfExists(c)
      readNames(c)
      draft.options.push('drop_partition')
      return true
    case 'coalesce':
      c.advance()
      c.expect('partition')
      readNoWriteToBinlog(c)
      c.integer()
      draft.options.push('coalesce_partition')
      return true
    case 'reorganize':
      c.advance()
      c.expect('partition')
      readNoWriteToBinlog(c)
      if (!c.atEnd) {
        readNames(c)
        c.expect('into')
        readPartitionDefinitions(c, draft)
      }
      draft.options.push('reorganize_partition')
      return true
    case 'exchange':
      c.advance()
      c.expect('partition')
      c.name()
      c.expect('with')
      c.expect('table')
      draft.others.push({ role: 'exchange', type: 'table', name: qualifiedName(c) })
      if (!c.isMariadb && (c.accept('with') || c.accept('without'))) c.expect('validation')
      draft.options.push('exchange_partition')
      return true
    case 'convert':
      return c.isMariadb && readConvertPartition(c, draft)
    case 'secondary_load':
    case 'secondary_unload':
      if (c.isMariadb) return false
      draft.options.push(c.spelling)
      c.advance()
      if (c.accept('partition')) c.parenthesised((at) => at.name())
      return true
    case 'truncate':
    case 'analyze':
    case 'check':
    case 'optimize':
    case 'rebuild':
    case 'repair':
    case 'discard':
    case 'import':
      return readMaintenance(c, draft)
    default:
      return false
  }
}

function readMaintenance(c: TokenCursor, draft: Draft): boolean {
  if (c.spellingAhead(1) !== 'partition') return false
  if (c.isMariadb && (c.is('discard') || c.is('import'))) throw c.error()
  const verb = c.spelling
  c.advance()
  c.advance()
  readNoWriteToBinlog(c)
  if (!c.accept('all')) readNames(c)
  switch (verb) {
    case 'check':
    case 'repair':
      while (['quick', 'fast', 'medium', 'extended', 'changed', 'use_frm', 'for'].includes(c.spelling)) {
        if (c.accept('for')) c.expect('upgrade')
        else c.advance()
      }
      break
    case 'discard':
    case 'import':
      c.expect('tablespace')
      break
    default:
  }
  draft.options.push(`${verb}_partition`)
  return true
}

/** `CONVERT PARTITION p TO TABLE t` and `CONVERT TABLE t TO PARTITION p VALUES …` of MariaDB. */
function readConvertPartition(c: TokenCursor, draft: Draft): boolean {
  if (c.acceptPair('convert', 'partition')) {
    c.name()
    c.expect('to')
    c.expect('table')
    draft.others.push({ role: 'exchange', type: 'table', name: qualifiedName(c) })
  } else if (c.acceptPair('convert', 'table')) {
    draft.others.push({ role: 'exchange', type: 'table', name: qualifiedName(c) })
    c.expect('to')
    readConvertedPartition(c, draft)
  } else return false
  draft.options.push('convert_partition')
  return true
}

function readConvertedPartition(c: TokenCursor, draft: Draft): void {
  readPartitionDefinition(c, draft)
  if (c.accept('with') || c.accept('without')) c.expect('validation')
}

function readNames(c: TokenCursor): void {
  do c.name()
  while (c.accept(','))
}

function readNoWriteToBinlog(c: TokenCursor): void {
  if (!c.accept('no_write_to_binlog')) c.accept('local')
}
