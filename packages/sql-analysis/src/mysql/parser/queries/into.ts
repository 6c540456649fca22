import { TokenKind } from '../../lexer/tokens.ts'
import type { ColumnReference, Into, UserVariable } from '../../query-tree.ts'
import { characterSetName } from '../expressions/cast-types.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** INTO OUTFILE, DUMPFILE or variables. MySQL manual, "SELECT ... INTO Statement". */
export function into(cursor: TokenCursor): Into {
  cursor.expect('into')
  if (cursor.accept('dumpfile')) return { kind: 'dumpfile', file: cursor.string() }
  if (cursor.accept('outfile')) {
    const file = cursor.string()
    if (cursor.accept('charset') || cursor.acceptPair('character', 'set') || cursor.acceptPair('char', 'set'))
      characterSetName(cursor)
    fieldsAndLines(cursor)
    return { kind: 'outfile', file }
  }
  return { kind: 'variables', targets: cursor.list(variable) }
}

/** `@name`, or a variable of a stored program (MariaDB: a field of a row variable too). */
export function variable(cursor: TokenCursor): UserVariable | ColumnReference {
  if (cursor.kind === TokenKind.userVariable)
    return { kind: 'user_variable', name: cursor.userVariableName(), assigned: null }
  const first = cursor.name()
  if (cursor.isMariadb && cursor.accept('.'))
    return { kind: 'column', schema: null, table: first, name: cursor.nameOrReserved() }
  return { kind: 'column', schema: null, table: null, name: first }
}

/** FIELDS … and LINES … of SELECT INTO OUTFILE and LOAD DATA, where they stand. */
export function fieldsAndLines(cursor: TokenCursor): void {
  if (cursor.acceptAny(['fields', 'columns']) !== null) {
    let clauses = 0
    while (fieldClause(cursor)) clauses++
    if (clauses === 0) throw cursor.error()
  }
  if (cursor.accept('lines')) {
    let clauses = 0
    while (cursor.acceptAny(['terminated', 'starting']) !== null) {
      cursor.expect('by')
      text(cursor)
      clauses++
    }
    if (clauses === 0) throw cursor.error()
  }
}

function fieldClause(cursor: TokenCursor): boolean {
  if (cursor.acceptPair('optionally', 'enclosed')) {
    cursor.expect('by')
    text(cursor)
    return true
  }
  if (cursor.acceptAny(['terminated', 'enclosed', 'escaped']) === null) return false
  cursor.expect('by')
  text(cursor)
  return true
}

/** A string, or one by its bytes. */
function text(cursor: TokenCursor): void {
  const { kind } = cursor
  const bytes =
    kind === TokenKind.hexString ||
    kind === TokenKind.hexNumber ||
    kind === TokenKind.bitString ||
    kind === TokenKind.bitNumber
  if (bytes) cursor.advance()
  else cursor.string()
}
