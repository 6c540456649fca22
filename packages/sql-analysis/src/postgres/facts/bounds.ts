import type { CaseExpr, SubLink } from 'libpg-query'
import type { CatalogRelation } from '../catalog.ts'
import type { Reading } from './reading.ts'
import type { Item, Scope } from './scope.ts'
import { type Tree, lastName, listOf, literalText, stringsOf } from './tree.ts'

/**
 * What a condition can do to the number of rows it lets through.
 * `true`, `false`: whatever the row. `free`: it looks at no column of the target, so it lets all through or none.
 * `bounded`: it looks at the target's columns and is not seen to be true of all.
 */
type Reach = 'true' | 'false' | 'free' | 'bounded'

/**
 * True when a WHERE of an UPDATE or DELETE does not narrow the target's rows: it is absent, true whatever the row
 * (constants are folded; `x = x`, `x is null or x is not null`, `like '%'` are seen), or looks at no column of the target.
 * `WHERE CURRENT OF` narrows to one row. Errs to the side of true.
 */
export function isUnbounded(
  reading: Reading,
  where: Tree | undefined,
  target: Item,
  relation: CatalogRelation | undefined,
  scope: Scope,
): boolean {
  if (where === undefined) return true
  if (where.CurrentOfExpr !== undefined) return false
  const reach = reachOf({ reading, target, relation, scope }, where)
  return reach === 'true' || reach === 'free'
}

interface Judge {
  readonly reading: Reading
  readonly target: Item
  readonly relation: CatalogRelation | undefined
  readonly scope: Scope
}

function reachOf(judge: Judge, node: Tree): Reach {
  judge.reading.descend()
  const reach = reachOfNode(judge, node)
  judge.reading.ascend()
  return reach
}

function reachOfNode(judge: Judge, node: Tree): Reach {
  const constant = truthOf(node)
  if (constant !== null) return constant
  const logic = node.BoolExpr
  if (logic !== undefined) {
    const parts: Tree[] = [...listOf(logic.args)]
    if (logic.boolop === 'NOT_EXPR') return inverted(parts[0] === undefined ? 'bounded' : reachOf(judge, parts[0]))
    const reaches = parts.map((part) => reachOf(judge, part))
    if (logic.boolop === 'AND_EXPR') {
      if (reaches.includes('false')) return 'false'
      if (reaches.includes('bounded')) return 'bounded'
      return reaches.includes('free') ? 'free' : 'true'
    }
    if (reaches.includes('true') || coversAll(parts)) return 'true'
    if (reaches.includes('free')) return 'free'
    return reaches.includes('bounded') ? 'bounded' : 'false'
  }
  if (isTrueOfAll(judge, node)) return 'true'
  if (isFalseOfAll(node)) return 'false'
  return looksAtTarget(judge, node) ? 'bounded' : 'free'
}

function inverted(reach: Reach): Reach {
  if (reach === 'true') return 'false'
  return reach === 'false' ? 'true' : reach
}

function looksAtTarget(judge: Judge, node: Tree): boolean {
  const before = judge.target.reads
  judge.reading.walk.expression(judge.reading, node, judge.scope)
  return judge.target.reads > before
}

// NULL counts as false: it lets no row through.
function truthOf(node: Tree): 'true' | 'false' | null {
  const constant = node.A_Const
  if (constant !== undefined) {
    if (constant.boolval !== undefined) return constant.boolval.boolval === true ? 'true' : 'false'
    const text = constant.sval?.sval?.trim().toLowerCase()
    if (text !== undefined) {
      if (text !== '' && 'true'.startsWith(text)) return 'true'
      return ['yes', 'y', 'ye', 'on', '1'].includes(text) ? 'true' : 'false'
    }
    return constant.isnull === true ? 'false' : constant.ival?.ival === 0 ? 'false' : 'true'
  }
  if (node.TypeCast?.arg !== undefined && isBooleanType(node.TypeCast.typeName)) return truthOf(node.TypeCast.arg)
  return null
}

function isBooleanType(type: { readonly names?: readonly Tree[] } | undefined): boolean {
  return lastName(type?.names) === 'bool'
}

function isTrueOfAll(judge: Judge, node: Tree): boolean {
  const test = node.NullTest
  if (test?.arg !== undefined) {
    const arg: Tree = test.arg
    if (test.nulltesttype === 'IS_NOT_NULL') return literalText(arg) !== null || isNeverNull(judge, arg)
    return false
  }
  const boolean = node.BooleanTest
  if (boolean?.arg !== undefined) {
    const reach = reachOf(judge, boolean.arg)
    if (boolean.booltesttype === 'IS_TRUE' || boolean.booltesttype === 'IS_NOT_FALSE') return reach === 'true'
    if (boolean.booltesttype === 'IS_FALSE' || boolean.booltesttype === 'IS_NOT_TRUE') return reach === 'false'
    return false
  }
  if (node.CoalesceExpr !== undefined) {
    const first: Tree | undefined = node.CoalesceExpr.args?.[0]
    return first !== undefined && reachOf(judge, first) === 'true'
  }
  if (node.CaseExpr !== undefined) return isTrueCase(judge, node.CaseExpr)
  if (node.SubLink !== undefined) return findsItself(judge, node.SubLink)
  const operator = node.A_Expr
  if (operator?.rexpr === undefined || operator.lexpr === undefined) return false
  const left: Tree = operator.lexpr
  const right: Tree = operator.rexpr
  const name = lastName(operator.name)
  switch (operator.kind) {
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
      return (name === '~~' || name === '~~*') && /^%+$/.test(literalText(right) ?? '')
    case 'AEXPR_IN': {
      const choices: readonly Tree[] = listOf(right.List?.items)
      return name === '=' && choices.some((choice) => sameValue(left, choice))
    }
    case 'AEXPR_BETWEEN':
    case 'AEXPR_BETWEEN_SYM': {
      const limits: readonly Tree[] = listOf(right.List?.items)
      return limits.length === 2 && limits.every((limit) => sameExpression(left, limit))
    }
    case 'AEXPR_NOT_DISTINCT':
      return sameExpression(left, right)
    case 'AEXPR_OP':
      if (name === '~' && /^(?:\^?\.\*\$?|)$/.test(literalText(right) ?? 'x')) return true
      return comparesTrue(name, left, right)
    default:
      return false
  }
}

function isTrueCase(judge: Judge, expression: CaseExpr): boolean {
  if (expression.arg !== undefined) return false
  for (const branch of listOf(expression.args)) {
    const when = branch.CaseWhen
    if (when?.expr === undefined || when.result === undefined) return false
    const test = reachOf(judge, when.expr)
    if (test === 'false') continue
    if (reachOf(judge, when.result) !== 'true') return false
    if (test === 'true') return true
  }
  return expression.defresult !== undefined && reachOf(judge, expression.defresult) === 'true'
}

function isFalseOfAll(node: Tree): boolean {
  const operator = node.A_Expr
  if (operator?.kind !== 'AEXPR_OP' || operator.rexpr === undefined || operator.lexpr === undefined) return false
  return ['<>', '<', '>'].includes(lastName(operator.name)) && sameExpression(operator.lexpr, operator.rexpr)
}

// `id in (select id from the same table)`.
function findsItself(judge: Judge, link: SubLink): boolean {
  if (link.subLinkType !== 'ANY_SUBLINK' || link.testexpr === undefined || link.subselect === undefined) return false
  const inner: Tree = link.subselect
  const tested: Tree = link.testexpr
  const select = inner.SelectStmt
  const from: Tree | undefined = select?.fromClause?.[0]
  const target: Tree | undefined = select?.targetList?.[0]
  if (select?.whereClause !== undefined || select?.limitCount !== undefined || select?.fromClause?.length !== 1)
    return false
  const value: Tree | undefined = target?.ResTarget?.val
  return (
    from?.RangeVar?.relname === judge.relation?.name &&
    value?.ColumnRef !== undefined &&
    tested.ColumnRef !== undefined &&
    lastName(value.ColumnRef.fields) === lastName(tested.ColumnRef.fields)
  )
}

function isNeverNull(judge: Judge, node: Tree): boolean {
  const name = lastName(node.ColumnRef?.fields)
  return judge.relation?.columns.some((column) => column.name === name && column.notNull) === true
}

function comparesTrue(name: string, left: Tree, right: Tree): boolean {
  if (sameExpression(left, right)) return name === '=' || name === '>=' || name === '<='
  const a = literalText(left)
  const b = literalText(right)
  if (a === null || b === null) return false
  const order = isNumber(a) && isNumber(b) ? Number(a) - Number(b) : a < b ? -1 : a > b ? 1 : 0
  switch (name) {
    case '=':
      return order === 0
    case '<>':
      return order !== 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
    default:
      return false
  }
}

function isNumber(text: string): boolean {
  return text !== '' && Number.isFinite(Number(text))
}

function sameValue(a: Tree, b: Tree): boolean {
  return sameExpression(a, b) || comparesTrue('=', a, b)
}

/** The same text but for its place. */
function sameExpression(a: Tree, b: Tree): boolean {
  return shapeOf(a) === shapeOf(b)
}

function shapeOf(node: Tree): string {
  return JSON.stringify(node, (key, value: unknown) => (key.endsWith('location') ? undefined : value))
}

const COMPLEMENTS: ReadonlyMap<string, string> = new Map([
  ['=', '<>'],
  ['<>', '='],
  ['<', '>='],
  ['>=', '<'],
  ['>', '<='],
  ['<=', '>'],
])

// `p or not p`, `x is null or x is not null`, `x < 1 or x >= 1`.
function coversAll(parts: readonly Tree[]): boolean {
  if (parts.length > 64) return false
  const shapes = new Set(parts.map(shapeOf))
  return parts.some((part) => {
    const opposite = oppositeOf(part)
    return opposite !== null && shapes.has(shapeOf(opposite))
  })
}

function oppositeOf(node: Tree): Tree | null {
  if (node.BoolExpr?.boolop === 'NOT_EXPR') return node.BoolExpr.args?.[0] ?? null
  const test = node.NullTest
  if (test !== undefined) {
    const nulltesttype = test.nulltesttype === 'IS_NULL' ? ('IS_NOT_NULL' as const) : ('IS_NULL' as const)
    return { NullTest: { ...test, nulltesttype } }
  }
  const operator = node.A_Expr
  if (operator?.kind !== 'AEXPR_OP') return null
  const opposite = COMPLEMENTS.get(stringsOf(operator.name).join('.'))
  if (opposite === undefined) return null
  return { A_Expr: { ...operator, name: [{ String: { sval: opposite } }] } }
}
