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
import type { Catalog } from '../catalog.ts'
import type { Column, Lineage } from './lineage.ts'
import type { Scope } from './scope.ts'
import type { ParseResult, Tree } from './tree.ts'

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

/** Thrown when a statement is nested or entangled beyond the limits below, or holds what is not understood. */
export class NotUnderstood extends Error {}

/** Nesting of anything in anything. The pre-scan stops texts at 500 parentheses; frames stay well within the stack. */
const MAX_DEPTH = 1000
/** Units of work on one statement (a node read, a source merged); a 100 KB statement takes about 50,000; a unit costs half a microsecond. */
const MAX_WORK = 400_000

interface OpenAccess {
  readonly action: Action
  readonly relation: RelationName | null
  columns: Set<string> | null
}

/** What one statement is found to do, while it is read. */
export class Reading {
  readonly environment: NameEnvironment
  readonly walk: Walkers
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
  /** While a definition is read, names of columns it is about to make are no reason for doubt. */
  defining = false
  #depth = 0
  #work = 0

  constructor(environment: NameEnvironment, walk: Walkers) {
    this.environment = environment
    this.walk = walk
  }

  /** Counts one step down; throws NotUnderstood beyond MAX_DEPTH. Every `descend` has its `ascend`. */
  descend(): void {
    if (++this.#depth > MAX_DEPTH) throw new NotUnderstood(`nested more than ${MAX_DEPTH} deep`)
    this.spend(1)
  }

  ascend(): void {
    this.#depth--
  }

  /** Counts work; throws NotUnderstood beyond MAX_WORK. */
  spend(units: number): void {
    this.#work += units
    if (this.#work > MAX_WORK) throw new NotUnderstood('too entangled to be read within limits')
  }

  /** The statement was not understood in full: the first reason given stays. */
  incomplete(reason: string): void {
    this.reason ??= reason
  }

  /** Adds an action. `columns`: null for all or unknown; the returned set takes more columns, null when all are in. */
  access(action: Action, relation: RelationName | null, columns: readonly string[] | null): Set<string> | null {
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

  hasAccess(): boolean {
    return this.#accesses.size > 0
  }

  useFunction(schema: string | null, name: string, trust: FunctionTrust): void {
    const key = `${schema ?? '\0'}\0${name}`
    const known = this.#functions.get(key)
    if (known === undefined || RANKS[trust] > RANKS[known.trust]) this.#functions.set(key, { schema, name, trust })
  }

  /** A condition, ordering, grouping or join looks at the value. */
  decide(lineage: Lineage): void {
    for (const source of lineage.sources) this.decides.add(source.column)
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
    for (const source of lineage.sources) this.decides.add(source.column)
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
    for (const column of other.decides) this.decides.add(column)
    if (other.dynamicSql) this.dynamicSql = true
    if (other.changesNames) this.changesNames = true
    this.settings.push(...other.settings)
    this.files.push(...other.files)
    this.programs.push(...other.programs)
    if (other.reason !== null) this.incomplete(other.reason)
  }

  /** Takes over everything else: what the other statement does when it runs. */
  absorbEffects(other: Reading | StatementFacts): void {
    const accesses = other instanceof Reading ? other.accesses() : other.accesses
    for (const { action, relation, columns } of accesses) this.access(action, relation, columns)
    this.writes.push(...other.writes)
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
      writes: this.writes,
      names: { prepared: this.prepared, cursor: this.cursor },
      changesNames: this.changesNames || this.movesNames,
      complete: this.reason === null,
      reason: this.reason,
    }
  }
}

const RANKS: Readonly<Record<FunctionTrust, number>> = { harmless: 0, sensitive: 1, user: 2, unknown: 3 }
