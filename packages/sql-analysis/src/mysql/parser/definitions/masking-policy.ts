/** CREATE MASKING POLICY of MySQL. MySQL manual, "CREATE MASKING POLICY Statement". */
import { acceptIfNotExists } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { unqualified } from './account.ts'
import type { Draft } from './draft.ts'

/** Reads what stands behind CREATE MASKING POLICY: a name, the column's name in parentheses, and the expression shown in its place. */
export function readCreateMaskingPolicy(c: TokenCursor, draft: Draft): void {
  if (acceptIfNotExists(c)) draft.ifNotExists = true
  draft.objects.push(unqualified('masking_policy', c.name()))
  c.expect('(')
  draft.parameters.push({ name: c.name(), mode: 'in' })
  c.expect(')')
  draft.expressions.push(c.grammar.expression(c))
}
