import type { StatementFacts } from '../statement/facts.ts'
import { Allowance, type Fact } from './allow-rules.ts'
import type { AskingRule } from './approval-need.ts'
import { Prohibition } from './deny-rules.ts'
import type { EngineName, NamePattern } from './name-pattern.ts'
import type { ApproveRule } from './policy-document.ts'

/** One approve rule, ready for one engine. */
class Approval {
  /** What it covers, as an allow rule: exactly what it names. */
  readonly coverage: Allowance
  readonly asking: AskingRule
  /** What it asks about, as a deny rule: in doubt it asks. */
  readonly #concern: Prohibition
  readonly #everyAction: boolean

  constructor(rule: ApproveRule, engine: EngineName) {
    const { actions, relations, functions, settings, unboundedWrites } = rule
    const covered = relations ?? (actions.length === 0 ? [] : EVERYTHING)
    this.coverage = new Allowance({ ...rule, relations: covered, files: [], programs: [] }, engine)
    this.#everyAction = this.coverage.actions.everything
    this.asking = {
      rule: rule.name,
      estimatedRowsOver: rule.estimatedRowsOver,
      asksReads: this.coverage.actions.has('select'),
      ...rule.terms,
    }
    this.#concern = new Prohibition(
      {
        ...rule,
        actions: actions.length === 0 ? null : actions,
        columns: null,
        functions,
        settings,
        unboundedWrites,
        files: false,
        programs: false,
        dynamicSql: false,
        reason: null,
      },
      engine,
    )
  }

  /** `free`: the statement needs no rule. Then `*` does not ask: nobody means BEGIN by it. */
  concerns(statement: StatementFacts, free: boolean): boolean {
    return !(free && this.#everyAction) && this.#concern.match(statement) !== null
  }
}

/** All that a principal may do on a target once people have said yes. */
export class Approvals {
  readonly any: boolean
  /** As allow rules: what they would cover. */
  readonly coverages: readonly Allowance[]
  readonly #rules: readonly Approval[]

  /** `rules` by name. */
  constructor(rules: readonly ApproveRule[], engine: EngineName) {
    this.#rules = rules.map((rule) => new Approval(rule, engine))
    this.any = rules.length > 0
    this.coverages = this.#rules.map(({ coverage }) => coverage)
  }

  /** The rule that covers a fact no allow rule covers, so that it asks whatever the estimate: the first by name; null: none. */
  ruleFor(fact: Fact): AskingRule | null {
    return always(this.#rules.find(({ coverage }) => coverage.covers(fact)))
  }

  /** The rule under which what may do anything may be asked for; null: none. */
  forAnything(): AskingRule | null {
    return always(this.#rules.find(({ coverage }) => coverage.anything))
  }

  /** The rules that ask about a statement, beside those that it needs for being covered. */
  concernedBy(statement: StatementFacts, free: boolean): readonly AskingRule[] {
    return this.#rules.filter((rule) => rule.concerns(statement, free)).map(({ asking }) => asking)
  }

  /** Every rule: what was not understood may concern them all. */
  all(): readonly AskingRule[] {
    return this.#rules.flatMap((rule) => always(rule) ?? [])
  }
}

function always(rule: Approval | undefined): AskingRule | null {
  return rule === undefined ? null : { ...rule.asking, estimatedRowsOver: null }
}

const EVERYTHING: readonly NamePattern[] = [{ source: '*', parts: [[{ kind: 'star' }]] }]
