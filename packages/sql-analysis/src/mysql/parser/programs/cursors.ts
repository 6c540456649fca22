/** OPEN, FETCH and CLOSE. MySQL manual, "Cursors". */
import { TokenKind } from '../../lexer/tokens.ts'
import type { ColumnReference, UserVariable } from '../../query-tree.ts'
import type { ProgramStatement } from '../../statement-tree.ts'
import { columnExpression } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** Reads OPEN, FETCH or CLOSE; null where none stands. */
export function readCursorStatement(c: TokenCursor): ProgramStatement | null {
  switch (c.spelling) {
    case 'open': {
      c.advance()
      const cursor = c.name()
      const hasArguments = c.isMariadb && c.is('(')
      return { kind: 'open', cursor, arguments: hasArguments ? c.parenthesised((at) => at.grammar.expression(at)) : [] }
    }
    case 'close':
      c.advance()
      return { kind: 'close', cursor: c.name(), arguments: [] }
    case 'fetch': {
      c.advance()
      if (c.isMariadb && c.acceptPair('group', 'next')) {
        // The next row of a group, in an aggregate function: it comes into the parameters.
        c.expect('row')
        return { kind: 'fetch', cursor: '', into: [] }
      }
      if (c.accept('next')) c.expect('from')
      else c.accept('from')
      const cursor = c.name()
      c.expect('into')
      return { kind: 'fetch', cursor, into: c.list(readTarget) }
    }
    default:
      return null
  }
}

/** A variable of the program or, in MariaDB, of the session. */
function readTarget(c: TokenCursor): ColumnReference | UserVariable {
  if (c.isMariadb && c.kind === TokenKind.userVariable) {
    return { kind: 'user_variable', name: c.userVariableName(), assigned: null }
  }
  return columnExpression(c)
}
