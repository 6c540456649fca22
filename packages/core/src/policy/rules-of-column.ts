import type { ColumnName } from '../statement/facts.ts'
import type { EngineName } from './name-pattern.ts'
import { Glob } from './name-pattern.ts'
import type { NamePattern } from './name-pattern.ts'
import { ColumnPattern } from './object-pattern.ts'
import type { Policy } from './policy.ts'
import type { ClassifyRule, MaskRule, RuleHead } from './policy-document.ts'

/** The mask rules of a policy that name a column on a target, whomever they are for, in the order of the text. */
export function masksOfColumn(
  policy: Policy,
  target: string,
  engine: EngineName,
  column: ColumnName,
): readonly MaskRule[] {
  return policy.document.masks.filter((rule) => isFor(rule, target) && names(rule.columns, engine, column))
}

/** The classify rules of a policy that look into a column on a target, whomever they are for, in the order of the text. */
export function classifiersOfColumn(
  policy: Policy,
  target: string,
  engine: EngineName,
  column: ColumnName,
): readonly ClassifyRule[] {
  return policy.document.classify.filter((rule) => isFor(rule, target) && !names(rule.except, engine, column))
}

function isFor({ targets }: RuleHead, target: string): boolean {
  return targets === null || targets.some((pattern) => new Glob(pattern).matches(target))
}

function names(patterns: readonly NamePattern[], engine: EngineName, column: ColumnName): boolean {
  const caseRule = engine === 'mysql' ? 'ignored' : 'exact'
  return patterns.some((pattern) => new ColumnPattern(pattern, engine, caseRule).matches(column))
}
