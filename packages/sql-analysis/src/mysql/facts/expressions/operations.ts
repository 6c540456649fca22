import type { Expression, Operation } from '../../query-tree.ts'
import { type Lineage, NOTHING, comparedFrom, comparesAsIs, derivedFrom, lineagesOf, testedFrom } from '../lineage.ts'
import type { Reading } from '../reading.ts'
import type { Scope } from '../scope.ts'

/**
 * How an operator makes its result (MySQL manual, "Operators"). `arithmetic`: a number from numbers, what is no number is a
 * warning, what is too large an error. `failing`: whether the right side is well formed, and how long it takes, is told by an error.
 */
type Making =
  | 'equality'
  | 'order'
  | 'arithmetic'
  | 'truth'
  | 'pattern'
  | 'failing'
  | 'text'
  | 'null_test'
  | 'truth_test'
  | 'choice'
  | 'range'

const MAKINGS: ReadonlyMap<string, Making> = new Map<string, Making>([
  ...each('=,<=>,<>,!=', 'equality'),
  ...each('<,<=,>,>=', 'order'),
  ...each('+,-,*,/,%,div,mod,|,&,^,<<,>>,~,interval', 'arithmetic'),
  ...each('and,or,xor,not,!', 'truth'),
  ...each('like,not like,sounds like', 'pattern'),
  ...each('regexp,not regexp,rlike,not rlike,member of', 'failing'),
  ...each('concat,||,collate,binary', 'text'),
  ...each('is null,is not null', 'null_test'),
  ...each('is true,is false,is unknown,is not true,is not false,is not unknown', 'truth_test'),
  ...each('in,not in', 'choice'),
  ...each('between,not between', 'range'),
])

function each(operators: string, making: Making): readonly [string, Making][] {
  return operators.split(',').map((operator) => [operator, making])
}

/** An operator with its operands. */
export function readOperation(reading: Reading, node: Operation, scope: Scope): Lineage {
  const making = MAKINGS.get(node.operator)
  if (making === undefined) throw new Error(`operator ${node.operator} is not understood`)
  if (making === 'truth') return readTruth(reading, node, scope)
  if (making === 'choice') return readChoice(reading, node, scope)
  const parts = node.operands.map((operand) => reading.walk.expression(reading, operand, scope))
  const [left = NOTHING, right = NOTHING] = parts
  switch (making) {
    case 'equality':
    case 'order':
      return compare(reading, node, left, right, making === 'equality' ? node.operator : '<')
    case 'arithmetic':
      tellEach(reading, parts)
      return derivedFrom(reading, parts, isMoment(node, parts) ? 'temporal' : 'number')
    case 'pattern':
      // The escape must be one character.
      tellEach(reading, parts.slice(2))
      return derivedFrom(reading, parts, 'number')
    case 'failing':
      tellEach(reading, parts)
      return derivedFrom(reading, parts, 'number')
    case 'text':
      return derivedFrom(reading, parts, 'string')
    case 'null_test':
      return comparedFrom(reading, parts)
    case 'truth_test':
      tellEach(reading, parts.filter(isNoNumber))
      return derivedFrom(reading, parts, 'number')
    case 'range':
      for (const limit of parts.slice(1)) readComparison(reading, '<', left, limit)
      return derivedFrom(reading, parts, 'number')
    default:
      return making satisfies never
  }
}

function isMoment({ operator, operands }: Operation, parts: readonly Lineage[]): boolean {
  if (operator !== '+' && operator !== '-') return false
  const interval = operands.some((operand) => operand.kind === 'operation' && operand.operator === 'interval')
  return interval && parts.some(({ type }) => type === 'temporal')
}

function tellEach(reading: Reading, parts: readonly Lineage[]): void {
  for (const part of parts) reading.tell(part)
}

// A text as a truth is read as a number, with a warning where it is none.
function isNoNumber({ type, sources }: Lineage): boolean {
  return sources.length > 0 && type !== 'number'
}

/** AND, OR, XOR, NOT. Whether the later operands are evaluated at all is up to those before. */
function readTruth(reading: Reading, node: Operation, scope: Scope): Lineage {
  const parts: Lineage[] = []
  collectTruth(reading, node, scope, parts)
  parts.forEach((part, index) => {
    if (index < parts.length - 1 || isNoNumber(part)) reading.tell(part)
  })
  return testedFrom(reading, parts)
}

// Long chains lean to the left: walked down here, not by recursion.
function collectTruth(reading: Reading, node: Operation, scope: Scope, into: Lineage[]): void {
  const rights: Expression[] = []
  let bottom: Expression = node
  while (bottom.kind === 'operation' && bottom.operator === node.operator && bottom.operands.length === 2) {
    const [left, right]: readonly (Expression | undefined)[] = bottom.operands
    if (left === undefined || right === undefined) break
    rights.push(right)
    bottom = left
  }
  if (bottom === node) for (const operand of node.operands) into.push(reading.walk.expression(reading, operand, scope))
  else into.push(reading.walk.expression(reading, bottom, scope))
  for (let index = rights.length - 1; index >= 0; index--) {
    const right = rights[index]
    if (right !== undefined) into.push(reading.walk.expression(reading, right, scope))
  }
}

/** `a IN (…)`: one comparison with each. */
function readChoice(reading: Reading, node: Operation, scope: Scope): Lineage {
  const [tested, choices] = node.operands
  if (tested === undefined || choices === undefined) throw new Error('an IN is not understood')
  const left = reading.walk.expression(reading, tested, scope)
  if (choices.kind === 'subquery') {
    const value = readComparison(reading, '=', left, reading.walk.expression(reading, choices, scope))
    reading.decide(value)
    return value
  }
  const items = choices.kind === 'row' ? choices.items : [choices]
  const parts = items.map((item) => readComparison(reading, '=', left, reading.walk.expression(reading, item, scope)))
  return testedFrom(reading, parts)
}

function compare(reading: Reading, node: Operation, left: Lineage, right: Lineage, operator: string): Lineage {
  const value = readComparison(reading, operator, left, right)
  // ANY and ALL look at rows one after the other.
  const subquery = node.operands.some((operand) => operand.kind === 'subquery' && operand.use !== 'scalar')
  if (subquery) reading.decide(value)
  return value
}

/** The truth of a comparison; of rows, of their parts. `operator`: `=` and its like, or any that tells more. */
export function readComparison(reading: Reading, operator: string, left: Lineage, right: Lineage): Lineage {
  if (left.fields !== null && right.fields !== null && left.fields.length === right.fields.length) {
    const others = lineagesOf(reading, right.fields)
    const parts = left.fields.map(({ lineage }, index) =>
      readComparison(reading, operator, lineage, others[index] ?? NOTHING),
    )
    return operator === '<' ? derivedFrom(reading, parts, 'number') : testedFrom(reading, parts)
  }
  const asIs = comparesAsIs(left, right)
  // A text that is read as a number or a date leaves a warning where it is none.
  if (!asIs) tellEach(reading, [left, right])
  const equality = operator === '=' || operator === '<=>' || operator === '<>' || operator === '!='
  return asIs && equality ? comparedFrom(reading, [left, right]) : derivedFrom(reading, [left, right], 'number')
}
