import type { A_Expr } from 'libpg-query'
import { comparedFrom, type Doubt, doubted, eitherDoubt, type Lineage, NOTHING, derivedFrom } from '../lineage.ts'
import { useOperator } from './operators.ts'
import type { Reading } from '../reading.ts'
import type { Scope } from '../scope.ts'
import { tellOfOperator } from './tells.ts'
import { type Tree, lastName, stringsOf } from '../tree.ts'
import { STEP_UNITS } from '../../../facts/work.ts'

/** An operator with its operands, or a chain of them. */
export function readOperators(reading: Reading, outermost: A_Expr, scope: Scope): Lineage {
  // Chains like `a + b + c` lean to the left: they are walked down here, not by recursion.
  const chain: A_Expr[] = [outermost]
  let bottom: Tree | undefined = outermost.lexpr
  while (bottom?.A_Expr !== undefined) {
    reading.spend(STEP_UNITS)
    chain.push(bottom.A_Expr)
    bottom = bottom.A_Expr.lexpr
  }
  let left: Lineage | null = bottom === undefined ? null : reading.walk.expression(reading, bottom, scope)
  for (let index = chain.length - 1; index >= 0; index--) {
    const operator = chain[index]
    if (operator === undefined) continue
    const right = operator.rexpr === undefined ? NOTHING : reading.walk.expression(reading, operator.rexpr, scope)
    const doubt = operatorDoubt(reading, operator, left, right)
    if (!TOTAL_OPERATOR_KINDS.has(operator.kind ?? '')) tellOfOperator(reading, lastName(operator.name), left, right)
    const equality = doubt === null && isEquality(operator)
    const combine = equality ? comparedFrom : derivedFrom
    const operands = left === null ? [right] : [left, right]
    left = doubted(combine(reading, equality ? differing(reading, operands) : operands), doubt)
    if (reading.measured) reading.tell(left)
  }
  return left ?? NOTHING
}

/** True when nothing but whether the operands are equal comes out. */
function isEquality({ kind, name }: A_Expr): boolean {
  switch (kind) {
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT':
      return true
    case 'AEXPR_OP':
    case 'AEXPR_IN':
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
      return ['=', '<>', '!='].includes(lastName(name))
    default:
      return false
  }
}

/** The operands of a comparison, without what is certain to be equal: columns that a change leaves alone, in `old` and `new`. */
function differing(reading: Reading, operands: readonly Lineage[]): readonly Lineage[] {
  const [left, right] = operands
  const { unchanged } = reading
  if (unchanged === null || left === undefined || right === undefined) return operands
  if (left === right && unchanged.has(left)) return []
  const { fields } = left
  if (fields === null || right.fields?.length !== fields.length) return operands
  reading.spend(fields.length)
  return fields.flatMap(({ lineage }, index) => {
    const other = right.fields?.[index]?.lineage ?? NOTHING
    if (lineage === other && unchanged.has(lineage)) return []
    // Of two rows more is told than whether a column is equal: which of several differ.
    return [derivedFrom(reading, [lineage, other])]
  })
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

function operatorDoubt(reading: Reading, operator: A_Expr, left: Lineage | null, right: Lineage): Doubt | null {
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
      return [upper, below, above].reduce(eitherDoubt, lower)
    }
    default:
      return useOperator(reading, stringsOf(operator.name), left, right)
  }
}
