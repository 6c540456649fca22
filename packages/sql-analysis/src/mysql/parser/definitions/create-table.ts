/** CREATE TABLE. MySQL manual, "CREATE TABLE Statement"; MariaDB documentation, "CREATE TABLE". */
import { acceptIfNotExists, columnName, isQuery, qualifiedName } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { readColumnDefinition } from './column.ts'
import type { Draft } from './draft.ts'
import { atKey, readKey } from './keys.ts'
import { readPartitionBy } from './partitions.ts'
import { readTableOptions } from './table-options.ts'

/** Reads what stands behind CREATE [TEMPORARY] TABLE. */
export function readCreateTable(c: TokenCursor, draft: Draft): void {
  if (acceptIfNotExists(c)) draft.ifNotExists = true
  draft.objects.push({ type: 'table', name: qualifiedName(c) })
  if (c.accept('like')) {
    draft.others.push({ role: 'like', type: 'table', name: qualifiedName(c) })
    return
  }
  if (c.is('(') && c.spellingAhead(1) === 'like') {
    c.advance()
    c.advance()
    draft.others.push({ role: 'like', type: 'table', name: qualifiedName(c) })
    c.expect(')')
    return
  }
  if (c.is('(') && !isQuery(c)) readTableElements(c, draft)
  readTableOptions(c, draft)
  if (c.is('partition')) readPartitionBy(c, draft)
  readAsQuery(c, draft)
}

/** `[IGNORE | REPLACE] [AS] query`, or nothing: that a table has columns the server checks when it has read the text. */
function readAsQuery(c: TokenCursor, draft: Draft): void {
  if (c.accept('ignore')) draft.duplicates = 'ignore'
  else if (c.accept('replace')) draft.duplicates = 'replace'
  const as = c.accept('as')
  if (as || draft.duplicates !== null || isQuery(c)) {
    draft.query = c.grammar.query(c)
    if (draft.query.body.kind === 'select' && draft.query.body.procedure !== null) throw c.error()
  }
}

/** `(column or index, …)`. */
function readTableElements(c: TokenCursor, draft: Draft): void {
  c.expect('(')
  do readTableElement(c, draft)
  while (c.accept(','))
  c.expect(')')
}

function readTableElement(c: TokenCursor, draft: Draft): void {
  if (c.isMariadb && c.is('period') && c.spellingAhead(1) === 'for') {
    readPeriod(c)
    return
  }
  if (atKey(c)) {
    readKey(c, draft)
    return
  }
  readColumnDefinition(c, draft, columnName(c), 'define')
}

/** `PERIOD FOR SYSTEM_TIME (from, to)`, `PERIOD FOR name (from, to)` of MariaDB. */
export function readPeriod(c: TokenCursor): void {
  c.expect('period')
  c.expect('for')
  c.name()
  c.expect('(')
  c.name()
  c.expect(',')
  c.name()
  c.expect(')')
}
