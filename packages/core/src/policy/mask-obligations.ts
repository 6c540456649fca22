/** What masks ask of a statement: a mask per output column, or a refusal where a value could escape. */
import type { MaskSpec } from '../masking/mask-spec.ts'
import type { ColumnWrite, OutputColumn, StatementFacts } from '../statement/facts.ts'
import { isFreeAction } from './session-statements.ts'
import type { Denial, DenialCode, OutputMask } from './decision.ts'
import { hidesAll, sameSpec } from './mask-rules.ts'
import type { ColumnMask, Masks } from './mask-rules.ts'
import { refusedRoad } from './mask-roads.ts'
import { columnText } from './object-names.ts'

/** Why masks refuse the statement; null when they do not. Only for statements that are complete. */
export function maskDenial(statement: StatementFacts, masks: Masks): Denial | null {
  return (
    refusedRoad(statement, masks) ??
    refusedDecision(statement, masks) ??
    refusedOutput(statement.output ?? [], masks) ??
    refusedWrite(statement.writes, masks)
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
    if (mask === null || source.how === 'decides') continue
    columns.add(columnText(source.column))
    rules.add(mask.rule)
    const kept: MaskSpec = source.how === 'copied' ? mask.spec : { kind: 'withhold' }
    spec = spec === null ? kept : bothSpecs(spec, kept)
  }
  if (spec === null) return null
  return { spec, rule: [...rules].sort().join(', '), columns: [...columns].sort() }
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
  if (statement.decides.some((column) => masks.of(column) !== null) || statement.writes.length > 0) return true
  return (statement.output ?? []).some((column) => column.sources.some((source) => masks.of(source.column) !== null))
}

const quietActions = new Set('select explain set declare_cursor prepare listen lock copy_to'.split(' '))

function isQuiet(action: string): boolean {
  return quietActions.has(action) || (isFreeAction(action) && action !== 'commit')
}

function refusedDecision(statement: StatementFacts, masks: Masks): Denial | null {
  const untraced = statement.decidesUntraced ?? null
  if (untraced !== null) {
    return denial(
      'MASK_NOT_POSSIBLE',
      masks.firstRule,
      'condition',
      `a condition, or what an error or the number of rows would tell of, could not be traced to its columns: ${untraced}`,
      'Write conditions with plain columns and built-in functions.',
    )
  }
  const sources = [...(statement.output ?? []), ...statement.writes].flatMap((place) => place.sources)
  const looked = sources.filter(({ how }) => how === 'decides').map(({ column }) => column)
  for (const column of [...statement.decides, ...looked]) {
    const mask = masks.of(column)
    if (mask === null || mask.predicates === 'allow') continue
    const name = columnText(column)
    return denial(
      'MASKED_COLUMN_DECIDES',
      mask.rule,
      name,
      `the masked column ${name} is used in a condition, join, grouping, ordering or DISTINCT, or where an error or the number of rows would tell of its value`,
      `Remove ${name} from WHERE, ON, CASE, GROUP BY, ORDER BY, DISTINCT, casts, arithmetic and set-returning functions, and out of writes that a constraint would check against stored rows; it may be selected, and comes back masked.`,
    )
  }
  return null
}

function refusedOutput(output: readonly OutputColumn[], masks: Masks): Denial | null {
  const index = output.findIndex((column) => !column.complete)
  const column = output[index]
  if (column === undefined) return null
  const object = `output column ${index + 1}${column.name === null ? '' : ` (${column.name})`}`
  return denial(
    'MASK_NOT_POSSIBLE',
    masks.firstRule,
    object,
    `${object} could not be traced to its columns, so masks cannot be applied: ${column.reason ?? 'its source is not known'}`,
    'Select plain columns of tables and views by name, without functions or constructs whose result cannot be traced.',
  )
}

function refusedWrite(writes: readonly ColumnWrite[], masks: Masks): Denial | null {
  for (const write of writes) {
    const targetMask = write.target === null ? null : masks.of(write.target)
    const target = write.target === null ? 'a place that could not be told' : columnText(write.target)
    if (!write.complete) {
      return copyDenial(masks.firstRule, target, `what is written to ${target} could not be traced to its columns`)
    }
    for (const source of write.sources) {
      const mask = masks.of(source.column)
      if (mask === null || source.how === 'decides') continue
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
  if (source.predicates === 'deny' && target.predicates === 'allow') return false
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
