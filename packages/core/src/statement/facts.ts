/**
 * What was read in a statement: the one form in which both SQL dialects reach policy.
 * Produced by `sql-analysis`, consumed by policy, masking and audit. Plain, immutable data.
 */

/** A table, view or other named row source. `schema` is null when the name could not be resolved. */
export interface RelationName {
  readonly schema: string | null
  readonly name: string
}

/** A base column: a column of a table (never of a view that could be expanded). */
export interface ColumnName {
  readonly schema: string
  readonly relation: string
  readonly column: string
}

/**
 * What a statement does, to an object or by itself, in snake case.
 * Queries and DML: `select insert update delete merge truncate lock copy_from copy_to`.
 * DDL: `create_…`, `alter_…`, `drop_…` with the object kind (`create_table`, `alter_role`, `drop_view`), `comment`,
 * `security_label`, `refresh`, `reindex`, `cluster`, `vacuum`, `analyze`, `import_foreign_schema`.
 * Rights: `grant revoke reassign_owned set_role set_session_authorization`.
 * Session: `set reset show discard prepare execute deallocate declare_cursor fetch close_cursor listen notify unlisten load`.
 * Transactions: `begin commit rollback savepoint release rollback_to prepare_transaction commit_prepared
 * rollback_prepared set_transaction set_constraints checkpoint`.
 * Code: `call do explain`.
 * `unknown` where the statement could not be understood.
 */
export type Action = string

/** One action on one relation (or role, schema, function … named as `relation` for DDL on it). */
export interface Access {
  readonly action: Action
  /** Null when the action has no object: `select 1`, `begin`. */
  readonly relation: RelationName | null
  /** Columns named for this access; null means all of them, or that it could not be told. */
  readonly columns: readonly string[] | null
}

/**
 * How far a function can be trusted without policy naming it.
 * - `harmless`: built in (or of an extension known to compute only), reads only its arguments (and clock or randomness), changes nothing.
 * - `expanded`: written in SQL or PL/pgSQL, and its body was read with the statement: what it does is among the facts.
 * - `sensitive`: built in, but reaches further: files, other sessions, settings, dynamic SQL, statistics, notifications.
 * - `revealing`: as `sensitive`, and its result can be any stored value: large objects, files, other sessions' statements.
 * - `user`: not built in; its body is unknown to us.
 * - `unknown`: the name could not be resolved.
 */
export type FunctionTrust = 'harmless' | 'expanded' | 'sensitive' | 'revealing' | 'user' | 'unknown'

export interface FunctionUse {
  /** Null when the name could not be resolved. */
  readonly schema: string | null
  readonly name: string
  readonly trust: FunctionTrust
}

/** A function that exists, by its whole name. */
export interface FunctionName {
  readonly schema: string
  readonly name: string
}

/** A setting that the statement reads or changes: SET, RESET, SHOW, set_config(), current_setting(). */
export interface SettingUse {
  readonly action: 'set' | 'reset' | 'show'
  /** Lower case. `*` is all of them (RESET ALL, SHOW ALL, or a name computed at run time). */
  readonly name: string
  /** The value as text where it is a literal; null when it is DEFAULT, absent, or computed. */
  readonly value: string | null
}

/**
 * How an output depends on a column.
 * - `copied`: the very value can come out.
 * - `derived`: a value computed from it can come out.
 * - `compared`: only whether it equals something else can come out (`ssn = 'x'`, `ssn IS NULL`).
 * - `decides`: it was only looked at (condition, ordering, grouping, join).
 */
export type Dependence = 'copied' | 'derived' | 'compared' | 'decides'

export interface LineageSource {
  readonly column: ColumnName
  readonly how: Dependence
}

/** One column of the rows a statement returns. */
export interface OutputColumn {
  readonly name: string | null
  /** Every base column whose value can reach this output. Empty means: from none. */
  readonly sources: readonly LineageSource[]
  /** Functions of unknown body whose result can reach it: only the policy can say what they read. */
  readonly through: readonly FunctionName[]
  /** False when not every source could be traced: then the value may come from anywhere. */
  readonly complete: boolean
  /** Why it is not complete, in words for the person who wrote the statement; null when complete. */
  readonly reason: string | null
  /** It holds JSON, though the server may say that it is text: MariaDB's JSON is LONGTEXT. Absent: no, or not known. */
  readonly document?: true
}

/** A base column that a value is written to, with the base columns that value depends on. */
export interface ColumnWrite {
  /** The column written; null when it could not be told which (a new table's column has its future name). */
  readonly target: ColumnName | null
  readonly sources: readonly LineageSource[]
  /** As of an output column. */
  readonly through: readonly FunctionName[]
  readonly complete: boolean
}

/**
 * A base column that is looked at without its value being in the output.
 * `by`: `equality` when only whether it equals something is looked at (`=`, IN, GROUP BY, DISTINCT, a join by USING); `value` otherwise.
 */
export interface DecidingColumn {
  readonly column: ColumnName
  readonly by: 'equality' | 'value'
}

/** What views and functions that a statement names do in turn, at any depth. */
export interface Beneath {
  readonly accesses: readonly Access[]
  readonly functions: readonly FunctionUse[]
}

/** A type as `pg_attribute` has it: the oid of the column's type (a domain's own), and `atttypmod` (-1: none). */
export interface ColumnType {
  readonly oid: number
  readonly modifier: number
}

/** How COPY … TO STDOUT writes its rows. PostgreSQL manual, "COPY", section "File Formats". */
export interface CopyStream {
  readonly format: 'text' | 'csv' | 'binary'
  /** One ASCII character, as are `quote` and `escape`. Binary format has none of the three, nor a NULL string. */
  readonly delimiter: string
  readonly nullString: string
  /** Of csv alone. */
  readonly quote: string
  readonly escape: string
  /** The first line holds the columns' names. */
  readonly header: boolean
  /** For each output column: every value but NULL stands in quotes. Of csv alone. */
  readonly forceQuote: readonly boolean[]
  /** For each output column the type of its values; null where it could not be told. The stream itself says nothing of types. */
  readonly types: readonly (ColumnType | null)[]
}

/** What was read of the stream of a COPY … TO STDOUT; `reason`, in words for who wrote it, says why values in it could not be told. */
export type CopyOut =
  | { readonly stream: CopyStream; readonly reason: null }
  | { readonly stream: null; readonly reason: string }

/** A temporary table of MySQL that a statement makes, with its columns, or drops (`columns` null). OR REPLACE drops, then makes. */
export interface TemporaryTable {
  readonly schema: string
  readonly name: string
  /** `type`: its name, lower case; empty where it is that of a query's column. */
  readonly columns: readonly { readonly name: string; readonly type: string }[] | null
}

/** What is known of one statement of a text. */
export interface StatementFacts {
  /** The verb of the statement itself. */
  readonly action: Action
  /** Every action on every object, at any depth, without duplicates. */
  readonly accesses: readonly Access[]
  readonly functions: readonly FunctionUse[]
  /** True when an UPDATE or DELETE at any depth has no WHERE, or one that is true whatever the row. */
  readonly unboundedWrite: boolean
  readonly settings: readonly SettingUse[]
  /** What the server opens besides: files named (COPY … FROM '/path', lo_import), and other servers (the connection of a subscription, its password left out). */
  readonly files: readonly string[]
  /** Server-side programs named (COPY … PROGRAM). */
  readonly programs: readonly string[]
  /** True when text computed or quoted inside the statement is run as SQL (DO, EXECUTE of text, query_to_xml). */
  readonly dynamicSql: boolean
  /** The columns of the rows it returns (also COPY … TO STDOUT); null when it returns none; empty array: rows of no columns. */
  readonly output: readonly OutputColumn[] | null
  /** How the rows of a COPY … TO STDOUT are written; absent for every other statement. */
  readonly copyOut?: CopyOut
  /** Base columns that conditions, joins, grouping or ordering look at, each once. */
  readonly decides: readonly DecidingColumn[]
  readonly writes: readonly ColumnWrite[]
  /** Deny rules and masks look at it; allow rules do not: to allow a view or function is to vouch for what it does. */
  readonly beneath: Beneath
  /** Name of the SQL-level prepared statement or cursor it makes or uses; null when none. */
  readonly names: { readonly prepared: string | null; readonly cursor: string | null }
  /** Temporary tables of MySQL that it makes or drops; absent: none. What names mean to the session's later statements. */
  readonly temporary?: readonly TemporaryTable[]
  /**
   * It shows the messages, or their number, that earlier statements of the session left at the server, and nothing besides
   * (MySQL's SHOW WARNINGS, @@warning_count); absent: it does not. `harmless`: they are known to quote no masked value.
   */
  readonly diagnostics?: 'unknown' | 'harmless'
  /** It puts a value, also one that it brings along, where a later statement of the session may take it from (user variables of MySQL); absent: it does not. */
  readonly keepsValues?: true
  /** True when after it the session's settings or visible names may differ (SET, DISCARD, set_config, DDL, temporary tables, volatile user functions). */
  readonly changesNames: boolean
  /** False when something in it was not understood: then it may do anything. */
  readonly complete: boolean
  /** Why not complete, in words; null when complete. */
  readonly reason: string | null
}

/** What is known of a whole text: one entry per statement, in order. An empty text has no statements. */
export interface TextFacts {
  readonly statements: readonly StatementFacts[]
  /** Identity of the text with its literals removed: 16 hexadecimal digits; same for all texts of one shape. */
  readonly fingerprint: string
  /** How MySQL or MariaDB reads the text; absent: as PostgreSQL does, which has one way. */
  readonly dialect?: MysqlDialect
}

/** What decides how a MySQL or MariaDB server reads a text. */
export interface MysqlDialect {
  readonly flavour: 'mysql' | 'mariadb'
  /** As in executable comments: 90700 is 9.7.0, 101114 is 10.11.14. */
  readonly version: number
  /** `sql_mode`s that change reading. MySQL manual, "Server SQL Modes". */
  readonly ansiQuotes: boolean
  readonly noBackslashEscapes: boolean
  readonly pipesAsConcat: boolean
  readonly ignoreSpace: boolean
  readonly highNotPrecedence: boolean
  /** MariaDB's `sql_mode=ORACLE`: another grammar; statements are then not read (`complete: false`). */
  readonly oracle: boolean
}
