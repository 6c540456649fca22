import type { ColumnType, RelationName } from '@gatehouse/core'
import type { RangeVar } from 'libpg-query'
import type { Catalog, CatalogColumn, CatalogRelation } from '../catalog.ts'
import { type Column, type Lineage, copiedFrom, untraced } from './lineage.ts'
import type { Reading } from './reading.ts'

/** System columns that hold values of other tables: what is in them cannot be traced. PostgreSQL manual, "System Catalogs". */
const SAMPLED: ReadonlyMap<string, RegExp> = new Map([
  ['pg_statistic', /^stavalues/],
  ['pg_statistic_ext_data', /^stxd(?!inherit$)/],
  ['pg_largeobject', /^data$/],
])

const columnsByRelation = new WeakMap<CatalogRelation, readonly Column[]>()

/** The stored columns of a relation, each as the value of its base column. */
export function storedColumns(catalog: Catalog, relation: CatalogRelation): readonly Column[] {
  let columns = columnsByRelation.get(relation)
  if (columns === undefined) {
    const sampled = relation.schema === 'pg_catalog' ? SAMPLED.get(relation.name) : undefined
    columns = relation.columns.map((column, index) => ({
      name: column.name,
      lineage: storedColumn(catalog, relation, index, sampled?.test(column.name) === true),
    }))
    columnsByRelation.set(relation, columns)
  }
  return columns
}

function storedColumn(catalog: Catalog, relation: CatalogRelation, index: number, sampled: boolean): Lineage {
  const column = relation.columns[index]
  const base = relation.base[index]
  if (column === undefined || base === undefined) return untraced('name', `a column of "${relation.name}" is not known`)
  if (sampled)
    return untraced('name', `${relation.schema}.${relation.name}.${column.name} holds values of other tables`)
  return copiedFrom(
    base.copied,
    catalog.isBuiltinType(column.typeOid),
    typeOfColumn(column),
    isArrayType(catalog, column.typeOid),
  )
}

/** True when values of the type are, or could be, arrays. */
export function isArrayType(catalog: Catalog, oid: number): boolean {
  const type = catalog.typeByOid(oid)
  return type === undefined || type.category === 'A'
}

/** The type of a stored column, or of a view's. */
export function typeOfColumn(column: CatalogColumn): ColumnType {
  return { oid: column.typeOid, modifier: column.typeModifier ?? -1 }
}

/** The relation a name in a statement means; undefined when the catalog does not know it. */
export function findRelation(reading: Reading, name: RangeVar): CatalogRelation | undefined {
  const { environment } = reading
  const relname = name.relname ?? ''
  const schema = name.schemaname
  reading.spend(1 + (environment.searchPath.length >> 1))
  if (schema === undefined || schema === '') return environment.catalog.resolve(relname, environment.searchPath)
  if (schema === 'pg_temp') {
    const own = environment.searchPath.find((candidate) => candidate.startsWith('pg_temp_'))
    return own === undefined ? undefined : environment.catalog.relation(own, relname)
  }
  return environment.catalog.relation(schema, relname)
}

/** The name for facts: resolved, else as written with schema null where none was written. */
export function relationName(reading: Reading, name: RangeVar): RelationName {
  const found = findRelation(reading, name)
  if (found !== undefined) return { schema: found.schema, name: found.name }
  const schema = name.schemaname
  return { schema: schema === undefined || schema === '' ? null : schema, name: name.relname ?? '' }
}

/** The name a relation gets that is about to be made: in the schema written, the temporary one, or the first of the path. */
export function newRelationName(reading: Reading, name: RangeVar): RelationName {
  const written = name.schemaname
  const relname = name.relname ?? ''
  if (written !== undefined && written !== '') return { schema: written, name: relname }
  if (name.relpersistence === 't') return { schema: 'pg_temp', name: relname }
  return { schema: creationSchema(reading), name: relname }
}

/** The schema that takes new objects: the first of the path that is not there by itself; null when there is none. */
export function creationSchema(reading: Reading): string | null {
  const path = reading.environment.searchPath
  return path.find((schema) => schema !== 'pg_catalog' && !schema.startsWith('pg_temp')) ?? null
}
