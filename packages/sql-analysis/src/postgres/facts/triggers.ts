import type { RangeVar } from 'libpg-query'
import type { CatalogRelation, CatalogTrigger, ChangeEvent } from '../catalog.ts'
import { type Item, columnsOf } from './item.ts'
import { type Column, type Lineage, anyOf, derivedFrom, doubted, lineagesOf } from './lineage.ts'
import { readPlpgsql } from './plpgsql.ts'
import type { Reading } from './reading.ts'
import { findRelation } from './relations.ts'

/** Oid of the type `text`, the same in every version. */
const TEXT_OID = 25

/**
 * Adds what the triggers of a table do when its rows change (PostgreSQL manual, "Triggers"). Returns the target as RETURNING sees it: a
 * trigger before the change may have put other values into the row. `before` and `after`: the row as `old` and `new`.
 */
export function afterTriggers(
  reading: Reading,
  name: RangeVar,
  events: readonly ChangeEvent[],
  before: Item,
  after: Item,
): Item {
  const relation = findRelation(reading, name)
  if (relation === undefined) return after
  fireBelow(reading, relation, events)
  const fired = (relation.triggers ?? []).filter((trigger) => trigger.events.some((event) => events.includes(event)))
  if (fired.length === 0) return after
  const texts = new Set(relation.columns.filter(({ typeOid }) => typeOid === TEXT_OID).map((column) => column.name))
  let seen = after
  for (const trigger of fired) {
    const rows = { fresh: columnsOf(reading, seen), old: columnsOf(reading, before), texts }
    const changed = fire(reading, trigger, rows)
    if (!trigger.changesRow || changed === null) continue
    reading.spend(2 * rows.fresh.length)
    const columns = rows.fresh.map((column, index): Column => {
      const own = changed[index]
      return own === undefined ? column : { name: column.name, lineage: anyOf(reading, [column.lineage, own]) }
    })
    seen = { ...seen, columns, join: null }
  }
  return seen
}

interface Rows {
  readonly fresh: readonly Column[]
  readonly old: readonly Column[]
  readonly texts: ReadonlySet<string>
}

/** What each column can hold after the trigger; null: what it held before. */
function fire(reading: Reading, { functionOid, changesRow }: CatalogTrigger, rows: Rows): readonly Lineage[] | null {
  const fn = reading.environment.catalog.functionByOid(functionOid)
  const anything = (): Lineage => derivedFrom(reading, lineagesOf(reading, [...rows.fresh, ...rows.old]))
  if (fn === undefined) {
    // The server's own: they compare rows, or put what is in one column into another.
    const any = anything()
    return changesRow ? rows.fresh.map(() => any) : null
  }
  const returned = fn.language === 'plpgsql' ? readPlpgsql(reading, fn, [], rows) : null
  if (returned !== null) {
    reading.beneath([], [{ schema: fn.schema, name: fn.name, trust: 'expanded' }])
    return returned.length === rows.fresh.length ? returned.map(({ lineage }) => lineage) : null
  }
  reading.beneath([], [{ schema: fn.schema, name: fn.name, trust: 'user' }])
  const any = doubted(anything(), { functions: [fn] })
  return changesRow ? rows.fresh.map(() => any) : null
}

/** Rows that refer to one that is deleted, or whose key changes, may go or change with it: their triggers fire as well. */
function fireBelow(reading: Reading, relation: CatalogRelation, events: readonly ChangeEvent[]): void {
  if (!events.includes('delete') && !events.includes('update')) return
  const { catalog } = reading.environment
  const reached = new Set([relation.oid])
  for (const oid of reached) {
    for (const { relation: child } of catalog.constraints.pointingTo(oid)) {
      if (reached.has(child)) continue
      reached.add(child)
      const known = catalog.relationByOid(child)
      for (const trigger of known?.triggers ?? []) {
        const fn = catalog.functionByOid(trigger.functionOid)
        // What it does with rows that the statement does not name is for the policy to say.
        if (fn !== undefined && trigger.events.some((event) => event === 'delete' || event === 'update'))
          reading.beneath([], [{ schema: fn.schema, name: fn.name, trust: 'user' }])
      }
    }
  }
}
