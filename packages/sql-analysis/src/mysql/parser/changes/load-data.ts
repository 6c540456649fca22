import { TokenKind } from '../../lexer/tokens.ts'
import type { ColumnReference, UserVariable } from '../../query-tree.ts'
import type { LoadData } from '../../statement-tree.ts'
import { characterSetName } from '../expressions/cast-types.ts'
import { fieldsAndLines } from '../queries/into.ts'
import { acceptPartitions } from '../queries/table-factor.ts'
import { tableName } from '../queries/table-name.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { assignment, column } from './assignments.ts'

/** LOAD DATA and LOAD XML. MySQL manual, "LOAD DATA Statement", "LOAD XML Statement". */
export function loadData(cursor: TokenCursor): LoadData {
  cursor.expect('load')
  const xml = cursor.acceptAny(['data', 'xml'])
  if (xml === null) throw cursor.error()
  cursor.acceptAny(['low_priority', 'concurrent'])
  if (!cursor.isMariadb) cursor.accept('from')
  const local = cursor.accept('local')
  if (!cursor.accept('infile')) bulkSource(cursor)
  const file = cursor.string()
  if (!cursor.isMariadb) bulkOptions(cursor)
  cursor.acceptAny(['replace', 'ignore'])
  cursor.expectPair('into', 'table')
  const table = tableName(cursor)
  acceptPartitions(cursor)
  if (!cursor.isMariadb && cursor.accept('compression')) {
    cursor.accept('=')
    cursor.nameOrString()
  }
  if (cursor.accept('charset') || cursor.acceptPair('character', 'set') || cursor.acceptPair('char', 'set'))
    characterSetName(cursor)
  if (cursor.acceptPair('rows', 'identified')) {
    cursor.expect('by')
    cursor.string()
  }
  fieldsAndLines(cursor)
  if (cursor.accept('ignore')) {
    cursor.integer()
    if (cursor.acceptAny(['lines', 'rows']) === null) throw cursor.error()
  }
  const fields = cursor.is('(') ? fieldList(cursor) : null
  const assignments = cursor.accept('set') ? cursor.list(assignment) : []
  if (!cursor.isMariadb) bulkLoad(cursor)
  return { kind: 'load_data', local, file, table, fields, assignments }
}

/** URL or S3 in place of INFILE. */
function bulkSource(cursor: TokenCursor): void {
  const word = cursor.isMariadb ? '' : cursor.name().toLowerCase()
  if (word !== 's3' && word !== 'url') throw cursor.error()
}

/** COUNT n, IN PRIMARY KEY ORDER. */
function bulkOptions(cursor: TokenCursor): void {
  if (cursor.accept('count')) cursor.integer()
  if (cursor.acceptPair('in', 'primary')) cursor.expectPair('key', 'order')
}

/** PARALLEL = n, MEMORY = n, ALGORITHM = BULK. */
function bulkLoad(cursor: TokenCursor): void {
  if (cursor.accept('parallel')) {
    cursor.accept('=')
    cursor.integer()
  }
  if (cursor.accept('memory')) {
    cursor.accept('=')
    if (cursor.kind === TokenKind.integer) cursor.integer()
    else cursor.takeName()
  }
  if (cursor.accept('algorithm')) {
    cursor.accept('=')
    cursor.expect('bulk')
  }
}

function fieldList(cursor: TokenCursor): (ColumnReference | UserVariable)[] {
  cursor.expect('(')
  const fields = cursor.is(')') ? [] : cursor.list(field)
  cursor.expect(')')
  return fields
}

function field(cursor: TokenCursor): ColumnReference | UserVariable {
  if (cursor.kind !== TokenKind.userVariable) return column(cursor)
  return { kind: 'user_variable', name: cursor.userVariableName(), assigned: null }
}
