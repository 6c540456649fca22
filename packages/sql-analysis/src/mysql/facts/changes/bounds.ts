import type { Call, Expression, Operation } from '../../query-tree.ts'
import { foldName } from '../../name-case.ts'
import type { Item } from '../item.ts'
import type { Reading } from '../reading.ts'
import type { Scope } from '../scope.ts'
import { sameShape } from './shapes.ts'

/**
 * What a condition can do to the number of rows it lets through.
 * `true`, `false`: whatever the row. `free`: it looks at no column of the targets, so it lets all through or none.
 * `bounded`: it looks at the targets' columns and is not seen to be true of all.
 */
type Reach = 'true' | 'false' | 'free' | 'bounded'

/**
 * Reads the condition of an UPDATE or DELETE; true when it does not narrow the targets' rows: it is absent, true whatever the row
 * (constants are folded; `x = x`, `x is null or x is not null`, `like '%'` are seen), or looks at no column of a target. Errs to
 * the side of true.
 */
export function readCondition(
  reading: Reading,
  where: Expression | null,
  targets: readonly Item[],
  scope: Scope,
): boolean {
  if (where === null) return true
  const outer = reading.watch
  const lookers = new Set<Expression>()
  reading.watch = { targets, lookers }
  reading.decide(reading.walk.expression(reading, where, scope))
  reading.watch = outer
  const reach = reachOf({ reading, lookers }, where)
  return reach === 'true' || reach === 'free'
}

interface Judge {
  readonly reading: Reading
  /** The expressions that look at a target. */
  readonly lookers: ReadonlySet<Expression>
}

function reachOf(judge: Judge, node: Expression): Reach {
  judge.reading.descend()
  const reach = reachOfNode(judge, node)
  judge.reading.ascend()
  return reach
}

function reachOfNode(judge: Judge, node: Expression): Reach {
  if (node.kind === 'literal') return truthOf(node.value, node.type === 'null')
  if (node.kind === 'operation') {
    const logic = reachOfLogic(judge, node)
    if (logic !== null) return logic
    if (isTrueOfAll(judge, node)) return 'true'
    if (isFalseOfAll(judge, node)) return 'false'
  }
  if (node.kind === 'call' && isTrueCall(judge, node)) return 'true'
  return judge.lookers.has(node) ? 'bounded' : 'free'
}

// NULL counts as false: it lets no row through.
function truthOf(value: string, isNull: boolean): 'true' | 'false' {
  if (isNull) return 'false'
  if (/^true$/i.test(value)) return 'true'
  const number = Number.parseFloat(value)
  return Number.isNaN(number) || number === 0 ? 'false' : 'true'
}

function reachOfLogic(judge: Judge, { operator, operands }: Operation): Reach | null {
  const [first] = operands
  switch (operator) {
    case 'not':
    case '!':
      return first === undefined ? null : inverted(reachOf(judge, first))
    case 'and': {
      const reaches = flattened(operands, 'and').map((part) => reachOf(judge, part))
      if (reaches.includes('false')) return 'false'
      if (reaches.includes('bounded')) return 'bounded'
      return reaches.includes('free') ? 'free' : 'true'
    }
    case 'or':
    case '||': {
      const parts = flattened(operands, operator)
      const reaches = parts.map((part) => reachOf(judge, part))
      if (reaches.includes('true') || coversAll(judge, parts)) return 'true'
      if (reaches.includes('free')) return 'free'
      return reaches.includes('bounded') ? 'bounded' : 'false'
    }
    case 'xor':
      // `x xor true` may be anything of the other side.
      return operands.every((part) => reachOf(judge, part) === 'bounded') ? 'bounded' : 'free'
    default:
      return null
  }
}

function flattened(operands: readonly Expression[], operator: string): readonly Expression[] {
  const parts: Expression[] = []
  const pending = operands.toReversed()
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (part.kind === 'operation' && part.operator === operator) pending.push(...part.operands.toReversed())
    else parts.push(part)
  }
  return parts
}

function inverted(reach: Reach): Reach {
  if (reach === 'true') return 'false'
  return reach === 'false' ? 'true' : reach
}

function isTrueOfAll(judge: Judge, { operator, operands }: Operation): boolean {
  const [left, right, third] = operands
  if (left === undefined) return false
  switch (operator) {
    case 'is not null':
      return left.kind === 'literal' && left.type !== 'null'
    case 'is true':
    case 'is not false':
      return reachOf(judge, left) === 'true'
    case 'is false':
    case 'is not true':
      return reachOf(judge, left) === 'false'
    case 'like':
      return right?.kind === 'literal' && /^%+$/.test(right.value)
    case 'regexp':
    case 'rlike':
      return right?.kind === 'literal' && /^(?:\^?(?:\.\*)?\$?|\.)$/.test(right.value)
    case 'in': {
      if (right?.kind === 'subquery') return findsItself(left, right)
      const choices = right?.kind === 'row' ? right.items : right === undefined ? [] : [right]
      return choices.some((choice) => same(judge, left, choice) || comparesTrue('=', left, choice))
    }
    case 'between':
      return right !== undefined && third !== undefined && isBetween(judge, left, right, third)
    case '=':
    case '<=>':
    case '>=':
    case '<=':
    case '<>':
    case '!=':
    case '<':
    case '>':
      if (right === undefined) return false
      if (same(judge, left, right)) return ['=', '<=>', '>=', '<='].includes(operator)
      return comparesTrue(operator, left, right)
    case '-':
    case '+':
    case '*':
    case '|':
      // Arithmetic of constants: taken as true unless it is seen to be nothing.
      return operands.every((operand) => operand.kind === 'literal')
    default:
      return false
  }
}

function isBetween(judge: Judge, value: Expression, least: Expression, most: Expression): boolean {
  if (same(judge, value, least) && same(judge, value, most)) return true
  return comparesTrue('>=', value, least) && comparesTrue('<=', value, most)
}

function isFalseOfAll(judge: Judge, { operator, operands }: Operation): boolean {
  const [left, right] = operands
  if (left === undefined || right === undefined) return false
  return ['<>', '!=', '<', '>'].includes(operator) && same(judge, left, right)
}

function isTrueCall(judge: Judge, { name, arguments: parts }: Call): boolean {
  const [first, second, third] = parts
  switch (name.toLowerCase()) {
    case 'coalesce':
    case 'ifnull':
      return parts.some((part) => part.kind === 'literal' && reachOf(judge, part) === 'true') && first !== undefined
    case 'if':
      return (
        second !== undefined &&
        third !== undefined &&
        reachOf(judge, second) === 'true' &&
        reachOf(judge, third) === 'true'
      )
    default:
      return false
  }
}

// `id in (select id from t)` without a condition.
function findsItself(tested: Expression, { query }: Expression & { kind: 'subquery' }): boolean {
  const { body } = query
  if (body.kind !== 'select' || body.where !== null || body.having !== null || query.limit !== null) return false
  const value = body.items[0]?.expression
  return (
    body.from?.kind === 'base_table' &&
    value?.kind === 'column' &&
    tested.kind === 'column' &&
    foldName(value.name) === foldName(tested.name)
  )
}

function same(judge: Judge, a: Expression, b: Expression): boolean {
  return sameShape(judge.reading, a, b)
}

function comparesTrue(operator: string, a: Expression, b: Expression): boolean {
  if (a.kind !== 'literal' || b.kind !== 'literal' || a.type === 'null' || b.type === 'null') return false
  const [one, other] = [Number(a.value), Number(b.value)]
  const numbers = a.value !== '' && b.value !== '' && !Number.isNaN(one) && !Number.isNaN(other)
  const order = numbers ? one - other : a.value < b.value ? -1 : a.value > b.value ? 1 : 0
  switch (operator) {
    case '=':
    case '<=>':
      return order === 0
    case '<>':
    case '!=':
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

const COMPLEMENTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['=', ['<>', '!=']],
  ['<>', ['=']],
  ['!=', ['=']],
  ['<', ['>=']],
  ['>=', ['<', '<=']],
  ['>', ['<=']],
  ['<=', ['>', '>=']],
  ['is null', ['is not null']],
  ['is not null', ['is null']],
])

const MAX_COMPARED = 64

// `p or not p`, `x is null or x is not null`, `x < 1 or x >= 1`. Of very long lists it is not looked for, and they count as true.
function coversAll(judge: Judge, parts: readonly Expression[]): boolean {
  const opposable = parts.filter((part) => part.kind === 'operation')
  if (opposable.length > MAX_COMPARED) return opposable.some(({ operator }) => operator === 'not' || operator === '<>')
  return opposable.some((part) => opposable.some((other) => isOpposite(judge, part, other)))
}

function isOpposite(judge: Judge, part: Operation, other: Operation): boolean {
  const [first] = part.operands
  if ((part.operator === 'not' || part.operator === '!') && first !== undefined) return same(judge, first, other)
  if (COMPLEMENTS.get(part.operator)?.includes(other.operator) !== true) return false
  return part.operands.every((operand, index) => {
    const opposite = other.operands[index]
    return opposite !== undefined && same(judge, operand, opposite)
  })
}
