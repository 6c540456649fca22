import type {
  Access,
  Action,
  Beneath,
  ColumnName,
  ColumnWrite,
  CopyOut,
  DecidingColumn,
  FunctionTrust,
  FunctionUse,
  OutputColumn,
  RelationName,
  SettingUse,
  StatementFacts,
} from '@gatehouse/core'
import type { Traced } from './sources.ts'
import { Uses } from './uses.ts'
import { type Budget, type Spending, STEP_UNITS } from './work.ts'

/** Thrown when a statement is nested beyond the limit below. */
class NotUnderstood extends Error {}

/** Nesting of anything in anything. The pre-scan stops texts at 500 parentheses; frames stay well within the stack. */
const MAX_DEPTH = 1000

/** What one statement is found to do, while it is read, whatever its language. `C`: its columns. */
export class Findings<C extends { readonly lineage: Traced } = { readonly lineage: Traced }> implements Spending {
  /** The budget that everything done here is charged to. */
  readonly work: Budget
  readonly #own: Uses
  readonly #beneath: Uses
  readonly decides: Map<ColumnName, DecidingColumn['by']> = new Map()
  readonly settings: SettingUse[] = []
  readonly files: string[] = []
  readonly programs: string[] = []
  readonly writes: ColumnWrite[] = []
  dynamicSql = false
  unboundedWrite = false
  changesNames = false
  /** Stronger than `changesNames`: names in a later statement of the same text may mean something else. */
  movesNames = false
  /** Stronger still: the bytes of a later statement of the same text may be another statement (modes, character sets). */
  movesTexts = false
  output: readonly OutputColumn[] | null = null
  copyOut: CopyOut | null = null
  prepared: string | null = null
  cursor: string | null = null
  reason: string | null = null
  /** While a definition is read, names of columns it is about to make are no reason for doubt. */
  defining = false
  #depth = 0

  constructor(work: Budget) {
    this.work = work
    this.#own = new Uses(work)
    this.#beneath = new Uses(work)
  }

  /** Counts one step down; throws NotUnderstood beyond MAX_DEPTH. Every `descend` has its `ascend`. */
  descend(): void {
    if (++this.#depth > MAX_DEPTH) throw new NotUnderstood(`nested more than ${MAX_DEPTH} deep`)
    this.work.spend(STEP_UNITS)
  }

  ascend(): void {
    this.#depth--
  }

  /** Throws OverBudget when the text took too much work. */
  spend(units: number): void {
    this.work.spend(units)
  }

  /** The statement was not understood in full: the first reason given stays. */
  incomplete(reason: string): void {
    this.reason ??= reason
  }

  /** Adds an action. `columns`: null for all or unknown; the returned set takes more columns, null when all are in. */
  access(action: Action, relation: RelationName | null, columns: readonly string[] | null): Set<string> | null {
    return this.#own.access(action, relation, columns)
  }

  /** The statement could not be read: adds an action of which nothing is known. Costs nothing. */
  accessUnknown(): void {
    this.#own.accessUnknown()
  }

  hasAccess(): boolean {
    return this.#own.hasAccess
  }

  useFunction(schema: string | null, name: string, trust: FunctionTrust): void {
    this.#own.useFunction(schema, name, trust)
  }

  /** What a view or function that the statement names does, and what is beneath that. */
  beneath(accesses: readonly Access[], functions: readonly FunctionUse[]): void {
    this.#beneath.add(accesses, functions)
  }

  /** A condition, ordering, grouping or join looks at the value. */
  decide(lineage: Traced): void {
    this.#look(lineage, false)
    this.#doubtCondition(lineage)
  }

  /**
   * What happens tells something of the value without being computed from it: how many rows there are, whether it fails,
   * what else is evaluated. In a definition nobody who reads it has chosen the question.
   */
  tell(lineage: Traced): void {
    if (!this.defining) this.#look(lineage, false)
  }

  /** As `tell`, where nothing but whether values are equal is told. */
  tellEqual(lineage: Traced): void {
    if (!this.defining) this.#look(lineage, true)
  }

  /** As `decide`, where nothing is asked but whether values are equal: GROUP BY, DISTINCT, a join by USING. */
  decideEqual(lineage: Traced): void {
    this.#look(lineage, true)
    this.#doubtCondition(lineage)
  }

  /** The same for every column of rows that are compared. */
  decideAllEqual(columns: readonly C[]): void {
    for (const column of columns) this.decideEqual(column.lineage)
  }

  /** A base column is looked at. */
  lookAt(column: ColumnName, by: DecidingColumn['by']): void {
    if (by === 'value' || !this.decides.has(column)) this.decides.set(column, by)
  }

  #look(lineage: Traced, equality: boolean): void {
    this.work.spend(1 + lineage.sources.length)
    for (const { column, how } of lineage.sources)
      this.lookAt(column, how === 'compared' || (equality && how === 'copied') ? 'equality' : 'value')
  }

  #doubtCondition(lineage: Traced): void {
    // A function is listed by itself and an unknown relation is an access without schema: policy sees both.
    if (lineage.opacity === 'name' && !this.defining)
      this.incomplete(`a condition could not be traced: ${lineage.reason ?? 'unknown'}`)
  }

  accesses(): Access[] {
    return this.#own.accesses()
  }

  functions(): FunctionUse[] {
    return this.#own.functions()
  }

  decidingColumns(): DecidingColumn[] {
    return [...this.decides].map(([column, by]) => ({ column, by }))
  }

  beneathFacts(): Beneath {
    return { accesses: this.#beneath.accesses(), functions: this.#beneath.functions() }
  }

  /** Takes over what does not depend on whether the other statement runs: functions, conditions, dynamic SQL, doubts. */
  absorb(other: Findings | StatementFacts): void {
    const functions = other instanceof Findings ? other.functions() : other.functions
    for (const use of functions) this.useFunction(use.schema, use.name, use.trust)
    const { settings, files, programs } = other
    const decides = other instanceof Findings ? other.decidingColumns() : other.decides
    this.work.spend(decides.length + settings.length + files.length + programs.length)
    for (const { column, by } of decides) this.lookAt(column, by)
    const beneath = other instanceof Findings ? other.beneathFacts() : other.beneath
    this.beneath(beneath.accesses, beneath.functions)
    if (other.dynamicSql) this.dynamicSql = true
    if (other.changesNames) this.changesNames = true
    for (const setting of settings) this.settings.push(setting)
    for (const file of files) this.files.push(file)
    for (const program of programs) this.programs.push(program)
    if (other.reason !== null) this.incomplete(other.reason)
  }

  /** Takes over everything else: what the other statement does when it runs. */
  absorbEffects(other: Findings | StatementFacts): void {
    const accesses = other instanceof Findings ? other.accesses() : other.accesses
    for (const { action, relation, columns } of accesses) this.access(action, relation, columns)
    this.work.spend(other.writes.length)
    for (const write of other.writes) this.writes.push(write)
    if (other.unboundedWrite) this.unboundedWrite = true
  }

  facts(action: Action): StatementFacts {
    return {
      action,
      accesses: this.accesses(),
      functions: this.functions(),
      unboundedWrite: this.unboundedWrite,
      settings: this.settings,
      files: this.files,
      programs: this.programs,
      dynamicSql: this.dynamicSql,
      output: this.output,
      ...(this.copyOut === null ? {} : { copyOut: this.copyOut }),
      decides: this.decidingColumns(),
      writes: this.writes,
      beneath: this.beneathFacts(),
      names: { prepared: this.prepared, cursor: this.cursor },
      changesNames: this.changesNames || this.movesNames,
      complete: this.reason === null,
      reason: this.reason,
    }
  }
}
