import type { FunctionUse } from '../statement/facts.ts'
import type { EngineName } from './name-pattern.ts'
import { ObjectPattern } from './object-pattern.ts'
import type { FunctionRule, ReadObject } from './policy-document.ts'

/** What the policy says of functions whose bodies cannot be read. */
export class FunctionRules {
  readonly #rules: readonly { readonly patterns: readonly ObjectPattern[]; readonly reads: readonly ReadObject[] }[]

  constructor(rules: readonly FunctionRule[], engine: EngineName) {
    const caseRule = engine === 'mysql' ? 'ignored' : 'exact'
    this.#rules = rules.map(({ functions, reads }) => ({
      patterns: functions.map((pattern) => new ObjectPattern(pattern, engine, caseRule)),
      reads,
    }))
  }

  /** All that a function reads beside its arguments; null when the policy does not say. */
  readsOf(fn: Pick<FunctionUse, 'schema' | 'name'>): readonly ReadObject[] | null {
    if (fn.schema === null) return null
    const rules = this.#rules.filter(({ patterns }) => patterns.some((pattern) => pattern.covers(fn)))
    return rules.length === 0 ? null : rules.flatMap(({ reads }) => reads)
  }
}
