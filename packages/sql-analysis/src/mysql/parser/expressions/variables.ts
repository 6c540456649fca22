import type { Expression, SystemVariable } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** `@name`, and `@name := expression`. MySQL manual, "User-Defined Variables". */
export function userVariable(cursor: TokenCursor): Expression {
  const name = cursor.userVariableName()
  const assigned = cursor.accept(':=') ? cursor.grammar.expression(cursor) : null
  return { kind: 'user_variable', name, assigned }
}

/** Word of a scope before a system variable; null: none stands here. */
export function acceptScope(cursor: TokenCursor): SystemVariable['scope'] {
  return cursor.acceptAny(['session', 'global', 'persist', 'persist_only', 'local'])
}

const SCOPES: ReadonlySet<string> = new Set(['session', 'global', 'persist', 'persist_only', 'local'])

/** `@@name`, `@@scope.name`, `@@scope.component.name`. MySQL manual, "Using System Variables". */
export function systemVariable(cursor: TokenCursor): SystemVariable {
  cursor.expect('@@')
  const scope = cursor.spellingAhead(1) === '.' ? acceptScope(cursor) : null
  if (scope !== null) cursor.expect('.')
  else if (SCOPES.has(cursor.spelling)) throw cursor.error()
  let name = cursor.name()
  while (cursor.accept('.')) name += `.${cursor.nameOrReserved()}`
  return { kind: 'system_variable', scope, name: name.toLowerCase() }
}
