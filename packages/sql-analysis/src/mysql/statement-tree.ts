/** The tree of statements of MySQL and MariaDB. As `query-tree.ts`: names as written, keywords lower case. */
import type {
  ColumnReference,
  Expression,
  Hints,
  Limit,
  OrderItem,
  QualifiedName,
  Query,
  SelectItem,
  SystemVariable,
  TableReference,
  UserVariable,
  With,
} from './query-tree.ts'

export type Statement =
  | QueryStatement
  | Insert
  | Update
  | Delete
  | LoadData
  | SetStatement
  | Show
  | CallStatement
  | DoStatement
  | PreparedStatement
  | Handler
  | Explain
  | DiagnosticsStatement
  | TransactionStatement
  | Definition
  | Command
  | ProgramStatement

export interface QueryStatement {
  readonly kind: 'query_statement'
  readonly query: Query
}

export interface Assignment {
  readonly column: ColumnReference
  readonly value: Expression
}

/** INSERT and REPLACE. */
export interface Insert {
  readonly kind: 'insert'
  readonly replace: boolean
  readonly ignore: boolean
  readonly table: QualifiedName
  readonly partitions: readonly string[]
  /** Columns named; null: all. With SET the columns assigned. */
  readonly columns: readonly ColumnReference[] | null
  readonly source:
    | { readonly kind: 'rows'; readonly rows: readonly (readonly Expression[])[] }
    | { readonly kind: 'query'; readonly query: Query }
  /** AS alias (columns) behind VALUES; null: none. */
  readonly rowAlias: { readonly name: string; readonly columns: readonly string[] | null } | null
  /** ON DUPLICATE KEY UPDATE. */
  readonly onDuplicate: readonly Assignment[]
  readonly returning: readonly SelectItem[] | null
  readonly hints: Hints
}

export interface Update {
  readonly kind: 'update'
  readonly with: With | null
  readonly ignore: boolean
  readonly tables: TableReference
  readonly assignments: readonly Assignment[]
  readonly where: Expression | null
  readonly orderBy: readonly OrderItem[]
  readonly limit: Limit | null
  readonly returning: readonly SelectItem[] | null
  readonly hints: Hints
}

export interface Delete {
  readonly kind: 'delete'
  readonly with: With | null
  readonly ignore: boolean
  /** Tables (or aliases) whose rows go, as named; for the single-table form the one table. */
  readonly targets: readonly QualifiedName[]
  readonly from: TableReference
  readonly where: Expression | null
  readonly orderBy: readonly OrderItem[]
  readonly limit: Limit | null
  readonly returning: readonly SelectItem[] | null
  readonly hints: Hints
}

/** LOAD DATA and LOAD XML. */
export interface LoadData {
  readonly kind: 'load_data'
  readonly local: boolean
  readonly file: string
  readonly table: QualifiedName
  /** Columns and user variables that fields go to; null: all columns. */
  readonly fields: readonly (ColumnReference | UserVariable)[] | null
  readonly assignments: readonly Assignment[]
}

/** One assignment of SET, and what SET NAMES, SET CHARACTER SET, SET TRANSACTION, SET ROLE … come to. */
export type SetItem =
  | { readonly kind: 'user_variable'; readonly name: string; readonly value: Expression }
  /** Also variables of a stored program, NEW.a in a trigger (table `new`), and system variables without @@: which, only the surroundings tell. */
  | {
      readonly kind: 'variable'
      readonly scope: SystemVariable['scope']
      readonly qualifier: string | null
      readonly name: string
      readonly value: Expression
    }
  /** SET NAMES, SET CHARACTER SET; null: DEFAULT. */
  | { readonly kind: 'names' | 'character_set'; readonly value: string | null; readonly collation: string | null }
  /** SET TRANSACTION …: the words behind it. */
  | { readonly kind: 'transaction'; readonly scope: SystemVariable['scope']; readonly words: readonly string[] }
  | { readonly kind: 'role' | 'default_role' | 'password' | 'resource_group'; readonly words: readonly string[] }

export interface SetStatement {
  readonly kind: 'set'
  readonly items: readonly SetItem[]
  /** SET STATEMENT … FOR statement, of MariaDB; null otherwise. */
  readonly statement: Statement | null
}

/** SHOW …. */
export interface Show {
  readonly kind: 'show'
  /** What is shown, snake case: `tables`, `columns`, `create_table`, `variables`, `warnings`, `processlist`, `grants`, `engine_status`, `binlog_events` …. */
  readonly what: string
  readonly full: boolean
  /** The schema that FROM or IN names; null: the current one, or none. */
  readonly schema: string | null
  /** The table, view, routine … named; null: none. */
  readonly object: QualifiedName | null
  readonly like: string | null
  /** The condition; of SHOW EXPLAIN and SHOW ANALYZE the number of the connection. */
  readonly where: Expression | null
}

export interface CallStatement {
  readonly kind: 'call_statement'
  readonly procedure: QualifiedName
  readonly arguments: readonly Expression[]
}

export interface DoStatement {
  readonly kind: 'do'
  readonly expressions: readonly Expression[]
}

/** PREPARE, EXECUTE, EXECUTE IMMEDIATE, DEALLOCATE PREPARE. */
export interface PreparedStatement {
  readonly kind: 'prepare' | 'execute' | 'execute_immediate' | 'deallocate'
  /** The statement's name; null for EXECUTE IMMEDIATE. */
  readonly name: string | null
  /** The text to prepare: a literal, a user variable, or any expression (MariaDB). Null where there is none. */
  readonly source: Expression | null
  readonly using: readonly Expression[]
}

export interface Handler {
  readonly kind: 'handler'
  readonly verb: 'open' | 'read' | 'close'
  readonly table: QualifiedName
  readonly alias: string | null
  readonly values: readonly Expression[]
  readonly where: Expression | null
  readonly limit: Limit | null
}

/** EXPLAIN, DESCRIBE, DESC, ANALYZE of MariaDB. */
export interface Explain {
  readonly kind: 'explain'
  /** The statement explained; null for DESCRIBE table and EXPLAIN FOR CONNECTION. */
  readonly statement: Statement | null
  /** DESCRIBE table. */
  readonly table: QualifiedName | null
  readonly column: string | null
  readonly forConnection: Expression | null
  /** True: the statement runs (EXPLAIN ANALYZE, ANALYZE FORMAT=JSON …). */
  readonly analyze: boolean
  readonly format: string | null
  /** EXPLAIN … INTO @variable. */
  readonly into: UserVariable | null
  /** FOR SCHEMA name; null: the current one. */
  readonly schema: string | null
}

/** GET DIAGNOSTICS, SIGNAL, RESIGNAL: `items` are what is set from what, or what the condition is given. */
export interface DiagnosticsStatement {
  readonly kind: 'get_diagnostics' | 'signal' | 'resignal'
  readonly items: readonly {
    readonly target: UserVariable | ColumnReference | null
    readonly name: string
    readonly value: Expression | null
  }[]
}

export interface TransactionStatement {
  readonly kind: 'transaction'
  /** An action of the facts: `begin`, `commit`, `rollback`, `savepoint`, `release`, `rollback_to`; XA: `xa_start`, `xa_end`, `xa_prepare`, `xa_commit`, `xa_rollback`, `xa_recover`. */
  readonly verb: string
  readonly name: string | null
  /** Other words: `with_consistent_snapshot`, `read_only`, `read_write`, `chain`, `release`. */
  readonly options: readonly string[]
}

/** What kind of thing a definition or command names. */
export type ObjectKind =
  | 'table'
  | 'view'
  | 'schema'
  | 'index'
  | 'trigger'
  | 'procedure'
  | 'function'
  | 'event'
  | 'sequence'
  | 'package'
  | 'package_body'
  | 'user'
  | 'role'
  | 'server'
  | 'tablespace'
  | 'undo_tablespace'
  | 'logfile_group'
  | 'resource_group'
  | 'spatial_reference_system'
  | 'loadable_function'
  | 'plugin'
  | 'component'
  | 'library'
  | 'masking_policy'
  | 'instance'
  | 'column'
  | 'key_cache'
  | 'channel'
  | 'other'

export interface NamedObject {
  readonly type: ObjectKind
  /** Users and roles as `user@host`, in `name`. */
  readonly name: QualifiedName
}

/**
 * CREATE, ALTER, DROP, RENAME, TRUNCATE and their kin. What they hold of queries and expressions is all here; what is only
 * syntax (types, options that name no object and hold no expression) is not.
 */
export interface Definition {
  readonly kind: 'definition'
  /** The verb and the kind of object, snake case: `create_table`, `alter_view`, `drop_schema`, `rename_table`, `truncate`, `create_index`, `drop_user` …. */
  readonly action: string
  /** The objects it makes, changes or takes away; for RENAME TABLE the old names. */
  readonly objects: readonly NamedObject[]
  /** Objects that it reads or refers to besides: LIKE's table, REFERENCES, UNION=(…) of a MERGE table, EXCHANGE PARTITION WITH TABLE, the table of an index or trigger, new names of RENAME. */
  readonly others: readonly (NamedObject & {
    readonly role: 'like' | 'references' | 'union' | 'exchange' | 'on' | 'renamed' | 'follows' | 'other'
    /** Of REFERENCES: the columns that it names. Absent: none, or another role. */
    readonly columns?: readonly string[]
  })[]
  readonly temporary: boolean
  readonly orReplace: boolean
  readonly ifExists: boolean
  readonly ifNotExists: boolean
  /** Columns that it names as made, changed or taken away; generated ones with their expression. Empty: none, or it could not be told. */
  readonly columns: readonly ColumnDefinition[]
  /** Every other expression in it: CHECK, functional key parts, DEFAULT, PARTITION BY and its values, ON SCHEDULE; resolved against the table it defines. */
  readonly expressions: readonly Expression[]
  /** AS query, of a table or view; the query of a materialized thing. */
  readonly query: Query | null
  /** Names given to a view's columns; null: none. */
  readonly columnNames: readonly string[] | null
  /** IGNORE or REPLACE before AS query. */
  readonly duplicates: 'ignore' | 'replace' | null
  /** Of triggers, routines, events, packages: what runs; null where there is none or it is not in SQL. */
  readonly body: ProgramStatement | Statement | null
  /** Of triggers. */
  readonly trigger: { readonly time: 'before' | 'after'; readonly event: 'insert' | 'update' | 'delete' } | null
  /** Of routines: parameters in order. */
  readonly parameters: readonly {
    readonly name: string
    readonly mode: 'in' | 'out' | 'inout'
    readonly type?: string
  }[]
  /** Of functions: the type of the result, its name in lower case; absent: none, or not told. */
  readonly returns?: string
  /** SQL SECURITY; null: not said (DEFINER is the default of views and routines). */
  readonly security: 'definer' | 'invoker' | null
  /** `user@host` of DEFINER=; null: not said. */
  readonly definer: string | null
  /** Names of files and directories: DATA DIRECTORY, INDEX DIRECTORY, ADD DATAFILE, SONAME; and the connection strings of FEDERATED and CONNECT tables. */
  readonly files: readonly string[]
  /** ENGINE = …, lower case; null: not said. */
  readonly engine: string | null
  /** Further words that policy may look at: options of ALTER (`drop_partition`, `discard_tablespace`, `add_column`, `rename_column` …), snake case. */
  readonly options: readonly string[]
}

export interface ColumnDefinition {
  readonly name: string
  /** New name (CHANGE, RENAME COLUMN); null: it keeps its own. */
  readonly renamed: string | null
  /** AS (…) of a generated column; null: it is none. */
  readonly generated: Expression | null
  readonly change: 'add' | 'modify' | 'drop' | 'rename' | 'define'
  /** The type's name, lower case (`varchar`, `int`, `enum` …); null: not said. */
  readonly type: string | null
}

/** Everything else: GRANT, REVOKE, LOCK TABLES, FLUSH, KILL, ANALYZE TABLE, INSTALL PLUGIN, replication, USE, SHUTDOWN …. */
export interface Command {
  readonly kind: 'command'
  /** The action of the facts, snake case: `grant`, `revoke`, `lock`, `unlock`, `flush`, `kill`, `analyze`, `check`, `checksum`, `optimize`, `repair`, `use`, `install_plugin`, `change_replication_source`, `shutdown`, `binlog`, `cache_index`, `reset`, `purge_binary_logs`, `import_table`, `clone`, `help` …. */
  readonly action: string
  readonly objects: readonly NamedObject[]
  /** GRANT and REVOKE: privileges and roles, lower case; LOCK TABLES: `read` or `write` for each object; the rest: words of the syntax. */
  readonly words: readonly string[]
  readonly expressions: readonly Expression[]
  readonly files: readonly string[]
}

/** The language of stored programs. MySQL manual, "Compound Statement Syntax". */
export type ProgramStatement =
  | {
      readonly kind: 'block'
      readonly label: string | null
      readonly statements: readonly (ProgramStatement | Statement)[]
    }
  /** `type`: its name, lower case (`varchar`, `int` …); absent: not told. */
  | {
      readonly kind: 'declare'
      readonly names: readonly string[]
      readonly type?: string
      readonly default: Expression | null
    }
  | {
      readonly kind: 'declare_cursor'
      readonly name: string
      readonly query: Query
      readonly parameters: readonly string[]
    }
  | { readonly kind: 'declare_condition'; readonly name: string }
  | { readonly kind: 'declare_handler'; readonly body: ProgramStatement | Statement }
  | {
      readonly kind: 'if'
      readonly branches: readonly {
        readonly condition: Expression
        readonly statements: readonly (ProgramStatement | Statement)[]
      }[]
      readonly otherwise: readonly (ProgramStatement | Statement)[]
    }
  | {
      readonly kind: 'case_statement'
      readonly operand: Expression | null
      readonly branches: readonly {
        readonly condition: Expression
        readonly statements: readonly (ProgramStatement | Statement)[]
      }[]
      readonly otherwise: readonly (ProgramStatement | Statement)[]
    }
  /** LOOP, WHILE, REPEAT, and MariaDB's FOR: `conditions` are every expression that steers it. */
  | {
      readonly kind: 'loop'
      readonly label: string | null
      readonly conditions: readonly Expression[]
      /** FOR name IN …: the variable, and the query it runs through where it is one. */
      readonly variable: string | null
      readonly query: Query | null
      readonly statements: readonly (ProgramStatement | Statement)[]
    }
  | { readonly kind: 'leave' | 'iterate'; readonly label: string }
  | { readonly kind: 'return'; readonly value: Expression | null }
  | { readonly kind: 'open' | 'close'; readonly cursor: string; readonly arguments: readonly Expression[] }
  | { readonly kind: 'fetch'; readonly cursor: string; readonly into: readonly (ColumnReference | UserVariable)[] }
