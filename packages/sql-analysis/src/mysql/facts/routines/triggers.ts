import type { CatalogTable, CatalogTrigger } from '../../catalog.ts'
import { foldName } from '../../name-case.ts'
import { itemOf } from '../item.ts'
import { type Column, type Lineage, anyOf, lineagesOf, named, sameLineage } from '../lineage.ts'
import { tableColumns } from '../queries/views.ts'
import type { Reading } from '../reading.ts'
import { TOP } from '../scope.ts'
import { afterWrite, type Target, write } from '../changes/targets.ts'
import { runBody } from './routines.ts'

/**
 * Adds what the triggers of a table do when its rows change (MySQL manual, "Using Triggers"). Returns the row as it is after them: a
 * trigger before the change may have put other values into it. `before` and `after`: the row as OLD and NEW, under the target's
 * names; `base`: the table itself, where the target is a view.
 */
export function fireTriggers(
  reading: Reading,
  target: Target,
  base: CatalogTable,
  event: CatalogTrigger['event'],
  before: readonly Column[],
  after: readonly Column[],
): readonly Column[] {
  if (base.triggers === null) {
    reading.beneath([], [{ schema: base.schema, name: `triggers of ${base.name}`, trust: 'unknown' }])
    return after
  }
  const fired = (base.triggers ?? []).filter((trigger) => trigger.event === event)
  if (fired.length === 0) return after
  if (target.table === undefined || target.table.kind !== 'view') {
    const seen = fireEach(reading, target, base, fired, before, after)
    return seen
  }
  // Which of the table's columns got which of the view's values is not followed: any may have got any.
  const columns = tableColumns(reading, base)
  const any = anyOf(reading, lineagesOf(reading, after))
  const own: Target = { name: base, item: { ...target.item, columns }, table: base }
  const seen = fireEach(reading, own, base, fired, columns, afterWrite(reading, columns, [named(null, any)]))
  const values = lineagesOf(reading, seen)
  return after.map((column) => ({ ...column, lineage: anyOf(reading, [column.lineage, ...values]) }))
}

function fireEach(
  reading: Reading,
  target: Target,
  base: CatalogTable,
  fired: readonly CatalogTrigger[],
  before: readonly Column[],
  after: readonly Column[],
): readonly Column[] {
  let seen = after
  for (const trigger of fired) {
    const next = fire(reading, base, trigger, before, seen)
    next.forEach(({ name, lineage }, index) => {
      if (lineage !== seen[index]?.lineage) write(reading, target, name, lineage)
    })
    seen = next
  }
  return seen
}

function fire(
  reading: Reading,
  base: CatalogTable,
  trigger: CatalogTrigger,
  before: readonly Column[],
  after: readonly Column[],
): readonly Column[] {
  const fresh = [...after]
  let grown = true
  const assign = (column: string, value: Lineage): void => {
    const index = fresh.findIndex(({ key }) => key === foldName(column))
    const known = fresh[index]
    if (known === undefined) throw new Error(`column ${column} of a trigger's row is not known`)
    const lineage = anyOf(reading, [known.lineage, value])
    if (sameLineage(reading, lineage, known.lineage)) return
    fresh[index] = { ...known, lineage }
    grown = true
  }
  // What was put into a column can be read from it again.
  while (grown) {
    grown = false
    const parts = [
      { kind: 'item' as const, item: itemOf('new', [...fresh], null) },
      { kind: 'item' as const, item: itemOf('old', before, null) },
    ]
    const ran =
      trigger.body.kind === 'unread'
        ? null
        : runBody(reading, {
            identity: trigger,
            schema: base.schema,
            tree: trigger.body.tree,
            parameters: [],
            values: [],
            scope: { ...TOP, source: { kind: 'list', parts } },
            row: { table: 'new', assign },
            trigger: true,
          })
    if (ran === null || ran.results.length > 0) {
      reading.beneath([], [{ schema: base.schema, name: trigger.name, trust: 'user' }])
      return after
    }
  }
  reading.beneath([], [{ schema: base.schema, name: trigger.name, trust: 'expanded' }])
  return fresh
}
