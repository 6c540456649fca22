import type { Beneath, ColumnName, DecidingColumn, FunctionUse } from '@gatehouse/core'
import { OverBudget, ViewWork } from '../../../facts/work.ts'
import type { CatalogTable } from '../../catalog.ts'
import { foldName } from '../../name-case.ts'
import { type Column, untraced } from '../lineage.ts'
import { Reading } from '../reading.ts'
import { storedColumns } from '../relations.ts'
import { TOP } from '../scope.ts'

interface Expansion {
  readonly columns: readonly Column[]
  /** What reading the view's own query found; null when it could not be read. */
  readonly found: Found | null
}

type Found = Pick<Reading, 'dynamicSql' | 'movesNames' | 'movesTexts' | 'reason' | 'writes'> & {
  readonly decides: readonly DecidingColumn[]
  readonly functions: readonly FunctionUse[]
  readonly beneath: readonly Beneath[]
}

const NOTHING_FOUND: Found = {
  decides: [],
  dynamicSql: false,
  movesNames: false,
  movesTexts: false,
  reason: null,
  writes: [],
  functions: [],
  beneath: [],
}

// Table objects belong to one snapshot: what is stored here dies with it.
const expansions = new WeakMap<CatalogTable, Expansion>()
const MAX_VIEW_DEPTH = 64
let depth = 0

/** The columns of any table, view or sequence of the catalog. What a view's query calls and looks at is added to the reading. */
export function tableColumns(reading: Reading, table: CatalogTable): readonly Column[] {
  reading.spend(1 + (table.columns.length >> 2))
  return table.kind === 'view' ? viewColumns(reading, table) : storedColumns(reading, table)
}

/**
 * The columns of a view as what its stored query makes them from; a stored query that cannot be read, or disagrees with the
 * catalog about its columns, makes every column untraced. Throws when the text's own budget or the stack ends first: then nothing
 * is known of the view, and the next text that names it reads it.
 */
function viewColumns(reading: Reading, view: CatalogTable): readonly Column[] {
  let expansion = expansions.get(view)
  if (expansion === undefined) {
    // Views cannot name themselves, but a damaged catalog could say so.
    expansions.set(view, untracedView(view, 'it is defined by itself'))
    try {
      expansion = expand(reading, view)
    } catch (error) {
      expansions.delete(view)
      throw error
    }
    expansions.set(view, expansion)
  }
  const { found } = expansion
  if (found !== null && !reading.views.has(view)) {
    reading.views.add(view)
    reading.spend(found.decides.length)
    for (const use of found.functions) reading.useFunction(use.schema, use.name, use.trust)
    for (const { column, by } of found.decides) reading.lookAt(column, by)
    for (const { accesses, functions } of found.beneath) reading.beneath(accesses, functions)
    for (const write of found.writes) reading.writes.push(write)
    if (found.dynamicSql) reading.dynamicSql = true
    if (found.movesNames) reading.movesNames = true
    if (found.movesTexts) reading.movesTexts = true
    if (found.reason !== null) reading.incomplete(`view ${view.name}: ${found.reason}`)
  }
  return expansion.columns
}

function expand(reading: Reading, view: CatalogTable): Expansion {
  const stored = view.view?.query
  if (stored === undefined) return untracedView(view, 'its definition is not known')
  if (stored.kind === 'unread') return untracedView(view, stored.reason)
  if (depth >= MAX_VIEW_DEPTH) return untracedView(view, 'views are nested too deep')
  const { text } = reading.work
  // A view is the same for every session: its query sees no temporary tables, and no variables.
  const names = { ...reading.names, temporary: [] }
  const inner = new Reading(names, reading.walk, new ViewWork(text), view.schema)
  // Conditions in the stored query are its author's: a doubt in them is none about this statement.
  inner.defining = true
  depth++
  try {
    const columns = inner.walk.query(inner, stored.tree, TOP)
    if (columns.length !== view.columns.length) return untracedView(view, 'its definition does not match its columns')
    inner.spend(2 * columns.length)
    const { dynamicSql, movesNames, movesTexts, reason, writes } = inner
    const system = view.schema === 'sys' || view.schema === 'information_schema'
    return {
      columns: columns.map((column, index) => renamed(view, index, column)),
      found: {
        decides: inner.decidingColumns(),
        dynamicSql,
        movesNames,
        movesTexts,
        reason,
        writes,
        functions: system ? inner.functions().map(ofSystemView) : inner.functions(),
        beneath: [{ accesses: inner.accesses(), functions: [] }, inner.beneathFacts()],
      },
    }
  } catch (error) {
    if (text.exhausted) {
      text.ranOutOnView = true
      throw error
    }
    if (error instanceof RangeError) throw error
    if (!(error instanceof OverBudget)) return untracedView(view, 'its definition could not be read')
    // What it calls and looks at is not known either.
    return { ...untracedView(view, error.message), found: { ...NOTHING_FOUND, reason: error.message } }
  } finally {
    depth--
  }
}

// Policy knows which columns of the server's own views hold values (core, `value-relations.ts`).
function ofSystemView(use: FunctionUse): FunctionUse {
  return use.trust === 'revealing' || use.trust === 'user' ? { ...use, trust: 'sensitive' } : use
}

function renamed(view: CatalogTable, index: number, column: Column): Column {
  const name = view.columns[index]?.name ?? null
  return { name, key: name === null ? '' : foldName(name), lineage: column.lineage }
}

function untracedView(view: CatalogTable, why: string): Expansion {
  const lineage = untraced('name', `view ${view.name} could not be expanded: ${why}`)
  return {
    columns: view.columns.map(({ name }) => ({ name, key: foldName(name), lineage })),
    found: null,
  }
}

/** The base columns that are written where a column of a table or view is; empty when that cannot be told. */
export function writtenColumns(reading: Reading, table: CatalogTable, key: string): readonly ColumnName[] {
  reading.spend(10 + 3 * table.columns.length)
  if (table.kind !== 'view') {
    const index = table.columns.findIndex((column) => foldName(column.name) === key)
    const name = table.names[index]
    return name === undefined ? [] : [name]
  }
  const column = tableColumns(reading, table).find((candidate) => candidate.key === key)
  if (column === undefined || column.lineage.opacity !== 'none') return []
  return column.lineage.sources.flatMap((source) => (source.how === 'copied' ? [source.column] : []))
}
