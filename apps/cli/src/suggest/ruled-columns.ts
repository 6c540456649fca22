import { classifiersOfColumn, type ColumnName, type EngineName, masksOfColumn, type Policy } from '@gatehouse/core'
import type { MaskedAlready } from './columns.ts'

/** What the policy in force says of the columns of one target already. */
export class RuledColumns {
  readonly #policy: Policy
  readonly #target: string
  readonly #engine: EngineName

  constructor(policy: Policy, target: string, engine: EngineName) {
    this.#policy = policy
    this.#target = target
    this.#engine = engine
  }

  /** What is looked for in it, for everyone. */
  detected(column: ColumnName): ReadonlySet<string> {
    const rules = classifiersOfColumn(this.#policy, this.#target, this.#engine, column)
    return new Set(rules.filter(({ who }) => who === null).flatMap(({ detect }) => detect))
  }

  /** The masks that name it, joined; null: none does. */
  masked(column: ColumnName): MaskedAlready | null {
    const rules = masksOfColumn(this.#policy, this.#target, this.#engine, column)
    const [first] = rules
    if (first === undefined) return null
    const forSome = rules.every(({ who }) => who !== null)
    return {
      rules: rules.map(({ name }) => name),
      spec: rules.length === 1 && !forSome ? first.spec : null,
      forSome,
    }
  }
}
