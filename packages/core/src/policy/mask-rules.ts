import type { MaskSpec } from '../masking/mask-spec.ts'
import type { Access, ColumnName } from '../statement/facts.ts'
import { isOnSchema } from './action-words.ts'
import type { EngineName } from './name-pattern.ts'
import { columnKey } from './object-names.ts'
import { ColumnPattern } from './object-pattern.ts'
import type { MaskPredicates, MaskRule } from './policy-document.ts'

/** What holds for one masked column, all mask rules that name it taken together. */
export interface ColumnMask {
  /** The rules' names, joined with commas. */
  readonly rule: string
  readonly spec: MaskSpec
  readonly predicates: MaskPredicates
  /** Whom the rules are for, one text per rule; `everyone` is the empty text. */
  readonly audiences: readonly string[]
}

const NONE: ReadonlyMap<string, ColumnName> = new Map()

interface CompiledMask {
  readonly rule: MaskRule
  readonly patterns: readonly ColumnPattern[]
  readonly audience: string
}

/** The masks that hold for a principal on a target. */
export class Masks {
  readonly any: boolean
  /** Name of the first mask; empty when there is none. */
  readonly firstRule: string
  readonly #masks: readonly CompiledMask[]
  readonly #rules: readonly MaskRule[]
  readonly #engine: EngineName
  readonly #lifted: ReadonlyMap<string, ColumnName>

  /** `lifted`: columns, by `columnKey`, that have no mask all the same. */
  constructor(rules: readonly MaskRule[], engine: EngineName, lifted: ReadonlyMap<string, ColumnName> = NONE) {
    this.#rules = rules
    this.#engine = engine
    this.#lifted = lifted
    const caseRule = engine === 'mysql' ? 'ignored' : 'exact'
    this.any = rules.length > 0
    this.firstRule = rules[0]?.name ?? ''
    this.#masks = rules.map((rule) => ({
      rule,
      patterns: rule.columns.map((pattern) => new ColumnPattern(pattern, engine, caseRule)),
      audience: rule.who === null && rule.targets === null ? '' : JSON.stringify([rule.who, rule.targets]),
    }))
  }

  /** The mask of a column; null when it has none. Rules that differ add up to `redact`, and to the stricter `predicates`. */
  of(column: ColumnName): ColumnMask | null {
    if (this.#lifted.size > 0 && this.#lifted.has(columnKey(column))) return null
    let found: ColumnMask | null = null
    for (const { rule, patterns, audience } of this.#masks) {
      if (!patterns.some((pattern) => pattern.matches(column))) continue
      if (found === null) {
        found = { rule: rule.name, spec: rule.spec, predicates: rule.predicates, audiences: [audience] }
        continue
      }
      found = {
        rule: `${found.rule}, ${rule.name}`,
        spec: sameSpec(found.spec, rule.spec) ? found.spec : { kind: 'redact' },
        predicates: stricter(found.predicates, rule.predicates) ? found.predicates : rule.predicates,
        audiences: [...found.audiences, audience],
      }
    }
    return found
  }

  /** The same without the masks of these columns (by `columnKey`). Relations count as having masked columns all the same. */
  lifting(columns: ReadonlyMap<string, ColumnName>): Masks {
    return new Masks(this.#rules, this.#engine, columns)
  }

  /** The first rule that masks, or may mask, a column of the access's relation; null when none can. */
  ruleWithin(access: Access): string | null {
    const relation = access.relation
    if (relation === null) return null
    const mask = this.#masks.find(({ patterns }) =>
      patterns.some(
        (pattern) => pattern.mayBeIn(relation) || (isOnSchema(access.action) && pattern.mayBeInSchema(relation.name)),
      ),
    )
    return mask?.rule.name ?? null
  }

  /** As `ruleWithin`, but where the access names its columns, one of those must be masked; no columns are none. */
  ruleOver(access: Access): string | null {
    const { relation, columns } = access
    if (relation === null || columns === null) return this.ruleWithin(access)
    const mask = this.#masks.find(({ patterns }) =>
      patterns.some((pattern) => pattern.mayBeIn(relation) && columns.some((column) => pattern.matchesColumn(column))),
    )
    return mask?.rule.name ?? null
  }
}

/** From the strictest on. */
const STRICTNESS: readonly MaskPredicates[] = ['deny', 'equality', 'allow']

/** True when the first permits no more conditions than the second. */
export function stricter(first: MaskPredicates, second: MaskPredicates): boolean {
  return STRICTNESS.indexOf(first) <= STRICTNESS.indexOf(second)
}

/** True when both masks make the same of every value. */
export function sameSpec(left: MaskSpec, right: MaskSpec): boolean {
  switch (left.kind) {
    case 'partial':
      return right.kind === 'partial' && left.keepFirst === right.keepFirst && left.keepLast === right.keepLast
    case 'truncate':
      return right.kind === 'truncate' && left.to === right.to
    case 'constant':
      return right.kind === 'constant' && left.value === right.value
    case 'redact':
    case 'withhold':
    case 'null':
    case 'email':
      return left.kind === right.kind
    case 'hash':
      return right.kind === 'hash' && left.key === right.key
    case 'pseudonym':
      return right.kind === 'pseudonym' && left.domain === right.domain && left.key === right.key
    default:
      return false
  }
}

/** True when nothing of the value is left: then it does not matter what it was made from. */
export function hidesAll(spec: MaskSpec): boolean {
  return spec.kind === 'redact' || spec.kind === 'withhold' || spec.kind === 'null' || spec.kind === 'constant'
}
