import type { ColumnName } from '../statement/facts.ts'
import type { EngineName } from './name-pattern.ts'
import { Glob } from './name-pattern.ts'
import { ColumnPattern } from './object-pattern.ts'
import type { Policy } from './policy.ts'
import type { MaskRule } from './policy-document.ts'

/** The mask rules of a policy that name a column on a target, whomever they are for, in the order of the text. */
export function masksOfColumn(
  policy: Policy,
  target: string,
  engine: EngineName,
  column: ColumnName,
): readonly MaskRule[] {
  const caseRule = engine === 'mysql' ? 'ignored' : 'exact'
  return policy.document.masks.filter(
    ({ targets, columns }) =>
      (targets === null || targets.some((pattern) => new Glob(pattern).matches(target))) &&
      columns.some((pattern) => new ColumnPattern(pattern, engine, caseRule).matches(column)),
  )
}
