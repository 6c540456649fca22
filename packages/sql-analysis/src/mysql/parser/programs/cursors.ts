/** OPEN, FETCH and CLOSE. MySQL manual, "Cursors". */
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
      return { kind: 'fetch', cursor, into: c.list(columnExpression) }
    }
    default:
      return null
  }
}
