import { type AskingRule, joinedNeed } from './approval-need.ts'
import type { Decision } from './decision.ts'

/** The decision when the planner expects `rows` rows; null: it cannot be told how many, so every rule asks. */
export function decisionAt(decision: Decision, rows: number | null): Decision {
  if (decision.kind !== 'ask') return decision
  const { rules, obligations, approval, unmasked } = decision
  // Not `rows > over`: what is no number asks as well.
  const silent = (rule: AskingRule): boolean =>
    rule.estimatedRowsOver !== null && rows !== null && rows <= rule.estimatedRowsOver
  const left = rules.filter((name) => !approval.rules.some((rule) => rule.rule === name && silent(rule)))
  const need = joinedNeed(
    approval.rules.flatMap((rule) => (silent(rule) ? [] : [{ ...rule, estimatedRowsOver: null }])),
  )
  return need === null
    ? { kind: 'permit', rules: left, obligations }
    : { kind: 'ask', rules: left, obligations, approval: need, unmasked }
}
