import type { StatementFacts, TemporaryTable } from '@gatehouse/core'
import { type CatalogTable, catalogTable, type MysqlCatalog } from './catalog.ts'
import type { Dialect } from './dialect.ts'
import type { Statement } from './statement-tree.ts'

/**
 * What the names in a text mean, for one session at one moment. Immutable; one object for one state: what is remembered of a
 * text can be kept by the object, as long as nothing in it changed.
 */
export interface MysqlNames {
  readonly catalog: MysqlCatalog
  /** The current schema (`DATABASE()`), as written at login, by USE or COM_INIT_DB; null: none. */
  readonly schema: string | null
  readonly dialect: Dialect
  /** Temporary tables of the session: they hide others of the same name. Empty for almost every session. */
  readonly temporary: readonly CatalogTable[]
  /**
   * What was prepared under a name by SQL's PREPARE (names compare whatever their case); null: not known, and EXECUTE of it is
   * then incomplete. Absent: none is known.
   */
  readonly prepared?: (name: string) => StatementFacts | null
  /** Statements of a text quoted inside another (PREPARE … FROM '…'); null: it could not be parsed. Absent: none is followed. */
  readonly parse?: (text: string) => readonly Statement[] | null
}

/**
 * True when texts mean the same under both: for who keeps facts between sessions. False for sessions with temporary tables or
 * prepared statements of their own, unless it is one object.
 */
export function sameNames(a: MysqlNames, b: MysqlNames): boolean {
  if (a === b) return true
  if (a.catalog !== b.catalog || a.schema !== b.schema || !sameDialect(a.dialect, b.dialect)) return false
  return a.temporary.length === 0 && b.temporary.length === 0 && a.prepared === b.prepared
}

/** One short string for each combination of catalog, schema and dialect: the part of a cache's key that sessions can share. */
export function namesKey(names: MysqlNames): string {
  const { flavour, version } = names.dialect
  const modes =
    (names.dialect.ansiQuotes ? 1 : 0) |
    (names.dialect.noBackslashEscapes ? 2 : 0) |
    (names.dialect.pipesAsConcat ? 4 : 0) |
    (names.dialect.ignoreSpace ? 8 : 0) |
    (names.dialect.highNotPrecedence ? 16 : 0) |
    (names.dialect.oracle ? 32 : 0)
  return `${names.catalog.version}\0${flavour}\0${version}\0${modes}\0${names.schema ?? '\0'}`
}

function sameDialect(a: Dialect, b: Dialect): boolean {
  return (
    a === b ||
    (a.flavour === b.flavour &&
      a.version === b.version &&
      a.ansiQuotes === b.ansiQuotes &&
      a.noBackslashEscapes === b.noBackslashEscapes &&
      a.pipesAsConcat === b.pipesAsConcat &&
      a.ignoreSpace === b.ignoreSpace &&
      a.highNotPrecedence === b.highNotPrecedence &&
      a.oracle === b.oracle)
  )
}

/** The names after a statement that made or dropped temporary tables (`StatementFacts.temporary`) has run. */
export function withTemporary(names: MysqlNames, changes: readonly TemporaryTable[]): MysqlNames {
  let temporary = names.temporary
  for (const { schema, name, columns } of changes) {
    temporary = temporary.filter(
      (table) => !names.catalog.sameTableName(table.schema, schema) || !names.catalog.sameTableName(table.name, name),
    )
    if (columns === null) continue
    const table = catalogTable({
      schema,
      name,
      kind: 'table',
      columns: columns.map((column) => ({ ...column, generated: null })),
      view: null,
    })
    temporary = [...temporary, table]
  }
  return { ...names, temporary }
}
