import type { Expression, JsonTable } from '../../query-tree.ts'
import { readDataType } from '../definitions/data-type.ts'
import { jsonOnEmptyOnError } from '../expressions/conversion-calls.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { acceptTableAlias } from './table-alias.ts'

type Column = JsonTable['columns'][number]

/** What is found in the COLUMNS of a JSON_TABLE, nested ones too. */
interface Found {
  readonly columns: Column[]
  simple: boolean
}

/** JSON_TABLE(document, path COLUMNS (…)) [AS] alias. MySQL manual, "JSON Table Functions". */
export function jsonTable(cursor: TokenCursor): JsonTable {
  cursor.expectPair('json_table', '(')
  const document = cursor.grammar.expression(cursor)
  cursor.expect(',')
  const path = pathText(cursor)
  const found: Found = { columns: [], simple: true }
  columnsClause(cursor, found)
  cursor.expect(')')
  return {
    kind: 'json_table',
    document,
    path,
    simple: found.simple,
    columns: found.columns,
    alias: acceptTableAlias(cursor),
  }
}

function pathText(cursor: TokenCursor): string {
  const path = cursor.grammar.operand(cursor)
  if (path.kind !== 'literal' || path.type !== 'string') throw cursor.error()
  return path.value
}

function columnsClause(cursor: TokenCursor, found: Found): void {
  cursor.enter()
  cursor.expect('columns')
  cursor.expect('(')
  do column(cursor, found)
  while (cursor.accept(','))
  cursor.expect(')')
  cursor.leave()
}

function column(cursor: TokenCursor, found: Found): void {
  if (cursor.is('nested')) {
    cursor.advance()
    cursor.accept('path')
    pathText(cursor)
    found.simple = false
    return columnsClause(cursor, found)
  }
  const name = cursor.name()
  if (cursor.acceptPair('for', 'ordinality')) {
    found.columns.push({ name, ordinality: true })
    return
  }
  const type = readDataType(cursor)
  if (cursor.accept('collate') && !cursor.accept('default')) cursor.nameOrString()
  if (cursor.accept('exists')) found.simple = false
  cursor.expect('path')
  pathText(cursor)
  const before = cursor.at
  const values: Expression[] = []
  jsonOnEmptyOnError(cursor, values)
  if (cursor.at !== before) found.simple = false
  found.columns.push({ name, ordinality: false, type })
}
