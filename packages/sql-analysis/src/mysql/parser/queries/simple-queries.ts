import type { Expression, TableQuery, ValuesQuery } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { tableName } from './table-name.ts'

/** TABLE t. */
export function tableQuery(cursor: TokenCursor): TableQuery {
  cursor.expect('table')
  return { kind: 'table_query', table: tableName(cursor) }
}

/** VALUES ROW(…), …; of MariaDB VALUES (…), …. */
export function valuesQuery(cursor: TokenCursor): ValuesQuery {
  cursor.expect('values')
  return { kind: 'values', rows: cursor.list(row) }
}

function row(cursor: TokenCursor): readonly Expression[] {
  if (!cursor.isMariadb) cursor.expect('row')
  if (!cursor.isPair('(', ')')) return cursor.parenthesised(valueOrDefault)
  cursor.restore(cursor.at + 2)
  return []
}

/** An expression, or DEFAULT; of MariaDB also IGNORE. */
export function valueOrDefault(cursor: TokenCursor): Expression {
  const { spelling } = cursor
  if (spelling === 'default' || (spelling === 'ignore' && cursor.isMariadb)) {
    const next = cursor.spellingAhead(1)
    if (next === ',' || next === ')' || spelling === 'ignore' || (next !== '(' && next !== '.')) {
      cursor.advance()
      return { kind: 'default', column: null }
    }
  }
  return cursor.grammar.expression(cursor)
}
