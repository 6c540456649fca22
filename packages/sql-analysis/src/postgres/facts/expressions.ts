import type { A_Expr, A_Indirection, CaseExpr, ColumnRef, SubLink, TypeCast } from 'libpg-query'
import { readCall, readOrdering, readWindow } from './calls.ts'
import { type Column, type Lineage, NOTHING, anyOf, clouded, derivedFrom, rowOf, untraced } from './lineage.ts'
import { useOperator } from './operators.ts'
import type { Reading } from './reading.ts'
import { castTo, fieldByFunction, fieldOf } from './row-values.ts'
import {
  type Item,
  type Scope,
  columnOf,
  findItem,
  findQualifiedItem,
  openColumn,
  resolveName,
  wholeRow,
} from './scope.ts'
import { tellOfCast, tellOfChoice, tellOfOperator } from './tells.ts'
import { type Tree, kindOf, lastName, listOf, stringOf, stringsOf } from './tree.ts'

/** What an expression depends on. Records on the way what it calls and what its conditions look at. */
export function readExpression(reading: Reading, node: Tree, scope: Scope): Lineage {
  reading.descend()
  const lineage = readNode(reading, node, scope)
  reading.ascend()
  return lineage
}

function readNode(reading: Reading, node: Tree, scope: Scope): Lineage {
  if (node.ColumnRef !== undefined) return readColumnRef(reading, node.ColumnRef, scope)
  if (node.A_Const !== undefined) return NOTHING
  if (node.A_Expr !== undefined) return readOperators(reading, node.A_Expr, scope)
  if (node.FuncCall !== undefined) return readCall(reading, node.FuncCall, scope, null)
  if (node.ParamRef !== undefined) return NOTHING
  if (node.BoolExpr !== undefined) return readChoice(reading, node.BoolExpr.args, scope)
  if (node.TypeCast !== undefined) return readCast(reading, node.TypeCast, scope)
  if (node.List !== undefined) return derivedFrom(readEach(reading, node.List.items, scope))
  if (node.SubLink !== undefined) return readSubLink(reading, node.SubLink, scope)
  if (node.CaseExpr !== undefined) return readCase(reading, node.CaseExpr, scope)
  if (node.NullTest !== undefined) return plain(derivedFrom([optional(reading, node.NullTest.arg, scope)]))
  if (node.BooleanTest !== undefined) return plain(derivedFrom([optional(reading, node.BooleanTest.arg, scope)]))
  if (node.CoalesceExpr !== undefined) return readChoice(reading, node.CoalesceExpr.args, scope)
  if (node.MinMaxExpr !== undefined) return derivedFrom(readEach(reading, node.MinMaxExpr.args, scope))
  if (node.A_ArrayExpr !== undefined) return derivedFrom(readEach(reading, node.A_ArrayExpr.elements, scope))
  if (node.RowExpr !== undefined) return readRow(reading, listOf(node.RowExpr.args), scope)
  if (node.A_Indirection !== undefined) return readIndirection(reading, node.A_Indirection, scope)
  if (node.CollateClause !== undefined) return derivedFrom([optional(reading, node.CollateClause.arg, scope)])
  if (node.NamedArgExpr !== undefined) return optional(reading, node.NamedArgExpr.arg, scope)
  if (node.MultiAssignRef !== undefined) return optional(reading, node.MultiAssignRef.source, scope)
  if (node.CurrentOfExpr !== undefined) {
    reading.cursor ??= node.CurrentOfExpr.cursor_name ?? null
    return NOTHING
  }
  if (node.GroupingFunc !== undefined) {
    reading.decide(derivedFrom(readEach(reading, node.GroupingFunc.args, scope)))
    return NOTHING
  }
  if (node.SortBy !== undefined) return readOrdering(reading, node.SortBy, scope)
  if (node.GroupingSet !== undefined) return derivedFrom(readEach(reading, node.GroupingSet.content, scope))
  if (node.JsonObjectAgg !== undefined) {
    readAggregateClauses(reading, node.JsonObjectAgg.constructor, scope)
    return readParts(reading, node.JsonObjectAgg.arg, scope)
  }
  if (node.JsonArrayAgg !== undefined) {
    readAggregateClauses(reading, node.JsonArrayAgg.constructor, scope)
    return readParts(reading, node.JsonArrayAgg.arg, scope)
  }
  const kind = kindOf(node)
  if (CONSTANT_KINDS.has(kind)) return NOTHING
  if (COMPUTED_KINDS.has(kind)) {
    const value = readParts(reading, Object.values(node), scope)
    if (!TOTAL_KINDS.has(kind)) reading.tell(value)
    return value
  }
  throw new Error(`an expression of kind ${kind || 'nothing'} is not understood`)
}

const CONSTANT_KINDS: ReadonlySet<string> = new Set([
  '',
  'SQLValueFunction',
  'MergeSupportFunc',
  'SetToDefault',
  'String',
  'Integer',
  'Float',
  'Boolean',
  'BitString',
  'A_Star',
  'TypeName',
])

/** Kinds whose value is computed from every expression in them. */
const COMPUTED_KINDS: ReadonlySet<string> = new Set([
  'XmlExpr',
  'XmlSerialize',
  'ResTarget',
  'A_Indices',
  'JsonFuncExpr',
  'JsonKeyValue',
  'JsonValueExpr',
  'JsonArgument',
  'JsonParseExpr',
  'JsonScalarExpr',
  'JsonSerializeExpr',
  'JsonObjectConstructor',
  'JsonArrayConstructor',
  'JsonArrayQueryConstructor',
  'JsonIsPredicate',
  'JsonBehavior',
  'JsonOutput',
  'JsonReturning',
  'JsonFormat',
  'JsonTablePathSpec',
])

/** Kinds that give a value whatever is in them; the others can be made to fail, or choose by what they find. */
const TOTAL_KINDS: ReadonlySet<string> = new Set([
  'ResTarget',
  'A_Indices',
  'JsonKeyValue',
  'JsonValueExpr',
  'JsonArgument',
  'JsonScalarExpr',
  'JsonSerializeExpr',
  'JsonArrayConstructor',
  'JsonArrayQueryConstructor',
  'JsonIsPredicate',
  'JsonBehavior',
  'JsonOutput',
  'JsonReturning',
  'JsonFormat',
  'JsonTablePathSpec',
])

// Types change what an operator can mean, not what is in the value: a comparison's result is a boolean.
function plain(lineage: Lineage): Lineage {
  return lineage.builtinType ? lineage : { ...lineage, builtinType: lineage.opacity === 'none' }
}

function optional(reading: Reading, node: Tree | undefined, scope: Scope): Lineage {
  return node === undefined ? NOTHING : readExpression(reading, node, scope)
}

function readEach(reading: Reading, nodes: readonly Tree[] | undefined, scope: Scope): Lineage[] {
  return listOf(nodes).map((node) => readExpression(reading, node, scope))
}

/** Everything computed from every expression found in a value of the tree, whatever its shape. */
export function readParts(reading: Reading, value: unknown, scope: Scope): Lineage {
  const parts: Lineage[] = []
  collectParts(reading, value, scope, parts)
  return derivedFrom(parts)
}

function collectParts(reading: Reading, value: unknown, scope: Scope, parts: Lineage[]): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
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

/** The entry that all but the last name of a column reference mean; null when there is none. */
export function findReferencedItem(scope: Scope, qualifiers: readonly string[]): Item | null {
  const relation = qualifiers[qualifiers.length - 1] ?? ''
  if (qualifiers.length === 1) return findItem(scope, relation)
  return findQualifiedItem(scope, qualifiers[qualifiers.length - 2] ?? '', relation)
}

function readColumnRef(reading: Reading, reference: ColumnRef, scope: Scope): Lineage {
  const fields = listOf(reference.fields)
  const names = stringsOf(fields)
  const name = names[names.length - 1]
  if (name === undefined) return anyOf(scope.items.map(wholeRow))
  if (names.length < fields.length) {
    const item = findReferencedItem(scope, names)
    return item === null ? untraced('name', `"${name}.*" is not known`) : wholeRow(item)
  }
  if (names.length === 1) return resolveName(scope, name)
  const qualifiers = names.slice(0, -1)
  const item = findReferencedItem(scope, qualifiers)
  if (item === null) return untraced('name', `"${names.join('.')}" is not known`)
  const column = columnOf(item, name)
  if (column !== null) return column
  if (item.open !== null) return openColumn(item, name)
  return fieldByFunction(reading, name, wholeRow(item), `column "${names.join('.')}" is not known`)
}

function readOperators(reading: Reading, outermost: A_Expr, scope: Scope): Lineage {
  // Chains like `a + b + c` lean to the left: they are walked down here, not by recursion.
  const chain: A_Expr[] = [outermost]
  let bottom: Tree | undefined = outermost.lexpr
  while (bottom?.A_Expr !== undefined) {
    chain.push(bottom.A_Expr)
    bottom = bottom.A_Expr.lexpr
  }
  let left: Lineage | null = bottom === undefined ? null : readExpression(reading, bottom, scope)
  for (let index = chain.length - 1; index >= 0; index--) {
    const operator = chain[index]
    if (operator === undefined) continue
    const right = optional(reading, operator.rexpr, scope)
    const doubt = operatorDoubt(reading, operator, left, right)
    if (!TOTAL_OPERATOR_KINDS.has(operator.kind ?? '')) tellOfOperator(reading, lastName(operator.name), left, right)
    const value = derivedFrom(left === null ? [right] : [left, right])
    left = doubt === null ? value : clouded(value, 'function', doubt)
  }
  return left ?? NOTHING
}

/** Compared, whatever the operator they are written with. */
const TOTAL_OPERATOR_KINDS: ReadonlySet<string> = new Set([
  'AEXPR_DISTINCT',
  'AEXPR_NOT_DISTINCT',
  'AEXPR_NULLIF',
  'AEXPR_BETWEEN',
  'AEXPR_NOT_BETWEEN',
  'AEXPR_BETWEEN_SYM',
  'AEXPR_NOT_BETWEEN_SYM',
])

function readChoice(reading: Reading, nodes: readonly Tree[] | undefined, scope: Scope): Lineage {
  const parts = readEach(reading, nodes, scope)
  tellOfChoice(reading, parts)
  return derivedFrom(parts)
}

function operatorDoubt(reading: Reading, operator: A_Expr, left: Lineage | null, right: Lineage): string | null {
  switch (operator.kind) {
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
    case 'AEXPR_NOT_BETWEEN_SYM': {
      // BETWEEN is read by the server as two comparisons with operators found by name.
      const lower = useOperator(reading, ['>='], left, right)
      const upper = useOperator(reading, ['<='], left, right)
      const below = useOperator(reading, ['<'], left, right)
      const above = useOperator(reading, ['>'], left, right)
      return lower ?? upper ?? below ?? above
    }
    default:
      return useOperator(reading, stringsOf(operator.name), left, right)
  }
}

function readCast(reading: Reading, cast: TypeCast, scope: Scope): Lineage {
  const value = derivedFrom([optional(reading, cast.arg, scope)])
  const type = cast.typeName
  if (type === undefined) return value
  tellOfCast(reading, type.arrayBounds === undefined ? lastName(type.names) : '', value)
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
      return columns.length === 1 ? (columns[0]?.lineage ?? NOTHING) : rowOf(columns)
    case 'ARRAY_SUBLINK':
      return derivedFrom(columns.map((column) => column.lineage))
    default: {
      const tested = optional(reading, link.testexpr, scope)
      const compared = derivedFrom(columns.map((column) => column.lineage))
      reading.decide(tested)
      reading.decide(compared)
      const names = stringsOf(link.operName)
      const doubt = useOperator(reading, names.length === 0 ? ['='] : names, tested, compared)
      const value = derivedFrom([tested, compared])
      return doubt === null ? value : clouded(value, 'function', doubt)
    }
  }
}

function readCase(reading: Reading, expression: CaseExpr, scope: Scope): Lineage {
  const results: Lineage[] = []
  const tested = expression.arg === undefined ? null : readExpression(reading, expression.arg, scope)
  if (tested !== null) reading.decide(tested)
  for (const branch of listOf(expression.args)) {
    const test = optional(reading, branch.CaseWhen?.expr, scope)
    reading.decide(test)
    if (tested !== null) {
      const doubt = useOperator(reading, ['='], tested, test)
      if (doubt !== null) results.push(untraced('function', doubt))
    }
    results.push(optional(reading, branch.CaseWhen?.result, scope))
  }
  results.push(optional(reading, expression.defresult, scope))
  return derivedFrom(results)
}

function readRow(reading: Reading, nodes: readonly Tree[], scope: Scope): Lineage {
  const fields: Column[] = []
  for (const node of nodes) {
    const lineage = readExpression(reading, node, scope)
    const spread = isStar(node) ? lineage.fields : null
    if (spread === null) fields.push({ name: `f${fields.length + 1}`, lineage })
    else for (const field of spread) fields.push({ name: `f${fields.length + 1}`, lineage: field.lineage })
  }
  return rowOf(fields)
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
      value = derivedFrom([value, lower, upper])
    }
    // A star keeps the row: whoever spreads it looks at its fields.
  }
  return value
}
