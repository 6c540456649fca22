import type { CommonTableExpr, WithClause } from 'libpg-query'
import { type Column, NOTHING, derivedFrom, sameLineage, untraced } from '../lineage.ts'
import type { Reading } from '../reading.ts'
import type { CommonTable, CommonTables, Scope } from '../scope.ts'
import { listOf, stringsOf } from '../tree.ts'

/** Rounds a recursive query may take until its lineage stops growing. */
const MAX_ROUNDS = 64

/** The scope with a WITH clause's queries in reach. All of them are read: data-modifying ones run even if unnamed. */
export function withCommonTables(reading: Reading, clause: WithClause | undefined, outer: Scope): Scope {
  if (clause === undefined) return outer
  const tables: CommonTable[] = []
  let reach: CommonTables | null = outer.tables
  const definitions = listOf(clause.ctes).flatMap((node) => node.CommonTableExpr ?? [])
  if (definitions.length !== listOf(clause.ctes).length) throw new Error('a WITH query is not understood')
  for (const definition of definitions) {
    // Each sees those before it; under RECURSIVE itself and all the others too.
    const table: CommonTable = {
      name: definition.ctename ?? '',
      definition,
      recursive: clause.recursive === true,
      scope: { outer: outer.outer, items: outer.items, tables: reach },
      columns: null,
      provisional: null,
      reading: false,
    }
    tables.push(table)
    reach = { table, next: reach }
  }
  const scope: Scope = { outer: outer.outer, items: outer.items, tables: reach }
  if (clause.recursive === true) for (const table of tables) table.scope = scope
  for (const table of tables) commonTableColumns(reading, table)
  return scope
}

/** The columns of a WITH query, read at most once; while it reads itself, those found so far. */
export function commonTableColumns(reading: Reading, table: CommonTable): readonly Column[] {
  if (table.columns !== null) return table.columns
  if (table.reading) return table.provisional ?? unknownColumns(reading, table)
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
  // Outside of the query a star gives them all.
  table.columns = columns.map(({ name, lineage }) => ({ name, lineage }))
  return table.columns
}

function readOnce(reading: Reading, table: CommonTable): readonly Column[] {
  const { definition, scope } = table
  const query = definition.ctequery
  if (query === undefined) throw new Error('a WITH query is not understood')
  if (table.recursive && table.provisional === null && 'SelectStmt' in query) {
    const { op, larg, withClause } = query.SelectStmt
    if (op === 'SETOP_UNION' && larg !== undefined) {
      // The non-recursive arm gives the columns that the recursive one sees first.
      const inner = withCommonTables(reading, withClause, scope)
      table.provisional = finish(reading, definition, reading.walk.select(reading, larg, inner))
    }
  }
  return finish(reading, definition, reading.walk.query(reading, query, scope) ?? [])
}

function finish(reading: Reading, definition: CommonTableExpr, columns: readonly Column[]): readonly Column[] {
  const names = stringsOf(definition.aliascolnames)
  reading.spend(columns.length)
  const named: Column[] = columns.map((column, index) => ({
    name: names[index] ?? column.name,
    lineage: column.lineage,
  }))
  const search = definition.search_clause
  if (search?.search_seq_column !== undefined) {
    const looked = derivedFrom(reading, chosen(reading, named, stringsOf(search.search_col_list)))
    reading.decide(looked)
    named.push({ name: search.search_seq_column, lineage: looked, beyondStar: true })
  }
  const cycle = definition.cycle_clause
  if (cycle?.cycle_mark_column !== undefined) {
    const looked = derivedFrom(reading, chosen(reading, named, stringsOf(cycle.cycle_col_list)))
    reading.decide(looked)
    named.push({ name: cycle.cycle_mark_column, lineage: NOTHING, beyondStar: true })
    if (cycle.cycle_path_column !== undefined)
      named.push({ name: cycle.cycle_path_column, lineage: looked, beyondStar: true })
  }
  return named
}

function chosen(reading: Reading, columns: readonly Column[], given: readonly string[]): Column['lineage'][] {
  reading.spend(columns.length + given.length)
  const names = new Set(given)
  return columns.filter((column) => column.name !== null && names.has(column.name)).map((c) => c.lineage)
}

function unknownColumns(reading: Reading, table: CommonTable): readonly Column[] {
  const names = stringsOf(table.definition.aliascolnames)
  reading.spend(names.length)
  const lineage = untraced('name', `"${table.name}" names itself before its columns are known`)
  return names.length === 0 ? [{ name: null, lineage }] : names.map((name) => ({ name, lineage }))
}

function sameColumns(reading: Reading, a: readonly Column[], b: readonly Column[]): boolean {
  if (a.length !== b.length) return false
  reading.spend(a.length)
  return a.every((column, index) => {
    const other = b[index]
    return other !== undefined && column.name === other.name && sameLineage(reading, column.lineage, other.lineage)
  })
}
