import type {
  Access,
  Action,
  ColumnName,
  ColumnWrite,
  FunctionTrust,
  FunctionUse,
  OutputColumn,
  RelationName,
  SettingUse,
  StatementFacts,
} from '@gatehouse/core'
import type { SelectStmt } from 'libpg-query'
import type { Catalog, CatalogFunction, CatalogRelation } from '../catalog.ts'
import type { Column, Lineage } from './lineage.ts'
import type { Item } from './item.ts'
import type { Scope } from './scope.ts'
import type { ParseResult, Tree } from './tree.ts'
import { type Budget, type Spending, STEP_UNITS } from './work.ts'

/** Where the names of a statement are looked up. */
export interface NameEnvironment {
  readonly catalog: Catalog
  /** Effective, in order, with `pg_catalog` and the temporary schema where they apply: `current_schemas(true)`. */
  readonly searchPath: readonly string[]
  /** Parses the stored text of a view. May throw: the view then counts as not expandable. */
  readonly parse: (sql: string) => ParseResult
  /**
   * Facts of the statement behind a name made by SQL PREPARE (as `readNamedStatement` gives them); null when unknown.
   * Absent: none is known.
   */
  readonly prepared?: (name: string) => StatementFacts | null
  /** The same for a cursor made by DECLARE. */
  readonly cursor?: (name: string) => StatementFacts | null
}

/** The mutually recursive parts of the reader. */
export interface Walkers {
  expression(reading: Reading, node: Tree, scope: Scope): Lineage
  select(reading: Reading, statement: SelectStmt, outer: Scope): readonly Column[]
  /** INSERT, UPDATE, DELETE, MERGE or SELECT where a query can stand; null when it returns no rows or is none of these. */
  query(reading: Reading, node: Tree, outer: Scope): readonly Column[] | null
  /** A whole nested statement, with all its facts added to the reading. */
  statement(reading: Reading, node: Tree, outer: Scope): void
}

/** Thrown when a statement is nested beyond the limit below. */
class NotUnderstood extends Error {}

/** Nesting of anything in anything. The pre-scan stops texts at 500 parentheses; frames stay well within the stack. */
const MAX_DEPTH = 1000
interface OpenAccess {
  readonly action: Action
  readonly relation: RelationName | null
  columns: Set<string> | null
}

/** What a function name in a statement can mean. */
export interface FunctionMeaning {
  /** Worst of all that it can mean. */
  readonly trust: FunctionTrust
  readonly candidates: readonly CatalogFunction[]
  /** Why its result can hold more than its arguments; null when it cannot. */
  readonly doubt: string | null
}

/** Which parts of a condition look at a table about to be changed. */
export interface Watch {
  readonly target: Item
  /** Every expression read that named it, with all around it. */
  readonly lookers: Set<Tree>
}

/** What one statement is found to do, while it is read. */
export class Reading implements Spending {
  readonly environment: NameEnvironment
  readonly walk: Walkers
  /** The budget that everything done here is charged to. */
  readonly work: Budget
  readonly #accesses = new Map<string, OpenAccess>()
  readonly #functions = new Map<string, FunctionUse>()
  readonly decides: Set<ColumnName> = new Set()
  readonly settings: SettingUse[] = []
  readonly files: string[] = []
  readonly programs: string[] = []
  readonly writes: ColumnWrite[] = []
  dynamicSql = false
  unboundedWrite = false
  changesNames = false
  /** Stronger than `changesNames`: names in a later statement of the same text may mean something else. */
  movesNames = false
  output: readonly OutputColumn[] | null = null
  prepared: string | null = null
  cursor: string | null = null
  reason: string | null = null
  /** Set once a function is called whose body, in a language of statements, may read tables. */
  runsBody = false
  decidesUntraced: string | null = null
  /** While a definition is read, names of columns it is about to make are no reason for doubt. */
  defining = false
  /** EXPLAIN ANALYZE reports how large sorted, stored and sent rows were: then the size of a computed value is told too. */
  measured = false
  /** Set while a condition is read that decides which rows change. */
  watch: Watch | null = null
  /** What the function names so far mean, by name and number of arguments. */
  readonly meanings: Map<string, FunctionMeaning> = new Map()
  /** The same for their overloads. */
  readonly overloads: Map<string, readonly CatalogFunction[]> = new Map()
  /** Views whose own doings were taken over already. */
  readonly views: Set<CatalogRelation> = new Set()
  #depth = 0

  constructor(environment: NameEnvironment, walk: Walkers, work: Budget) {
    this.environment = environment
    this.walk = walk
    this.work = work
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
    this.work.spend(columns === null ? 2 : 2 + columns.length)
    const key = relation === null ? action : `${action}\0${relation.schema ?? '\0'}\0${relation.name}`
    const known = this.#accesses.get(key)
    if (known === undefined) {
      const entry = { action, relation, columns: columns === null ? null : new Set(columns) }
      this.#accesses.set(key, entry)
      return entry.columns
    }
    if (columns === null) known.columns = null
    else if (known.columns !== null) for (const column of columns) known.columns.add(column)
    return known.columns
  }

  /** The statement could not be read: adds an action of which nothing is known. Costs nothing. */
  accessUnknown(): void {
    this.#accesses.set('unknown', { action: 'unknown', relation: null, columns: null })
  }

  hasAccess(): boolean {
    return this.#accesses.size > 0
  }

  useFunction(schema: string | null, name: string, trust: FunctionTrust): void {
    this.work.spend(2)
    const key = `${schema ?? '\0'}\0${name}`
    const known = this.#functions.get(key)
    if (known === undefined || RANKS[trust] > RANKS[known.trust]) this.#functions.set(key, { schema, name, trust })
  }

  /** A condition, ordering, grouping or join looks at the value. */
  decide(lineage: Lineage): void {
    this.work.spend(1 + lineage.sources.length)
    for (const source of lineage.sources) this.decides.add(source.column)
    this.#decideOpaque(lineage)
    // A function is listed by itself and an unknown relation is an access without schema: policy sees both.
    if (lineage.opacity === 'name' && !this.defining)
      this.incomplete(`a condition could not be traced: ${lineage.reason ?? 'unknown'}`)
  }

  /**
   * What happens tells something of the value without being computed from it: how many rows there are, whether it fails,
   * what else is evaluated. In a definition nobody who reads it has chosen the question.
   */
  tell(lineage: Lineage): void {
    if (this.defining) return
    this.work.spend(1 + lineage.sources.length)
    for (const source of lineage.sources) this.decides.add(source.column)
    this.#decideOpaque(lineage)
  }

  #decideOpaque(lineage: Lineage): void {
    if (lineage.opacity === 'function' && this.runsBody) this.decidesUntraced ??= lineage.reason
  }

  decideAll(columns: readonly Column[]): void {
    for (const column of columns) this.decide(column.lineage)
  }

  accesses(): Access[] {
    return [...this.#accesses.values()].map(({ action, relation, columns }) => ({
      action,
      relation,
      columns: columns === null ? null : [...columns],
    }))
  }

  functions(): FunctionUse[] {
    return [...this.#functions.values()]
  }

  /** Takes over what does not depend on whether the other statement runs: functions, conditions, dynamic SQL, doubts. */
  absorb(other: Reading | StatementFacts): void {
    const functions = other instanceof Reading ? other.functions() : other.functions
    for (const use of functions) this.useFunction(use.schema, use.name, use.trust)
    const { settings, files, programs } = other
    const decides = other instanceof Reading ? other.decides.size : other.decides.length
    this.work.spend(decides + settings.length + files.length + programs.length)
    for (const column of other.decides) this.decides.add(column)
    if (other.dynamicSql) this.dynamicSql = true
    this.decidesUntraced ??= other.decidesUntraced ?? null
    if (other.changesNames) this.changesNames = true
    for (const setting of settings) this.settings.push(setting)
    for (const file of files) this.files.push(file)
    for (const program of programs) this.programs.push(program)
    if (other.reason !== null) this.incomplete(other.reason)
  }

  /** Takes over everything else: what the other statement does when it runs. */
  absorbEffects(other: Reading | StatementFacts): void {
    const accesses = other instanceof Reading ? other.accesses() : other.accesses
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
      decides: [...this.decides],
      decidesUntraced: this.decidesUntraced,
      writes: this.writes,
      names: { prepared: this.prepared, cursor: this.cursor },
      changesNames: this.changesNames || this.movesNames,
      complete: this.reason === null,
      reason: this.reason,
    }
  }
}

const RANKS: Readonly<Record<FunctionTrust, number>> = { harmless: 0, sensitive: 1, user: 2, unknown: 3 }
