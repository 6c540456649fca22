import { TokenKind } from '../../lexer/tokens.ts'
import type { Explain, Statement } from '../../statement-tree.ts'
import type { UserVariable } from '../../query-tree.ts'
import { tableName } from '../queries/table-name.ts'
import type { TokenCursor } from '../token-cursor.ts'

const NOTHING: Explain = {
  kind: 'explain',
  statement: null,
  table: null,
  column: null,
  forConnection: null,
  analyze: false,
  format: null,
  into: null,
  schema: null,
}

/** EXPLAIN, DESCRIBE, DESC; of MariaDB ANALYZE of a statement. MySQL manual, "EXPLAIN Statement". */
export function readExplain(cursor: TokenCursor): Explain {
  if (cursor.isMariadb && cursor.accept('analyze')) {
    const format = acceptFormat(cursor)
    return { ...NOTHING, analyze: true, format, statement: explained(cursor) }
  }
  cursor.advance()
  const analyze = !cursor.isMariadb && cursor.accept('analyze')
  const extended = cursor.isMariadb && cursor.acceptAny(['extended', 'partitions']) !== null
  const format = extended ? null : acceptFormat(cursor)
  const into = !cursor.isMariadb && cursor.accept('into') ? target(cursor) : null
  if (cursor.acceptPair('for', 'connection')) {
    if (!cursor.isMariadb && cursor.kind !== TokenKind.integer) throw cursor.error()
    return { ...NOTHING, analyze, format, forConnection: cursor.grammar.expression(cursor) }
  }
  let schema: string | null = null
  if (!cursor.isMariadb && cursor.accept('for')) {
    if (cursor.acceptAny(['schema', 'database']) === null) throw cursor.error()
    schema = cursor.name()
  }
  if (cursor.isName && !beginsStatement(cursor)) {
    if (analyze || format !== null || extended) throw cursor.error()
    const table = tableName(cursor)
    const column = cursor.isName || cursor.isString ? cursor.nameOrString() : null
    return { ...NOTHING, table, column }
  }
  return { ...NOTHING, analyze, format, into, schema, statement: explained(cursor) }
}

/** True: a word that is not reserved begins a statement to explain, not the name of a table. */
function beginsStatement(cursor: TokenCursor): boolean {
  return cursor.isMariadb && cursor.is('set') && cursor.spellingAhead(1) === 'statement'
}

function acceptFormat(cursor: TokenCursor): string | null {
  if (!cursor.is('format') || cursor.spellingAhead(1) !== '=') return null
  cursor.restore(cursor.at + 2)
  return cursor.nameOrString().toLowerCase()
}

function target(cursor: TokenCursor): UserVariable {
  return { kind: 'user_variable', name: cursor.userVariableName(), assigned: null }
}

/** A query or a change of rows: nothing else can be explained. */
function explained(cursor: TokenCursor): Statement {
  switch (cursor.spelling) {
    case 'select':
    case 'insert':
    case 'replace':
    case 'update':
    case 'delete':
    case 'with':
    case 'table':
    case 'values':
    case '(': {
      cursor.enter()
      const statement = cursor.grammar.statement(cursor)
      cursor.leave()
      return statement
    }
    default:
      throw cursor.error()
  }
}
