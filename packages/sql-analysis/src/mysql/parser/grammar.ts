import { expression, expressionFrom, operand } from './expressions/climb.ts'
import { query, queryFrom, subquery } from './queries/query.ts'
import { selectItems } from './queries/select.ts'
import { tableReferences, tableReferencesFrom } from './queries/table-references.ts'
import { statement } from './statement.ts'
import type { Grammar } from './token-cursor.ts'

/** The rules that rules of other files call. */
export const GRAMMAR: Grammar = {
  expression,
  expressionFrom,
  operand,
  query,
  queryFrom,
  subquery,
  selectItems,
  tableReferences,
  tableReferencesFrom,
  statement,
}
