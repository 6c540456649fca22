import type { Expression, Join, TableReference } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { tableFactor } from './table-factor.ts'

const NO_COLUMNS: readonly string[] = []

/** True: a join operator stands here. */
function isJoin(cursor: TokenCursor): boolean {
  switch (cursor.spelling) {
    case 'join':
    case 'inner':
    case 'cross':
    case 'straight_join':
    case 'left':
    case 'right':
    case 'natural':
      return true
    default:
      return false
  }
}

/**
 * The joins behind a table reference. An ON belongs to the nearest join without one: `a JOIN b JOIN c ON x ON y` is `a JOIN (b JOIN c ON x) ON y`,
 * while a join that gets none joins before those behind it. MySQL manual, "JOIN Clause".
 */
export function joinsFrom(cursor: TokenCursor, first: TableReference): TableReference {
  let left = first
  let nested = 0
  while (isJoin(cursor)) {
    nested++
    cursor.enter()
    left = oneJoin(cursor, left)
  }
  for (; nested > 0; nested--) cursor.leave()
  return left
}

function oneJoin(cursor: TokenCursor, left: TableReference): TableReference {
  if (cursor.accept('natural')) {
    if (cursor.isMariadb && cursor.accept('straight_join')) return join('inner', true, left, tableFactor(cursor), null)
    const type = cursor.acceptAny(['left', 'right'])
    if (type !== null) cursor.accept('outer')
    else cursor.accept('inner')
    cursor.expect('join')
    return join(type ?? 'inner', true, left, tableFactor(cursor), null)
  }
  const outer = cursor.acceptAny(['left', 'right'])
  if (outer !== null) {
    cursor.accept('outer')
    cursor.expect('join')
    let right = tableFactor(cursor)
    if (isJoin(cursor)) right = joinsFrom(cursor, right)
    return conditioned(cursor, outer, left, right)
  }
  const straight = cursor.accept('straight_join')
  const cross = !straight && cursor.accept('cross')
  if (!straight) {
    if (!cross) cursor.accept('inner')
    cursor.expect('join')
  }
  const factor = tableFactor(cursor)
  const type = cross ? 'cross' : 'inner'
  if (isCondition(cursor)) return conditioned(cursor, type, left, factor)
  if (!isJoin(cursor)) return join(type, false, left, factor, null)
  const right = joinsFrom(cursor, factor)
  if (isCondition(cursor)) return conditioned(cursor, type, left, right)
  return withLeftmost(right, factor, join(type, false, left, factor, null))
}

/** ON or USING of a join, and not ON DUPLICATE KEY of an INSERT. */
function isCondition(cursor: TokenCursor): boolean {
  if (cursor.is('using')) return true
  return cursor.is('on') && !(cursor.isPair('on', 'duplicate') && cursor.spellingAhead(2) === 'key')
}

/** The joins of `tree`, in which `leaf`, the first of them, is replaced by `replacement`. */
function withLeftmost(tree: TableReference, leaf: TableReference, replacement: Join): TableReference {
  const spine: Join[] = []
  let at = tree
  while (at !== leaf && at.kind === 'join') {
    spine.push(at)
    at = at.left
  }
  let made: TableReference = replacement
  for (let index = spine.length - 1; index >= 0; index--) {
    const above = spine[index]
    if (above !== undefined) made = { ...above, left: made }
  }
  return made
}

function conditioned(cursor: TokenCursor, type: Join['type'], left: TableReference, right: TableReference): Join {
  if (cursor.accept('on')) return join(type, false, left, right, cursor.grammar.expression(cursor))
  cursor.expect('using')
  const using = cursor.parenthesised((at) => at.name())
  return { kind: 'join', type, natural: false, left, right, on: null, using }
}

function join(
  type: Join['type'],
  natural: boolean,
  left: TableReference,
  right: TableReference,
  on: Expression | null,
): Join {
  return { kind: 'join', type, natural, left, right, on, using: NO_COLUMNS }
}
