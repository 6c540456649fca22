import type { ColumnName, RelationName } from '../statement/facts.ts'
import { ActionSet, needsObject } from './action-words.ts'
import type { CaseRule, EngineName, NamePattern } from './name-pattern.ts'
import { ColumnPattern, ObjectPattern } from './object-pattern.ts'
import type { Policy } from './policy.ts'
import type { AllowRule, ApproveRule, DenyRule, RuleHead } from './policy-document.ts'
import { Glob } from './name-pattern.ts'

/** Something in a policy that is allowed but probably not meant. */
export interface PolicyWarning {
  readonly rule: string
  /** Where the rule begins, from 1. */
  readonly line: number
  readonly message: string
  readonly hint: string
}

/** What exists on a target; a list that is absent is not known, and nothing is said about it. */
export interface KnownObjects {
  readonly relations?: readonly RelationName[]
  readonly columns?: readonly ColumnName[]
  readonly functions?: readonly { readonly schema: string | null; readonly name: string }[]
}

/**
 * Looks for patterns that match nothing, rules that can never apply and allow rules a deny rule takes away altogether.
 * `known` is what one target holds: rules for other targets are left out. Null: only what the text itself shows.
 */
export function lintPolicy(
  policy: Policy,
  known: { readonly target: string; readonly engine: EngineName; readonly objects: KnownObjects } | null,
): readonly PolicyWarning[] {
  const { allow, approve, deny, masks, classify, functions } = policy.document
  const warnings = [
    ...[...approve, ...deny].flatMap(onlyObserved),
    ...allow.flatMap(neverApplies),
    ...allow.flatMap((rule) => shadowed(rule, deny.filter(isInForce))),
    ...approve.flatMap((rule) =>
      shadowed({ ...rule, relations: rule.relations ?? [], files: [], programs: [] }, deny.filter(isInForce)),
    ),
    ...approve.flatMap((rule) => neverSilent(rule, allow.filter(isInForce))),
  ]
  if (known !== null) {
    const { engine, objects, target } = known
    const onTarget = (rule: RuleHead): boolean =>
      rule.targets === null || rule.targets.some((pattern) => new Glob(pattern).matches(target))
    const loose: CaseRule = engine === 'mysql' ? 'ignored' : 'exact'
    for (const rule of allow.filter(onTarget)) {
      warnings.push(...unmatchedObjects(rule, rule.relations, objects.relations, engine, 'exact'))
      warnings.push(...unmatchedObjects(rule, rule.functions, objects.functions, engine, loose))
    }
    for (const rule of approve.filter(onTarget)) {
      warnings.push(...unmatchedObjects(rule, rule.relations ?? [], objects.relations, engine, loose))
      warnings.push(...unmatchedObjects(rule, rule.functions, objects.functions, engine, loose))
    }
    for (const rule of deny.filter(onTarget)) {
      warnings.push(...unmatchedObjects(rule, rule.relations ?? [], objects.relations, engine, loose))
      warnings.push(...unmatchedObjects(rule, rule.functions, objects.functions, engine, loose))
      warnings.push(...unmatchedColumns(rule, rule.columns ?? [], objects.columns, engine, loose))
    }
    for (const rule of functions.filter(onTarget)) {
      warnings.push(...unmatchedObjects(rule, rule.functions, objects.functions, engine, loose))
    }
    for (const rule of masks.filter(onTarget)) {
      warnings.push(...unmatchedColumns(rule, rule.columns, objects.columns, engine, loose))
    }
    for (const rule of classify.filter(onTarget)) {
      warnings.push(...unmatchedColumns(rule, rule.except, objects.columns, engine, loose))
    }
  }
  return warnings.toSorted((left, right) => left.line - right.line)
}

function warning(rule: RuleHead, message: string, hint: string): PolicyWarning {
  return { rule: rule.name, line: rule.line, message, hint }
}

function isInForce({ observed }: RuleHead): boolean {
  return observed !== true
}

function onlyObserved(rule: RuleHead): readonly PolicyWarning[] {
  if (rule.observed !== true) return []
  return [
    warning(
      rule,
      'The rule is only observed: it protects nothing.',
      'Remove `mode: observe` when its records are what you want.',
    ),
  ]
}

function unmatchedObjects(
  rule: RuleHead,
  patterns: readonly NamePattern[],
  objects: readonly { readonly schema: string | null; readonly name: string }[] | undefined,
  engine: EngineName,
  caseRule: CaseRule,
): readonly PolicyWarning[] {
  if (objects === undefined) return []
  const unmatched = patterns.filter((pattern) => {
    const compiled = new ObjectPattern(pattern, engine, caseRule)
    return !compiled.everything && !objects.some((object) => compiled.covers(object))
  })
  return unmatched.map((pattern) => matchesNothing(rule, pattern, engine))
}

function unmatchedColumns(
  rule: RuleHead,
  patterns: readonly NamePattern[],
  columns: readonly ColumnName[] | undefined,
  engine: EngineName,
  caseRule: CaseRule,
): readonly PolicyWarning[] {
  if (columns === undefined) return []
  const unmatched = patterns.filter((pattern) => {
    const compiled = new ColumnPattern(pattern, engine, caseRule)
    return !columns.some((column) => compiled.matches(column))
  })
  return unmatched.map((pattern) => matchesNothing(rule, pattern, engine))
}

function matchesNothing(rule: RuleHead, pattern: NamePattern, engine: EngineName): PolicyWarning {
  const hint = {
    postgres: 'Check the spelling; names with upper-case letters, dots or blanks must stand in double quotes.',
    mysql:
      'Check the spelling: the schema is the database (shop.customers), and names with dots or blanks must stand in double quotes.',
  }[engine]
  return warning(rule, `The pattern ${pattern.source} matches nothing on this target.`, hint)
}

/** Actions that always have an object, in a rule that names no relations, cover nothing. */
function neverApplies(rule: AllowRule): readonly PolicyWarning[] {
  if (rule.actions.length === 0 || rule.relations.length > 0) return []
  const useless = rule.actions.filter((word) => objectFamilies.has(word) || needsObject(word))
  if (useless.length === 0) return []
  return [
    warning(
      rule,
      `${useless.join(', ')} can never be allowed by a rule that names no relations.`,
      'Add `relations:`; "*" stands for every relation.',
    ),
  ]
}

const objectFamilies: ReadonlySet<string> = new Set(['write', 'ddl', 'create', 'alter', 'drop'])

function shadowed(rule: AllowRule, denials: readonly DenyRule[]): readonly PolicyWarning[] {
  if (rule.functions.length + rule.settings.length + rule.files.length + rule.programs.length > 0) return []
  const over = denials.find((deny) => coversAudience(deny, rule) && takesAway(deny, rule))
  if (over === undefined) return []
  return [
    warning(
      rule,
      `All that it is about is denied by ${over.name}.`,
      'Remove one of the two rules, or narrow the deny rule.',
    ),
  ]
}

/** What no allow rule covers is asked for whatever the number of rows. */
function neverSilent(rule: ApproveRule, allow: readonly AllowRule[]): readonly PolicyWarning[] {
  if (rule.estimatedRowsOver === null) return []
  const overlap = (one: readonly string[], other: readonly string[]): boolean =>
    one.some((word) => new ActionSet(other).has(word))
  if (allow.some(({ actions }) => overlap(actions, rule.actions) || overlap(rule.actions, actions))) return []
  return [
    warning(
      rule,
      'It asks whatever the number of rows: no allow rule covers any of its actions.',
      'Add an allow rule for what may run without approval, or remove estimatedRowsOver.',
    ),
  ]
}

function coversAudience(deny: RuleHead, allow: RuleHead): boolean {
  const same = (left: unknown, right: unknown): boolean =>
    left === null || JSON.stringify(left) === JSON.stringify(right)
  return same(deny.who, allow.who) && same(deny.targets, allow.targets)
}

function takesAway(deny: DenyRule, allow: AllowRule): boolean {
  const { actions, relations } = deny
  if (deny.columns !== null || (actions === null && relations === null) || allow.actions.length === 0) return false
  const set = actions === null ? null : new ActionSet(actions)
  if (set !== null && !allow.actions.every((word) => set.has(word))) return false
  if (relations === null) return true
  if (allow.relations.length === 0) return false
  return allow.relations.every(({ source }) =>
    relations.some(
      (pattern) => pattern.source === '*' || pattern.source === source || holdsSchema(pattern.source, source),
    ),
  )
}

/** `public.*` holds `public.orders`. */
function holdsSchema(outer: string, inner: string): boolean {
  return outer.endsWith('.*') && !outer.slice(0, -2).includes('*') && inner.startsWith(outer.slice(0, -1))
}
