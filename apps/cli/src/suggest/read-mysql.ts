import type { ColumnName, Policy } from '@gatehouse/core'
import { openMysqlTargetQueries, type Target } from '@gatehouse/gateway'
import { MYSQL_CATALOG_SESSION } from '@gatehouse/sql-analysis'
import type { ColumnLink } from './columns.ts'
import { COLUMNS_QUERY, LINKS_QUERY, TABLES_QUERY } from './mysql-queries.ts'
import { MysqlSampler } from './mysql-sampler.ts'
import { mysqlType } from './mysql-type.ts'
import { RuledColumns } from './ruled-columns.ts'
import { compareTables, type ReadableColumn, type TargetContents, type TargetTable } from './target-contents.ts'

/** Storage engines whose tables are kept elsewhere. */
const elsewhere: ReadonlySet<string> = new Set(['federated', 'connect', 'spider', 's3'])

/** Reads a target of MySQL or MariaDB: what its account may see. `sampler` is open. Rejects with `UpstreamUnavailable`. */
export async function readMysql(
  name: string,
  target: Target,
  policy: Policy,
  wanted: (schema: string) => boolean,
): Promise<TargetContents> {
  const queries = await openMysqlTargetQueries(name, target, 'suggest')
  try {
    await queries.rows(MYSQL_CATALOG_SESSION)
    const ruled = new RuledColumns(policy, name, 'mysql')
    const columns = columnsByTable(await queries.rows(COLUMNS_QUERY), ruled)
    const all = (await queries.rows(TABLES_QUERY)).map(([schema, table, engine, rows]): TargetTable => {
      const isElsewhere = elsewhere.has(engine?.toLowerCase() ?? '')
      const kind = isElsewhere ? 'foreign' : 'table'
      const own = columns.get(JSON.stringify([schema, table])) ?? []
      return {
        schema: schema ?? '',
        name: table ?? '',
        kind,
        size: Number(rows ?? 0),
        columns: own.map((column) => ({ ...column, relationKind: kind })),
      }
    })
    const links = (await queries.rows(LINKS_QUERY)).map((row): ColumnLink => ({
      from: named(row, 0),
      to: named(row, 3),
    }))
    return {
      tables: all.filter(({ schema, columns: own }) => wanted(schema) && own.length > 0).toSorted(compareTables),
      systemColumns: [],
      links,
      materializedViews: [],
      schemas: [...new Set(all.map(({ schema }) => schema))].toSorted(),
      sampler: await MysqlSampler.open(queries),
    }
  } catch (error) {
    queries.close()
    throw error
  }
}

function columnsByTable(
  rows: readonly (readonly (string | null)[])[],
  ruled: RuledColumns,
): ReadonlyMap<string, readonly ReadableColumn[]> {
  const byTable = new Map<string, ReadableColumn[]>()
  for (const row of rows) {
    const [schema, table, , dataType, typeText, readable] = row
    const name = named(row, 0)
    const column: ReadableColumn = {
      name,
      relationKind: 'table',
      type: mysqlType(dataType ?? '', typeText ?? ''),
      typeText: typeText ?? '',
      ownTypeName: null,
      masked: ruled.masked(name),
      detected: ruled.detected(name),
      readable: readable === '1',
    }
    const key = JSON.stringify([schema, table])
    const own = byTable.get(key)
    if (own === undefined) byTable.set(key, [column])
    else own.push(column)
  }
  return byTable
}

/** The column that three cells name. */
function named(row: readonly (string | null)[], at: number): ColumnName {
  return { schema: row[at] ?? '', relation: row[at + 1] ?? '', column: row[at + 2] ?? '' }
}
