import type { A_Indirection, CaseExpr, SubLink, TypeCast } from 'libpg-query'
import { readCall, readOrdering, readWindow } from './calls.ts'
import { readColumnRef } from './column-references.ts'
import { COMPUTED_KINDS, CONSTANT_KINDS, TOTAL_KINDS } from './expression-kinds.ts'
import {
  anyOf,
  type Column,
  comparedFrom,
  derivedFrom,
  doubted,
  type Lineage,
  lineagesOf,
  NOTHING,
  rowOf,
  testedFrom,
} from '../lineage.ts'
import { jsonMayFail } from './json-forms.ts'
import { readOperators } from './operator-chains.ts'
import { useOperator } from './operators.ts'
import type { Reading } from '../reading.ts'
import { castTo, fieldOf } from './row-values.ts'
import type { Scope } from '../scope.ts'
import { tellOfArray, tellOfCast, tellOfChoice, tellOfCoalesce } from './tells.ts'
import { type Tree, kindOf, listOf, stringOf, stringsOf } from '../tree.ts'

/** What an expression depends on. Records on the way what it calls and what its conditions look at. */
export function readExpression(reading: Reading, node: Tree, scope: Scope): Lineage {
  reading.descend()
  const { watch } = reading
  const before = watch === null ? 0 : watch.target.reads
  const lineage = readNode(reading, node, scope)
  if (watch !== null && watch.target.reads > before) watch.lookers.add(node)
  reading.ascend()
  return lineage
}

function readNode(reading: Reading, node: Tree, scope: Scope): Lineage {
  if (node.ColumnRef !== undefined) return readColumnRef(reading, node.ColumnRef, scope)
  if (node.A_Const !== undefined) return NOTHING
  if (node.A_Expr !== undefined) return readOperators(reading, node.A_Expr, scope)
  if (node.FuncCall !== undefined) return readCall(reading, node.FuncCall, scope, null)
  if (node.ParamRef !== undefined) return reading.parameters?.[(node.ParamRef.number ?? 0) - 1] ?? NOTHING
  if (node.BoolExpr !== undefined) return readChoice(reading, node.BoolExpr.args, scope, testedFrom)
  if (node.TypeCast !== undefined) return readCast(reading, node.TypeCast, scope)
  if (node.List !== undefined) return derivedFrom(reading, readEach(reading, node.List.items, scope))
  if (node.SubLink !== undefined) return readSubLink(reading, node.SubLink, scope)
  if (node.CaseExpr !== undefined) return readCase(reading, node.CaseExpr, scope)
  if (node.NullTest !== undefined) return plain(comparedFrom(reading, [optional(reading, node.NullTest.arg, scope)]))
  if (node.BooleanTest !== undefined)
    return plain(comparedFrom(reading, [optional(reading, node.BooleanTest.arg, scope)]))
  if (node.CoalesceExpr !== undefined) {
    const parts = readEach(reading, node.CoalesceExpr.args, scope)
    tellOfCoalesce(reading, listOf(node.CoalesceExpr.args), parts)
    return derivedFrom(reading, parts)
  }
  if (node.MinMaxExpr !== undefined) return derivedFrom(reading, readEach(reading, node.MinMaxExpr.args, scope))
  if (node.A_ArrayExpr !== undefined) return arrayOf(reading, readEach(reading, node.A_ArrayExpr.elements, scope))
  if (node.RowExpr !== undefined) return readRow(reading, listOf(node.RowExpr.args), scope)
  if (node.A_Indirection !== undefined) return readIndirection(reading, node.A_Indirection, scope)
  if (node.CollateClause !== undefined) return derivedFrom(reading, [optional(reading, node.CollateClause.arg, scope)])
  if (node.NamedArgExpr !== undefined) return optional(reading, node.NamedArgExpr.arg, scope)
  if (node.MultiAssignRef !== undefined) return optional(reading, node.MultiAssignRef.source, scope)
  if (node.CurrentOfExpr !== undefined) {
    reading.cursor ??= node.CurrentOfExpr.cursor_name ?? null
    return NOTHING
  }
  if (node.GroupingFunc !== undefined) {
    reading.decide(derivedFrom(reading, readEach(reading, node.GroupingFunc.args, scope)))
    return NOTHING
  }
  if (node.SortBy !== undefined) return readOrdering(reading, node.SortBy, scope)
  if (node.GroupingSet !== undefined) return derivedFrom(reading, readEach(reading, node.GroupingSet.content, scope))
  if (node.JsonObjectAgg !== undefined) {
    readAggregateClauses(reading, node.JsonObjectAgg.constructor, scope)
    // A key must not be NULL, and with UNIQUE KEYS not come twice.
    const key = readParts(reading, node.JsonObjectAgg.arg?.key, scope)
    reading.tell(key)
    const value = readParts(reading, node.JsonObjectAgg.arg?.value, scope)
    return jsonOf(reading, derivedFrom(reading, [key, value]), node.JsonObjectAgg)
  }
  if (node.JsonArrayAgg !== undefined) {
    readAggregateClauses(reading, node.JsonArrayAgg.constructor, scope)
    return jsonOf(reading, readParts(reading, node.JsonArrayAgg.arg, scope), node.JsonArrayAgg)
  }
  const kind = kindOf(node)
  if (CONSTANT_KINDS.has(kind)) return NOTHING
  if (COMPUTED_KINDS.has(kind)) {
    const value = readParts(reading, Object.values(node), scope)
    if (!TOTAL_KINDS.has(kind)) reading.tell(value)
    return kind.startsWith('Json') ? jsonOf(reading, value, Object.values(node)) : value
  }
  throw new Error(`an expression of kind ${kind || 'nothing'} is not understood`)
}

// Types change what an operator can mean, not what is in the value: a comparison's result is a boolean.
function plain(lineage: Lineage): Lineage {
  const builtinType = lineage.builtinType || lineage.opacity === 'none'
  return builtinType === lineage.builtinType && !lineage.array ? lineage : { ...lineage, builtinType, array: false }
}

/** An array of the values. Arrays among them fit together or not. */
function arrayOf(reading: Reading, parts: readonly Lineage[]): Lineage {
  tellOfArray(reading, parts)
  return { ...derivedFrom(reading, parts), array: true }
}

function optional(reading: Reading, node: Tree | undefined, scope: Scope): Lineage {
  return node === undefined ? NOTHING : readExpression(reading, node, scope)
}

function readEach(reading: Reading, nodes: readonly Tree[] | undefined, scope: Scope): Lineage[] {
  return listOf(nodes).map((node) => readExpression(reading, node, scope))
}

/** What a JSON constructor makes of its parts. */
function jsonOf(reading: Reading, value: Lineage, form: object): Lineage {
  if (value.sources.length > 0 && jsonMayFail(reading, form)) reading.tell(value)
  return value.array ? { ...value, array: false } : value
}

/** Everything computed from every expression found in a value of the tree, whatever its shape. */
export function readParts(reading: Reading, value: unknown, scope: Scope): Lineage {
  const parts: Lineage[] = []
  collectParts(reading, value, scope, parts)
  return derivedFrom(reading, parts)
}

function collectParts(reading: Reading, value: unknown, scope: Scope, parts: Lineage[]): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    reading.spend(value.length)
    for (const element of value) collectParts(reading, element, scope, parts)
    return
  }
  const node: Tree = value
  const kind = kindOf(node)
  if (kind === 'SelectStmt') {
    for (const column of reading.walk.query(reading, node, scope) ?? []) parts.push(column.lineage)
  } else if (/^[A-Z]/.test(kind)) {
    parts.push(readExpression(reading, node, scope))
  } else {
    reading.descend()
    for (const part of Object.values(value)) collectParts(reading, part, scope, parts)
    reading.ascend()
  }
}

function readAggregateClauses(
  reading: Reading,
  clauses: { readonly agg_filter?: Tree; readonly agg_order?: readonly Tree[]; readonly over?: object } | undefined,
  scope: Scope,
): void {
  if (clauses === undefined) return
  if (clauses.agg_filter !== undefined) reading.decide(readExpression(reading, clauses.agg_filter, scope))
  for (const order of listOf(clauses.agg_order)) reading.decide(readExpression(reading, order, scope))
  if (clauses.over !== undefined) readWindow(reading, clauses.over, scope)
}

function readChoice(
  reading: Reading,
  nodes: readonly Tree[] | undefined,
  scope: Scope,
  combine: typeof derivedFrom,
): Lineage {
  const parts = readEach(reading, nodes, scope)
  tellOfChoice(reading, parts)
  return combine(reading, parts)
}

function readCast(reading: Reading, cast: TypeCast, scope: Scope): Lineage {
  const value = derivedFrom(reading, [optional(reading, cast.arg, scope)])
  const type = cast.typeName
  if (type === undefined) return value
  tellOfCast(reading, type, value)
  return castTo(reading, value, type)
}

function readSubLink(reading: Reading, link: SubLink, scope: Scope): Lineage {
  const columns = link.subselect === undefined ? null : reading.walk.query(reading, link.subselect, scope)
  if (columns === null) throw new Error('a sub-query is not understood')
  switch (link.subLinkType) {
    case 'EXISTS_SUBLINK':
      // Only whether there is a row: what its conditions look at is recorded by the query itself.
      return NOTHING
    case 'EXPR_SUBLINK':
    case 'MULTIEXPR_SUBLINK':
      return columns.length === 1 ? (columns[0]?.lineage ?? NOTHING) : rowOf(reading, columns)
    case 'ARRAY_SUBLINK':
      return arrayOf(reading, lineagesOf(reading, columns))
    default: {
      const tested = optional(reading, link.testexpr, scope)
      const compared = anyOf(reading, lineagesOf(reading, columns))
      const names = stringsOf(link.operName)
      const equality = names.length === 0 || names[names.length - 1] === '=' || names[names.length - 1] === '<>'
      const doubt = useOperator(reading, names.length === 0 ? ['='] : names, tested, compared)
      const combine = equality && doubt === null ? comparedFrom : derivedFrom
      const value = combine(reading, [tested, compared])
      reading.decide(value)
      return doubted(value, doubt)
    }
  }
}

function readCase(reading: Reading, expression: CaseExpr, scope: Scope): Lineage {
  const results: Lineage[] = []
  const tested = expression.arg === undefined ? null : readExpression(reading, expression.arg, scope)
  if (tested !== null) reading.decideEqual(tested)
  for (const branch of listOf(expression.args)) {
    const test = optional(reading, branch.CaseWhen?.expr, scope)
    if (tested === null) reading.decide(test)
    else {
      reading.decideEqual(test)
      results.push(doubted(NOTHING, useOperator(reading, ['='], tested, test)))
    }
    results.push(optional(reading, branch.CaseWhen?.result, scope))
  }
  results.push(optional(reading, expression.defresult, scope))
  return derivedFrom(reading, results)
}

function readRow(reading: Reading, nodes: readonly Tree[], scope: Scope): Lineage {
  const fields: Column[] = []
  for (const node of nodes) {
    const lineage = readExpression(reading, node, scope)
    const spread = isStar(node) ? lineage.fields : null
    reading.spend(spread?.length ?? 1)
    if (spread === null) fields.push({ name: `f${fields.length + 1}`, lineage })
    else for (const field of spread) fields.push({ name: `f${fields.length + 1}`, lineage: field.lineage })
  }
  return rowOf(reading, fields)
}

function isStar(node: Tree): boolean {
  const fields = node.ColumnRef?.fields
  return fields !== undefined && fields.length > 0 && stringOf(fields[fields.length - 1]) === null
}

function readIndirection(reading: Reading, expression: A_Indirection, scope: Scope): Lineage {
  let value = optional(reading, expression.arg, scope)
  for (const step of listOf(expression.indirection)) {
    if (step.String !== undefined) {
      value = fieldOf(reading, value, step.String.sval ?? '')
    } else if (step.A_Indices !== undefined) {
      const lower = optional(reading, step.A_Indices.lidx, scope)
      const upper = optional(reading, step.A_Indices.uidx, scope)
      value = derivedFrom(reading, [value, lower, upper])
      // One element; of a slice it may still be an array.
      if (step.A_Indices.is_slice !== true && value.array) value = { ...value, array: false }
    }
    // A star keeps the row: whoever spreads it looks at its fields.
  }
  return value
}
