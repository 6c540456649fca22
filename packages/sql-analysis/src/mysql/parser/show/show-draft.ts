/** A `Show` while it is being read, and what the ends of many SHOW statements have in common. */
import type { Show } from '../../statement-tree.ts'
import { acceptNumber, qualifiedName } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** `Show` with fields that can still be set. */
export type ShowDraft = { -readonly [Field in keyof Show]: Show[Field] }

/** A SHOW of which nothing is known. */
export function draftShow(): ShowDraft {
  return { kind: 'show', what: '', full: false, schema: null, object: null, like: null, where: null }
}

/** `[LIKE 'pattern' | WHERE expression]`. */
export function readFilter(c: TokenCursor, draft: ShowDraft): void {
  if (c.accept('like')) draft.like = c.string()
  else readWhere(c, draft)
}

/** `[WHERE expression]`. */
export function readWhere(c: TokenCursor, draft: ShowDraft): void {
  if (c.accept('where')) draft.where = c.grammar.expression(c)
}

/** `[{FROM | IN} schema]`. */
export function readFromSchema(c: TokenCursor, draft: ShowDraft): void {
  if (c.accept('from') || c.accept('in')) draft.schema = c.name()
}

/** `{FROM | IN} table [{FROM | IN} schema]`: a schema of its own goes before one written with the table. */
export function readFromTable(c: TokenCursor, draft: ShowDraft): void {
  if (!c.accept('from')) c.expect('in')
  draft.object = qualifiedName(c)
  readFromSchema(c, draft)
  if (draft.schema !== null) draft.object = { schema: draft.schema, name: draft.object.name }
}

/** `[LIMIT count | LIMIT from, count | LIMIT count OFFSET from]`. */
export function readLimit(c: TokenCursor): void {
  if (!c.accept('limit')) return
  readLimitNumber(c)
  if (c.accept(',') || c.accept('offset')) readLimitNumber(c)
}

function readLimitNumber(c: TokenCursor): void {
  if (acceptNumber(c)) return
  const limit = c.grammar.operand(c)
  if (limit.kind !== 'parameter' && limit.kind !== 'column') throw c.error()
}
