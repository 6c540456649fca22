import type { With } from '../query-tree.ts'
import type { Statement } from '../statement-tree.ts'
import { readAdministration } from './administration.ts'
import { deleteStatement } from './changes/delete.ts'
import { insert } from './changes/insert.ts'
import { loadData } from './changes/load-data.ts'
import { update } from './changes/update.ts'
import { statementQuery, statementQueryBehindWith } from './queries/query.ts'
import { tableName } from './queries/table-name.ts'
import { acceptWith } from './queries/with.ts'
import { readExplain } from './session/explain.ts'
import { readHandler } from './session/handler.ts'
import { readPrepared } from './session/prepared.ts'
import { set } from './session/set.ts'
import { readTransaction, readXa } from './session/transactions.ts'
import type { TokenCursor } from './token-cursor.ts'

/** Any statement, by its first word. MySQL manual, "SQL Statements". */
export function statement(cursor: TokenCursor): Statement {
  switch (cursor.spelling) {
    case 'select':
    case '(':
    case 'values':
    case 'table':
      return { kind: 'query_statement', query: statementQuery(cursor) }
    case 'with':
      return behindWith(cursor, acceptWith(cursor))
    case 'insert':
    case 'replace':
      return insert(cursor)
    case 'update':
      return update(cursor, null)
    case 'delete':
      return deleteStatement(cursor, null)
    case 'set':
      return set(cursor)
    default:
      return rarer(cursor)
  }
}

function behindWith(cursor: TokenCursor, common: With | null): Statement {
  // MariaDB has WITH before queries only.
  if (cursor.is('update') && !cursor.isMariadb) return update(cursor, common)
  if (cursor.is('delete') && !cursor.isMariadb) return deleteStatement(cursor, common)
  return { kind: 'query_statement', query: statementQueryBehindWith(cursor, common) }
}

function rarer(cursor: TokenCursor): Statement {
  const administration = readAdministration(cursor)
  if (administration !== null) return administration
  switch (cursor.spelling) {
    case 'call':
      return call(cursor)
    case 'do':
      cursor.advance()
      return { kind: 'do', expressions: cursor.grammar.selectItems(cursor).map((item) => item.expression) }
    case 'start':
    case 'begin':
    case 'commit':
    case 'rollback':
    case 'savepoint':
    case 'release':
      return readTransaction(cursor)
    case 'xa':
      return readXa(cursor)
    case 'prepare':
    case 'execute':
    case 'deallocate':
    case 'drop':
      return readPrepared(cursor)
    case 'handler':
      return readHandler(cursor)
    case 'explain':
    case 'describe':
    case 'desc':
    case 'analyze':
      return readExplain(cursor)
    case 'load':
      return loadData(cursor)
    default:
      throw cursor.error()
  }
}

/** CALL procedure[(arguments)]. */
function call(cursor: TokenCursor): Statement {
  cursor.expect('call')
  const procedure = tableName(cursor)
  const some = cursor.accept('(')
  const args = some && !cursor.is(')') ? cursor.list((at) => at.grammar.expression(at)) : []
  if (some) cursor.expect(')')
  return { kind: 'call_statement', procedure, arguments: args }
}
