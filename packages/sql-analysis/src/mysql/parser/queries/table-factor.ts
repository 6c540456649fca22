import { TokenKind } from '../../lexer/tokens.ts'
import type { BaseTable, DerivedTable, Expression, Query, TableReference } from '../../query-tree.ts'
import { beginsQuery } from '../expressions/parentheses.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { jsonTable } from './json-table.ts'
import { acceptTableAlias } from './table-alias.ts'
import { tableName } from './table-name.ts'

const NO_PARTITIONS: readonly string[] = []

/** One table, derived table, JSON_TABLE, or table references in parentheses. */
export function tableFactor(cursor: TokenCursor): TableReference {
  switch (cursor.spelling) {
    case '(': {
      const inside = parenthesised(cursor)
      return inside.kind === 'query' ? derivedTable(cursor, inside, false) : inside
    }
    case '{': {
      cursor.advance()
      if (cursor.name().toLowerCase() !== 'oj' && !cursor.isMariadb) throw cursor.error()
      const inside = cursor.grammar.tableReferences(cursor)
      cursor.expect('}')
      return inside
    }
    case 'lateral':
      if (cursor.isMariadb) return baseTable(cursor)
      cursor.advance()
      return derivedTable(cursor, cursor.grammar.subquery(cursor), true)
    case 'json_table':
      if (cursor.spellingAhead(1) === '(') return jsonTable(cursor)
      return baseTable(cursor)
    default:
      return baseTable(cursor)
  }
}

/** `(query)` or `(table references)`. Parentheses around a query may turn out to be those of a derived table, so nothing is read twice. */
function parenthesised(cursor: TokenCursor): Query | TableReference {
  cursor.expect('(')
  cursor.enter()
  const inside = content(cursor)
  cursor.leave()
  cursor.expect(')')
  return inside
}

function content(cursor: TokenCursor): Query | TableReference {
  const { grammar } = cursor
  if (!cursor.is('(')) return beginsQuery(cursor, 0) ? grammar.query(cursor) : grammar.tableReferences(cursor)
  const inner = parenthesised(cursor)
  if (inner.kind !== 'query') return grammar.tableReferencesFrom(cursor, inner)
  const whole = grammar.queryFrom(cursor, inner)
  if (whole !== inner || cursor.is(')')) return whole
  return grammar.tableReferencesFrom(cursor, derivedTable(cursor, inner, false))
}

function derivedTable(cursor: TokenCursor, query: Query, lateral: boolean): DerivedTable {
  if (cursor.isMariadb) systemTime(cursor)
  const alias = acceptTableAlias(cursor)
  if (alias === null) throw cursor.error()
  const columns = cursor.is('(') ? cursor.parenthesised((at) => at.name()) : null
  return { kind: 'derived_table', lateral, query, alias, columns }
}

function baseTable(cursor: TokenCursor): BaseTable {
  const table = tableName(cursor)
  const partitions = acceptPartitions(cursor)
  const time = cursor.isMariadb ? systemTime(cursor) : null
  const alias = acceptTableAlias(cursor)
  const indexHint = indexHints(cursor)
  const hint = indexHint === null ? null : { indexHint }
  return { kind: 'base_table', table, alias, partitions, systemTime: time, ...hint }
}

/** PARTITION (p, …); empty: none. */
export function acceptPartitions(cursor: TokenCursor): readonly string[] {
  return cursor.accept('partition') ? cursor.parenthesised((at) => at.name()) : NO_PARTITIONS
}

/** FOR SYSTEM_TIME …: its expressions; null: absent. MariaDB documentation, "System-Versioned Tables". */
function systemTime(cursor: TokenCursor): readonly Expression[] | null {
  if (!cursor.acceptPair('for', 'system_time')) return null
  if (cursor.accept('all')) return []
  if (cursor.acceptPair('as', 'of')) return [point(cursor)]
  const between = cursor.accept('between')
  if (!between) cursor.expect('from')
  const from = point(cursor)
  cursor.expect(between ? 'and' : 'to')
  return [from, point(cursor)]
}

function point(cursor: TokenCursor): Expression {
  if (cursor.is('transaction')) cursor.advance()
  // TIMESTAMP is a word of the clause unless it begins a literal or a call.
  else if (cursor.is('timestamp') && cursor.kindAhead(1) !== TokenKind.string && cursor.spellingAhead(1) !== '(')
    cursor.advance()
  return cursor.grammar.operand(cursor)
}

/** USE, IGNORE and FORCE INDEX, in any number; null: none, or that no index is used. MySQL manual, "Index Hints". */
function indexHints(cursor: TokenCursor): 'primary' | 'other' | null {
  let found: 'primary' | 'other' | null = null
  while (
    (cursor.is('use') || cursor.is('ignore') || cursor.is('force')) &&
    (cursor.spellingAhead(1) === 'index' || cursor.spellingAhead(1) === 'key')
  ) {
    const use = cursor.is('use')
    const ignore = cursor.is('ignore')
    cursor.restore(cursor.at + 2)
    if (cursor.accept('for') && !cursor.accept('join') && !cursor.acceptPair('order', 'by'))
      cursor.expectPair('group', 'by')
    cursor.expect('(')
    if (!use || !cursor.is(')')) {
      const names = cursor.list((at) => (at.is('primary') ? at.takeName() : at.name()))
      const primary = !ignore && names.every((name) => name.toLowerCase() === 'primary')
      found = primary && found !== 'other' ? 'primary' : 'other'
    }
    cursor.expect(')')
  }
  return found
}
