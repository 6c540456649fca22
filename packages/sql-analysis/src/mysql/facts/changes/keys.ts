/**
 * What the server compares with stored rows by itself: a row that breaks a key is an error, a row skipped or a row counted, and
 * each tells of the values that were compared.
 */
import type { ColumnName } from '@gatehouse/core'
import type { CatalogForeignKey, CatalogTable } from '../../catalog.ts'
import { foldName } from '../../name-case.ts'
import type { Column, Lineage } from '../lineage.ts'
import type { Reading } from '../reading.ts'
import { storedColumns } from '../relations.ts'

/** Rows with these values are inserted. */
export function tellOfInsert(reading: Reading, table: CatalogTable, given: readonly Column[]): void {
  tellOfUniqueKeys(reading, table, null)
  tellOfReferences(reading, table, given)
  tellOfChecks(reading, table, given, false)
}

/** These values are put into rows that are there. */
export function tellOfUpdate(reading: Reading, table: CatalogTable, assigned: readonly Column[]): void {
  const keys = new Set(assigned.map((column) => column.key))
  tellOfUniqueKeys(reading, table, keys)
  tellOfReferences(reading, table, assigned)
  tellOfChecks(reading, table, assigned, true)
  for (const { table: child, key } of reading.names.catalog.incomingKeys(table)) {
    if (!key.referencedColumns.some((column) => keys.has(foldName(column)))) continue
    tellOfChildren(reading, table, child, key)
    follow(reading, child, key, key.onUpdate, assigned)
  }
}

/** Rows go away: what refers to them may hold them back, or goes with them. */
export function tellOfDelete(reading: Reading, table: CatalogTable, seen: Set<CatalogTable> = new Set()): void {
  if (seen.has(table)) return
  seen.add(table)
  for (const { table: child, key } of reading.names.catalog.incomingKeys(table)) {
    tellOfChildren(reading, table, child, key)
    follow(reading, child, key, key.onDelete, [])
    if (key.onDelete === 'cascade') tellOfDelete(reading, child, seen)
  }
}

// Whether a row with the same key is there shows in the error, the rows counted, and what ON DUPLICATE KEY does.
function tellOfUniqueKeys(reading: Reading, table: CatalogTable, assigned: ReadonlySet<string> | null): void {
  for (const columns of table.uniqueKeys ?? []) {
    if (assigned !== null && !columns.some((column) => assigned.has(foldName(column)))) continue
    for (const value of stored(reading, table, columns)) reading.tellEqual(value)
  }
}

// Whether the row passes shows in the error. What stays as it was is looked at again beside what is assigned.
function tellOfChecks(reading: Reading, table: CatalogTable, given: readonly Column[], stays: boolean): void {
  const keys = new Set(given.map(({ key }) => key))
  const computed = new Set(table.columns.flatMap(({ name, generated }) => (generated === null ? [] : [foldName(name)])))
  for (const columns of table.checks ?? []) {
    const looked = columns.map(foldName)
    if (!looked.some((key) => keys.has(key) || computed.has(key))) continue
    for (const { key, lineage } of given) if (looked.includes(key)) reading.tell(lineage)
    if (stays) {
      const others = columns.filter((column) => !keys.has(foldName(column)))
      for (const value of stored(reading, table, others)) reading.tell(value)
    }
  }
}

function tellOfReferences(reading: Reading, table: CatalogTable, given: readonly Column[]): void {
  for (const { columns, references, referencedColumns } of table.foreignKeys ?? []) {
    const keys = new Set(columns.map(foldName))
    const values = given.filter((column) => keys.has(column.key))
    if (values.length === 0) continue
    for (const { lineage } of values) reading.tellEqual(lineage)
    const other = reading.names.catalog.table(references.schema ?? table.schema, references.name)
    if (other !== undefined) for (const value of stored(reading, other, referencedColumns)) reading.tellEqual(value)
  }
}

function tellOfChildren(reading: Reading, table: CatalogTable, child: CatalogTable, key: CatalogForeignKey): void {
  for (const value of stored(reading, child, key.columns)) reading.tellEqual(value)
  for (const value of stored(reading, table, key.referencedColumns)) reading.tellEqual(value)
}

/** Rows that refer to one that changes go or change with it where their key says so. No triggers fire for that (MySQL manual, "FOREIGN KEY Constraints"). */
function follow(
  reading: Reading,
  child: CatalogTable,
  key: CatalogForeignKey,
  rule: CatalogForeignKey['onDelete'],
  assigned: readonly Column[],
): void {
  if (rule === 'restrict') return
  const deletes = rule === 'cascade' && assigned.length === 0
  const relation = { schema: child.schema, name: child.name }
  reading.beneath([{ action: deletes ? 'delete' : 'update', relation, columns: deletes ? null : key.columns }], [])
  if (rule !== 'cascade' || deletes) return
  key.referencedColumns.forEach((column, index) => {
    const value = assigned.find((candidate) => candidate.key === foldName(column))
    const target = nameOf(child, key.columns[index] ?? '')
    if (value === undefined) return
    const { sources, through, reason } = value.lineage
    reading.writes.push({ target, sources, through, complete: reason === null })
  })
}

function nameOf(table: CatalogTable, column: string): ColumnName | null {
  return table.names[table.columns.findIndex(({ name }) => foldName(name) === foldName(column))] ?? null
}

function stored(reading: Reading, table: CatalogTable, columns: readonly string[]): readonly Lineage[] {
  const all = storedColumns(reading, table)
  reading.spend(1 + columns.length * (1 + (all.length >> 3)))
  const keys = new Set(columns.map(foldName))
  return all.flatMap(({ key, lineage }) => (keys.has(key) ? [lineage] : []))
}

/** The value goes into a column: the conversion on the way may fail or warn, unless it is moved as it is. */
export function tellOfAssignment(reading: Reading, target: ColumnName | null, value: Lineage): void {
  if (value.sources.length === 0) return
  reading.spend(1 + value.sources.length)
  const type = typeOf(reading, target)
  const moved = value.sources.every(
    ({ column, how }) => how === 'copied' && type !== null && typeOf(reading, column) === type,
  )
  if (!moved) reading.tell(value)
}

function typeOf(reading: Reading, name: ColumnName | null): string | null {
  if (name === null) return null
  const table = reading.names.catalog.table(name.schema, name.relation)
  const column = table?.columns[table.names.findIndex((own) => foldName(own.column) === foldName(name.column))]
  return column?.type ?? null
}
