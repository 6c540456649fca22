/**
 * The tree of queries and expressions of MySQL and MariaDB. Plain, immutable data, made by `parser`, read by `facts`. Names are as written, their quotes taken off and not folded:
 * what case means depends on the kind of name and on the server. Keywords and names of built-in functions are lower case.
 * MySQL manual, "SQL Statements"; MariaDB documentation, "SQL Statements".
 */

/** A name of a table, view, routine … with its schema (database) where that was written. */
export interface QualifiedName {
  readonly schema: string | null
  readonly name: string
}

export type Expression =
  | Literal
  | ColumnReference
  | Star
  | Parameter
  | UserVariable
  | SystemVariable
  | Call
  | Operation
  | CaseExpression
  | RowExpression
  | SubqueryExpression
  | DefaultValue

/** A constant. `type` `number` is any number, `string` any text (introducers and N'' too), `bytes` x'…', 0x…, b'…'; `temporal` DATE '…'. */
export interface Literal {
  readonly kind: 'literal'
  readonly type: 'number' | 'string' | 'bytes' | 'temporal' | 'boolean' | 'null'
  /** The value: text unescaped, numbers as written, bytes as hexadecimal digits; '' for NULL. */
  readonly value: string
}

/** `a`, `t.a`, `s.t.a`; in stored programs also a variable or parameter of the program; OLD.a and NEW.a in triggers (table `old`/`new`). */
export interface ColumnReference {
  readonly kind: 'column'
  readonly schema: string | null
  readonly table: string | null
  readonly name: string
}

/** `*`, `t.*`, `s.t.*` in a select list; `*` in COUNT(*). */
export interface Star {
  readonly kind: 'star'
  readonly schema: string | null
  readonly table: string | null
}

/** `?` of a prepared statement, counted from 0. */
export interface Parameter {
  readonly kind: 'parameter'
  readonly index: number
}

/** `@name`; `assigned` is the right side of `@name := …`, else null. */
export interface UserVariable {
  readonly kind: 'user_variable'
  readonly name: string
  readonly assigned: Expression | null
}

/** `@@name`, `@@session.name`, `@@global.component.name`; lower case. */
export interface SystemVariable {
  readonly kind: 'system_variable'
  readonly scope: 'session' | 'global' | 'persist' | 'persist_only' | 'local' | null
  readonly name: string
}

/**
 * A call of a function, whatever its syntax: `cast(x as char)` is `cast`, `extract(year from d)` is `extract`,
 * `convert(x using utf8mb4)` is `convert_using`, `match(a) against (b)` is `match` with the columns first,
 * `{fn now()}` is `now`, `values(a)` is `values`, `next value for s` is `nextval`, `a -> '$.b'` is `json_extract`,
 * `a ->> '$.b'` is `json_unquote_extract`, CURRENT_USER without parentheses is `current_user`.
 */
export interface Call {
  readonly kind: 'call'
  readonly schema: string | null
  /** Lower case for built-in syntax; as written otherwise. */
  readonly name: string
  readonly arguments: readonly Expression[]
  readonly distinct: boolean
  /** ORDER BY inside GROUP_CONCAT and the like. */
  readonly orderBy: readonly OrderItem[]
  /** What else the syntax names: the unit of an interval, the type of a CAST, a character set, a name given to JSON_VALUE's RETURNING. Lower case. */
  readonly words: readonly string[]
  /** OVER (…) or OVER name; null when it is no window call. */
  readonly over: Window | null
}

/**
 * An operator and its operands. `operator` is lower case, as the manual lists it ("Operators"): `=`, `<=>`, `<>`, `and`, `or`, `xor`, `not`,
 * `!`, `-` (one or two operands), `+`, `~`, `||` is `concat` under PIPES_AS_CONCAT and `or` without; `like`, `not like` (third operand: ESCAPE),
 * `regexp`, `not regexp`, `in`, `not in` (second operand: a row of the list, or a subquery), `between`, `not between`, `is null`, `is not null`,
 * `is true` …, `sounds like`, `member of`, `collate` (words are not kept), `interval` (`INTERVAL n unit` as an operand of + and -), `binary`.
 */
export interface Operation {
  readonly kind: 'operation'
  readonly operator: string
  readonly operands: readonly Expression[]
}

export interface CaseExpression {
  readonly kind: 'case'
  /** CASE operand WHEN …; null: CASE WHEN condition …. */
  readonly operand: Expression | null
  readonly branches: readonly { readonly when: Expression; readonly result: Expression }[]
  readonly otherwise: Expression | null
}

/** `(a, b)`, `ROW(a, b)`, and the list of IN. */
export interface RowExpression {
  readonly kind: 'row'
  readonly items: readonly Expression[]
}

export interface SubqueryExpression {
  readonly kind: 'subquery'
  /** `scalar` where a value or row stands; `exists`; `any` (also SOME) and `all` after a comparison; `in` as second operand of IN. */
  readonly use: 'scalar' | 'exists' | 'any' | 'all' | 'in'
  readonly query: Query
}

/** `DEFAULT`, `DEFAULT(a)`, and IGNORE of MariaDB: what the column would hold anyway. */
export interface DefaultValue {
  readonly kind: 'default'
  readonly column: ColumnReference | null
}

export interface OrderItem {
  readonly expression: Expression
  readonly descending: boolean
}

/** What stands between the parentheses of OVER, or in the WINDOW clause. */
export interface Window {
  /** Name of a window that this one is or begins with; null: none. */
  readonly base: string | null
  readonly partitionBy: readonly Expression[]
  readonly orderBy: readonly OrderItem[]
  /** Expressions of the frame's bounds. */
  readonly frame: readonly Expression[]
}

/** A query, with what may stand around a select: WITH before, ORDER BY, LIMIT, INTO and locks behind. Parentheses make a query of their own. */
export interface Query {
  readonly kind: 'query'
  readonly with: With | null
  readonly body: QueryBody
  readonly orderBy: readonly OrderItem[]
  readonly limit: Limit | null
  /** INTO, wherever it was written. */
  readonly into: Into | null
  readonly locks: readonly Lock[]
}

export type QueryBody = Select | SetOperation | TableQuery | ValuesQuery | Query

export interface With {
  readonly recursive: boolean
  readonly tables: readonly CommonTable[]
}

export interface CommonTable {
  readonly name: string
  readonly columns: readonly string[] | null
  readonly query: Query
}

/** What is more than advice in optimizer hints. */
export interface Hints {
  /** Names and values set by SET_VAR(…). */
  readonly setVariables: readonly { readonly name: string; readonly value: string }[]
  /** One says by which index rows are to be found, or not: of any table of the statement. */
  readonly steerIndexes: boolean
}

export interface Select {
  readonly kind: 'select'
  readonly distinct: boolean
  /** Other words before the list: `sql_calc_found_rows`, `straight_join`, `sql_no_cache` …. Lower case. */
  readonly options: readonly string[]
  readonly hints: Hints
  readonly items: readonly SelectItem[]
  /** Null: no FROM (or FROM DUAL). */
  readonly from: TableReference | null
  readonly where: Expression | null
  readonly groupBy: readonly OrderItem[]
  readonly rollup: boolean
  readonly having: Expression | null
  readonly qualify: Expression | null
  readonly windows: readonly { readonly name: string; readonly window: Window }[]
  /** PROCEDURE ANALYSE(…) of MariaDB: its name and arguments; null: none. */
  readonly procedure: Call | null
}

export interface SelectItem {
  readonly expression: Expression
  /** The alias written; null: none. */
  readonly alias: string | null
  /** The text of the expression as written: the column's name where there is no alias. */
  readonly text: string
}

export interface SetOperation {
  readonly kind: 'set_operation'
  readonly operator: 'union' | 'except' | 'intersect' | 'minus'
  readonly all: boolean
  readonly left: QueryBody
  readonly right: QueryBody
}

/** `TABLE t`. */
export interface TableQuery {
  readonly kind: 'table_query'
  readonly table: QualifiedName
}

/** `VALUES ROW(1, 2), …`, and MariaDB's `VALUES (1, 2), …`. */
export interface ValuesQuery {
  readonly kind: 'values'
  readonly rows: readonly (readonly Expression[])[]
}

export interface Limit {
  readonly count: Expression | null
  readonly offset: Expression | null
}

export type Into =
  | { readonly kind: 'outfile' | 'dumpfile'; readonly file: string }
  /** User variables by their name, variables of a stored program as columns. */
  | { readonly kind: 'variables'; readonly targets: readonly (UserVariable | ColumnReference)[] }

export interface Lock {
  /** FOR UPDATE, or FOR SHARE and LOCK IN SHARE MODE. */
  readonly exclusive: boolean
  /** OF t, …; empty: all. */
  readonly tables: readonly QualifiedName[]
}

export type TableReference = BaseTable | DerivedTable | JsonTable | Join

export interface BaseTable {
  readonly kind: 'base_table'
  readonly table: QualifiedName
  readonly alias: string | null
  readonly partitions: readonly string[]
  /** What USE, FORCE and IGNORE INDEX say: nothing but to take the primary key, or something else. Absent: there is none. */
  readonly indexHint?: 'primary' | 'other'
  /** FOR SYSTEM_TIME … of MariaDB: every expression in it; null: absent. */
  readonly systemTime: readonly Expression[] | null
}

export interface DerivedTable {
  readonly kind: 'derived_table'
  readonly lateral: boolean
  readonly query: Query
  readonly alias: string | null
  readonly columns: readonly string[] | null
}

/** JSON_TABLE(document, path COLUMNS (…)) AS alias. */
export interface JsonTable {
  readonly kind: 'json_table'
  readonly document: Expression
  /** The path of the rows; absent: it was not told. */
  readonly path?: string
  /** True: no NESTED PATH, no EXISTS, no ERROR ON …. Absent counts as false. */
  readonly simple?: boolean
  /** Every column that comes out, nested ones too, in order. `type`: its name, lower case; absent: not told. */
  readonly columns: readonly { readonly name: string; readonly ordinality: boolean; readonly type?: string }[]
  readonly alias: string | null
}

/** A join; a list with commas is a chain of `cross` joins. */
export interface Join {
  readonly kind: 'join'
  readonly type: 'inner' | 'cross' | 'left' | 'right' | 'full'
  readonly natural: boolean
  readonly left: TableReference
  readonly right: TableReference
  readonly on: Expression | null
  readonly using: readonly string[]
}
