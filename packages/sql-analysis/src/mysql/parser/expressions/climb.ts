import type { Expression } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { intervalOperand, isInterval } from './intervals.ts'
import { operation } from './nodes.ts'
import { isPredicate, predicate } from './predicates.ts'
import { postfix, unary } from './primary.ts'

/** How tightly operators bind. MySQL manual, "Operator Precedence". */
const Level = {
  or: 1,
  xor: 2,
  and: 3,
  not: 4,
  test: 5,
  comparison: 6,
  predicate: 7,
  bitOr: 8,
  bitAnd: 9,
  shift: 10,
  add: 11,
  multiply: 12,
  power: 13,
  concat: 14,
} as const

/** Level of the current token as a binary operator; 0: it is none. */
function levelOf(cursor: TokenCursor): number {
  switch (cursor.spelling) {
    case '||':
      return cursor.dialect.pipesAsConcat ? Level.concat : Level.or
    case 'or':
      return Level.or
    case 'xor':
      return Level.xor
    case 'and':
    case '&&':
      return Level.and
    case '=':
    case '<=>':
    case '<':
    case '<=':
    case '>':
    case '>=':
    case '<>':
    case '!=':
      return Level.comparison
    case 'is':
      return Level.test
    case '|':
      return Level.bitOr
    case '&':
      return Level.bitAnd
    case '<<':
    case '>>':
      return Level.shift
    case '+':
    case '-':
      return Level.add
    case '*':
    case '/':
    case '%':
    case 'div':
    case 'mod':
      return Level.multiply
    case '^':
      return Level.power
    default:
      return isPredicate(cursor) ? Level.predicate : 0
  }
}

/** An expression of any kind. MySQL manual, "Expressions". */
export function expression(cursor: TokenCursor): Expression {
  return climb(cursor, Level.or, null)
}

/** bit_expr of the manual: no comparison, no boolean operator. */
export function operand(cursor: TokenCursor): Expression {
  return climb(cursor, Level.bitOr, null)
}

/** The rest of an expression whose first operand was read already. */
export function expressionFrom(cursor: TokenCursor, first: Expression): Expression {
  return climb(cursor, Level.or, postfix(cursor, first))
}

function climb(cursor: TokenCursor, lowest: number, first: Expression | null): Expression {
  cursor.enter()
  let left: Expression
  // The tightest operator that may still follow: behind `a IS TRUE` no `+`.
  let tightest: number = Level.concat
  if (first === null && cursor.spelling === 'not' && lowest <= Level.not && !cursor.dialect.highNotPrecedence) {
    cursor.advance()
    left = operation('not', [climb(cursor, Level.not, null)])
    tightest = Level.and
  } else left = first ?? unary(cursor)
  // A chain of one operator is one operation, so that its length is not the tree's depth.
  let chain: Expression[] | null = null
  let chainOperator = ''
  let nested = 0
  for (;;) {
    const level = levelOf(cursor)
    if (level === 0 || level < lowest || level > tightest) break
    const operator = spellingOf(cursor)
    if (level === Level.test) {
      // `IS NULL` binds as a comparison and `IS TRUE` below it.
      left = test(cursor, left)
      const ofNull = left.kind === 'operation' && left.operator.endsWith('null')
      if (ofNull || cursor.isMariadb) tightest = Level.comparison
      else tightest = Level.and
      chain = null
    } else if (level === Level.predicate) {
      left = predicate(cursor, left, rules)
      // A predicate of MariaDB may be the left side of the next.
      tightest = cursor.isMariadb ? Level.predicate : Level.comparison
      chain = null
    } else {
      cursor.advance()
      tightest = level
      const right = level === Level.comparison ? comparand(cursor) : rightOperand(cursor, level)
      if (chain !== null && operator === chainOperator && level !== Level.comparison && !isIntervalNode(right)) {
        chain.push(right)
        continue
      }
      chain = [left, right]
      chainOperator = operator
      left = operation(operator, chain)
      if (isIntervalNode(right)) {
        // What an interval was added to is a whole: `a + INTERVAL 1 DAY * b` multiplies the sum.
        tightest = Level.power
        chain = null
      }
    }
    // What is left of the operator counts as depth where it is a node of its own.
    nested++
    cursor.enter()
  }
  for (; nested > 0; nested--) cursor.leave()
  cursor.leave()
  return left
}

const rules = {
  operand: (cursor: TokenCursor): Expression => climb(cursor, Level.bitOr, null),
  predicate: (cursor: TokenCursor): Expression => climb(cursor, Level.predicate, null),
  simple: (cursor: TokenCursor): Expression => climb(cursor, Level.concat, null),
}

function isIntervalNode(node: Expression): boolean {
  return node.kind === 'operation' && node.operator === 'interval'
}

function rightOperand(cursor: TokenCursor, level: number): Expression {
  if (level === Level.add && isInterval(cursor)) {
    const interval = intervalOperand(cursor)
    return interval.kind === 'call' ? climb(cursor, level + 1, postfix(cursor, interval)) : interval
  }
  // NOT may stand to the right of AND, OR and XOR, and reaches as far as it would alone.
  return climb(cursor, level + 1, null)
}

/** What follows a comparison: a predicate, or ANY, SOME or ALL of a subquery. */
function comparand(cursor: TokenCursor): Expression {
  const { spelling } = cursor
  if ((spelling === 'any' || spelling === 'some' || spelling === 'all') && cursor.spellingAhead(1) === '(') {
    cursor.advance()
    return { kind: 'subquery', use: spelling === 'all' ? 'all' : 'any', query: cursor.grammar.subquery(cursor) }
  }
  return climb(cursor, Level.predicate, null)
}

/** IS [NOT] NULL, TRUE, FALSE, UNKNOWN. */
function test(cursor: TokenCursor, left: Expression): Expression {
  cursor.expect('is')
  const not = cursor.accept('not') ? 'not ' : ''
  const word = cursor.acceptAny(['null', 'true', 'false', 'unknown', '\\N'])
  if (word === null) throw cursor.error()
  return operation(`is ${not}${word === '\\N' ? 'null' : word}`, [left])
}

/** Name of the operator in the tree. */
function spellingOf(cursor: TokenCursor): string {
  switch (cursor.spelling) {
    case '||':
      return cursor.dialect.pipesAsConcat ? 'concat' : 'or'
    case '&&':
      return 'and'
    case '!=':
      return '<>'
    case 'mod':
      return '%'
    default:
      return cursor.spelling
  }
}
