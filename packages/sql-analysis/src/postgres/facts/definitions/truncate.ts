import type { TruncateStmt } from 'libpg-query'
import type { Reading } from '../reading.ts'
import { findRelation } from '../relations.ts'
import { truncateTriggers } from '../routines/triggers.ts'
import { listOf } from '../tree.ts'

/** The tables that TRUNCATE empties besides those it names, and what fires when it does (PostgreSQL manual, "TRUNCATE"). */
export function readTruncate(reading: Reading, { relations, behavior }: TruncateStmt): void {
  const { catalog } = reading.environment
  const cascades = behavior === 'DROP_CASCADE'
  const emptied = new Set<number>()
  for (const table of listOf(relations)) {
    const name = table.RangeVar
    const relation = name === undefined ? undefined : findRelation(reading, name)
    if (relation === undefined) {
      // Who refers to it is not known either.
      if (cascades) reading.incomplete('TRUNCATE … CASCADE of a table that is not known')
      continue
    }
    for (const oid of name?.inh === true ? catalog.constraints.family(relation.oid) : [relation.oid]) emptied.add(oid)
  }
  // With CASCADE, the tables that refer to them too, and those that refer to these. The server asks for the right on each.
  if (cascades)
    for (const oid of emptied)
      for (const { relation } of catalog.constraints.pointingTo(oid))
        for (const child of catalog.constraints.family(relation)) {
          if (emptied.has(child)) continue
          emptied.add(child)
          const known = catalog.relationByOid(child)
          if (known === undefined) reading.incomplete('TRUNCATE reaches a table that is not known')
          else reading.access('truncate', { schema: known.schema, name: known.name }, null)
        }
  reading.spend(emptied.size)
  for (const oid of emptied) {
    const relation = catalog.relationByOid(oid)
    if (relation !== undefined) truncateTriggers(reading, relation)
  }
}
