/** Types of variables and parameters of stored programs. MySQL manual, "Local Variable DECLARE Statement"; MariaDB documentation, "DECLARE Variable". */
import { readDataType } from '../definitions/data-type.ts'
import { columnExpression } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** Reads a type; its name, null for one that is not told by name: in MariaDB also `TYPE OF table.column`, `ROW TYPE OF table` and `ROW (field type, …)`. */
export function readVariableType(c: TokenCursor): string | null {
  if (c.isMariadb) {
    if (c.isPair('type', 'of')) {
      c.acceptPair('type', 'of')
      columnExpression(c)
      return null
    }
    if (c.isPair('row', 'type')) {
      c.acceptPair('row', 'type')
      c.expect('of')
      columnExpression(c)
      return null
    }
    if (c.isPair('row', '(')) {
      c.advance()
      c.parenthesised(readField)
      return null
    }
  }
  return readDataType(c)
}

function readField(c: TokenCursor): void {
  c.name()
  c.enter()
  readVariableType(c)
  c.leave()
}
