import type { Action, OutputColumn } from '@gatehouse/core'
import type { CopyStmt, CreateTableAsStmt, ExplainStmt, IntoClause, ViewStmt } from 'libpg-query'
import { tellOfInsert } from '../changes/constraints.ts'
import { readCopyOut } from './copy-stream.ts'
import { relationItem } from '../queries/from.ts'
import { type Column, functionNames, NOTHING, outputOf, untraced } from '../lineage.ts'
import { Reading } from '../reading.ts'
import { findRelation, newRelationName, relationName } from '../relations.ts'
import { type Scope, TOP } from '../scope.ts'
import { type Tree, listOf, literalText, stringsOf } from '../tree.ts'
import { fireTriggers, insertedRow, write } from '../changes/changes.ts'

/** CREATE TABLE AS and CREATE MATERIALIZED VIEW. */
export function readCreateAs(reading: Reading, statement: CreateTableAsStmt): Action {
  const action = statement.objtype === 'OBJECT_MATVIEW' ? 'create_materialized_view' : 'create_table'
  const query: Tree | undefined = statement.query
  if (query === undefined || statement.into === undefined) throw new Error('a CREATE … AS is not understood')
  if (query.ExecuteStmt !== undefined) {
    reading.walk.statement(reading, query, TOP)
    const output = reading.output ?? [UNKNOWN_OUTPUT]
    reading.output = null
    fill(reading, action, statement.into, output.map(columnOf))
    return action
  }
  fill(reading, action, statement.into, reading.walk.query(reading, query, TOP))
  return action
}

const UNKNOWN_OUTPUT: OutputColumn = {
  name: null,
  sources: [],
  through: [],
  complete: false,
  reason: 'what it returns is not known',
}

function columnOf({ name, sources, through, complete, reason }: OutputColumn): Column {
  return {
    name,
    lineage:
      complete && through.length === 0
        ? { ...NOTHING, sources }
        : { ...untraced('name', reason ?? 'not known'), sources },
  }
}

/** The relation that takes a query's rows, each of its columns written. `columns` null: not known. */
export function fill(reading: Reading, action: Action, into: IntoClause, columns: readonly Column[] | null): void {
  if (into.rel === undefined) throw new Error('the target of a query is not understood')
  reading.changesNames = true
  reading.movesNames = true
  const target = newRelationName(reading, into.rel)
  reading.access(action, target, null)
  writeNew(reading, target.schema, target.name, stringsOf(into.colNames), columns)
}

function writeNew(
  reading: Reading,
  schema: string | null,
  relation: string,
  names: readonly string[],
  columns: readonly Column[] | null,
): void {
  if (columns === null) reading.writes.push({ target: null, sources: [], through: [], complete: false })
  reading.spend(2 * (columns?.length ?? 0))
  columns?.forEach(({ name, lineage }, index) => {
    const column = names[index] ?? name
    const target = schema === null || column === null ? null : { schema, relation, column }
    reading.writes.push({
      target,
      sources: lineage.sources,
      through: functionNames(lineage.through),
      complete: lineage.reason === null,
    })
  })
}

/** CREATE VIEW: what can be read through it counts as written to its columns. */
export function readView(reading: Reading, statement: ViewStmt): Action {
  if (statement.view === undefined || statement.query === undefined) throw new Error('a CREATE VIEW is not understood')
  const columns = reading.walk.query(reading, statement.query, TOP)
  fill(reading, 'create_view', { rel: statement.view, colNames: statement.aliases ?? [] }, columns)
  return 'create_view'
}

/**
 * EXPLAIN. With ANALYZE the statement inside runs: all it does is listed. Without, its relations are listed under
 * `explain`, and what is called in it all the same: the planner runs immutable and stable functions.
 * The output is the server's text. It holds names, estimates, counts, and literals of this statement or of a view's
 * definition, but no stored value, provided that no function of unknown body was folded into a constant; what
 * conditions tell by estimates and counts is in `decides`.
 */
export function readExplain(reading: Reading, statement: ExplainStmt): Action {
  const inner = new Reading(reading.environment, reading.walk, reading.work)
  const explained: Tree | undefined = statement.query
  if (explained === undefined) throw new Error('an EXPLAIN is not understood')
  const runs = runsStatement(listOf(statement.options))
  inner.measured = runs
  inner.walk.statement(inner, explained, TOP)
  reading.absorb(inner)
  reading.prepared = inner.prepared
  reading.cursor = inner.cursor
  if (runs) {
    reading.absorbEffects(inner)
    reading.movesNames = inner.movesNames
  } else {
    for (const { relation, columns } of inner.accesses())
      if (relation !== null) reading.access('explain', relation, columns)
  }
  reading.access('explain', null, null)
  const doubtful = inner.functions().find((use) => use.trust !== 'harmless')
  // Of a prepared statement that is not known, neither what the plan shows nor what it would tell.
  const unknown = explained.ExecuteStmt === undefined ? undefined : inner.output?.find((column) => !column.complete)
  const reason =
    doubtful === undefined ? (unknown?.reason ?? null) : `the plan may show what function ${doubtful.name}() returned`
  reading.output = [{ name: 'QUERY PLAN', sources: [], through: [], complete: reason === null, reason }]
  return 'explain'
}

// An option counts as given unless it is clearly off (the server's defGetBoolean); the last one given counts.
function runsStatement(options: readonly Tree[]): boolean {
  let runs = false
  for (const option of options) {
    if (option.DefElem?.defname?.toLowerCase() !== 'analyze') continue
    const text = literalText(option.DefElem.arg)?.toLowerCase()
    runs = option.DefElem.arg === undefined || !(text === 'false' || text === 'off' || text === '0')
  }
  return runs
}

/** COPY. To the client it has the output of the table or query; files and programs are the server's. */
export function readCopy(reading: Reading, statement: CopyStmt): Action {
  const action = statement.is_from === true ? 'copy_from' : 'copy_to'
  const { filename, relation } = statement
  if (filename !== undefined) (statement.is_program === true ? reading.programs : reading.files).push(filename)
  const toClient = action === 'copy_to' && filename === undefined
  if (statement.query !== undefined) {
    const columns = reading.walk.query(reading, statement.query, TOP)
    reading.access(action, null, null)
    if (toClient) sends(reading, statement, columns ?? [])
    return action
  }
  if (relation === undefined) throw new Error('a COPY is not understood')
  const named = stringsOf(statement.attlist)
  const name = relationName(reading, relation)
  reading.access(action, name, named.length === 0 ? null : named)
  const item = relationItem(reading, relation, null, relation.relname ?? '')
  const scope: Scope = { ...TOP, items: [item] }
  if (statement.whereClause !== undefined)
    reading.decide(reading.walk.expression(reading, statement.whereClause, scope))
  if (action === 'copy_from') {
    reading.access('insert', name, named.length === 0 ? null : named)
    const columns = named.length === 0 ? item.columns.map((known) => known.name) : named
    for (const column of columns) write(reading, relation, column, NOTHING)
    const row = insertedRow(reading, item, [])
    fireTriggers(reading, relation, ['insert'], row, row)
    tellOfInsert(
      reading,
      relation,
      columns.map((column) => ({ name: column, lineage: NOTHING })),
    )
    return action
  }
  reading.access('select', name, named.length === 0 ? null : named)
  if (toClient) sends(reading, statement, copiedColumns(reading, statement, item, named))
  return action
}

function sends(reading: Reading, statement: CopyStmt, columns: readonly Column[]): void {
  reading.output = outputOf(reading, columns)
  reading.copyOut = readCopyOut(reading, listOf(statement.options), columns)
}

function copiedColumns(
  reading: Reading,
  statement: CopyStmt,
  item: ReturnType<typeof relationItem>,
  named: readonly string[],
): readonly Column[] {
  const generated = new Set<string>()
  const relation = statement.relation === undefined ? undefined : findRelation(reading, statement.relation)
  for (const column of relation?.columns ?? []) if (column.generated) generated.add(column.name)
  const all = item.columns
  reading.spend(all.length + named.length * (1 + (all.length >> 3)))
  if (item.open !== null) return [{ name: null, lineage: item.open }]
  if (named.length === 0) return all.filter((column) => column.name === null || !generated.has(column.name))
  return named.map((name) => ({
    name,
    lineage: all.find((column) => column.name === name)?.lineage ?? {
      ...NOTHING,
      opacity: 'name',
      reason: `column "${name}" is not known`,
    },
  }))
}
