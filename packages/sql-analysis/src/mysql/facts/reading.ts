import type { TemporaryTable } from '@gatehouse/core'
import { Findings } from '../../facts/findings.ts'
import type { Budget } from '../../facts/work.ts'
import type { CatalogRoutine, CatalogTable } from '../catalog.ts'
import { foldName, foldTableName } from '../name-case.ts'
import type { MysqlNames } from '../names.ts'
import type { Expression, Query, QueryBody } from '../query-tree.ts'
import type { ProgramStatement, Statement } from '../statement-tree.ts'
import type { Item } from './item.ts'
import type { Column, Lineage } from './lineage.ts'
import type { Scope } from './scope.ts'

/** The mutually recursive parts of the reader. */
export interface Walkers {
  expression(reading: Reading, node: Expression, scope: Scope): Lineage
  /** Any query: its columns. `outer`: what correlated names may mean. */
  query(reading: Reading, node: Query | QueryBody, outer: Scope): readonly Column[]
  /** A whole nested statement, with all its facts added to the reading, its output too. */
  statement(reading: Reading, node: Statement | ProgramStatement, outer: Scope): void
  /** The call of a stored function whose body is read in its place; null: it could not be read. */
  storedFunction(reading: Reading, routine: CatalogRoutine, parts: readonly Lineage[]): Lineage | null
}

/** Which parts of a condition look at a table about to be changed. */
export interface Watch {
  readonly targets: readonly Item[]
  /** Every expression read that named one, with all around it. */
  readonly lookers: Set<Expression>
}

/** What one statement is found to do, while it is read. */
export class Reading extends Findings<Column> {
  readonly names: MysqlNames
  readonly walk: Walkers
  /** EXPLAIN ANALYZE tells how many rows and how much memory each step took. */
  measured = false
  /** An optimizer hint says by which index rows of some table are found. */
  steersIndexes = false
  /** Set while a condition is read that decides which rows change. */
  watch: Watch | null = null
  /** Values about to be inserted, by column as it compares: what VALUES(column) means in ON DUPLICATE KEY UPDATE. */
  inserted: ReadonlyMap<string, Lineage> | null = null
  /** INTO took the rows: none come out. */
  returnsNothing = false
  /** While a stored program is read: gives a variable of it, by its name, another value it can have; null elsewhere. */
  assign: ((name: string, value: Lineage) => void) | null = null
  /** Messages, or their number, that earlier statements left are shown in it. */
  diagnostics = false
  /** A value goes into a user variable or the like. */
  keepsValues = false
  /** Temporary tables made or dropped. */
  readonly temporary: TemporaryTable[] = []
  /** While a trigger's body is read: OLD and NEW are its rows, in any case. */
  trigger = false
  /** Views whose own doings were taken over already. */
  readonly views: Set<CatalogTable> = new Set()
  /** While a body or view is read: the schema of its own that unqualified names are in; null: names of the statement are read. */
  readonly storedIn: string | null

  constructor(names: MysqlNames, walk: Walkers, work: Budget, storedIn: string | null = null) {
    super(work)
    this.names = names
    this.walk = walk
    this.storedIn = storedIn
  }

  /** The schema that unqualified names are in; null: none. */
  get schema(): string | null {
    return this.storedIn ?? this.names.schema
  }

  /** A name of a WITH query, as it compares: in MariaDB whatever its case. */
  commonTableKey(name: string): string {
    return this.names.dialect.flavour === 'mariadb' ? foldName(name) : this.tableKey(name)
  }

  /** A name of a schema, table or alias of one, as it compares. */
  tableKey(name: string): string {
    return foldTableName(name, this.names.catalog.lowerCaseTableNames)
  }
}
