import type { Action, LineageSource, OutputColumn } from '@gatehouse/core'
import type { Explain } from '../../statement-tree.ts'
import { Reading } from '../reading.ts'
import { relationName } from '../relations.ts'
import type { Scope } from '../scope.ts'
import { unknownOutput } from './show.ts'
import { writeVariable } from './variables.ts'
import { untraced } from '../lineage.ts'

/**
 * EXPLAIN, DESCRIBE, ANALYZE. A statement that runs (EXPLAIN ANALYZE) does all it does; otherwise its relations are listed under
 * `explain`. A plan shows values: the optimizer reads rows found by a unique key, and puts what is in them into conditions.
 */
export function readExplain(reading: Reading, node: Explain, outer: Scope): Action {
  if (node.into !== null) writeVariable(reading, untraced('name', 'a plan may show values'))
  if (node.table !== null) {
    reading.access('show', relationName(reading, node.table), [])
    reading.output = []
    return 'show'
  }
  reading.access('explain', null, null)
  if (node.statement === null) {
    if (node.forConnection !== null) reading.walk.expression(reading, node.forConnection, outer)
    reading.access('show_explain', null, null)
    reading.output = [unknownOutput('it shows the statement of another session')]
    return 'explain'
  }
  const inner = new Reading(reading.names, reading.walk, reading.work)
  inner.measured = node.analyze
  inner.walk.statement(inner, node.statement, outer)
  reading.absorb(inner)
  reading.prepared = inner.prepared
  const shown = shownBy(inner, node.format)
  reading.spend(2 * shown.length)
  for (const { column } of shown) reading.lookAt(column, 'value')
  if (node.analyze) {
    reading.absorbEffects(inner)
    reading.movesNames = inner.movesNames
    reading.movesTexts = inner.movesTexts
  } else {
    for (const { relation, columns } of inner.accesses())
      if (relation !== null) reading.access('explain', relation, columns)
    // Assignments to variables and the like are not run, but what they would hold may be shown.
    for (const write of inner.writes) reading.writes.push(write)
  }
  const unknown = inner.output?.find((column) => !column.complete)
  reading.output =
    unknown === undefined ? planOutput(reading, shown, node.format) : [unknownOutput(unknown.reason ?? 'not known')]
  return 'explain'
}

/**
 * Rows found by a unique key are read before the plan is made: what conditions and functions make of them stands in it, and in JSON
 * the whole statement with every value (MySQL manual, "EXPLAIN Output Format").
 */
function shownBy(inner: Reading, format: string | null): readonly LineageSource[] {
  const shown = new Set(inner.decidingColumns().map(({ column }) => column))
  for (const { sources } of [...(inner.output ?? []), ...inner.writes])
    for (const { column, how } of sources) if (format === 'json' || how !== 'copied') shown.add(column)
  return [...shown].map((column) => ({ column, how: 'derived' }))
}

// A tree or a document is one column; else the columns are the server's own, and no value is in them.
function planOutput(
  reading: Reading,
  sources: readonly LineageSource[],
  format: string | null,
): readonly OutputColumn[] {
  const oneColumn =
    format === 'json' || format === 'tree' || (format === null && reading.names.dialect.flavour === 'mysql')
  return oneColumn ? [{ name: 'EXPLAIN', sources, through: [], complete: true, reason: null }] : []
}
