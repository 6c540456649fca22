import type { FuncCall } from 'libpg-query'
import { type Tree, lastName, listOf, stringOf } from '../tree.ts'
import type { Spending } from '../../../facts/work.ts'

/**
 * The name the server gives an output column without AS (its FigureColname); `?column?` where it finds none.
 * Sub-queries are named by it: a wrong answer hides a column of that name further out, so it must be the server's (held against it in test/agreement).
 */
export function outputName(work: Spending, node: Tree | undefined): string {
  return figure(work, node)?.name ?? '?column?'
}

// A weak name gives way to one from outside (the type of a cast, the word CASE).
interface Figured {
  readonly name: string
  readonly weak: boolean
}

function strong(name: string): Figured {
  return { name, weak: false }
}

function figure(work: Spending, node: Tree | undefined): Figured | null {
  if (node === undefined) return null
  work.spend(2)
  if (node.ColumnRef !== undefined) return lastString(listOf(node.ColumnRef.fields))
  if (node.A_Indirection !== undefined)
    return lastString(listOf(node.A_Indirection.indirection)) ?? figure(work, node.A_Indirection.arg)
  if (node.FuncCall !== undefined) return strong(callName(node.FuncCall))
  if (node.A_Expr !== undefined) return node.A_Expr.kind === 'AEXPR_NULLIF' ? strong('nullif') : null
  if (node.TypeCast !== undefined) {
    const inner = figure(work, node.TypeCast.arg)
    if (inner !== null && !inner.weak) return inner
    const type = lastName(node.TypeCast.typeName?.names)
    return type === '' ? inner : { name: type, weak: true }
  }
  if (node.CollateClause !== undefined) return figure(work, node.CollateClause.arg)
  if (node.GroupingFunc !== undefined) return strong('grouping')
  if (node.MergeSupportFunc !== undefined) return strong('merge_action')
  if (node.SubLink !== undefined) {
    switch (node.SubLink.subLinkType) {
      case 'EXISTS_SUBLINK':
        return strong('exists')
      case 'ARRAY_SUBLINK':
        return strong('array')
      case 'EXPR_SUBLINK':
        return subqueryName(work, node.SubLink.subselect)
      default:
        return null
    }
  }
  if (node.CaseExpr !== undefined) {
    const inner = figure(work, node.CaseExpr.defresult)
    return inner !== null && !inner.weak ? inner : { name: 'case', weak: true }
  }
  if (node.A_ArrayExpr !== undefined) return strong('array')
  if (node.RowExpr !== undefined) return strong('row')
  if (node.CoalesceExpr !== undefined) return strong('coalesce')
  if (node.MinMaxExpr !== undefined) return strong(node.MinMaxExpr.op === 'IS_GREATEST' ? 'greatest' : 'least')
  if (node.SQLValueFunction !== undefined) return strong(valueFunctionName(node.SQLValueFunction.op ?? ''))
  if (node.XmlExpr !== undefined && node.XmlExpr.op !== 'IS_DOCUMENT')
    return strong(`xml${(node.XmlExpr.op ?? '').replace('IS_XML', '').toLowerCase()}`)
  if (node.XmlSerialize !== undefined) return strong('xmlserialize')
  if (node.JsonParseExpr !== undefined) return strong('json')
  if (node.JsonScalarExpr !== undefined) return strong('json_scalar')
  if (node.JsonSerializeExpr !== undefined) return strong('json_serialize')
  if (node.JsonObjectConstructor !== undefined) return strong('json_object')
  if (node.JsonArrayConstructor !== undefined || node.JsonArrayQueryConstructor !== undefined)
    return strong('json_array')
  if (node.JsonObjectAgg !== undefined) return strong('json_objectagg')
  if (node.JsonArrayAgg !== undefined) return strong('json_arrayagg')
  if (node.JsonFuncExpr !== undefined) return strong((node.JsonFuncExpr.op ?? '').replace('_OP', '').toLowerCase())
  return null
}

function lastString(fields: readonly Tree[]): Figured | null {
  for (let index = fields.length - 1; index >= 0; index--) {
    const name = stringOf(fields[index])
    if (name !== null) return strong(name)
  }
  return null
}

function callName(call: FuncCall): string {
  return lastName(call.funcname)
}

function subqueryName(work: Spending, query: Tree | undefined): Figured | null {
  let select = query?.SelectStmt
  while (select?.larg !== undefined) {
    work.spend(1)
    select = select.larg
  }
  if (select === undefined) return null
  if (select.valuesLists !== undefined) return strong('column1')
  const target = select.targetList?.[0]
  if (target === undefined || !('ResTarget' in target)) return null
  const { name, val } = target.ResTarget
  return name !== undefined && name !== '' ? strong(name) : strong(outputName(work, val))
}

function valueFunctionName(op: string): string {
  return op.replace('SVFOP_', '').replace(/_N$/, '').toLowerCase()
}
