import type { BoundValue } from '@gatehouse/mysql-wire'
import {
  MYSQL_CATALOG_SESSION,
  type MysqlCatalogRows,
  type OwnQuery,
  readMysqlCatalogRows,
  type ServerVersion,
} from '@gatehouse/sql-analysis'
import type { Target } from '../target.ts'
import type { TargetQueries } from '../target-queries.ts'
import { Turn } from '../turn.ts'
import { UpstreamUnavailable } from '../upstream-dial.ts'
import { OwnQueries } from './own-queries.ts'
import { openUpstream, ownWishes } from './upstream.ts'

/** Reading a whole catalog may keep the database busy for longer than its other answers take. */
const CATALOG_PATIENCE_MILLISECONDS = 60_000

/** `TargetQueries`, and what the session is like. */
export interface MysqlTargetQueries extends TargetQueries {
  readonly version: ServerVersion
  /** As `OwnQueries.rowsOfPrepared`. */
  rowsOfPrepared(sql: string, values: readonly BoundValue[], patienceMilliseconds: number): Promise<(string | null)[][]>
  /** `@@sql_mode`, as it is for every session that changes nothing. */
  readonly sqlMode: string
}

/** `purpose` is shown to the database's operators among the connection attributes. Rejects with `UpstreamUnavailable`. */
export async function openMysqlTargetQueries(
  name: string,
  target: Target,
  purpose: string,
  role: string | null = null,
): Promise<MysqlTargetQueries> {
  const turn = new Turn({ commit: () => undefined })
  const upstream = await openUpstream(name, target, { ...ownWishes(target, purpose), role }, purpose, turn)
  const queries = new OwnQueries(name, upstream, target.connectTimeoutSeconds * 1000)
  return {
    version: upstream.version,
    sqlMode: upstream.settings.sqlMode,
    rows: (sql, patience) => queries.rows(sql, patience),
    rowsOfPrepared: (sql, values, patience) => queries.rowsOfPrepared(sql, values, patience),
    close: () => queries.close(),
  }
}

/** What exists on a target, as rows, and how its sessions read texts: for a catalog that is kept in a file. Rejects with `UpstreamUnavailable`. */
export async function readMysqlTarget(
  name: string,
  target: Target,
): Promise<{ readonly rows: MysqlCatalogRows; readonly version: ServerVersion; readonly sqlMode: string }> {
  const queries = await openMysqlTargetQueries(name, target, 'catalog')
  const { version, sqlMode } = queries
  const query: OwnQuery = async (sql) => {
    try {
      return await queries.rows(sql, CATALOG_PATIENCE_MILLISECONDS)
    } catch (error) {
      // The server refuses it: the connection goes on.
      if (error instanceof UpstreamUnavailable && error.sqlstate !== null) return null
      throw error
    }
  }
  try {
    await queries.rows(MYSQL_CATALOG_SESSION)
    return { rows: await readMysqlCatalogRows(query, version.flavour), version, sqlMode }
  } finally {
    queries.close()
  }
}
