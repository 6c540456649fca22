/** SIGNAL, RESIGNAL and GET DIAGNOSTICS. MySQL manual, "Condition Handling"; they may stand outside of programs too. */
import { TokenKind } from '../../lexer/tokens.ts'
import type { ColumnReference, Expression, UserVariable } from '../../query-tree.ts'
import type { DiagnosticsStatement } from '../../statement-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { readSqlstate } from './declarations.ts'

const SIGNALLED = new Set(
  'class_origin subclass_origin constraint_catalog constraint_schema constraint_name catalog_name schema_name table_name column_name cursor_name message_text mysql_errno'.split(
    ' ',
  ),
)

/** Reads SIGNAL or RESIGNAL, whose verb the cursor stands behind. */
export function readSignal(c: TokenCursor, kind: 'signal' | 'resignal'): DiagnosticsStatement {
  if (c.accept('sqlstate')) readSqlstate(c)
  else if (kind === 'signal') c.name()
  else if (!c.is('set')) c.acceptName()
  const items: DiagnosticsStatement['items'][number][] = []
  if (c.accept('set')) {
    do {
      const name = readItemName(c, false)
      c.expect('=')
      items.push({ target: null, name, value: readValue(c) })
    } while (c.accept(','))
  }
  return { kind, items }
}

/** Reads GET DIAGNOSTICS; the cursor stands behind GET. */
export function readGetDiagnostics(c: TokenCursor): DiagnosticsStatement {
  if (!c.accept('current') && !c.isMariadb) c.accept('stacked')
  c.expect('diagnostics')
  const condition = c.accept('condition') ? readValue(c) : null
  const items: DiagnosticsStatement['items'][number][] = []
  do {
    const target = readTarget(c)
    c.expect('=')
    if (condition === null) {
      const name = c.acceptAny(['number', 'row_count'])
      if (name === null) throw c.error()
      items.push({ target, name, value: null })
    } else items.push({ target, name: readItemName(c, true), value: condition })
  } while (c.accept(','))
  return { kind: 'get_diagnostics', items }
}

function readItemName(c: TokenCursor, get: boolean): string {
  const name = c.spelling
  if (!SIGNALLED.has(name) && !(get && name === 'returned_sqlstate') && !(c.isMariadb && name === 'row_number')) {
    throw c.error()
  }
  c.advance()
  return name
}

function readTarget(c: TokenCursor): UserVariable | ColumnReference {
  if (c.kind === TokenKind.userVariable) return { kind: 'user_variable', name: c.userVariableName(), assigned: null }
  const variable: ColumnReference = { kind: 'column', schema: null, table: null, name: c.name() }
  return variable
}

/** A constant or a variable: the grammar lets nothing else stand here. */
function readValue(c: TokenCursor): Expression {
  const value = c.grammar.operand(c)
  switch (value.kind) {
    case 'literal':
    case 'column':
    case 'system_variable':
      return value
    case 'user_variable':
      if (value.assigned === null) return value
      throw c.error()
    default:
      throw c.error()
  }
}
