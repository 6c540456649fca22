import { TokenKind } from '../../lexer/tokens.ts'
import type { Expression } from '../../query-tree.ts'
import type { PreparedStatement } from '../../statement-tree.ts'
import { literal } from '../expressions/nodes.ts'
import { valueOrDefault } from '../queries/simple-queries.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** PREPARE, EXECUTE, DEALLOCATE and DROP PREPARE. MySQL manual, "Prepared Statements". */
export function readPrepared(cursor: TokenCursor): PreparedStatement {
  const verb = cursor.acceptAny(['prepare', 'execute', 'deallocate', 'drop'])
  switch (verb) {
    case 'prepare': {
      const name = cursor.name()
      cursor.expect('from')
      return { kind: 'prepare', name, source: source(cursor), using: [] }
    }
    case 'execute':
      if (cursor.isMariadb && cursor.accept('immediate'))
        return { kind: 'execute_immediate', name: null, source: source(cursor), using: using(cursor) }
      return { kind: 'execute', name: cursor.name(), source: null, using: using(cursor) }
    case 'deallocate':
    case 'drop':
      cursor.expect('prepare')
      return { kind: 'deallocate', name: cursor.name(), source: null, using: [] }
    default:
      throw cursor.error()
  }
}

/** A string or a user variable; of MariaDB any expression. */
function source(cursor: TokenCursor): Expression {
  if (cursor.isMariadb) return cursor.grammar.expression(cursor)
  if (cursor.kind === TokenKind.userVariable) return variable(cursor)
  return literal('string', cursor.string())
}

function variable(cursor: TokenCursor): Expression {
  return { kind: 'user_variable', name: cursor.userVariableName(), assigned: null }
}

function using(cursor: TokenCursor): readonly Expression[] {
  if (!cursor.accept('using')) return []
  if (cursor.isMariadb) return cursor.list((at) => valueOrDefault(at))
  return cursor.list(variable)
}
