import type { CommonTable as Definition, Query, With } from '../../query-tree.ts'
import { type Column, named, sameLineage, untraced } from '../lineage.ts'
import type { Reading } from '../reading.ts'
import type { CommonTable, CommonTables, Scope } from '../scope.ts'

/** Rounds a recursive query may take until its lineage stops growing. */
const MAX_ROUNDS = 64

/** The scope with a WITH clause's queries in reach; all of them are read, named or not. */
export function withCommonTables(reading: Reading, clause: With | null, outer: Scope): Scope {
  if (clause === null) return outer
  const tables: CommonTable[] = []
  let reach: CommonTables | null = outer.tables
  for (const definition of clause.tables) {
    reading.spend(2)
    const table: CommonTable = {
      key: reading.commonTableKey(definition.name),
      definition,
      recursive: clause.recursive,
      // Each sees those before it.
      scope: { ...outer, tables: reach },
      columns: null,
      provisional: null,
      reading: false,
    }
    tables.push(table)
    reach = { table, next: reach }
  }
  const scope: Scope = { ...outer, tables: reach }
  // Under RECURSIVE itself too; in MariaDB also those behind (MariaDB documentation, "Recursive Common Table Expressions").
  if (clause.recursive) {
    const all = reading.names.dialect.flavour === 'mariadb'
    tables.forEach((table, index) => {
      table.scope = all ? scope : { ...outer, tables: chainUpTo(tables, index, outer.tables) }
    })
  }
  for (const table of tables) commonTableColumns(reading, table)
  return scope
}

function chainUpTo(tables: readonly CommonTable[], last: number, outer: CommonTables | null): CommonTables | null {
  const table = tables[last]
  return table === undefined ? outer : { table, next: table.scope.tables }
}

/** The columns of a WITH query, read at most once; while it reads itself, those found so far. */
export function commonTableColumns(reading: Reading, table: CommonTable): readonly Column[] {
  if (table.columns !== null) return table.columns
  if (table.reading) return table.provisional ?? unknownColumns(table)
  table.reading = true
  reading.descend()
  let columns = readOnce(reading, table)
  if (table.provisional !== null) {
    for (let round = 0; !sameColumns(reading, columns, table.provisional); round++) {
      if (round >= MAX_ROUNDS) throw new Error('a recursive query does not settle')
      table.provisional = columns
      columns = readOnce(reading, table)
    }
  }
  reading.ascend()
  table.reading = false
  table.columns = columns
  return columns
}

function readOnce(reading: Reading, table: CommonTable): readonly Column[] {
  const { definition, scope } = table
  if (table.recursive && table.provisional === null) {
    const seed = seedOf(definition.query)
    // The arm that does not name the query gives the columns that the others see first.
    if (seed !== null) {
      const inner = withCommonTables(reading, definition.query.with, scope)
      table.provisional = finish(reading, definition, reading.walk.query(reading, seed, inner))
    }
  }
  return finish(reading, definition, reading.walk.query(reading, definition.query, scope))
}

function seedOf(query: Query): Query['body'] | null {
  let body = query.body
  if (body.kind !== 'set_operation') return null
  while (body.kind === 'set_operation') body = body.left
  return body
}

function finish(reading: Reading, definition: Definition, columns: readonly Column[]): readonly Column[] {
  return renamedColumns(reading, columns, definition.columns)
}

/** The columns under the names of a list; null: under their own. */
export function renamedColumns(
  reading: Reading,
  columns: readonly Column[],
  names: readonly string[] | null,
): readonly Column[] {
  if (names === null) return columns
  reading.spend(columns.length)
  return columns.map((column, index) => named(names[index] ?? column.name, column.lineage))
}

function unknownColumns(table: CommonTable): readonly Column[] {
  const { name, columns } = table.definition
  const lineage = untraced('name', `${name} names itself before its columns are known`)
  return columns === null ? [{ name: null, key: '', lineage }] : columns.map((column) => named(column, lineage))
}

function sameColumns(reading: Reading, a: readonly Column[], b: readonly Column[]): boolean {
  if (a.length !== b.length) return false
  reading.spend(a.length)
  return a.every((column, index) => {
    const other = b[index]
    return other !== undefined && column.key === other.key && sameLineage(reading, column.lineage, other.lineage)
  })
}
