import type { RangeVar } from 'libpg-query'
import type { CatalogRelation, CatalogTrigger, ChangeEvent } from '../../catalog.ts'
import { type Item, columnsOf, itemOf } from '../item.ts'
import { type Column, type Lineage, anyOf, derivedFrom, doubted, lineagesOf } from '../lineage.ts'
import { readPlpgsql, type TriggerRows } from './plpgsql.ts'
import { Reading } from '../reading.ts'
import { findRelation, storedColumns } from '../relations.ts'
import { takeOver } from '../../../facts/bodies.ts'
import { STORED_TEXT_PATH } from './routines.ts'
import { TOP } from '../scope.ts'
import type { Tree } from '../tree.ts'
import { PARSED_CHARACTER_UNITS } from '../../../facts/work.ts'

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
  const deletes = events.includes('delete')
  if (deletes || events.includes('update')) {
    const old = new Map(columnsOf(reading, before).map((column) => [column.name, column.lineage]))
    const changed = columnsOf(reading, after).filter((column) => old.get(column.name) !== column.lineage)
    const names = new Set(changed.map((column) => column.name))
    const { constraints } = reading.environment.catalog
    const written = name.inh === true ? constraints.family(relation.oid) : [relation.oid]
    followKeys(
      reading,
      written.flatMap((oid): Followed[] => [
        { oid, action: 'update', changes: (column) => names.has(column) },
        ...(deletes ? [{ oid, action: 'delete', changes: () => true } as const] : []),
      ]),
    )
  }
  const fired = (relation.triggers ?? []).filter((trigger) => trigger.events.some((event) => events.includes(event)))
  if (fired.length === 0) return after
  const texts = new Set(relation.columns.filter(({ typeOid }) => typeOid === TEXT_OID).map((column) => column.name))
  let seen = after
  for (const trigger of fired) {
    const rows = rowsOf(columnsOf(reading, before), columnsOf(reading, seen), texts)
    readWhen(reading, trigger, rows)
    const changed = fire(reading, trigger, rows)
    if (!trigger.changesRow || changed === null) continue
    reading.spend(2 * rows.fresh.length)
    const current = columnsOf(reading, seen)
    const columns = current.map((column, index): Column => {
      const own = changed[index]
      if (own === undefined || own === rows.fresh[index]?.lineage) return column
      return { name: column.name, lineage: anyOf(reading, [column.lineage, own]) }
    })
    seen = { ...seen, columns, join: null }
  }
  return seen
}

/** `old` and `new`, with one value in both for each column that the change leaves alone. */
function rowsOf(before: readonly Column[], after: readonly Column[], texts: ReadonlySet<string>): TriggerRows {
  const unchanged = new Set<Lineage>()
  const old = [...before]
  const fresh = after.map((column, index) => {
    const own = before[index]
    if (own === undefined || own.lineage !== column.lineage) return column
    // An object of its own: other rows of the table have other values.
    const kept = { name: column.name, lineage: { ...column.lineage } }
    unchanged.add(kept.lineage)
    old[index] = kept
    return kept
  })
  return { fresh, old, texts, unchanged }
}

/** Whether it fires depends on what its WHEN looks at. */
function readWhen(reading: Reading, { definition }: CatalogTrigger, rows: TriggerRows): void {
  if (definition === undefined) return
  const inner = new Reading({ ...reading.environment, searchPath: STORED_TEXT_PATH }, reading.walk, reading.work)
  inner.stored = true
  inner.unchanged = rows.unchanged
  inner.spend(PARSED_CHARACTER_UNITS * definition.length)
  const statement: Tree | undefined = inner.environment.parse(definition).stmts?.[0]?.stmt
  const when: Tree | undefined = statement?.CreateTrigStmt?.whenClause
  if (when === undefined) return
  const hidden = { columnsVisible: false }
  const items = [
    { ...itemOf('old', rows.old, null), ...hidden },
    { ...itemOf('new', rows.fresh, null), ...hidden },
  ]
  inner.decide(inner.walk.expression(inner, when, { ...TOP, items }))
  if (inner.reason !== null) reading.incomplete(inner.reason)
  takeOver(reading, inner)
}

/** What each column can hold after the trigger; null: what it held before. */
function fire(
  reading: Reading,
  { functionOid, changesRow }: CatalogTrigger,
  rows: TriggerRows,
): readonly Lineage[] | null {
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
  if (fn.volatility === 'volatile') {
    reading.changesNames = true
    reading.movesNames = true
  }
  const any = doubted(anything(), { functions: [fn] })
  return changesRow ? rows.fresh.map(() => any) : null
}

/** Rows of a relation that go, or of which these columns change. */
interface Followed {
  readonly oid: number
  readonly action: 'delete' | 'update'
  readonly changes: (column: string) => boolean
}

/**
 * Rows that refer to one that is deleted, or whose key changes, go or change with it where their key says so (PostgreSQL manual, "Foreign Keys"):
 * that is done to their tables too, and their triggers fire.
 */
function followKeys(reading: Reading, first: readonly Followed[]): void {
  const { catalog } = reading.environment
  const waiting = [...first]
  const reached = new Set<string>()
  for (const { oid, action, changes } of waiting) {
    for (const key of catalog.constraints.pointingTo(oid)) {
      const rule = action === 'delete' ? key.onDelete : key.onUpdate
      if (rule === 'restrict') continue
      if (action === 'update' && !columnsOfKey(catalog.relationByOid(oid), key.otherColumns).some(changes)) continue
      const child = catalog.relationByOid(key.relation)
      if (child === undefined) {
        reading.incomplete('a foreign key leads to a table that is not known')
        continue
      }
      const columns = columnsOfKey(child, key.columns ?? [])
      const next = action === 'delete' && rule === 'cascade' ? 'delete' : 'update'
      const found = `${String(child.oid)} ${next} ${next === 'delete' ? '' : columns.join(' ')}`
      if (reached.has(found)) continue
      reached.add(found)
      reading.spend(1)
      const relation = { schema: child.schema, name: child.name }
      reading.beneath([{ action: next, relation, columns: next === 'delete' ? null : columns }], [])
      fireFor(reading, child, next)
      waiting.push({ oid: child.oid, action: next, changes: (column) => columns.includes(column) })
    }
  }
}

function columnsOfKey(relation: CatalogRelation | undefined, numbers: readonly number[]): readonly string[] {
  return relation?.columns.filter(({ number }) => numbers.includes(number)).map(({ name }) => name) ?? []
}

function fireFor(reading: Reading, relation: CatalogRelation, event: ChangeEvent): void {
  const fired = (relation.triggers ?? []).filter(({ events }) => events.includes(event))
  if (fired.length === 0) return
  const columns = storedColumns(reading.environment.catalog, relation)
  const rows = { old: columns, fresh: columns, texts: NO_NAMES, unchanged: NO_VALUES }
  for (const trigger of fired) {
    readWhen(reading, trigger, rows)
    fire(reading, trigger, rows)
  }
}

/** The table is emptied: triggers see no row of it. */
export function truncateTriggers(reading: Reading, relation: CatalogRelation): void {
  const rows = { fresh: [], old: [], texts: NO_NAMES, unchanged: NO_VALUES }
  for (const trigger of relation.triggers ?? []) if (trigger.events.includes('truncate')) fire(reading, trigger, rows)
}

const NO_NAMES: ReadonlySet<string> = new Set()
const NO_VALUES: ReadonlySet<Lineage> = new Set()
