import type { Keyword } from '../../lexer/keywords.ts'
import { TokenKind } from '../../lexer/tokens.ts'
import type { Expression, OrderItem, Select, SelectItem, TableReference, Window } from '../../query-tree.ts'
import { orderItem, windowSpecification } from '../expressions/windows.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { acceptHints } from './hints.ts'
import { into } from './into.ts'
import { tableReferences } from './table-references.ts'

const OPTIONS: readonly Keyword[] = [
  'all',
  'distinct',
  'distinctrow',
  'high_priority',
  'straight_join',
  'sql_small_result',
  'sql_big_result',
  'sql_buffer_result',
  'sql_no_cache',
  'sql_cache',
  'sql_calc_found_rows',
  'unique',
]
const NO_OPTIONS: readonly string[] = []
const NO_ORDER: readonly OrderItem[] = []
const NO_WINDOWS: Select['windows'] = []

/** One SELECT up to its windows; ORDER BY and what follows belong to the query. MySQL manual, "SELECT Statement". */
export function select(cursor: TokenCursor): Select {
  cursor.expect('select')
  const hints = acceptHints(cursor)
  let options = NO_OPTIONS
  let distinct = false
  for (;;) {
    const option = cursor.kind === TokenKind.word ? acceptOption(cursor) : null
    if (option === null) break
    if (option === 'distinct' || option === 'distinctrow' || option === 'unique') distinct = true
    else if (option !== 'all') options = [...options, option]
  }
  const items = selectItems(cursor)
  const target = cursor.is('into') ? into(cursor) : null
  const from = cursor.accept('from') ? tablesOrDual(cursor) : null
  const where = cursor.accept('where') ? cursor.grammar.expression(cursor) : null
  let groupBy = NO_ORDER
  let rollup = false
  if (cursor.acceptPair('group', 'by')) {
    const superAggregate = acceptSuperAggregate(cursor)
    groupBy = superAggregate ?? cursor.list(cursor.isMariadb ? orderItem : groupItem)
    rollup = superAggregate !== null
    if (cursor.is('with') && (cursor.spellingAhead(1) === 'rollup' || cursor.spellingAhead(1) === 'cube')) {
      cursor.restore(cursor.at + 2)
      rollup = true
    }
  }
  const having = cursor.accept('having') ? cursor.grammar.expression(cursor) : null
  const windows = cursor.accept('window') ? cursor.list(namedWindow) : NO_WINDOWS
  const qualify = !cursor.isMariadb && cursor.accept('qualify') ? cursor.grammar.expression(cursor) : null
  // Put aside only now: queries inside of this one would take it for theirs.
  if (target !== null) cursor.putInto(target)
  return {
    kind: 'select',
    distinct,
    options,
    hints,
    items,
    from,
    where,
    groupBy,
    rollup,
    having,
    qualify,
    windows,
    procedure: null,
  }
}

function acceptOption(cursor: TokenCursor): Keyword | null {
  if ((cursor.is('sql_cache') || cursor.is('unique')) && !cursor.isMariadb) return null
  return cursor.acceptAny(OPTIONS)
}

function tablesOrDual(cursor: TokenCursor): TableReference | null {
  return cursor.accept('dual') ? null : tableReferences(cursor)
}

/** An item of MySQL's GROUP BY, which has no direction. */
function groupItem(cursor: TokenCursor): OrderItem {
  return { expression: cursor.grammar.expression(cursor), descending: false }
}

/** ROLLUP (…) and CUBE (…) in place of the list; null: it is a list. */
function acceptSuperAggregate(cursor: TokenCursor): OrderItem[] | null {
  if (cursor.isMariadb || cursor.spellingAhead(1) !== '(' || (!cursor.is('rollup') && !cursor.is('cube'))) return null
  cursor.advance()
  return cursor.parenthesised(groupItem)
}

function namedWindow(cursor: TokenCursor): { name: string; window: Window } {
  const name = cursor.name()
  cursor.expect('as')
  return { name, window: windowSpecification(cursor) }
}

/** Select items; a bare `*` only as the first. */
export function selectItems(cursor: TokenCursor): readonly SelectItem[] {
  const items: SelectItem[] = []
  if (cursor.is('*')) {
    cursor.advance()
    items.push({ expression: { kind: 'star', schema: null, table: null }, alias: null, text: '*' })
    if (!cursor.accept(',')) return items
  }
  do items.push(selectItem(cursor))
  while (cursor.accept(','))
  return items
}

function selectItem(cursor: TokenCursor): SelectItem {
  const first = cursor.at
  const expression: Expression = qualifiedStar(cursor) ?? cursor.grammar.expression(cursor)
  const text = cursor.textOf(first, cursor.at - 1)
  if (expression.kind === 'star') return { expression, alias: null, text }
  let alias: string | null = null
  if (cursor.accept('as')) alias = cursor.nameOrString()
  else if (cursor.isString) alias = cursor.string()
  else if (cursor.spelling === '' || cursor.kind === TokenKind.word) alias = cursor.acceptName()
  return { expression, alias, text }
}

/** `t.*`, `s.t.*`; null: it is something else. */
function qualifiedStar(cursor: TokenCursor): Expression | null {
  if (cursor.spellingAhead(1) !== '.') return null
  if (cursor.spellingAhead(2) === '*') {
    const table = cursor.name()
    cursor.restore(cursor.at + 2)
    return { kind: 'star', schema: null, table }
  }
  if (cursor.spellingAhead(3) !== '.' || cursor.spellingAhead(4) !== '*') return null
  const schema = cursor.name()
  cursor.expect('.')
  const table = cursor.nameOrReserved()
  cursor.restore(cursor.at + 2)
  return { kind: 'star', schema, table }
}
