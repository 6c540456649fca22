/** PARTITION BY and the definitions of partitions. MySQL manual, "CREATE TABLE Statement", partition_options; MariaDB documentation, "Partitioning Types". */
import { readIntervalUnit } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import type { Draft } from './draft.ts'
import { readEngineOption } from './engine-option.ts'

/** Reads what stands from PARTITION BY on; every expression goes into `draft.expressions`. */
export function readPartitionBy(c: TokenCursor, draft: Draft): void {
  c.expect('partition')
  c.expect('by')
  readPartitioning(c, draft)
  if (c.accept('partitions')) c.integer()
  if (c.accept('subpartition')) {
    c.expect('by')
    readHashOrKey(c, draft, 'subpartition')
    if (c.accept('subpartitions')) c.integer()
  }
  if (c.is('(')) readPartitionDefinitions(c, draft)
}

function readPartitioning(c: TokenCursor, draft: Draft): void {
  if (c.accept('range') || c.accept('list')) {
    if (c.accept('columns')) readColumns(c, draft)
    else {
      c.expect('(')
      draft.expressions.push(c.grammar.expression(c))
      c.expect(')')
    }
    return
  }
  if (c.isMariadb && c.accept('system_time')) {
    readSystemTime(c, draft)
    return
  }
  readHashOrKey(c, draft, 'partition')
}

function readHashOrKey(c: TokenCursor, draft: Draft, level: 'partition' | 'subpartition'): void {
  c.accept('linear')
  if (c.accept('hash')) {
    c.expect('(')
    draft.expressions.push(c.grammar.expression(c))
    c.expect(')')
    return
  }
  c.expect('key')
  if (c.accept('algorithm')) {
    c.expect('=')
    const algorithm = c.integer()
    if (algorithm !== '1' && algorithm !== '2') throw c.error()
  }
  // Only a partition's key may be empty: then it is the primary key.
  if (c.spellingAhead(1) === ')' && level === 'subpartition') throw c.error()
  readColumns(c, draft)
}

function readColumns(c: TokenCursor, draft: Draft): void {
  c.expect('(')
  if (c.accept(')')) return
  do draft.expressions.push({ kind: 'column', schema: null, table: null, name: c.name() })
  while (c.accept(','))
  c.expect(')')
}

/** `SYSTEM_TIME [INTERVAL n unit [STARTS t]] [LIMIT n] [AUTO]` of MariaDB. */
function readSystemTime(c: TokenCursor, draft: Draft): void {
  if (c.accept('interval')) {
    draft.expressions.push(c.grammar.expression(c))
    readIntervalUnit(c)
    if (c.accept('starts')) draft.expressions.push(c.grammar.expression(c))
  } else if (c.accept('limit')) c.integer()
  c.accept('auto')
}

/** `(PARTITION name …, …)`. */
export function readPartitionDefinitions(c: TokenCursor, draft: Draft): void {
  c.expect('(')
  do readPartitionDefinition(c, draft)
  while (c.accept(','))
  c.expect(')')
}

/** `PARTITION name [VALUES …] option … [(SUBPARTITION …, …)]`. */
export function readPartitionDefinition(c: TokenCursor, draft: Draft): void {
  // MariaDB lets the word be left out.
  if (!c.accept('partition') && !c.isMariadb) throw c.error()
  c.name()
  readValues(c, draft)
  while (readPartitionOption(c, draft));
  if (!c.accept('(')) return
  do {
    c.expect('subpartition')
    c.nameOrString()
    while (readPartitionOption(c, draft));
  } while (c.accept(','))
  c.expect(')')
}

function readValues(c: TokenCursor, draft: Draft): void {
  if (c.isMariadb && (c.accept('history') || c.accept('current') || c.accept('default'))) return
  if (!c.accept('values')) return
  if (c.accept('less')) {
    c.expect('than')
    if (c.accept('maxvalue')) return
    readValueList(c, draft, true)
    return
  }
  if (c.accept('in')) {
    c.expect('(')
    if (c.is('(')) {
      do readValueList(c, draft, false)
      while (c.accept(','))
    } else readValueItems(c, draft, false)
    c.expect(')')
    return
  }
  if (!c.isMariadb) throw c.error()
  if (!c.accept('history') && !c.accept('current')) c.expect('default')
}

function readValueList(c: TokenCursor, draft: Draft, maxvalue: boolean): void {
  c.expect('(')
  readValueItems(c, draft, maxvalue)
  c.expect(')')
}

function readValueItems(c: TokenCursor, draft: Draft, maxvalue: boolean): void {
  do {
    if (!maxvalue || !c.accept('maxvalue')) draft.expressions.push(c.grammar.expression(c))
  } while (c.accept(','))
}

/** One option of a partition; false where none stands. */
export function readPartitionOption(c: TokenCursor, draft: Draft): boolean {
  switch (c.spelling) {
    case 'storage':
      c.advance()
      c.expect('engine')
      c.accept('=')
      c.nameOrString()
      return true
    case 'engine':
      c.advance()
      c.accept('=')
      c.nameOrString()
      return true
    case 'comment':
      c.advance()
      c.accept('=')
      c.string()
      return true
    case 'data':
    case 'index':
      c.advance()
      c.expect('directory')
      c.accept('=')
      draft.files.push(c.string())
      return true
    case 'max_rows':
    case 'min_rows':
    case 'nodegroup':
      c.advance()
      c.accept('=')
      c.integer()
      return true
    case 'tablespace':
      c.advance()
      c.accept('=')
      draft.others.push({ role: 'other', type: 'tablespace', name: { schema: null, name: c.name() } })
      return true
    case 'connection':
      if (!c.isMariadb) return false
      c.advance()
      c.accept('=')
      draft.files.push(c.string())
      return true
    default:
      return c.isMariadb && readEngineOption(c)
  }
}
