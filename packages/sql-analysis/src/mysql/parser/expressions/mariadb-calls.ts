import type { Spelling } from '../../lexer/keywords.ts'
import type { Expression } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { castType } from './cast-types.ts'
import { call } from './nodes.ts'

/** NEXT VALUE FOR s, PREVIOUS VALUE FOR s: `nextval` and `lastval` of the sequence as a column reference whose table is the schema. */
function valueFor(cursor: TokenCursor, name: string): Expression | null {
  if (cursor.spellingAhead(1) !== 'value' || cursor.spellingAhead(2) !== 'for') return null
  cursor.restore(cursor.at + 3)
  return call(name === 'next' ? 'nextval' : 'lastval', [sequence(cursor)])
}

/** NEXTVAL(s), LASTVAL(s), SETVAL(s, n, …). MariaDB documentation, "Sequence Functions". */
function sequenceCall(cursor: TokenCursor, name: string): Expression | null {
  if (cursor.spellingAhead(1) !== '(') return null
  cursor.advance()
  cursor.expect('(')
  const args = [sequence(cursor)]
  while (cursor.accept(',')) args.push(cursor.grammar.expression(cursor))
  cursor.expect(')')
  return call(name, args)
}

function sequence(cursor: TokenCursor): Expression {
  const first = cursor.name()
  if (!cursor.accept('.')) return { kind: 'column', schema: null, table: null, name: first }
  return { kind: 'column', schema: null, table: first, name: cursor.nameOrReserved() }
}

/** COLUMN_CREATE(name, value [AS type], …), COLUMN_ADD(blob, name, value [AS type], …). MariaDB documentation, "Dynamic Columns". */
function columnCreate(cursor: TokenCursor, name: string): Expression | null {
  if (cursor.spellingAhead(1) !== '(') return null
  cursor.advance()
  const args = cursor.parenthesised((at) => {
    const value = at.grammar.expression(at)
    if (at.accept('as')) castType(at)
    return value
  })
  return call(name, args)
}

/** COLUMN_GET(blob, name AS type). */
function columnGet(cursor: TokenCursor, name: string): Expression | null {
  if (cursor.spellingAhead(1) !== '(') return null
  cursor.advance()
  cursor.expect('(')
  const args = [cursor.grammar.expression(cursor)]
  cursor.expect(',')
  args.push(cursor.grammar.expression(cursor))
  cursor.expect('as')
  const words = [castType(cursor)]
  cursor.expect(')')
  return call(name, args, words)
}

export const MARIADB_CALLS: readonly [Spelling, (cursor: TokenCursor, name: string) => Expression | null][] = [
  ['next', valueFor],
  ['previous', valueFor],
  ['nextval', sequenceCall],
  ['lastval', sequenceCall],
  ['setval', sequenceCall],
  ['column_create', columnCreate],
  ['column_add', columnCreate],
  ['column_get', columnGet],
]
