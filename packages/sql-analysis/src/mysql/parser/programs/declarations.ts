/** DECLARE of variables, conditions, cursors and handlers. MySQL manual, "DECLARE Statement"; MariaDB documentation, "DECLARE CURSOR". */
import { readCharacterSetName } from '../definitions/data-type.ts'
import type { ProgramStatement, Statement } from '../../statement-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { readVariableType } from './variable-type.ts'

type AnyStatement = ProgramStatement | Statement

/** Reads the declarations at the head of a block into `statements`; `readBody` reads what a handler runs. Their order is the server's to judge. */
export function readDeclarations(
  c: TokenCursor,
  statements: AnyStatement[],
  readBody: (c: TokenCursor) => AnyStatement,
): void {
  while (c.accept('declare')) {
    statements.push(readDeclaration(c, readBody))
    c.expect(';')
  }
}

function readDeclaration(c: TokenCursor, readBody: (c: TokenCursor) => AnyStatement): ProgramStatement {
  if (c.acceptAny(['continue', 'exit']) !== null) {
    c.expectPair('handler', 'for')
    do readHandled(c)
    while (c.accept(','))
    return { kind: 'declare_handler', body: readBody(c) }
  }
  const names = [c.name()]
  if (c.accept('condition')) {
    c.expect('for')
    if (!c.accept('sqlstate')) c.integer()
    else readSqlstate(c)
    return { kind: 'declare_condition', name: names[0] ?? '' }
  }
  if (c.accept('cursor')) return readCursor(c, names[0] ?? '')
  while (c.accept(',')) names.push(c.name())
  const type = readVariableType(c)
  while (c.accept('collate')) readCharacterSetName(c)
  return {
    kind: 'declare',
    names,
    ...(type === null ? {} : { type }),
    default: c.accept('default') ? c.grammar.expression(c) : null,
  }
}

/** `CURSOR [(parameter type, …)] FOR query`; the parameters are MariaDB's. */
function readCursor(c: TokenCursor, name: string): ProgramStatement {
  const parameters: string[] = []
  if (c.isMariadb && c.accept('(')) {
    do {
      parameters.push(c.name())
      readVariableType(c)
    } while (c.accept(','))
    c.expect(')')
  }
  c.expect('for')
  return { kind: 'declare_cursor', name, query: c.grammar.query(c), parameters }
}

/** What a handler is for. */
function readHandled(c: TokenCursor): void {
  if (c.accept('sqlwarning') || c.accept('sqlexception') || c.acceptPair('not', 'found')) return
  if (c.accept('sqlstate')) readSqlstate(c)
  else if (c.acceptName() === null) c.integer()
}

/** `[VALUE] 'five'`, behind SQLSTATE. */
export function readSqlstate(c: TokenCursor): void {
  c.accept('value')
  c.string()
}
