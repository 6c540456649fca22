import {
  type CatalogRow,
  CHECKS_QUERY,
  LOADABLE_FUNCTIONS_QUERY,
  needsWholeText,
  MYSQL_CATALOG_QUERIES,
  MYSQL_CATALOG_VERSION_QUERY,
  OWN_PRIVILEGES_QUERY,
  PARTIAL_REVOKES_QUERY,
  ROUTINES_TABLE_QUERY,
  showCreateQuery,
} from './catalog-queries.ts'
import type { MysqlCatalogRows } from './catalog-rows.ts'
import type { Dialect } from './dialect.ts'

/** Runs one query of the gateway's own: its rows as text, or null when the server refused it. Rejects when the connection is lost. */
export type OwnQuery = (sql: string) => Promise<readonly CatalogRow[] | null>

/**
 * What names and privileges there are, in one text that changes when they do. The connection must have run
 * `MYSQL_CATALOG_SESSION`. Throws an Error when the server refuses.
 */
export async function readMysqlCatalogVersion(query: OwnQuery, flavour: Dialect['flavour']): Promise<string> {
  const definitions = await needed(query, MYSQL_CATALOG_VERSION_QUERY)
  const privileges = await needed(query, OWN_PRIVILEGES_QUERY)
  const loadable = await query(LOADABLE_FUNCTIONS_QUERY[flavour])
  const text = (rows: readonly CatalogRow[]): string =>
    rows
      .map((row) => row.join('.'))
      .toSorted()
      .join(',')
  return [definitions[0]?.[0] ?? '', text(privileges), loadable === null ? '-' : text(loadable)].join(' ')
}

/**
 * Reads a whole catalog as rows. There is no snapshot of definitions in MySQL: the version is read before and after, and all is
 * read again while they differ, or when the server refuses a query that every account may run: it does so now and then while others
 * define. Throws an Error when that is still so after some tries.
 */
export async function readMysqlCatalogRows(query: OwnQuery, flavour: Dialect['flavour']): Promise<MysqlCatalogRows> {
  let reason = new Error('definitions changed all the time while they were read')
  for (let tries = 0; tries < READ_TRIES; tries++) {
    try {
      const version = await readMysqlCatalogVersion(query, flavour)
      const rows = await readOnce(query, flavour, version)
      if ((await readMysqlCatalogVersion(query, flavour)) === version) return rows
    } catch (error) {
      if (!(error instanceof QueryRefused)) throw error
      reason = error
    }
  }
  throw reason
}

/** The server answered a query of the catalog with an error. */
class QueryRefused extends Error {}

/** Where others define without pause, a quiet moment as long as one reading comes after several. */
const READ_TRIES = 12

async function readOnce(query: OwnQuery, flavour: Dialect['flavour'], version: string): Promise<MysqlCatalogRows> {
  const rows = {} as Record<keyof typeof MYSQL_CATALOG_QUERIES, readonly CatalogRow[]>
  for (const kind of KINDS) rows[kind] = await needed(query, MYSQL_CATALOG_QUERIES[kind])
  const privileges = await needed(query, OWN_PRIVILEGES_QUERY)
  const partial = flavour === 'mysql' ? ((await query(PARTIAL_REVOKES_QUERY))?.[0]?.[0] ?? null) : '0'
  const routinesTable = flavour === 'mariadb' && (await query(ROUTINES_TABLE_QUERY)) !== null
  return {
    ...rows,
    version,
    privileges,
    partialRevokes: partial !== '0',
    seesRoutinesTable: routinesTable,
    loadableFunctions: await query(LOADABLE_FUNCTIONS_QUERY[flavour]),
    texts: await wholeTexts(query, rows),
    checks: await needed(query, CHECKS_QUERY[flavour]),
  }
}

const KINDS = [
  'server',
  'schemas',
  'tables',
  'columns',
  'views',
  'uniqueKeys',
  'foreignKeys',
  'rules',
  'routines',
  'parameters',
  'triggers',
  'events',
] as const satisfies readonly (keyof typeof MYSQL_CATALOG_QUERIES)[]

/** The texts of routines, triggers and events that are not whole in `information_schema`. */
async function wholeTexts(
  query: OwnQuery,
  rows: Pick<MysqlCatalogRows, 'routines' | 'triggers' | 'events'>,
): Promise<readonly CatalogRow[]> {
  const texts: CatalogRow[] = []
  const read = async (
    kind: 'function' | 'procedure' | 'trigger' | 'event',
    schema: string,
    name: string,
    definition: string | null | undefined,
  ): Promise<void> => {
    if (definition === null || definition === undefined || !needsWholeText(definition)) return
    const [row] = (await query(showCreateQuery(kind, schema, name))) ?? []
    const [, sqlMode = null] = row ?? []
    const [text = null, charset = null] = row?.slice(kind === 'event' ? 3 : 2) ?? []
    texts.push([kind, schema, name, sqlMode, text, charset])
  }
  for (const [schema, name, type, body, , , definition] of rows.routines) {
    if (body !== 'SQL') continue
    if (type === 'FUNCTION') await read('function', schema ?? '', name ?? '', definition)
    else if (type === 'PROCEDURE') await read('procedure', schema ?? '', name ?? '', definition)
  }
  for (const [, , name, , , , , definition, schema] of rows.triggers)
    await read('trigger', schema ?? '', name ?? '', definition)
  for (const [schema, name, body, , definition] of rows.events)
    if (body === 'SQL') await read('event', schema ?? '', name ?? '', definition)
  return texts
}

async function needed(query: OwnQuery, sql: string): Promise<readonly CatalogRow[]> {
  const rows = await query(sql)
  if (rows === null) throw new QueryRefused(`the server refused ${sql.slice(0, 80)}`)
  return rows
}
