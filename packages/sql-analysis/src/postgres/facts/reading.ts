import type { FunctionTrust, StatementFacts } from '@gatehouse/core'
import type { SelectStmt } from 'libpg-query'
import type { Catalog, CatalogFunction, CatalogRelation } from '../catalog.ts'
import type { Column, Doubt, Lineage } from './lineage.ts'
import type { Item } from './item.ts'
import type { Scope } from './scope.ts'
import type { ParseResult, Tree } from './tree.ts'
import { Findings } from '../../facts/findings.ts'
import type { Budget, Work } from '../../facts/work.ts'

/** Where the names of a statement are looked up. */
export interface NameEnvironment {
  readonly catalog: Catalog
  /** Effective, in order, with `pg_catalog` and the temporary schema where they apply: `current_schemas(true)`. */
  readonly searchPath: readonly string[]
  /** Parses the stored text of a view. May throw: the view then counts as not expandable. */
  readonly parse: (sql: string) => ParseResult
  /** Compiles the text of a CREATE FUNCTION in PL/pgSQL, to the tree that libpg_query prints. May throw. Absent: none is followed. */
  readonly parsePlpgsql?: (sql: string) => unknown
  /**
   * Facts of the statement behind a name made by SQL PREPARE (as `readNamedStatement` gives them); null when unknown.
   * Absent: none is known. `work`: what reading it is charged to; may throw as that does.
   */
  readonly prepared?: (name: string, work: Work) => StatementFacts | null
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

/** What a function name in a statement can mean. */
export interface FunctionMeaning {
  /** Worst of all that it can mean. */
  readonly trust: FunctionTrust
  readonly candidates: readonly CatalogFunction[]
  /** Why its result can hold more than its arguments; null when it cannot. */
  readonly doubt: Doubt | null
  /** Those of the candidates that are written in SQL: their bodies are read in the call's place. */
  readonly bodies: readonly CatalogFunction[]
}

/** Which parts of a condition look at a table about to be changed. */
export interface Watch {
  readonly target: Item
  /** Every expression read that named it, with all around it. */
  readonly lookers: Set<Tree>
}

/** What one statement is found to do, while it is read. */
export class Reading extends Findings<Column> {
  readonly environment: NameEnvironment
  readonly walk: Walkers
  /** Values of `$1`, `$2` and so on while the body of a function is read; null elsewhere. */
  parameters: readonly Lineage[] | null = null
  /** True while a stored text is read, whose names are all qualified: what it calls may look names up in another path. */
  stored = false
  /** Values that are the same in `old` and `new` of a trigger; null elsewhere. To compare them tells nothing. */
  unchanged: ReadonlySet<Lineage> | null = null
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
  /** While a select list over `pg_settings` is read: the one setting whose row it is computed for. */
  rowSetting: string | null = null

  constructor(environment: NameEnvironment, walk: Walkers, work: Budget) {
    super(work)
    this.environment = environment
    this.walk = walk
  }
}
