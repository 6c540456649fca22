import type { ColumnReference, Expression, Query } from '../../query-tree.ts'
import type { Assignment, Insert } from '../../statement-tree.ts'
import { beginsQuery } from '../expressions/parentheses.ts'
import { acceptHints } from '../queries/hints.ts'
import { valueOrDefault } from '../queries/simple-queries.ts'
import { acceptPartitions } from '../queries/table-factor.ts'
import { tableName } from '../queries/table-name.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { assignment, column } from './assignments.ts'

type Source = Insert['source']

/** INSERT or REPLACE. MySQL manual, "INSERT Statement", "REPLACE Statement". */
export function insert(cursor: TokenCursor): Insert {
  const replace = cursor.is('replace')
  cursor.advance()
  const hints = acceptHints(cursor)
  cursor.acceptAny(replace ? ['low_priority', 'delayed'] : ['low_priority', 'delayed', 'high_priority'])
  const ignore = !replace && cursor.accept('ignore')
  cursor.accept('into')
  const table = tableName(cursor)
  const partitions = acceptPartitions(cursor)
  const made = content(cursor)
  const rowAlias = made.source.kind === 'rows' && cursor.accept('as') ? alias(cursor) : null
  const onDuplicate = !replace && cursor.accept('on') ? duplicates(cursor) : []
  const returning = cursor.isMariadb && cursor.accept('returning') ? cursor.grammar.selectItems(cursor) : null
  return { kind: 'insert', replace, ignore, table, partitions, ...made, rowAlias, onDuplicate, returning, hints }
}

function content(cursor: TokenCursor): { columns: Insert['columns']; source: Source } {
  if (cursor.accept('set')) {
    const assigned = cursor.list(assignment)
    return {
      columns: assigned.map((item) => item.column),
      source: { kind: 'rows', rows: [assigned.map((item) => item.value)] },
    }
  }
  const columns = cursor.is('(') && !isQuery(cursor) ? columnList(cursor) : null
  return { columns, source: source(cursor) }
}

/** True: the parentheses that begin here are those of a query. */
function isQuery(cursor: TokenCursor): boolean {
  let ahead = 1
  while (cursor.spellingAhead(ahead) === '(') ahead++
  return beginsQuery(cursor, ahead)
}

function columnList(cursor: TokenCursor): ColumnReference[] {
  cursor.expect('(')
  const columns = cursor.is(')') ? [] : cursor.list(column)
  cursor.expect(')')
  return columns
}

function source(cursor: TokenCursor): Source {
  if (cursor.is('value') || (cursor.is('values') && cursor.spellingAhead(1) === '(')) {
    cursor.advance()
    return { kind: 'rows', rows: cursor.list(row) }
  }
  const query: Query = cursor.grammar.query(cursor)
  return { kind: 'query', query }
}

function row(cursor: TokenCursor): readonly Expression[] {
  cursor.expect('(')
  const values = cursor.is(')') ? [] : cursor.list(valueOrDefault)
  cursor.expect(')')
  return values
}

function alias(cursor: TokenCursor): Insert['rowAlias'] {
  if (cursor.isMariadb) throw cursor.error()
  const name = cursor.name()
  return { name, columns: cursor.is('(') ? cursor.parenthesised((at) => at.name()) : null }
}

function duplicates(cursor: TokenCursor): Assignment[] {
  cursor.expectPair('duplicate', 'key')
  cursor.expect('update')
  return cursor.list(assignment)
}
