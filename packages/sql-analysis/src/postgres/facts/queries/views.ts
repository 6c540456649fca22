import type { Beneath, ColumnName, DecidingColumn, FunctionUse } from '@gatehouse/core'
import type { CatalogRelation } from '../../catalog.ts'
import { type Column, type Lineage, untraced } from '../lineage.ts'
import { Reading } from '../reading.ts'
import { storedColumns, typeOfColumn } from '../relations.ts'
import { TOP } from '../scope.ts'
import { STORED_TEXT_PATH } from '../routines/routines.ts'
import { OverBudget, PARSED_CHARACTER_UNITS, ViewWork } from '../../../facts/work.ts'

interface Expansion {
  readonly columns: readonly Column[]
  /** What reading the view's own query found; null when it could not be read. */
  readonly found: Found | null
}

type Found = Pick<Reading, 'dynamicSql' | 'movesNames' | 'reason' | 'writes'> & {
  readonly decides: readonly DecidingColumn[]
  readonly functions: readonly FunctionUse[]
  readonly beneath: readonly Beneath[]
}

const NOTHING_FOUND: Found = {
  decides: [],
  dynamicSql: false,
  movesNames: false,
  reason: null,
  writes: [],
  functions: [],
  beneath: [],
}

// Relation objects belong to one snapshot: what is stored here dies with it.
const expansions = new WeakMap<CatalogRelation, Expansion>()
const MAX_VIEW_DEPTH = 64
let depth = 0

/**
 * The columns of a view as what its stored query makes them from; a stored query that cannot be read, or disagrees
 * with the catalog about its columns, makes every column untraced. What the query calls and looks at is added to
 * the reading: it runs whenever the view is read. Throws when the text's own budget or the stack ends first: then nothing
 * is known of the view, and the next text that names it reads it.
 */
export function viewColumns(reading: Reading, view: CatalogRelation): readonly Column[] {
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
    if (found.reason !== null) reading.incomplete(`view ${view.name}: ${found.reason}`)
  }
  return expansion.columns
}

function expand(reading: Reading, view: CatalogRelation): Expansion {
  if (view.viewDefinition === null) return untracedView(view, 'its definition is not known')
  if (depth >= MAX_VIEW_DEPTH) return untracedView(view, 'views are nested too deep')
  const { catalog, parse } = reading.environment
  const { text } = reading.work
  const inner = new Reading({ catalog, searchPath: STORED_TEXT_PATH, parse }, reading.walk, new ViewWork(text))
  // Conditions in the stored query are its author's: a doubt in them is none about this statement.
  inner.defining = true
  inner.stored = true
  depth++
  try {
    inner.spend(PARSED_CHARACTER_UNITS * view.viewDefinition.length)
    const statement = parse(view.viewDefinition).stmts?.[0]?.stmt
    if (statement === undefined) return untracedView(view, 'its definition is empty')
    const columns = inner.walk.query(inner, statement, TOP)
    if (columns === null || columns.length !== view.columns.length)
      return untracedView(view, 'its definition does not match its columns')
    inner.spend(2 * columns.length)
    const { dynamicSql, movesNames, reason, writes } = inner
    const beneath = [{ accesses: inner.accesses(), functions: [] }, inner.beneathFacts()]
    const system = view.schema === 'pg_catalog'
    return {
      columns: columns.map((column, index) =>
        named(reading, view, index, system ? { ...column.lineage, through: [] } : column.lineage),
      ),
      found: {
        decides: inner.decidingColumns(),
        dynamicSql,
        movesNames,
        reason,
        writes,
        functions: system ? inner.functions().map(ofSystemView) : inner.functions(),
        beneath,
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
    const unread = untracedView(view, error.message)
    return { ...unread, found: { ...NOTHING_FOUND, reason: error.message } }
  } finally {
    depth--
  }
}

// Policy knows which columns of the server's own views hold values (core, `value-relations.ts`): the others show what no function reveals.
function ofSystemView(use: FunctionUse): FunctionUse {
  return use.trust === 'revealing' ? { ...use, trust: 'sensitive' } : use
}

function named(reading: Reading, view: CatalogRelation, index: number, lineage: Lineage): Column {
  const column = view.columns[index]
  const builtinType = column !== undefined && reading.environment.catalog.isBuiltinType(column.typeOid)
  const type = column === undefined ? null : typeOfColumn(column)
  return { name: column?.name ?? null, lineage: { ...lineage, builtinType, type } }
}

function untracedView(view: CatalogRelation, why: string): Expansion {
  return {
    columns: view.columns.map((column) => ({
      name: column.name,
      lineage: untraced('name', `view ${view.name} could not be expanded: ${why}`),
    })),
    found: null,
  }
}

/** The columns of any relation in the catalog; a materialized view holds what its query gave when it was refreshed. */
export function relationColumns(reading: Reading, relation: CatalogRelation): readonly Column[] {
  reading.spend(relation.columns.length >> 2)
  if (relation.kind === 'view' || relation.kind === 'materialized_view') return viewColumns(reading, relation)
  return storedColumns(reading.environment.catalog, relation)
}

/** The base columns an updatable view's column stands for; empty when it is computed. */
export function writtenColumns(reading: Reading, relation: CatalogRelation, column: string): readonly ColumnName[] {
  if (relation.kind !== 'view' && relation.kind !== 'materialized_view') {
    reading.spend(relation.columns.length >> 3)
    return relation.base[relation.columns.findIndex((candidate) => candidate.name === column)]?.names ?? []
  }
  const found = relationColumns(reading, relation).find((candidate) => candidate.name === column)
  if (found === undefined || found.lineage.opacity !== 'none') return []
  return found.lineage.sources.filter((source) => source.how === 'copied').map((source) => source.column)
}
