import type { ColumnName } from '@gatehouse/core'
import type { CatalogTable } from '../../catalog.ts'
import { foldName } from '../../name-case.ts'
import type { QualifiedName } from '../../query-tree.ts'
import type { Item } from '../item.ts'
import { type Column, type Lineage, anyOf, named } from '../lineage.ts'
import { tableColumns, writtenColumns } from '../queries/views.ts'
import type { Reading } from '../reading.ts'
import { findTable, newRelationName } from '../relations.ts'
import { tellOfAssignment } from './keys.ts'

/** A table or view about to be changed. */
export interface Target {
  readonly name: QualifiedName
  readonly item: Item
  /** Undefined: the catalog does not know it. */
  readonly table: CatalogTable | undefined
}

/** Lists a column written, under its base table's name where it is one of a view. `name` null: any column of the target. */
export function write(reading: Reading, target: Target, name: string | null, value: Lineage): void {
  const columns = name === null ? [null] : columnsWritten(reading, target, name)
  reading.spend(2 * columns.length)
  for (const column of columns) {
    tellOfAssignment(reading, column, value)
    reading.writes.push({
      target: column,
      sources: value.sources,
      through: value.through,
      complete: value.reason === null,
    })
  }
}

function columnsWritten(reading: Reading, { name, table }: Target, column: string): readonly (ColumnName | null)[] {
  const key = foldName(column)
  if (table === undefined) {
    const { schema, name: relation } = newRelationName(reading, name)
    return schema === null ? [null] : [{ schema, relation, column }]
  }
  // Of a view only its base columns are written; a table may be about to get the column.
  const found = writtenColumns(reading, table, key)
  if (found.length > 0) return found
  return table.kind === 'view' ? [null] : [{ schema: table.schema, relation: table.name, column }]
}

/** The tables whose rows change where a table or view does: itself, or what the view shows. */
export function baseTables(reading: Reading, { name, table }: Pick<Target, 'name' | 'table'>): readonly CatalogTable[] {
  const known = table ?? findTable(reading, name)
  if (known === undefined) return []
  if (known.kind !== 'view') return [known]
  const bases = new Set<CatalogTable>()
  for (const { key } of tableColumns(reading, known)) {
    for (const { schema, relation } of writtenColumns(reading, known, key)) {
      const base = reading.names.catalog.table(schema, relation)
      if (base !== undefined) bases.add(base)
    }
  }
  if (bases.size === 0) reading.incomplete(`what view ${known.name} shows is not known, nor the triggers of it`)
  return [...bases]
}

/** What goes into the columns of a base table where it goes into these of the target. */
export function baseColumns(
  reading: Reading,
  { table }: Target,
  base: CatalogTable,
  columns: readonly Column[],
): readonly Column[] {
  if (table === undefined || table.kind !== 'view') return columns
  return columns.flatMap(({ key, lineage }) =>
    writtenColumns(reading, table, key).flatMap(({ schema, relation, column }) =>
      schema === base.schema && relation === base.name ? [named(column, lineage)] : [],
    ),
  )
}

/** The target's row as RETURNING and triggers see it: what was in a column, and whatever may have been put there. */
export function afterWrite(
  reading: Reading,
  columns: readonly Column[],
  written: readonly Column[],
): readonly Column[] {
  if (written.length === 0) return columns
  reading.spend(2 * (columns.length + written.length))
  const values = new Map<string, Lineage[]>()
  const anywhere: Lineage[] = []
  for (const { name, key, lineage } of written) {
    const known = name === null ? anywhere : values.get(key)
    if (known !== undefined) known.push(lineage)
    else values.set(key, [lineage])
  }
  return columns.map((column) => {
    const own = values.get(column.key) ?? []
    if (own.length + anywhere.length === 0) return column
    return { ...column, lineage: anyOf(reading, [column.lineage, ...own, ...anywhere]) }
  })
}
