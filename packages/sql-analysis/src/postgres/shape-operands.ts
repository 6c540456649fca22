import type { A_Expr } from 'libpg-query'
import { lastName } from './facts/tree.ts'
import type { Tree } from './facts/tree.ts'

const comparisons: ReadonlySet<string> = new Set(['=', '<', '>', '<=', '>=', '<>', '!='])

/** True for the operators whose result, with a column on one side and a literal on the other, no reader can know without the row. */
export function comparesWithColumn(expression: A_Expr): boolean {
  switch (expression.kind) {
    case 'AEXPR_OP':
    case 'AEXPR_OP_ANY':
    case 'AEXPR_IN':
      return expression.name?.length === 1 && comparisons.has(lastName(expression.name))
    case 'AEXPR_BETWEEN':
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT':
      return true
    default:
      return false
  }
}

/** True for a column by name, cast or not. */
export function isBareColumn(node: Tree | undefined): boolean {
  if (node === undefined) return false
  return node.TypeCast === undefined ? node.ColumnRef !== undefined : isBareColumn(node.TypeCast.arg)
}

/** True when a column or a parameter stands anywhere in an expression: its value then cannot be known from the text. */
export function mentionsColumn(node: Tree): boolean {
  const open: unknown[] = [node]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null) continue
    for (const [key, part] of Object.entries(value)) {
      if (key === 'ColumnRef' || key === 'ParamRef') return true
      // A sub-query's columns are its own: `(SELECT 1 FROM t WHERE t.a = a)` may still be constant.
      if (key !== 'SubLink') open.push(part)
    }
  }
  return false
}

const fieldOperators: ReadonlySet<string> = new Set(['->', '->>', '#>', '#>>'])

/** True where a literal picks a part of a value that was put together in the statement, so that it may decide which part comes out. */
export function picksFromBuiltValue(expression: A_Expr): boolean {
  return (
    expression.kind === 'AEXPR_OP' && fieldOperators.has(lastName(expression.name)) && !isColumnPath(expression.lexpr)
  )
}

function isColumnPath(node: Tree | undefined): boolean {
  const expression = node?.A_Expr
  if (expression !== undefined && fieldOperators.has(lastName(expression.name))) return isColumnPath(expression.lexpr)
  return isBareColumn(node)
}
