import type { Action } from '@gatehouse/core'
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
  // Functions of rows that were read beforehand are shown computed.
  for (const { column } of inner.decidingColumns()) reading.lookAt(column, 'value')
  for (const { sources } of inner.output ?? [])
    for (const { column, how } of sources) if (how !== 'copied') reading.lookAt(column, 'value')
  if (node.analyze) {
    reading.absorbEffects(inner)
    reading.movesNames = inner.movesNames
  } else {
    for (const { relation, columns } of inner.accesses())
      if (relation !== null) reading.access('explain', relation, columns)
    // Assignments to variables and the like are not run, but what they would hold may be shown.
    for (const write of inner.writes) reading.writes.push(write)
  }
  const unknown = inner.output?.find((column) => !column.complete)
  // The columns are the server's own.
  reading.output = unknown === undefined ? [] : [unknownOutput(unknown.reason ?? 'not known')]
  return 'explain'
}
