import { Classifier } from './classifier.ts'
import { ClearRules, clearOutputs } from './clear-rules.ts'
import type { ColumnName, StatementFacts } from '../statement/facts.ts'
import { type Allowance, Allowances, factsOf, sessionRule } from './allow-rules.ts'
import { type AskingRule, joinedNeed } from './approval-need.ts'
import { Approvals } from './approve-rules.ts'
import type { Decision, Denial, DenialCode, Obligations } from './decision.ts'
import { Prohibition } from './deny-rules.ts'
import { allowedHere, factSentence, uncoveredHint, factText, uncoveredReason } from './hints.ts'
import { maskDenial, outputMasks, reportsMayShowValues } from './mask-obligations.ts'
import { Masks } from './mask-rules.ts'
import { columnText } from './object-names.ts'
import { FunctionRules } from './function-rules.ts'
import type { EngineName } from './name-pattern.ts'
import type { LimitRule, PolicyDocument } from './policy-document.ts'
import { roleChange } from './pinned-role.ts'
import { pinnedChange } from './session-statements.ts'

/** A rule that decides nothing, with all that would hold if it did. */
export interface Observer {
  readonly rule: string
  readonly authority: Authority
}

/** What a rule that is only observed would have done: `deny`, `ask` or `permit`, where that is not what happened. */
export interface Observed {
  readonly rule: string
  readonly effect: Decision['kind']
}

/** The rules that hold for one principal on one target, ready to decide. Immutable; made by `Policy.authorityFor`. */
export class Authority {
  /** True when any mask holds: then nothing that cannot be traced is permitted. */
  readonly masksAny: boolean
  /** What is looked for in free text; null: nothing is. It decides nothing: it changes what comes back. */
  readonly classifier: Classifier | null
  /** True when it matters what names mean: not everything is permitted as it is. */
  readonly guarded: boolean
  /** True when any allow or approve rule holds; otherwise every statement is denied. */
  readonly allowsAnything: boolean
  /** The strictest limit on statements per minute; null: no limit. */
  readonly statementsPerMinute: { readonly limit: number; readonly rule: string } | null
  /** Longest time that one statement may run, in seconds; null: no limit. */
  readonly secondsPerStatement: { readonly limit: number; readonly rule: string } | null
  readonly #target: string
  readonly #engine: EngineName
  readonly #allowances: Allowances
  readonly #approvals: Approvals
  readonly #clearRules: ClearRules
  /** What hints may name as the way on. */
  readonly #ways: readonly Allowance[]
  readonly #prohibitions: readonly Prohibition[]
  readonly #masks: Masks
  readonly #functions: FunctionRules
  readonly #rowLimit: { readonly rows: number; readonly rule: string } | null
  readonly #observers: readonly Observer[]
  readonly #rolePinned: boolean

  /** `rules` are those that hold for the principal on the target; their order does not matter. `observers`: rules that are only observed. `rolePinned`: the session's role in the database stays as it is. */
  constructor(
    rules: PolicyDocument,
    target: string,
    engine: EngineName,
    observers: readonly Observer[] = [],
    rolePinned: boolean = false,
  ) {
    this.#rolePinned = rolePinned
    this.#observers = observers
    this.#target = target
    this.#engine = engine
    const asking = rules.approve.filter(({ unmask }) => unmask.length === 0)
    const inClear = rules.approve.filter(({ unmask }) => unmask.length > 0)
    this.allowsAnything = rules.allow.length + asking.length > 0
    this.#allowances = new Allowances(byName(rules.allow), engine, this.allowsAnything)
    this.#approvals = new Approvals(byName(asking), engine)
    this.#clearRules = new ClearRules(byName(inClear), engine)
    this.#ways = [...this.#allowances.rules, ...this.#approvals.coverages]
    this.#prohibitions = byName(rules.deny).map((rule) => new Prohibition(rule, engine))
    this.#masks = new Masks(byName(rules.masks), engine)
    this.#functions = new FunctionRules(rules.functions, engine)
    this.masksAny = this.#masks.any
    this.classifier = rules.classify.length === 0 ? null : new Classifier(rules.classify, engine)
    this.guarded =
      rolePinned || this.masksAny || rules.deny.length + rules.approve.length > 0 || this.#allowances.anything === null
    const rows = strictest(rules.limits, (rule) => rule.rowsPerStatement)
    this.#rowLimit = rows === null ? null : { rows: rows.limit, rule: rows.rule }
    this.statementsPerMinute = strictest(rules.limits, (rule) => rule.statementsPerMinute)
    this.secondsPerStatement = strictest(rules.limits, (rule) => rule.secondsPerStatement)
  }

  /** True when a mask holds for the column. */
  masksColumn(column: ColumnName): boolean {
    return this.#masks.of(column) !== null
  }

  /** True when a value that the statement brings along may be that of a masked column: it is compared with one, or written to one. */
  meetsMasks({ decides, writes, accesses }: StatementFacts): boolean {
    return (
      this.masksAny &&
      (decides.some(({ column }) => this.masksColumn(column)) ||
        writes.some(({ target }) => target === null || this.masksColumn(target)) ||
        accesses.some((access) => access.action !== 'select' && this.#masks.ruleOver(access) !== null))
    )
  }

  /**
   * True when a literal or a bound value of the statement may be that of a masked column, as far as can be told: also where it is
   * only compared for an output, put by for a later statement, or given to what was not understood.
   */
  mayBringMaskedValues(statement: StatementFacts): boolean {
    if (!this.masksAny) return false
    const { complete, dynamicSql, output, writes, functions, beneath, settings } = statement
    return (
      !complete ||
      dynamicSql ||
      statement.keepsValues === true ||
      this.meetsMasks(statement) ||
      [...(output ?? []), ...writes].some(
        (place) =>
          !place.complete || place.sources.some(({ column, how }) => how !== 'copied' && this.masksColumn(column)),
      ) ||
      [...functions, ...beneath.functions].some(({ trust }) => trust === 'user' || trust === 'unknown') ||
      beneath.accesses.some((access) => access.action !== 'select' && this.#masks.ruleOver(access) !== null) ||
      settings.some(({ action, name }) => action === 'set' && keepsValues(name))
    )
  }

  /** The decision on one statement. Pure, and never throws: a failure inside is a denial. */
  decide(statement: StatementFacts): Decision {
    return this.#orDenied(() => this.#decide(statement, this.#masks, []))
  }

  /** The decision on one statement that asks for masked columns in clear: for those that people may let through, they are asked. As `decide`. */
  decideInClear(statement: StatementFacts): Decision {
    return this.#orDenied(() => {
      const wish = this.#clearRules.wishOf(statement, this.#masks)
      if (wish === null) return this.#decide(statement, this.#masks, [])
      if (wish.kind === 'deny') return wish
      const { columns, asking } = wish
      const decision = this.#decide(statement, this.#masks.lifting(columns), asking)
      if (decision.kind === 'deny') return decision
      // INVARIANT: no mask is lifted without a yes.
      if (decision.kind === 'permit') throw new Error('nobody was asked')
      const obligations = { ...decision.obligations, clear: clearOutputs(statement.output, columns) }
      return { ...decision, obligations, unmasked: [...columns.values()].map(columnText).sort() }
    })
  }

  #orDenied(decide: () => Decision): Decision {
    try {
      return decide()
    } catch {
      return denial(
        'DECISION_FAILED',
        'gateway',
        'statement',
        'the gateway could not decide on this statement',
        'Write the statement more simply; if that does not help, report it to the operator of the gateway.',
      )
    }
  }

  /** What rules that are only observed would have done to the statement instead of `decision`. */
  observed(statement: StatementFacts, decision: Decision): readonly Observed[] {
    return this.#observers.flatMap(({ rule, authority }) => {
      const other = authority.decide(statement)
      return other.kind === decision.kind && asksOf(other) === asksOf(decision) ? [] : [{ rule, effect: other.kind }]
    })
  }

  /** Each fact of the statement that needs a rule, with the rule that covers it; null where none does. For `explain`. */
  coverage(statement: StatementFacts): readonly { readonly fact: string; readonly rule: string | null }[] {
    return factsOf(statement).map((fact) => ({
      fact: factSentence(fact),
      rule: this.#allowances.ruleFor(fact) ?? this.#approvals.ruleFor(fact)?.rule ?? null,
    }))
  }

  /** INVARIANT: only the last lines permit or ask, and every check above them has passed. */
  #decide(statement: StatementFacts, masks: Masks, asked: readonly AskingRule[]): Decision {
    const used = new Set<string>()
    const asking: AskingRule[] = [...asked]
    const denied =
      this.#pinned(statement) ??
      this.#roleChanged(statement) ??
      this.#prohibited(statement) ??
      this.#withoutRules() ??
      this.#unread(statement, used, asking) ??
      this.#uncovered(statement, used, asking) ??
      (this.masksAny ? maskDenial(statement, masks, this.#functions) : null)
    if (denied !== null) return denied
    const obligations = this.#obligations(statement, masks)
    if (this.#approvals.any) {
      const free = asking.length === 0 && [...used].every((rule) => rule === sessionRule)
      asking.push(...this.#approvals.concernedBy(statement, free))
    }
    const approval = joinedNeed(asking)
    const rules = [...used].sort()
    if (approval === null) return { kind: 'permit', rules, obligations }
    return {
      kind: 'ask',
      rules: [...approval.rules.map(({ rule }) => rule), ...rules],
      obligations,
      approval,
      unmasked: [],
    }
  }

  #roleChanged(statement: StatementFacts): Denial | null {
    const change = this.#rolePinned ? roleChange(statement) : null
    if (change === null) return null
    return denial(
      'PINNED_ROLE',
      'gateway',
      change,
      change === 'statement'
        ? 'the statement may run what cannot be read, and the role of this session in the database stays as it is'
        : 'the role of this session in the database stays as it is',
      'Work with the rights that the session has; to end what it has made, use RESET ALL, DEALLOCATE ALL or DISCARD TEMP.',
    )
  }

  #pinned({ settings }: StatementFacts): Denial | null {
    const change = pinnedChange(settings, this.#engine)
    if (change === null) return null
    return denial(
      'PINNED_SETTING',
      'gateway',
      `setting ${change.name}`,
      change.accepted === null
        ? 'the name of the setting is computed, so it could be one that changes how text is read'
        : `the setting ${change.name} changes how text is read or what it shows, and stays at ${change.accepted}`,
      change.accepted === null
        ? 'Write the name of the setting as a literal.'
        : `Leave ${change.name} alone or set it to ${change.accepted}.`,
    )
  }

  #prohibited(statement: StatementFacts): Denial | null {
    let doubtful: Denial | null = null
    for (const rule of this.#prohibitions) {
      const match = rule.match(statement)
      if (match === null) continue
      const reason = rule.reason ?? `the rule ${rule.name} denies ${match.what}`
      const hint = `Do not retry: ${match.what} is denied. ${allowedHere(this.#ways)}`
      const denied = denial('DENIED_BY_RULE', rule.name, match.object, reason, hint)
      if (match.inDoubt !== true) return denied
      doubtful ??= denied
    }
    return doubtful
  }

  #withoutRules(): Denial | null {
    if (this.allowsAnything) return null
    return denial(
      'NOT_ALLOWED',
      'default',
      `target ${this.#target}`,
      `no rule allows you anything on target ${this.#target}`,
      'Ask the operator of the gateway for access, or connect to another target.',
    )
  }

  /** What was not understood may do anything: only one who may do anything, with nothing denied or masked, may run it. */
  #unread(statement: StatementFacts, used: Set<string>, asking: AskingRule[]): Denial | null {
    if (statement.complete && !statement.dynamicSql) return null
    const rule = this.#allowances.anything
    const asked = rule === null ? this.#approvals.forAnything() : null
    if ((rule !== null || asked !== null) && !this.masksAny && this.#prohibitions.length === 0) {
      if (rule !== null) used.add(rule)
      // It may do what any of them is about.
      asking.push(...this.#approvals.all())
      return null
    }
    if (statement.complete) {
      return denial(
        'NOT_UNDERSTOOD',
        'default',
        'dynamic SQL',
        'the statement runs text as SQL inside the server, where no rule can follow it',
        'Send that SQL as statements of its own.',
      )
    }
    return denial(
      'NOT_UNDERSTOOD',
      'default',
      'statement',
      `the statement could not be understood in full: ${statement.reason ?? 'no reason is known'}`,
      'Write it with plain, schema-qualified names, or split it into simpler statements.',
    )
  }

  #uncovered(statement: StatementFacts, used: Set<string>, asking: AskingRule[]): Denial | null {
    for (const fact of factsOf(statement)) {
      const rule = this.#allowances.ruleFor(fact)
      if (rule !== null) {
        used.add(rule)
        continue
      }
      const asked = this.#approvals.ruleFor(fact)
      if (asked === null) {
        return denial('NOT_ALLOWED', 'default', factText(fact), uncoveredReason(fact), uncoveredHint(fact, this.#ways))
      }
      asking.push(asked)
    }
    return null
  }

  #obligations(statement: StatementFacts, masks: Masks): Obligations {
    return {
      outputs: this.masksAny ? outputMasks(statement.output, masks) : null,
      rowLimit: statement.output === null ? null : this.#rowLimit,
      redactReports: reportsMayShowValues(statement, masks),
      clear: null,
    }
  }
}

/** Settings of one's own, and user variables, are where values are put by. */
function keepsValues(setting: string): boolean {
  return setting === '*' || setting.includes('.') || setting.startsWith('@')
}

/** Sorted, so that the order of rules in the text never shows in a decision. */
function byName<T extends { readonly name: string }>(rules: readonly T[]): readonly T[] {
  return rules.toSorted((left, right) => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0))
}

function strictest(
  rules: readonly LimitRule[],
  limitOf: (rule: LimitRule) => number | null,
): { readonly limit: number; readonly rule: string } | null {
  let found: { readonly limit: number; readonly rule: string } | null = null
  for (const rule of byName(rules)) {
    const limit = limitOf(rule)
    if (limit !== null && (found === null || limit < found.limit)) found = { limit, rule: rule.name }
  }
  return found
}

function denial(code: DenialCode, rule: string, object: string, reason: string, hint: string): Denial {
  return { kind: 'deny', code, rule, object, reason, hint }
}

function asksOf(decision: Decision): string {
  return decision.kind === 'ask' ? decision.approval.rules.map(({ rule }) => rule).join('\n') : ''
}
