import type { ApprovalTerms } from './policy-document.ts'

/** A rule that asks, and on what terms. */
export interface AskingRule extends ApprovalTerms {
  readonly rule: string
  /** It asks only where more rows than this are expected, or it cannot be told how many; null: whatever the number. */
  readonly estimatedRowsOver: number | null
  /** True when it asks about reading too. */
  readonly asksReads: boolean
}

/** What must be had before a statement may run: a yes that satisfies every rule that asks. */
export interface ApprovalNeed {
  /** At least one, each once, by name. */
  readonly rules: readonly AskingRule[]
  /** How many people must say yes: the most that any rule wants. */
  readonly approvals: number
  /** The least of all rules; 0: it is not held. */
  readonly holdTimeoutSeconds: number
  /** The least of all rules. */
  readonly graceSeconds: number
  /** True when the number of rows the planner expects may settle it: see `Gate.estimated`. */
  readonly estimateMatters: boolean
}

/** All needs taken together; null when there is none. A rule that asks twice keeps the form that asks more often. */
export function joinedNeed(asking: readonly AskingRule[]): ApprovalNeed | null {
  const byName = new Map<string, AskingRule>()
  for (const rule of asking) {
    const other = byName.get(rule.rule)
    if (other === undefined || rule.estimatedRowsOver === null) byName.set(rule.rule, rule)
  }
  if (byName.size === 0) return null
  const rules = [...byName.values()].sort((left, right) => (left.rule < right.rule ? -1 : 1))
  return {
    rules,
    approvals: Math.max(...rules.map(({ approvals }) => approvals)),
    holdTimeoutSeconds: Math.min(...rules.map(({ holdTimeoutSeconds }) => holdTimeoutSeconds)),
    graceSeconds: Math.min(...rules.map(({ graceSeconds }) => graceSeconds)),
    estimateMatters: rules.some(({ estimatedRowsOver }) => estimatedRowsOver !== null),
  }
}
