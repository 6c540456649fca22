import type { ColumnName } from '@gatehouse/core'
import type { Dialect } from './dialect.ts'
import { foldName, foldTableName, type TableNameCase } from './name-case.ts'
import type { Expression, QualifiedName, Query } from './query-tree.ts'
import type { ProgramStatement, Statement } from './statement-tree.ts'

/** A text that the server keeps, as a tree; or why there is none, in words: it may not be seen, or could not be parsed. */
export type Stored<T> =
  | { readonly kind: 'tree'; readonly tree: T }
  | { readonly kind: 'unread'; readonly reason: string }

/** One column, as `information_schema.columns` has it, in order. Invisible ones are listed too. */
export interface CatalogColumn {
  readonly name: string
  /** `DATA_TYPE`, lower case: `varchar`, `int`, `json` …; in MariaDB `json` too where a CHECK of the column is `json_valid(…)`, as its JSON has. */
  readonly type: string
  /** What a generated column is computed from; null: it is none. Names in it are columns of the same table. */
  readonly generated: Stored<Expression> | null
  /** No star gives it (MySQL manual, "Invisible Columns"; MariaDB documentation, "Invisible Columns"). Absent: visible. */
  readonly invisible?: boolean
}

/** What stands behind a view. Unqualified tables in it are of the view's own schema. */
export interface CatalogView {
  readonly query: Stored<Query>
  readonly security: 'definer' | 'invoker'
  /** `user@host`. */
  readonly definer: string
}

/** A trigger. Unqualified names in its body are of the table's schema. */
export interface CatalogTrigger {
  readonly name: string
  readonly time: 'before' | 'after'
  readonly event: 'insert' | 'update' | 'delete'
  readonly body: Stored<ProgramStatement | Statement>
}

/** A foreign key, told at the table that has it. Columns stand in pairs. */
export interface CatalogForeignKey {
  readonly columns: readonly string[]
  readonly references: QualifiedName
  readonly referencedColumns: readonly string[]
  /** What a change of the referenced row does to rows of this table: `restrict` is NO ACTION too. */
  readonly onDelete: 'restrict' | 'cascade' | 'set_null' | 'set_default'
  readonly onUpdate: 'restrict' | 'cascade' | 'set_null' | 'set_default'
}

/** What is told of a table, view or sequence before it is part of a snapshot. */
export interface TableDescription {
  readonly schema: string
  readonly name: string
  /** `system_view`: tables of `information_schema` and `performance_schema`, which the server makes up. */
  readonly kind: 'table' | 'view' | 'sequence' | 'system_view'
  /** Of a view: its columns under their names in the view. */
  readonly columns: readonly CatalogColumn[]
  /** Null for all but views. */
  readonly view: CatalogView | null
  /** Null: its triggers could not be seen. Absent: it has none. */
  readonly triggers?: readonly CatalogTrigger[] | null
  /** Absent: none. */
  readonly foreignKeys?: readonly CatalogForeignKey[]
  /** Columns of each unique key, the primary one first. Absent: none is known. */
  readonly uniqueKeys?: readonly (readonly string[])[]
  /** The columns that each CHECK looks at, and whatever else stands in it in backticks. Absent: there is none. */
  readonly checks?: readonly (readonly string[])[]
  /** Its rows go to partitions by what is in them. Absent: no. */
  readonly partitioned?: boolean
  /** `ENGINE`, lower case (`innodb`, `federated`, `mrg_myisam` …). Absent: not known, or none. */
  readonly engine?: string
}

/** A table, view or sequence of a snapshot. `names` answers per position in `columns`: one object for one column, ever. */
export interface CatalogTable extends TableDescription {
  readonly names: readonly ColumnName[]
}

/** A foreign key of another table that refers to this one. */
export interface IncomingKey {
  readonly table: CatalogTable
  readonly key: CatalogForeignKey
}

/** A stored function or procedure. Unqualified names in its body are of its own schema. */
export interface CatalogRoutine {
  readonly schema: string
  readonly name: string
  readonly kind: 'function' | 'procedure'
  /** In order, without the result. `type`: DATA_TYPE, lower case; absent: not known. */
  readonly parameters: readonly {
    readonly name: string
    readonly mode: 'in' | 'out' | 'inout'
    readonly type?: string
  }[]
  /** DATA_TYPE of the result, lower case; absent: not known, or none. */
  readonly returns?: string
  /** What runs: a routine in SQL as a tree. */
  readonly body: Stored<ProgramStatement | Statement>
  readonly security: 'definer' | 'invoker'
}

/** An event. */
export interface CatalogEvent {
  readonly schema: string
  readonly name: string
  readonly body: Stored<ProgramStatement | Statement>
}

/** What a catalog is made from. */
export interface MysqlCatalogParts {
  /** Changes whenever anything in it may have changed. */
  readonly version: string
  readonly flavour: Dialect['flavour']
  /** `@@lower_case_table_names`. */
  readonly lowerCaseTableNames: TableNameCase
  /** Every schema (database) that is there, empty ones too. */
  readonly schemas: readonly string[]
  readonly tables: readonly TableDescription[]
  readonly routines: readonly CatalogRoutine[]
  /** False: routines may exist that were not seen; an unknown name then counts as one. Absent: all were seen. */
  readonly routinesComplete?: boolean
  readonly events: readonly CatalogEvent[]
  /** Names of the loadable functions (UDFs), as `mysql.func` or `performance_schema.user_defined_functions` has them; null: they could not be seen. */
  readonly loadableFunctions: readonly string[] | null
}

/**
 * An immutable snapshot of the names in one server. Unknown names answer undefined; nothing is thrown.
 * Tables and schemas compare by `lower_case_table_names`, columns, routines and events whatever their case.
 */
export class MysqlCatalog {
  readonly version: string
  readonly flavour: Dialect['flavour']
  readonly lowerCaseTableNames: TableNameCase
  readonly routinesComplete: boolean
  readonly #schemas = new Map<string, string>()
  readonly #tables = new Map<string, Map<string, CatalogTable>>()
  readonly #incoming = new Map<CatalogTable, IncomingKey[]>()
  readonly #routines = new Map<string, CatalogRoutine>()
  readonly #events = new Map<string, CatalogEvent>()
  readonly #loadable: ReadonlySet<string> | null

  constructor(parts: MysqlCatalogParts) {
    this.version = parts.version
    this.flavour = parts.flavour
    this.lowerCaseTableNames = parts.lowerCaseTableNames
    this.routinesComplete = parts.routinesComplete ?? true
    for (const schema of parts.schemas) this.#schemas.set(this.#tableKey(schema), schema)
    for (const table of parts.tables) {
      const key = this.#tableKey(table.schema)
      let tables = this.#tables.get(key)
      if (tables === undefined) this.#tables.set(key, (tables = new Map()))
      tables.set(this.#tableKeyIn(key, table.name), catalogTable(table))
    }
    for (const tables of this.#tables.values())
      for (const table of tables.values()) for (const key of table.foreignKeys ?? []) this.#addIncoming(table, key)
    for (const routine of parts.routines)
      this.#routines.set(this.#routineKey(routine.kind, routine.schema, routine.name), routine)
    for (const event of parts.events) this.#events.set(this.#routineKey('event', event.schema, event.name), event)
    const loadable = parts.loadableFunctions
    this.#loadable = loadable === null ? null : new Set(loadable.map(foldName))
  }

  /** The schema under the name it was made with; undefined when there is none. */
  schema(name: string): string | undefined {
    return this.#schemas.get(this.#tableKey(name))
  }

  /** Every schema's name. */
  schemas(): Iterable<string> {
    return this.#schemas.values()
  }

  table(schema: string, name: string): CatalogTable | undefined {
    const key = this.#tableKey(schema)
    return this.#tables.get(key)?.get(this.#tableKeyIn(key, name))
  }

  /** Every table, view and sequence of a schema, in the order they were told. */
  tables(schema: string): Iterable<CatalogTable> {
    return this.#tables.get(this.#tableKey(schema))?.values() ?? []
  }

  /** Foreign keys that refer to the table. */
  incomingKeys(table: CatalogTable): readonly IncomingKey[] {
    return this.#incoming.get(table) ?? []
  }

  routine(kind: CatalogRoutine['kind'], schema: string, name: string): CatalogRoutine | undefined {
    return this.#routines.get(this.#routineKey(kind, schema, name))
  }

  event(schema: string, name: string): CatalogEvent | undefined {
    return this.#events.get(this.#routineKey('event', schema, name))
  }

  /** Whether a loadable function has the name; null when they could not be seen. */
  isLoadableFunction(name: string): boolean | null {
    return this.#loadable === null ? null : this.#loadable.has(foldName(name))
  }

  /** True when both name one schema, or one table of one schema. */
  sameTableName(a: string, b: string): boolean {
    return a === b || this.#tableKey(a) === this.#tableKey(b)
  }

  #tableKey(name: string): string {
    return foldTableName(name, this.lowerCaseTableNames)
  }

  // Names in the server's own schemas are lower case, and found in any.
  #tableKeyIn(schemaKey: string, name: string): string {
    return schemaKey === 'information_schema' || schemaKey === 'performance_schema'
      ? foldName(name)
      : this.#tableKey(name)
  }

  #routineKey(kind: string, schema: string, name: string): string {
    return `${kind}\0${this.#tableKey(schema)}\0${foldName(name)}`
  }

  #addIncoming(table: CatalogTable, key: CatalogForeignKey): void {
    const referenced = this.table(key.references.schema ?? table.schema, key.references.name)
    if (referenced === undefined) return
    const known = this.#incoming.get(referenced)
    if (known === undefined) this.#incoming.set(referenced, [{ table, key }])
    else known.push({ table, key })
  }
}

/** A table with the names of its columns; for those of a session (temporary ones) as for those of the catalog. */
export function catalogTable(table: TableDescription): CatalogTable {
  const { schema, name: relation } = table
  return { ...table, names: table.columns.map((column) => ({ schema, relation, column: column.name })) }
}
