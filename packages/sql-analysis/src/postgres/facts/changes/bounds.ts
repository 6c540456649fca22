import type { CaseExpr, SubLink } from 'libpg-query'
import type { CatalogRelation } from '../../catalog.ts'
import type { Reading } from '../reading.ts'
import type { Item } from '../item.ts'
import type { Scope } from '../scope.ts'
import { Shapes } from './shapes.ts'
import { type Tree, kindOf, lastName, listOf, literalText, stringsOf } from '../tree.ts'

/**
 * What a condition can do to the number of rows it lets through.
 * `true`, `false`: whatever the row. `free`: it looks at no column of the target, so it lets all through or none.
 * `bounded`: it looks at the target's columns and is not seen to be true of all.
 */
type Reach = 'true' | 'false' | 'free' | 'bounded'

/**
 * Reads the condition of an UPDATE, DELETE or MERGE; true when it does not narrow the target's rows: it is absent, true whatever
 * the row (constants are folded; `x = x`, `x is null or x is not null`, `like '%'` are seen), or looks at no column of the target.
 * `WHERE CURRENT OF` narrows to one row. Errs to the side of true.
 */
export function readCondition(
  reading: Reading,
  where: Tree | undefined,
  target: Item,
  relation: CatalogRelation | undefined,
  scope: Scope,
): boolean {
  if (where === undefined) return true
  const outer = reading.watch
  const watch = { target, lookers: new Set<Tree>() }
  reading.watch = watch
  reading.decide(reading.walk.expression(reading, where, scope))
  reading.watch = outer
  if (where.CurrentOfExpr !== undefined) return false
  const reach = reachOf({ reading, lookers: watch.lookers, relation, shapes: new Shapes(reading) }, where)
  return reach === 'true' || reach === 'free'
}

interface Judge {
  readonly reading: Reading
  /** The expressions that look at the target. */
  readonly lookers: ReadonlySet<Tree>
  readonly relation: CatalogRelation | undefined
  readonly shapes: Shapes
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
    if (reaches.includes('true') || coversAll(judge, parts)) return 'true'
    if (reaches.includes('free')) return 'free'
    return reaches.includes('bounded') ? 'bounded' : 'false'
  }
  if (isTrueOfAll(judge, node)) return 'true'
  if (isFalseOfAll(judge, node)) return 'false'
  return judge.lookers.has(node) ? 'bounded' : 'free'
}

function inverted(reach: Reach): Reach {
  if (reach === 'true') return 'false'
  return reach === 'false' ? 'true' : reach
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
      judge.reading.spend(2 * choices.length)
      const tested = literalOf(left)
      return (
        name === '=' &&
        choices.some(
          (choice) =>
            judge.shapes.same(left, choice) || (tested !== null && comparesTrue(name, tested, literalOf(choice))),
        )
      )
    }
    case 'AEXPR_BETWEEN':
    case 'AEXPR_BETWEEN_SYM': {
      const limits: readonly Tree[] = listOf(right.List?.items)
      return limits.length === 2 && limits.every((limit) => judge.shapes.same(left, limit))
    }
    case 'AEXPR_NOT_DISTINCT':
      return judge.shapes.same(left, right)
    case 'AEXPR_OP':
      if (name === '~' && /^(?:\^?\.\*\$?|)$/.test(literalText(right) ?? 'x')) return true
      if (judge.shapes.same(left, right)) return name === '=' || name === '>=' || name === '<='
      return comparesTrue(name, literalOf(left), literalOf(right))
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

function isFalseOfAll(judge: Judge, node: Tree): boolean {
  const operator = node.A_Expr
  if (operator?.kind !== 'AEXPR_OP' || operator.rexpr === undefined || operator.lexpr === undefined) return false
  return ['<>', '<', '>'].includes(lastName(operator.name)) && judge.shapes.same(operator.lexpr, operator.rexpr)
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
  judge.reading.spend((judge.relation?.columns.length ?? 0) >> 3)
  return judge.relation?.columns.some((column) => column.name === name && column.notNull) === true
}

interface Literal {
  readonly text: string
  /** Null when the text is no number. */
  readonly number: number | null
}

function literalOf(node: Tree): Literal | null {
  const text = literalText(node)
  if (text === null) return null
  const number = text === '' ? Number.NaN : Number(text)
  return { text, number: Number.isFinite(number) ? number : null }
}

function comparesTrue(name: string, a: Literal | null, b: Literal | null): boolean {
  if (a === null || b === null) return false
  const order =
    a.number !== null && b.number !== null ? a.number - b.number : a.text < b.text ? -1 : a.text > b.text ? 1 : 0
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

const COMPLEMENTS: ReadonlyMap<string, string> = new Map([
  ['=', '<>'],
  ['<>', '='],
  ['<', '>='],
  ['>=', '<'],
  ['>', '<='],
  ['<=', '>'],
])

// `p or not p`, `x is null or x is not null`, `x < 1 or x >= 1`.
function coversAll(judge: Judge, parts: readonly Tree[]): boolean {
  judge.reading.spend(6 * parts.length)
  // Most have no opposite among the others by their form alone: those are not compared.
  const forms = new Set(parts.map(formOf))
  const opposites = parts.flatMap((part) => oppositeOf(part) ?? []).filter((opposite) => forms.has(formOf(opposite)))
  if (opposites.length === 0) return false
  const wanted = new Set(opposites.map(formOf))
  const shapes = new Set(parts.filter((part) => wanted.has(formOf(part))).map((part) => judge.shapes.idOf(part)))
  return opposites.some((opposite) => shapes.has(judge.shapes.idOf(opposite)))
}

/** Its kind and operator: what differs in that is not the same. */
function formOf(node: Tree): string {
  return `${kindOf(node)} ${node.NullTest?.nulltesttype ?? ''}${lastName(node.A_Expr?.name)}`
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
