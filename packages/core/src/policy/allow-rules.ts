import type { Action, FunctionUse, RelationName, SettingUse, StatementFacts } from '../statement/facts.ts'
import { ActionSet, needsObject } from './action-words.ts'
import { Glob } from './name-pattern.ts'
import type { EngineName } from './name-pattern.ts'
import { ObjectPattern } from './object-pattern.ts'
import type { AllowRule } from './policy-document.ts'
import { actionOfSetting, isFreeAction, isFreeSetting } from './session-statements.ts'

/** Name under which a permit lists what needs no rule. */
export const sessionRule = 'session'

/** One fact of a statement that an allow rule must cover. */
export type Fact =
  | { readonly kind: 'access'; readonly action: Action; readonly relation: RelationName | null }
  | { readonly kind: 'function'; readonly use: FunctionUse }
  | { readonly kind: 'setting'; readonly use: SettingUse }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'program'; readonly command: string }

/** Every fact of the statement that needs a rule, or to be among what needs none. */
export function factsOf(statement: StatementFacts): readonly Fact[] {
  const { action, accesses, settings } = statement
  const facts: Fact[] = []
  // The statement's own verb stands in its accesses or settings, or is an action on no object.
  if (!accesses.some((access) => access.action === action) && !settings.some((use) => use.action === action)) {
    facts.push({ kind: 'access', action, relation: null })
  }
  for (const access of accesses) facts.push({ kind: 'access', action: access.action, relation: access.relation })
  for (const use of statement.functions) {
    if (use.trust !== 'harmless' && !isSettingFunction(use, settings)) facts.push({ kind: 'function', use })
  }
  for (const use of settings) {
    const named = actionOfSetting(use)
    const relation = use.value === null ? null : { schema: null, name: use.value }
    facts.push(named === null ? { kind: 'setting', use } : { kind: 'access', action: named, relation })
  }
  for (const path of statement.files) facts.push({ kind: 'file', path })
  for (const command of statement.programs) facts.push({ kind: 'program', command })
  return facts
}

/** One allow rule, ready for one engine. */
export class Allowance {
  readonly name: string
  readonly actions: ActionSet
  readonly relations: readonly ObjectPattern[]
  readonly functions: readonly ObjectPattern[]
  readonly settings: readonly Glob[]
  readonly files: readonly Glob[]
  readonly programs: ReadonlySet<string>
  /** True when one of its relation patterns is the bare `*`. */
  readonly everyRelation: boolean
  /** True when it allows every action on every relation with every function. */
  readonly anything: boolean

  constructor(rule: AllowRule, engine: EngineName) {
    this.name = rule.name
    this.actions = new ActionSet(rule.actions)
    this.relations = rule.relations.map((pattern) => new ObjectPattern(pattern, engine, 'exact'))
    this.functions = rule.functions.map(
      (pattern) => new ObjectPattern(pattern, engine, engine === 'mysql' ? 'ignored' : 'exact'),
    )
    this.settings = rule.settings.map((name) => new Glob(name))
    this.files = rule.files.map((path) => new Glob(path))
    this.programs = new Set(rule.programs)
    this.everyRelation = this.relations.some((pattern) => pattern.everything)
    this.anything =
      this.actions.everything && this.everyRelation && this.functions.some((pattern) => pattern.everything)
  }

  covers(fact: Fact): boolean {
    switch (fact.kind) {
      case 'access':
        return this.coversAccess(fact.action, fact.relation)
      case 'function':
        return this.functions.some((pattern) => pattern.covers(fact.use))
      case 'setting':
        return this.settings.some((glob) => (fact.use.name === '*' ? glob.any : glob.matches(fact.use.name)))
      case 'file':
        return this.files.some((glob) => glob.any || (!isIndirectPath(fact.path) && glob.matches(fact.path)))
      case 'program':
        return this.programs.has('*') || this.programs.has(fact.command)
      default:
        return false
    }
  }

  coversAccess(action: Action, relation: RelationName | null): boolean {
    if (!this.actions.has(action)) return false
    if (relation === null) return this.everyRelation || !needsObject(action)
    return this.relations.some((pattern) => pattern.covers(relation))
  }
}

/** A path that leads elsewhere than it seems to: only a rule for every file covers it. */
function isIndirectPath(path: string): boolean {
  return /(?:^|\/)\.\.?(?:\/|$)|\\|\0/.test(path)
}

/** All that a principal may do on a target. */
export class Allowances {
  readonly rules: readonly Allowance[]
  /** Name of the first rule that allows anything at all; null when there is none. */
  readonly anything: string | null
  readonly #engine: EngineName
  readonly #sessions: boolean

  /** `sessions`: any rule holds, of whatever kind, so that what needs none is permitted. */
  constructor(rules: readonly AllowRule[], engine: EngineName, sessions: boolean = rules.length > 0) {
    this.rules = rules.map((rule) => new Allowance(rule, engine))
    this.anything = this.rules.find((rule) => rule.anything)?.name ?? null
    this.#engine = engine
    this.#sessions = sessions
  }

  /** The rule that covers a fact: the first by name, or `session` for what needs none; null when the fact is not allowed. */
  ruleFor(fact: Fact): string | null {
    const rule = this.rules.find((candidate) => candidate.covers(fact))
    if (rule !== undefined) return rule.name
    const free =
      (fact.kind === 'access' && (fact.relation === null || fact.action === 'show') && isFreeAction(fact.action)) ||
      (fact.kind === 'setting' && isFreeSetting(fact.use, this.#engine))
    return free && this.#sessions ? sessionRule : null
  }
}

/** set_config() and current_setting() are read like SET and SHOW: the settings they name are what must be covered. */
function isSettingFunction(use: FunctionUse, settings: readonly SettingUse[]): boolean {
  if (use.schema !== 'pg_catalog') return false
  if (use.name === 'set_config') return settings.some((setting) => setting.action !== 'show')
  return use.name === 'current_setting' && settings.some((setting) => setting.action === 'show')
}
