import {
  MysqlCatalog,
  type CatalogColumn,
  type CatalogEvent,
  type CatalogRoutine,
  type CatalogTrigger,
  type CatalogView,
  type Stored,
  type TableDescription,
} from './catalog.ts'
import { byNumber, textOf } from './catalog-cells.ts'
import { readChecks, readForeignKeys, readUniqueKeys } from './catalog-keys.ts'
import { needsWholeText, type CatalogRow, type MYSQL_CATALOG_QUERIES } from './catalog-queries.ts'
import { OwnPrivileges } from './catalog-visibility.ts'
import type { Dialect } from './dialect.ts'
import { foldTableName, type TableNameCase } from './name-case.ts'
import type { Expression, Query } from './query-tree.ts'
import type { ProgramStatement, Statement } from './statement-tree.ts'

/** What a catalog is made from: plain data, to be kept in a file or sent to another thread. */
export interface MysqlCatalogRows extends Readonly<Record<keyof typeof MYSQL_CATALOG_QUERIES, readonly CatalogRow[]>> {
  /** The caller's name for this state. */
  readonly version: string
  /** `level, schema, table, privilege` of the account itself. */
  readonly privileges: readonly CatalogRow[]
  readonly partialRevokes: boolean
  /** True: MariaDB's `mysql.proc` may be read, so every routine is seen. */
  readonly seesRoutinesTable: boolean
  /** Names; null: they may not be seen. */
  readonly loadableFunctions: readonly CatalogRow[] | null
  /** `schema, table, check` of CHECK constraints; absent: none. */
  readonly checks?: readonly CatalogRow[]
  /** `kind, schema, name, sql_mode, text, character set` of routines, triggers and events whose text is not whole elsewhere. */
  readonly texts: readonly CatalogRow[]
}

/** Reads the texts that a server keeps. Each answers `unread` for what it cannot parse; none throws. */
export interface StoredTexts {
  /** A generated column's expression, or the query of a view: the server's own wording, in backticks and with backslash escapes. */
  readonly expression: (text: string) => Stored<Expression>
  readonly query: (text: string) => Stored<Query>
  /** A CREATE statement of a routine, trigger or event, made under this `sql_mode`: what runs in it. A semicolon may follow it. */
  readonly body: (createText: string, sqlMode: string) => Stored<ProgramStatement | Statement>
}

/** A catalog from what the queries gave. Throws TypeError when a row has not the form that its query gives. */
export function buildMysqlCatalog(
  rows: MysqlCatalogRows,
  flavour: Dialect['flavour'],
  texts: StoredTexts,
): MysqlCatalog {
  const privileges = new OwnPrivileges(rows.privileges, rows.partialRevokes)
  const whole = new Map(rows.texts.map((row) => [row.slice(0, 3).join('\0'), row]))
  const documents = new Set((rows.checks ?? []).map((row) => row.join('\0')))
  const lowerCase = letters(rows.server[0]?.[0])
  const context = { rows, flavour, texts, privileges, whole, documents, lowerCase }
  return new MysqlCatalog({
    version: rows.version,
    flavour,
    lowerCaseTableNames: lowerCase,
    schemas: rows.schemas.map(([name]) => textOf(name)),
    tables: readTables(context),
    routines: readRoutines(context),
    routinesComplete:
      flavour === 'mysql'
        ? privileges.everywhere('SHOW_ROUTINE') || privileges.everywhere('SELECT')
        : rows.seesRoutinesTable,
    events: rows.events.map((row) => readEvent(context, row)),
    loadableFunctions: rows.loadableFunctions?.map(([name]) => textOf(name)) ?? null,
  })
}

interface Context {
  readonly rows: MysqlCatalogRows
  readonly flavour: Dialect['flavour']
  readonly texts: StoredTexts
  readonly privileges: OwnPrivileges
  /** Checks that a text is JSON, by schema, table and their own text. */
  readonly documents: ReadonlySet<string>
  /** Rows of `texts` by kind, schema and name. */
  readonly whole: ReadonlyMap<string, CatalogRow>
  readonly lowerCase: TableNameCase
}

function readTables(context: Context): TableDescription[] {
  const { rows, privileges, lowerCase } = context
  const columns = grouped(rows.columns, lowerCase)
  const views = grouped(rows.views, lowerCase)
  const uniqueKeys = grouped(rows.uniqueKeys, lowerCase)
  const foreignKeys = grouped(rows.foreignKeys, lowerCase)
  const triggers = grouped(rows.triggers, lowerCase)
  const checks = grouped(rows.checks ?? [], lowerCase)
  const rules = new Map(rows.rules.map((row) => [row.slice(0, 3).join('\0'), row]))
  return rows.tables.flatMap((row): TableDescription[] => {
    const [schema, name, type, engine, options] = row
    const key = tableKey(row, lowerCase)
    const kind = kindOf(textOf(schema), textOf(type))
    if (kind === null) return []
    const seen = kind !== 'table' || privileges.onTable(textOf(schema), textOf(name), 'TRIGGER')
    const own = triggers.get(key)
    return [
      {
        schema: textOf(schema),
        name: textOf(name),
        kind,
        columns: byNumber(columns.get(key) ?? [], 2).map((column) => readColumn(context, column)),
        view: kind === 'view' ? readView(context, views.get(key)?.[0]) : null,
        ...(seen ? {} : { triggers: null }),
        ...(own === undefined || !seen
          ? {}
          : { triggers: byNumber(own, 5).map((trigger) => readTrigger(context, trigger)) }),
        foreignKeys: readForeignKeys(foreignKeys.get(key) ?? [], rules),
        ...(checks.has(key) ? { checks: readChecks(checks.get(key) ?? []) } : {}),
        uniqueKeys: readUniqueKeys(uniqueKeys.get(key) ?? []),
        ...(typeof engine === 'string' ? { engine: engine.toLowerCase() } : {}),
        ...(/\bpartitioned\b/.test(options ?? '') ? { partitioned: true } : {}),
      },
    ]
  })
}

/** Null: what other sessions cannot see. */
function kindOf(schema: string, type: string): TableDescription['kind'] | null {
  const folded = schema.toLowerCase()
  if (folded === 'information_schema' || folded === 'performance_schema') return 'system_view'
  switch (type) {
    case 'VIEW':
      return 'view'
    case 'SEQUENCE':
      return 'sequence'
    case 'SYSTEM VIEW':
      return 'system_view'
    case 'TEMPORARY':
    case 'LOCAL TEMPORARY':
    case 'TEMPORARY SEQUENCE':
      return null
    // BASE TABLE, SYSTEM VERSIONED; of a kind to come the columns are known all the same.
    default:
      return 'table'
  }
}

function readColumn({ texts, flavour, documents }: Context, row: CatalogRow): CatalogColumn {
  const [schema, table, , name, type, extra, expression] = row
  const isDocument =
    documents.size > 0 &&
    documents.has([schema, table, `json_valid(\`${(name ?? '').replaceAll('`', '``')}\`)`].join('\0'))
  const visible = !/\bINVISIBLE\b/.test(extra ?? '')
  return {
    name: textOf(name),
    type: isDocument ? 'json' : textOf(type).toLowerCase(),
    generated: readGenerated(texts, flavour, expression ?? ''),
    ...(visible ? {} : { invisible: true }),
  }
}

function readGenerated(texts: StoredTexts, flavour: Dialect['flavour'], expression: string): Stored<Expression> | null {
  // The period columns of MariaDB's system versioning are computed from the time alone.
  if (expression === '' || expression === 'ROW START' || expression === 'ROW END') return null
  return texts.expression(flavour === 'mysql' ? unescaped(expression) : expression)
}

/** MySQL escapes this text once more than it is: `concat(a,_utf8mb4\'x\')`. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([\s\S])/g, (_, escaped: string) => ESCAPED[escaped] ?? escaped)
}

const ESCAPED: Readonly<Record<string, string>> = { '0': '\0', n: '\n', r: '\r', Z: '\x1a' }

function readView({ texts }: Context, row: CatalogRow | undefined): CatalogView {
  const [, , definition, security, definer] = row ?? []
  return {
    query:
      typeof definition === 'string' && definition !== ''
        ? texts.query(definition)
        : unread('its text may not be seen (the privilege SHOW VIEW)'),
    security: security === 'INVOKER' ? 'invoker' : 'definer',
    definer: definer ?? '',
  }
}

function readRoutines(context: Context): CatalogRoutine[] {
  const parameters = new Map<string, CatalogRow[]>()
  for (const row of byNumber(context.rows.parameters, 3)) {
    const key = row.slice(0, 3).join('\0')
    const known = parameters.get(key)
    if (known === undefined) parameters.set(key, [row])
    else known.push(row)
  }
  return context.rows.routines.flatMap((row): CatalogRoutine[] => {
    const [schema, name, type, language, security, sqlMode, definition, returns] = row
    if (type !== 'FUNCTION' && type !== 'PROCEDURE') return []
    const kind = type === 'FUNCTION' ? 'function' : 'procedure'
    const own = parameters.get(row.slice(0, 3).join('\0')) ?? []
    const text = `CREATE ${type} f()${kind === 'function' ? ' RETURNS int' : ''} ${definition ?? ''}`
    return [
      {
        schema: textOf(schema),
        name: textOf(name),
        kind,
        parameters: own.map((parameter) => ({
          name: parameter[5] ?? '',
          mode: modeOf(parameter[4]),
          ...typeIn(parameter[6]),
        })),
        ...(kind === 'function' && returns !== null && returns !== undefined ? { returns: returns.toLowerCase() } : {}),
        body:
          language === 'SQL'
            ? readBody(context, [kind, textOf(schema), textOf(name)], sqlMode, definition, text)
            : unread(`it is not written in SQL`),
        security: security === 'INVOKER' ? 'invoker' : 'definer',
      },
    ]
  })
}

function typeIn(type: string | null | undefined): { readonly type?: string } {
  return type === null || type === undefined ? {} : { type: type.toLowerCase() }
}

function modeOf(mode: string | null | undefined): 'in' | 'out' | 'inout' {
  if (mode === 'OUT') return 'out'
  return mode === 'INOUT' ? 'inout' : 'in'
}

function readTrigger(context: Context, row: CatalogRow): CatalogTrigger {
  const [, , name, timing, manipulation, , sqlMode, statement, schema] = row
  const time = timing === 'BEFORE' ? 'before' : 'after'
  const text = `CREATE TRIGGER t ${textOf(timing)} ${textOf(manipulation)} ON t FOR EACH ROW ${statement ?? ''}`
  return {
    name: textOf(name),
    time,
    event: eventOf(manipulation),
    body: readBody(context, ['trigger', textOf(schema), textOf(name)], sqlMode, statement, text),
  }
}

function eventOf(manipulation: string | null | undefined): CatalogTrigger['event'] {
  switch (manipulation) {
    case 'INSERT':
      return 'insert'
    case 'UPDATE':
      return 'update'
    case 'DELETE':
      return 'delete'
    default:
      throw new TypeError(`a trigger on ${String(manipulation)}`)
  }
}

function readEvent(context: Context, row: CatalogRow): CatalogEvent {
  const [schema, name, language, sqlMode, definition] = row
  const text = `CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO ${definition ?? ''}`
  return {
    schema: textOf(schema),
    name: textOf(name),
    body:
      language === 'SQL'
        ? readBody(context, ['event', textOf(schema), textOf(name)], sqlMode, definition, text)
        : unread('it is not written in SQL'),
  }
}

/** What runs, from the whole text where there is one, else from the definition in `information_schema`. */
function readBody(
  { texts, whole }: Context,
  key: readonly string[],
  sqlMode: string | null | undefined,
  definition: string | null | undefined,
  text: string,
): Stored<ProgramStatement | Statement> {
  if (typeof definition !== 'string' || definition === '') return unread('its text may not be seen')
  const row = whole.get(key.join('\0'))
  if (row === undefined)
    return needsWholeText(definition) ? unread('its whole text was not read') : texts.body(text, sqlMode ?? '')
  const [, , , mode, created, characters] = row
  if (typeof created !== 'string') return unread('its text may not be seen')
  // Of the others some hide a backslash or a quote in a character of more than one byte.
  if (!PLAIN_CHARACTERS.has(characters ?? '')) return unread(`it was made in the character set ${String(characters)}`)
  return texts.body(created, mode ?? '')
}

const PLAIN_CHARACTERS: ReadonlySet<string> = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'latin1', 'ascii'])

function unread(reason: string): { readonly kind: 'unread'; readonly reason: string } {
  return { kind: 'unread', reason }
}

function letters(value: string | null | undefined): TableNameCase {
  if (value === '1') return 1
  if (value === '2') return 2
  if (value === '0') return 0
  throw new TypeError(`lower_case_table_names is ${String(value)}`)
}

function grouped(rows: readonly CatalogRow[], lowerCase: TableNameCase): ReadonlyMap<string, CatalogRow[]> {
  const groups = new Map<string, CatalogRow[]>()
  for (const row of rows) {
    const key = tableKey(row, lowerCase)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return groups
}

/** Schema and table stand first in every row of them; the views of one server need not agree on the case of a name. */
function tableKey([schema, table]: CatalogRow, lowerCase: TableNameCase): string {
  return `${foldTableName(textOf(schema), lowerCase)}\0${foldTableName(textOf(table), lowerCase)}`
}
