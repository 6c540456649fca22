/** What masks ask of a statement: a mask per output column, or a refusal where a value could escape. */
import type { MaskSpec } from '../masking/mask-spec.ts'
import type { ColumnWrite, LineageSource, OutputColumn, StatementFacts } from '../statement/facts.ts'
import type { FunctionRules } from './function-rules.ts'
import { isFreeAction } from './session-statements.ts'
import type { Denial, DenialCode, OutputMask } from './decision.ts'
import { hidesAll, sameSpec, stricter } from './mask-rules.ts'
import type { ColumnMask, Masks } from './mask-rules.ts'
import { refusedRoad } from './mask-roads.ts'
import { columnText } from './object-names.ts'

/** Why masks refuse the statement; null when they do not. Only for statements that are complete. */
export function maskDenial(statement: StatementFacts, masks: Masks, functions: FunctionRules): Denial | null {
  return (
    refusedRoad(statement, masks, functions) ??
    refusedDecision(statement, masks) ??
    (statement.diagnostics === 'harmless' ? null : refusedOutput(statement.output ?? [], masks, functions)) ??
    refusedWrite(statement.writes, masks, functions)
  )
}

/** The mask of each output column; null when none needs one. Only after `maskDenial` had nothing to say. */
export function outputMasks(
  output: readonly OutputColumn[] | null,
  masks: Masks,
): readonly (OutputMask | null)[] | null {
  if (output === null) return null
  const outputs = output.map((column) => outputMask(column, masks))
  return outputs.some((mask) => mask !== null) ? outputs : null
}

function outputMask(column: OutputColumn, masks: Masks): OutputMask | null {
  const columns = new Set<string>()
  const rules = new Set<string>()
  let spec: MaskSpec | null = null
  for (const source of column.sources) {
    const mask = masks.of(source.column)
    if (mask === null || !shows(source, mask)) continue
    columns.add(columnText(source.column))
    rules.add(mask.rule)
    const kept: MaskSpec = source.how === 'copied' ? mask.spec : { kind: 'withhold' }
    spec = spec === null ? kept : bothSpecs(spec, kept)
  }
  if (spec === null) return null
  return { spec, rule: [...rules].sort().join(', '), columns: [...columns].sort() }
}

/** True when what comes out of the column is hidden by its mask: of one that conditions may compare, equality is no secret. */
function shows({ how }: LineageSource, { predicates }: ColumnMask): boolean {
  return how !== 'decides' && (how !== 'compared' || predicates === 'deny')
}

function bothSpecs(left: MaskSpec, right: MaskSpec): MaskSpec {
  if (sameSpec(left, right)) return left
  return left.kind === 'withhold' || right.kind === 'withhold' ? { kind: 'withhold' } : { kind: 'redact' }
}

/**
 * True when what the server says about the statement may show a masked value: errors quote rows and keys, also from
 * triggers, from functions' bodies and from checks put off until COMMIT. Only plain reads of unmasked relations are free.
 */
export function reportsMayShowValues(statement: StatementFacts, masks: Masks): boolean {
  if (!masks.any) return false
  if (statement.functions.some(({ trust }) => trust === 'user' || trust === 'unknown')) return true
  if (!isQuiet(statement.action)) return true
  if (statement.accesses.some((access) => !isQuiet(access.action) || masks.ruleWithin(access) !== null)) return true
  if (statement.beneath.accesses.some((access) => masks.ruleWithin(access) !== null)) return true
  if (statement.decides.some(({ column }) => masks.of(column) !== null) || statement.writes.length > 0) return true
  return (statement.output ?? []).some((column) => column.sources.some((source) => masks.of(source.column) !== null))
}

const quietActions = new Set('select explain set declare_cursor prepare execute listen lock copy_to'.split(' '))

function isQuiet(action: string): boolean {
  return quietActions.has(action) || (isFreeAction(action) && action !== 'commit')
}

function refusedDecision(statement: StatementFacts, masks: Masks): Denial | null {
  const sources = [...(statement.output ?? []), ...statement.writes].flatMap((place) => place.sources)
  const looked = sources.flatMap(({ column, how }) => (how === 'decides' ? [{ column, by: 'value' as const }] : []))
  for (const { column, by } of [...statement.decides, ...looked]) {
    const mask = masks.of(column)
    if (mask === null || mask.predicates === 'allow') continue
    const name = columnText(column)
    if (mask.predicates === 'equality') {
      if (by === 'equality') continue
      return denial(
        'MASKED_COLUMN_DECIDES',
        mask.rule,
        name,
        `the masked column ${name} may only be compared for equality, and is used where more would be told of its value`,
        `With ${name} use only =, <>, IN, IS NULL, GROUP BY, DISTINCT and joins by equality, on the column itself; no ranges, LIKE, ORDER BY, functions or casts.`,
      )
    }
    return denial(
      'MASKED_COLUMN_DECIDES',
      mask.rule,
      name,
      `the masked column ${name} is used in a condition, join, grouping, ordering or DISTINCT, or where an error or the number of rows would tell of its value`,
      `Remove ${name} from WHERE, ON, CASE, GROUP BY, ORDER BY, DISTINCT, casts, arithmetic and set-returning functions: filter, join and order by another column, such as the key. It may be selected, and comes back masked.`,
    )
  }
  return null
}

function refusedOutput(output: readonly OutputColumn[], masks: Masks, functions: FunctionRules): Denial | null {
  const index = output.findIndex((column) => !isTraced(column, functions))
  const column = output[index]
  if (column === undefined) return null
  const object = `output column ${index + 1}${column.name === null ? '' : ` (${column.name})`}`
  return denial(
    'MASK_NOT_POSSIBLE',
    masks.firstRule,
    object,
    `${object} could not be traced to its columns, so masks cannot be applied: ${column.reason ?? 'a function that it comes through is not known'}`,
    'Select plain columns of tables and views by name, without functions or constructs whose result cannot be traced.',
  )
}

/** True when all of it comes from known columns, and through functions that the policy speaks for. */
function isTraced({ complete, through }: OutputColumn | ColumnWrite, functions: FunctionRules): boolean {
  return complete && through.every((fn) => functions.readsOf(fn) !== null)
}

function refusedWrite(writes: readonly ColumnWrite[], masks: Masks, functions: FunctionRules): Denial | null {
  for (const write of writes) {
    const targetMask = write.target === null ? null : masks.of(write.target)
    const target = write.target === null ? 'a place that could not be told' : columnText(write.target)
    if (!isTraced(write, functions)) {
      return copyDenial(masks.firstRule, target, `what is written to ${target} could not be traced to its columns`)
    }
    for (const source of write.sources) {
      const mask = masks.of(source.column)
      if (mask === null || !shows(source, mask)) continue
      if (targetMask !== null && staysMasked(mask, source.how === 'copied', targetMask)) continue
      const name = columnText(source.column)
      return copyDenial(
        mask.rule,
        name,
        `the masked column ${name} would be written to ${target}, which is not masked the same`,
      )
    }
  }
  return null
}

/** The target hides at least what the source hides, from everyone the source is hidden from. */
function staysMasked(source: ColumnMask, copied: boolean, target: ColumnMask): boolean {
  if (!stricter(target.predicates, source.predicates)) return false
  if (!target.audiences.includes('') && !source.audiences.every((one) => target.audiences.includes(one))) return false
  return copied ? sameSpec(source.spec, target.spec) : hidesAll(target.spec)
}

function copyDenial(rule: string, object: string, reason: string): Denial {
  return denial(
    'MASKED_COLUMN_COPIED',
    rule,
    object,
    reason,
    'Write literal values or unmasked columns; masked columns can only be selected.',
  )
}

function denial(code: DenialCode, rule: string, object: string, reason: string, hint: string): Denial {
  return { kind: 'deny', code, rule, object, reason, hint }
}
