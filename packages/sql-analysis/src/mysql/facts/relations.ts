import type { LineageSource, RelationName } from '@gatehouse/core'
import type { CatalogColumn, CatalogTable } from '../catalog.ts'
import { foldName } from '../name-case.ts'
import type { QualifiedName } from '../query-tree.ts'
import { itemOf } from './item.ts'
import { type Column, type Lineage, copiedFrom, untraced, type ValueClass } from './lineage.ts'
import { Reading } from './reading.ts'
import { TOP } from './scope.ts'

/** Engines whose tables show rows that are kept elsewhere: in other tables, files or servers. */
const ELSEWHERE: ReadonlySet<string> = new Set(['mrg_myisam', 'federated', 'connect', 'spider', 'ndbinfo', 'mroonga'])

const columnsByTable = new WeakMap<CatalogTable, readonly Column[]>()

/** The table, view or sequence a name in a statement means; undefined when the catalog does not know it. */
export function findTable(reading: Reading, { schema: written, name }: QualifiedName): CatalogTable | undefined {
  reading.spend(2)
  const { catalog, temporary } = reading.names
  const schema = written ?? reading.schema
  if (schema === null) return undefined
  // A temporary table hides any other of its name (MySQL manual, "CREATE TEMPORARY TABLE Statement").
  for (const table of temporary) {
    reading.spend(1)
    if (catalog.sameTableName(table.schema, schema) && catalog.sameTableName(table.name, name)) return table
  }
  return catalog.table(schema, name)
}

/** The name for facts: as the catalog has it, else as written, with schema null where none was. */
export function relationName(reading: Reading, name: QualifiedName): RelationName {
  return nameOf(findTable(reading, name), name)
}

/** The same of a table that was looked up already. */
export function nameOf(table: CatalogTable | undefined, written: QualifiedName): RelationName {
  return table === undefined
    ? { schema: written.schema, name: written.name }
    : { schema: table.schema, name: table.name }
}

/** The name that something about to be made gets. */
export function newRelationName(reading: Reading, { schema: written, name }: QualifiedName): RelationName {
  const schema = written ?? reading.schema
  return { schema: schema === null ? null : (reading.names.catalog.schema(schema) ?? schema), name }
}

/** The stored columns of a table, each as the value of its base column; a generated one also as what it is computed from. */
export function storedColumns(reading: Reading, table: CatalogTable): readonly Column[] {
  let columns = columnsByTable.get(table)
  if (columns === undefined) {
    columns = table.columns.map((column, index) => storedColumn(table, column, index))
    if (table.columns.some((column) => column.generated !== null)) columns = withGenerated(reading, table, columns)
    columnsByTable.set(table, columns)
  }
  return columns
}

function storedColumn(table: CatalogTable, column: CatalogColumn, index: number): Column {
  const name = table.names[index]
  const engine = table.engine ?? ''
  const lineage =
    name === undefined
      ? untraced('name', `a column of ${table.name} is not known`)
      : ELSEWHERE.has(engine)
        ? {
            ...untraced('name', `${table.name} is of engine ${engine}: its rows are kept elsewhere`),
            sources: own(name),
          }
        : copiedFrom(own(name), classOfType(column.type))
  const hidden = column.invisible === true ? { hidden: true as const } : {}
  return { name: column.name, key: foldName(column.name), lineage, ...hidden }
}

function own(column: LineageSource['column']): readonly LineageSource[] {
  return [{ column, how: 'copied' }]
}

function withGenerated(reading: Reading, table: CatalogTable, stored: readonly Column[]): readonly Column[] {
  // A generated column may be computed from others: those are followed in a second round.
  let columns = stored
  for (let round = 0; round < 2; round++) {
    const before = columns
    columns = before.map((column, index) => generatedColumn(reading, table, index, column, before))
  }
  return columns
}

function generatedColumn(
  reading: Reading,
  table: CatalogTable,
  index: number,
  column: Column,
  columns: readonly Column[],
): Column {
  const generated = table.columns[index]?.generated ?? null
  const stored = table.names[index]
  if (generated === null || stored === undefined) return column
  if (generated.kind === 'unread') {
    const reason = `what ${table.name}.${column.name ?? ''} is computed from is not known: ${generated.reason}`
    return { ...column, lineage: { ...untraced('name', reason), sources: own(stored) } }
  }
  const inner = new Reading(reading.names, reading.walk, reading.work, table.schema)
  inner.defining = true
  const source = { kind: 'item', item: itemOf(reading.tableKey(table.name), columns, null) } as const
  const value = inner.walk.expression(inner, generated.tree, { ...TOP, source })
  const from = new Set([...value.sources.map((part) => part.column), ...inner.decides.keys()])
  from.delete(stored)
  const sources = [...own(stored), ...[...from].map((part) => ({ column: part, how: 'derived' as const }))]
  const { opacity, reason, through } = value
  return { ...column, lineage: { ...column.lineage, sources, opacity, reason, through } }
}

const CLASSES: ReadonlyMap<string, ValueClass> = new Map([
  ...words(
    'char varchar tinytext text mediumtext longtext enum set binary varbinary tinyblob blob mediumblob longblob',
  ).map((type): [string, ValueClass] => [type, 'string']),
  ...words('tinyint smallint mediumint int integer bigint decimal numeric float double real bit bool boolean year').map(
    (type): [string, ValueClass] => [type, 'number'],
  ),
  ...words('date datetime timestamp time').map((type): [string, ValueClass] => [type, 'temporal']),
  ['json', 'json'],
])

function words(text: string): readonly string[] {
  return text.split(' ')
}

/** How values of a type compare; null for one that is none of these. */
export function classOfType(type: string): ValueClass | null {
  return CLASSES.get(type.toLowerCase()) ?? null
}

/** The value of a column of a table whose columns are not known. */
export function unknownColumns(name: string): Lineage {
  return untraced('relation', `table ${name} is not known`)
}
