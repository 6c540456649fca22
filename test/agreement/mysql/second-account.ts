import { createRequire } from 'node:module'
import type { Dialect } from '@gatehouse/sql-analysis'

/** What `node-sql-parser` makes of a text. */
export interface SecondAccount {
  /** Tables that it names, as written; with a schema: `schema.table`. */
  readonly tables: ReadonlySet<string>
  /**
   * Columns that it names anywhere, lower case. Null: they cannot be told from its list, as a star is among them, or all columns
   * of an INSERT, or a name behind another than that of a table.
   */
  readonly columns: ReadonlySet<string> | null
  /** Names that WITH gives, at any depth. */
  readonly withNames: ReadonlySet<string>
}

interface Parsed {
  /** `action::schema::table`, `null` for what is not written. */
  readonly tableList: readonly string[]
  /** `action::table::column`; `(.*)` for all columns. */
  readonly columnList: readonly string[]
  readonly ast: unknown
}

interface SecondParser {
  parse(sql: string, options: { readonly database: string }): Parsed
}

type Node = Readonly<Record<string, unknown>>

const DATABASES = { mysql: 'MySQL', mariadb: 'MariaDB' } as const
// Its declarations import a package that it does not bring.
const load = createRequire(import.meta.url)

/** The reader for one flavour: it answers null for what it does not understand. */
export function secondReader(flavour: Dialect['flavour']): (sql: string) => SecondAccount | null {
  const { Parser } = load(`node-sql-parser/build/${flavour}`) as { readonly Parser: new () => SecondParser }
  const parser = new Parser()
  return (sql) => {
    try {
      return accountOf(parser.parse(sql, { database: DATABASES[flavour] }))
    } catch {
      return null
    }
  }
}

function accountOf({ tableList, columnList, ast }: Parsed): SecondAccount {
  const tables = new Set<string>()
  const withNames = new Set<string>()
  for (const entry of tableList) {
    const [, schema = NONE, table = NONE] = entry.split('::')
    if (table !== NONE) tables.add(dotted(schema === NONE ? null : schema, table))
  }
  // The list lacks some tables of the tree: of joins in parentheses, REFERENCES, LOAD DATA.
  for (const node of nodesIn(ast)) {
    const { db, table } = node
    if (typeof table === 'string' && 'db' in node && node['type'] !== 'column_ref')
      tables.add(dotted(typeof db === 'string' ? db : null, table))
    for (const name of namesOfWith(node['with'])) withNames.add(name)
  }
  return { tables, columns: columnsOf(columnList, tables), withNames }
}

const NONE = 'null'

/** It leaves backticks doubled inside a name. */
function dotted(schema: string | null, table: string): string {
  return (schema === null ? table : `${schema}.${table}`).replaceAll('``', '`')
}

function namesOfWith(clause: unknown): readonly string[] {
  if (!Array.isArray(clause)) return []
  return nodesIn(clause.map((one: Node) => one['name'])).flatMap(({ value }) =>
    typeof value === 'string' ? [value] : [],
  )
}

function columnsOf(columnList: readonly string[], tables: ReadonlySet<string>): ReadonlySet<string> | null {
  const columns = new Set<string>()
  for (const entry of columnList) {
    const [, table = NONE, column = ''] = entry.split('::')
    if (column === '(.*)' || (table !== NONE && !tables.has(table))) return null
    columns.add(column.toLowerCase())
  }
  return columns
}

/** Every object in a tree of plain data. Texts of the corpus are not deep. */
export function nodesIn(tree: unknown): readonly Node[] {
  if (typeof tree !== 'object' || tree === null) return []
  const inside = Object.values(tree).flatMap(nodesIn)
  return Array.isArray(tree) ? inside : [tree as Node, ...inside]
}
