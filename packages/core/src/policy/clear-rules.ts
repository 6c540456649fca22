/** Approve rules that let masked columns be asked for in clear. */
import type { ColumnName, OutputColumn, StatementFacts } from '../statement/facts.ts'
import type { AskingRule } from './approval-need.ts'
import type { Denial } from './decision.ts'
import type { Masks } from './mask-rules.ts'
import type { EngineName } from './name-pattern.ts'
import { columnKey, columnText } from './object-names.ts'
import { ColumnPattern } from './object-pattern.ts'
import type { ApproveRule } from './policy-document.ts'

interface ClearRule {
  readonly patterns: readonly ColumnPattern[]
  readonly asking: AskingRule
}

/** What a statement asks for in clear. */
export interface ClearWish {
  readonly kind: 'wish'
  /** The masked columns that it shows or looks at and that may be asked for, by `columnKey`. */
  readonly columns: ReadonlyMap<string, ColumnName>
  readonly asking: readonly AskingRule[]
}

/** The rules with `unmask` that hold for a principal on a target. */
export class ClearRules {
  readonly #rules: readonly ClearRule[]

  constructor(rules: readonly ApproveRule[], engine: EngineName) {
    const caseRule = engine === 'mysql' ? 'ignored' : 'exact'
    this.#rules = rules.map(({ name, unmask, terms }) => ({
      patterns: unmask.map((pattern) => new ColumnPattern(pattern, engine, caseRule)),
      asking: { rule: name, estimatedRowsOver: null, asksReads: true, ...terms },
    }))
  }

  /** What the statement asks for; a denial where that cannot be asked; null: it meets no masked column. */
  wishOf(statement: StatementFacts, masks: Masks): ClearWish | Denial | null {
    const met = maskedColumns(statement, masks)
    const [first] = met.values()
    if (first === undefined) return null
    if (!onlyReads(statement)) return denial(first, 'only a SELECT that does nothing but read can ask for it')
    const columns = new Map<string, ColumnName>()
    const asking: AskingRule[] = []
    for (const [key, column] of met) {
      const rules = this.#rules.filter(({ patterns }) => patterns.some((pattern) => pattern.matches(column)))
      if (rules.length > 0) columns.set(key, column)
      asking.push(...rules.map((rule) => rule.asking))
    }
    return columns.size === 0 ? denial(first, 'no rule lets you ask for it') : { kind: 'wish', columns, asking }
  }
}

/** Per output column: true where it is made of these columns and no others. */
export function clearOutputs(
  output: readonly OutputColumn[] | null,
  columns: ReadonlyMap<string, ColumnName>,
): readonly boolean[] {
  return (output ?? []).map(({ sources, complete, through }) => {
    const shown = sources.filter(({ how }) => how === 'copied' || how === 'derived')
    return (
      complete &&
      through.length === 0 &&
      shown.length > 0 &&
      shown.every(({ column }) => columns.has(columnKey(column)))
    )
  })
}

function maskedColumns({ output, decides }: StatementFacts, masks: Masks): ReadonlyMap<string, ColumnName> {
  const sources = [...(output ?? []).flatMap((column) => column.sources), ...decides]
  const met = sources.flatMap(({ column }) => (masks.of(column) === null ? [] : [column]))
  return new Map(met.map((column) => [columnKey(column), column]))
}

function onlyReads({
  action,
  complete,
  dynamicSql,
  writes,
  accesses,
  beneath,
  files,
  programs,
}: StatementFacts): boolean {
  return (
    action === 'select' &&
    complete &&
    !dynamicSql &&
    writes.length + files.length + programs.length === 0 &&
    [...accesses, ...beneath.accesses].every((access) => access.action === 'select')
  )
}

function denial(column: ColumnName, why: string): Denial {
  const object = columnText(column)
  return {
    kind: 'deny',
    code: 'NOT_ALLOWED',
    rule: 'default',
    object,
    reason: `the masked column ${object} was asked for in clear, and ${why}`,
    hint: 'Leave the comment that asks for it out: then it comes back masked.',
  }
}
