import type { CellMask } from '../masking/cell-mask.ts'
import type { CellOutput } from '../masking/cell-output.ts'
import type { MysqlColumnType } from '../masking/mysql/column-type.ts'
import type { CellFormat } from '../masking/value-type.ts'
import type { EngineName } from './name-pattern.ts'
import { ColumnPattern } from './object-pattern.ts'
import type { ClassifyRule } from './policy-document.ts'
import type { OutputColumn } from '../statement/facts.ts'
import {
  type ClassifiedType,
  compileClassifyMask,
  type Redactors,
  type TypeByOid,
} from '../classification/compile-classify-mask.ts'
import { compileMysqlClassifyMask } from '../classification/compile-mysql-classify-mask.ts'
import type { Detector } from '../classification/detector.ts'
import { Finds, type Replacement, TextRedactor } from '../classification/text-redactor.ts'

interface CompiledRule {
  readonly rule: ClassifyRule
  readonly except: readonly ColumnPattern[]
}

/** The classify rules that hold for one principal on one target. */
export class Classifier {
  /** Their names, sorted. */
  readonly rules: readonly string[]
  /** What was found since they were last emptied. */
  readonly finds: Finds = new Finds()
  readonly #rules: readonly CompiledRule[]
  readonly #reports: TextRedactor
  /** By the rules that hold for a column: all of them, or those that do not except it. */
  readonly #redactors = new Map<string, Redactors>()

  /** `rules`: at least one. */
  constructor(rules: readonly ClassifyRule[], engine: EngineName) {
    const caseRule = engine === 'mysql' ? 'ignored' : 'exact'
    this.#rules = rules.map((rule) => ({
      rule,
      except: rule.except.map((pattern) => new ColumnPattern(pattern, engine, caseRule)),
    }))
    this.rules = rules.map(({ name }) => name).sort()
    this.#reports = new TextRedactor(replacements(rules), this.finds)
  }

  /**
   * The mask for an output column, or null where its type holds no text, or every rule excepts all that it comes from.
   * `output` undefined: nothing is known of the column, so nothing excepts it.
   */
  maskFor(
    output: OutputColumn | undefined,
    type: ClassifiedType,
    format: CellFormat,
    typeByOid: TypeByOid,
  ): CellMask | null {
    const rules = this.#rulesFor(output)
    if (rules.length === 0) return null
    return compileClassifyMask(type, format, this.#redactorsOf(rules), typeByOid)
  }

  /** As `maskFor`, of a column of MySQL or MariaDB, whose cells of text are the same bytes in both formats of rows. */
  mysqlMaskFor(output: OutputColumn | undefined, type: MysqlColumnType): CellMask | null {
    const rules = this.#rulesFor(output)
    return rules.length === 0 ? null : compileMysqlClassifyMask(type, this.#redactorsOf(rules))
  }

  #rulesFor(output: OutputColumn | undefined): readonly ClassifyRule[] {
    return this.#rules.filter(({ except }) => !excepts(except, output)).map(({ rule }) => rule)
  }

  #redactorsOf(rules: readonly ClassifyRule[]): Redactors {
    const key = JSON.stringify(rules.map(({ name }) => name))
    let redactors = this.#redactors.get(key)
    if (redactors === undefined) {
      const wanted = replacements(rules)
      redactors = { outer: new TextRedactor(wanted, this.finds), inner: new TextRedactor(wanted, this.finds) }
      this.#redactors.set(key, redactors)
    }
    return redactors
  }

  /** True when every rule excepts all that each of the columns comes from. */
  exceptsAll(outputs: readonly OutputColumn[]): boolean {
    return outputs.every((output) => this.#rules.every(({ except }) => excepts(except, output)))
  }

  /** True when nothing is found in a text of the server's own. */
  keepsReport(source: Buffer, start: number, end: number): boolean {
    return this.#reports.keeps(source, start, end)
  }

  /** Appends a text of the server's own with what is found in it replaced. */
  appendReport(source: Buffer, start: number, end: number, out: CellOutput): void {
    this.#reports.label(source, start, end, out)
  }

  /** Adds what was found since the last call, by the index of its detector in `DETECTORS`, and forgets it. */
  moveFinds(into: FindCounts): void {
    const { finds } = this
    if (!finds.any) return
    into.found(finds.counts)
    this.forgetFinds()
  }

  /** What was found since the last call belongs to no statement. */
  forgetFinds(): void {
    this.finds.counts.fill(0)
    this.finds.any = false
  }
}

/** What counts finds for a statement. */
export interface FindCounts {
  /** More was found: how much, by the index of its detector in `DETECTORS`. */
  found(counts: Uint32Array): void
}

/** Every detector of the rules, with what it puts in place; where rules differ, nothing of the value stays. */
function replacements(rules: readonly ClassifyRule[]): ReadonlyMap<Detector, Replacement> {
  const wanted = new Map<Detector, Replacement>()
  for (const { detect, replacement } of rules) {
    for (const detector of detect) {
      const earlier = wanted.get(detector)
      wanted.set(detector, earlier === undefined || same(earlier, replacement) ? replacement : { kind: 'redact' })
    }
  }
  return wanted
}

function same(left: Replacement, right: Replacement): boolean {
  if (left.kind === 'redact' || right.kind === 'redact') return left.kind === right.kind
  return left.keepFirst === right.keepFirst && left.keepLast === right.keepLast
}

/** An excepted column must be copied from excepted columns alone, and from at least one: a function may add to what it is given. */
function excepts(patterns: readonly ColumnPattern[], output: OutputColumn | undefined): boolean {
  if (patterns.length === 0 || output === undefined || !output.complete) return false
  const sources = output.sources.filter(({ how }) => how !== 'decides')
  return (
    sources.length > 0 &&
    sources.every(({ column, how }) => how === 'copied' && patterns.some((pattern) => pattern.matches(column)))
  )
}
