import type { ColumnName, Policy } from '@gatehouse/core'
import { openTargetQueries, readCatalogRows, type Target, type TargetQueries, valueType } from '@gatehouse/gateway'
import { buildCatalog, type Catalog, CATALOG_SESSION } from '@gatehouse/sql-analysis'
import type { ColumnLink, TargetColumn } from './columns.ts'
import { FIRST_NORMAL_OID, isSystemSchema, SYSTEM_SECRETS } from './system-objects.ts'
import { COLUMN_DETAILS_QUERY, FOREIGN_KEYS_QUERY, PAGES_QUERY } from './postgres-queries.ts'
import { PostgresSampler } from './postgres-sampler.ts'
import { postgresType } from './postgres-type.ts'
import { RuledColumns } from './ruled-columns.ts'
import { compareTables, type ReadableColumn, type TargetContents, type TargetTable } from './target-contents.ts'

type Catalogued = ReturnType<Catalog['relations']> extends Iterable<infer One> ? One : never

interface ColumnDetail {
  readonly modifier: number
  readonly typeText: string
  readonly readable: boolean
}

/** Reads a target of PostgreSQL. `sampler` is open. Rejects with `UpstreamUnavailable`. */
export async function readPostgres(
  name: string,
  target: Target,
  policy: Policy,
  wanted: (schema: string) => boolean,
): Promise<TargetContents> {
  const { rows } = await readCatalogRows(name, target)
  const catalog = buildCatalog('suggest', rows)
  const queries = await openTargetQueries(name, target, 'suggest')
  try {
    await queries.rows(CATALOG_SESSION)
    const details = new Map(
      (await jsonRows(queries, COLUMN_DETAILS_QUERY)).map(([oid, number, modifier, typeText, readable]) => [
        `${String(oid)} ${String(number)}`,
        { modifier: Number(modifier), typeText: String(typeText), readable: readable === true },
      ]),
    )
    const pages = new Map((await jsonRows(queries, PAGES_QUERY)).map(([oid, size]) => [Number(oid), Number(size)]))
    const links = (await jsonRows(queries, FOREIGN_KEYS_QUERY)).flatMap((row) => linksOf(catalog, row))
    // Rows are read as sessions see them: what row policies call may go by the search path.
    await queries.rows('RESET search_path')
    const relations = [...catalog.relations()].filter(({ schema }) => !isSystemSchema(schema))
    const read = new ColumnReader(catalog, details, new RuledColumns(policy, name, 'postgres'))
    return {
      tables: relations
        .filter(({ schema }) => wanted(schema))
        .flatMap((relation) => read.table(relation, pages.get(relation.oid) ?? 0))
        .toSorted(compareTables),
      systemColumns: SYSTEM_SECRETS.flatMap((column) => read.systemColumn(column)),
      links,
      materializedViews: relations
        .filter(({ kind, schema }) => kind === 'materialized_view' && wanted(schema))
        .map((relation) => `${relation.schema}.${relation.name}`)
        .toSorted(),
      schemas: [...new Set(relations.map(({ schema }) => schema))].toSorted(),
      sampler: new PostgresSampler(queries),
    }
  } catch (error) {
    queries.close()
    throw error
  }
}

class ColumnReader {
  readonly #catalog: Catalog
  readonly #details: ReadonlyMap<string, ColumnDetail>
  readonly #ruled: RuledColumns

  constructor(catalog: Catalog, details: ReadonlyMap<string, ColumnDetail>, ruled: RuledColumns) {
    this.#catalog = catalog
    this.#details = details
    this.#ruled = ruled
  }

  table(relation: Catalogued, pages: number): TargetTable[] {
    const { schema, name, kind } = relation
    if (kind !== 'table' && kind !== 'partitioned' && kind !== 'foreign') return []
    const columns = relation.columns.flatMap((column, index): ReadableColumn[] => {
      const own: ColumnName = { schema, relation: name, column: column.name }
      // What a partition or child has of its parent is masked by the parent's name.
      const roots = relation.base[index]?.names ?? []
      if (!roots.some((root) => root.schema === schema && root.relation === name)) return []
      const detail = this.#details.get(`${relation.oid} ${column.number}`)
      if (detail === undefined) return []
      return [
        {
          name: own,
          relationKind: kind,
          type: postgresType(valueType(column.typeOid, detail.modifier, this.#catalog)),
          typeText: detail.typeText,
          ownTypeName:
            column.typeOid < FIRST_NORMAL_OID ? null : (this.#catalog.typeByOid(column.typeOid)?.name ?? null),
          masked: this.#ruled.masked(own),
          detected: this.#ruled.detected(own),
          readable: detail.readable,
        },
      ]
    })
    return columns.length === 0 ? [] : [{ schema, name, kind, size: pages, columns }]
  }

  systemColumn(name: ColumnName): TargetColumn[] {
    const relation = this.#catalog.relation(name.schema, name.relation)
    const column = relation?.columns.find((candidate) => candidate.name === name.column)
    if (column === undefined) return []
    const type = valueType(column.typeOid, -1, this.#catalog)
    return [
      {
        name,
        relationKind: 'table',
        type: postgresType(type),
        typeText: type.name,
        ownTypeName: null,
        masked: this.#ruled.masked(name),
        detected: this.#ruled.detected(name),
      },
    ]
  }
}

/** A foreign key's pairs of columns, each by the names that masks go by. */
function linksOf(catalog: Catalog, row: readonly unknown[]): ColumnLink[] {
  const [fromOid, fromNumbers, toOid, toNumbers] = row
  if (!Array.isArray(fromNumbers) || !Array.isArray(toNumbers)) return []
  return fromNumbers.flatMap((number, index) => {
    const from = baseNames(catalog, fromOid, number)
    const to = baseNames(catalog, toOid, toNumbers[index])
    return from.flatMap((one) => to.map((other) => ({ from: one, to: other })))
  })
}

function baseNames(catalog: Catalog, oid: unknown, number: unknown): readonly ColumnName[] {
  const relation = catalog.relationByOid(Number(oid))
  const index = relation?.columns.findIndex((column) => column.number === number) ?? -1
  return relation?.base[index]?.names ?? []
}

async function jsonRows(queries: TargetQueries, sql: string): Promise<readonly (readonly unknown[])[]> {
  return (await queries.rows(sql)).flatMap(([cell]) => {
    const row: unknown = JSON.parse(cell ?? 'null')
    return Array.isArray(row) ? [row] : []
  })
}
