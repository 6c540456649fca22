/**
 * What the server compares with stored rows by itself: a row that breaks a constraint is an error, a row counted or not, a row that
 * ON CONFLICT skips, and each tells of the values that were compared.
 */
import type { Action } from '@gatehouse/core'
import type { RangeVar } from 'libpg-query'
import type { CatalogConstraint } from '../../catalog-constraints.ts'
import type { CatalogRelation } from '../../catalog.ts'
import { type Column, type Lineage, NOTHING, derivedFrom } from '../lineage.ts'
import type { Reading } from '../reading.ts'
import { findRelation, storedColumns } from '../relations.ts'
import { relationColumns, writtenColumns } from '../queries/views.ts'

/** Which rows are among those of the relation can depend on values: on the key of what it is a partition of, on row security. */
export function lookAtRows(reading: Reading, relation: CatalogRelation): void {
  const { catalog } = reading.environment
  for (const oid of catalog.constraints.ancestors(relation.oid)) {
    for (const constraint of catalog.constraints.of(oid)) {
      if (constraint.kind === 'partition')
        for (const value of stored(reading, oid, constraint.columns)) reading.decide(value)
    }
  }
  for (const oid of catalog.constraints.family(relation.oid)) {
    for (const { kind, other, otherColumns } of catalog.constraints.of(oid)) {
      if (kind === 'policy') for (const value of stored(reading, other, otherColumns)) reading.decide(value)
    }
  }
}

/** What is done to a relation is done to its partitions and to what inherits from it, but for ONLY. */
export function touchFamily(reading: Reading, name: RangeVar, relation: CatalogRelation, action: Action): void {
  if (name.inh !== true) return
  const { catalog } = reading.environment
  const [, ...children] = catalog.constraints.family(relation.oid)
  if (children.length === 0) return
  reading.spend(children.length)
  const accesses = children.flatMap((oid) => {
    const child = catalog.relationByOid(oid)
    return child === undefined ? [] : [{ action, relation: { schema: child.schema, name: child.name }, columns: null }]
  })
  reading.beneath(accesses, [])
}

/** `tableoid`: it names the partition that a row is in, which its key has chosen. */
export function partitionOf(reading: Reading, relation: CatalogRelation): Lineage {
  if (relation.kind !== 'partitioned') return NOTHING
  const { constraints } = reading.environment.catalog
  const keys = constraints
    .family(relation.oid)
    .flatMap((oid) =>
      constraints.of(oid).flatMap(({ kind, columns }) => (kind === 'partition' ? stored(reading, oid, columns) : [])),
    )
  return keys.length === 0 ? NOTHING : derivedFrom(reading, keys)
}

/** Rows with these values are inserted; columns that are not among `given` get their default. */
export function tellOfInsert(reading: Reading, name: RangeVar, given: readonly Column[]): void {
  for (const { relation, columns } of basesOf(reading, name, given)) {
    if (relation.kind === 'partitioned') touchFamily(reading, name, relation, 'insert')
    const values = valuesOf(reading, relation, columns)
    const { constraints } = reading.environment.catalog
    const places = relation.kind === 'partitioned' ? constraints.family(relation.oid) : [relation.oid]
    for (const oid of places)
      for (const constraint of constraints.of(oid)) insertTells(reading, oid, constraint, values)
  }
}

function insertTells(reading: Reading, oid: number, constraint: CatalogConstraint, values: Values): void {
  const { kind, columns, other, otherColumns } = constraint
  const names = namesOf(reading, oid, columns)
  const filled = (): boolean => names.every((name) => values.has(name) || defaults(reading, oid).has(name))
  switch (kind) {
    case 'primary':
    case 'unique':
      if (filled()) {
        tellEqual(reading, stored(reading, oid, columns))
        tellAll(reading, stored(reading, oid, otherColumns))
      }
      break
    case 'unique_with_nulls':
      tellAll(reading, [...stored(reading, oid, columns), ...stored(reading, oid, otherColumns)])
      break
    case 'check':
    case 'check_not_valid':
    case 'partition':
      tellAll(
        reading,
        names.flatMap((name) => values.get(name) ?? []),
      )
      break
    case 'foreign':
      if (filled()) tellEqual(reading, stored(reading, other, otherColumns))
      tellEqual(
        reading,
        names.flatMap((name) => values.get(name) ?? []),
      )
      break
    default:
  }
}

/** These values are put into rows that are there. */
export function tellOfUpdate(reading: Reading, name: RangeVar, assigned: readonly Column[]): void {
  for (const { relation, columns } of basesOf(reading, name, assigned)) {
    touchFamily(reading, name, relation, 'update')
    const values = valuesOf(reading, relation, columns)
    const { constraints } = reading.environment.catalog
    for (const oid of constraints.family(relation.oid)) {
      for (const constraint of constraints.of(oid)) updateTells(reading, oid, constraint, values)
      for (const { relation: child, columns: keys, otherColumns } of constraints.pointingTo(oid)) {
        if (namesOf(reading, oid, otherColumns).some((key) => values.has(key)))
          tellEqual(reading, [...stored(reading, child, keys), ...stored(reading, oid, otherColumns)])
      }
    }
  }
}

function updateTells(reading: Reading, oid: number, constraint: CatalogConstraint, values: Values): void {
  const { kind, columns, other, otherColumns } = constraint
  if (kind === 'policy' || kind === 'defaulted') return
  const own = namesOf(reading, oid, columns)
  const looked = other === 0 ? [...own, ...namesOf(reading, oid, otherColumns)] : own
  if (kind !== 'check_not_valid' && !looked.some((name) => values.has(name))) return
  // A row is compared with the others by all of its keys; a condition looks at this row alone, as it will be.
  const before = stored(reading, oid, columns)
  const tell = kind === 'primary' || kind === 'unique' || kind === 'foreign' ? tellEqual : tellAll
  if (kind === 'primary' || kind === 'unique' || kind === 'unique_with_nulls') {
    tell(reading, before)
    tellAll(reading, stored(reading, oid, otherColumns))
  } else
    tell(
      reading,
      own.map((name, index) => values.get(name) ?? before[index] ?? NOTHING),
    )
  if (kind === 'foreign') tell(reading, stored(reading, other, otherColumns))
}

/** Rows go away: what refers to them may hold them back, or goes with them. */
export function tellOfDelete(reading: Reading, name: RangeVar): void {
  const { catalog } = reading.environment
  for (const { relation } of basesOf(reading, name, null)) {
    touchFamily(reading, name, relation, 'delete')
    const reached = new Set(catalog.constraints.family(relation.oid))
    for (const oid of reached) {
      for (const { relation: child, columns, otherColumns } of catalog.constraints.pointingTo(oid)) {
        tellEqual(reading, [...stored(reading, child, columns), ...stored(reading, oid, otherColumns)])
        for (const place of catalog.constraints.family(child)) reached.add(place)
      }
    }
  }
}

/** The value goes into a column: the cast on the way may fail, unless it is moved as it is. */
export function tellOfAssignment(reading: Reading, name: RangeVar, column: string | null, value: Lineage): void {
  if (value.sources.length === 0) return
  const relation = findRelation(reading, name)
  const type = relation?.columns.find((candidate) => candidate.name === column)?.typeOid
  reading.spend(1 + value.sources.length)
  const moved = value.sources.every(({ column: source, how }) => {
    const from = reading.environment.catalog.relation(source.schema, source.relation)
    return how === 'copied' && from?.columns.find((candidate) => candidate.name === source.column)?.typeOid === type
  })
  if (relation === undefined || !moved) reading.tell(value)
}

/** The columns that a foreign key to this relation refers to when it names none. */
export function primaryKey(reading: Reading, relation: CatalogRelation): readonly Lineage[] {
  const { constraints } = reading.environment.catalog
  const key = constraints.of(relation.oid).find(({ kind }) => kind === 'primary')
  return key === undefined ? [] : stored(reading, relation.oid, key.columns)
}

/** New values of a table's columns by name. */
type Values = ReadonlyMap<string, Lineage>

function tellAll(reading: Reading, values: readonly Lineage[]): void {
  for (const value of values) reading.tell(value)
}

/** Keys are compared for equality: no more is told of what was not computed. */
function tellEqual(reading: Reading, values: readonly Lineage[]): void {
  for (const value of values) reading.tellEqual(value)
}

/** The values of stored columns by their numbers; null: of all. */
function stored(reading: Reading, oid: number, numbers: readonly number[] | null): readonly Lineage[] {
  const { catalog } = reading.environment
  const relation = catalog.relationByOid(oid)
  if (relation === undefined) return []
  const columns = storedColumns(catalog, relation)
  reading.spend(1 + (numbers?.length ?? columns.length))
  if (numbers === null) return columns.map(({ lineage }) => lineage)
  return numbers.flatMap((number) => {
    const index = relation.columns.findIndex((column) => column.number === number)
    return columns[index]?.lineage ?? []
  })
}

function namesOf(reading: Reading, oid: number, numbers: readonly number[] | null): readonly string[] {
  const columns = reading.environment.catalog.relationByOid(oid)?.columns ?? []
  reading.spend(1 + (numbers?.length ?? columns.length))
  if (numbers === null) return columns.map(({ name }) => name)
  return numbers.flatMap((number) => columns.find((column) => column.number === number)?.name ?? [])
}

/** Columns that are filled without being named. */
function defaults(reading: Reading, oid: number): ReadonlySet<string> {
  const { constraints } = reading.environment.catalog
  const found = constraints.of(oid).find(({ kind }) => kind === 'defaulted')
  return new Set(found === undefined ? [] : namesOf(reading, oid, found.columns))
}

/** A generated column gets a value with those it is computed from. */
function valuesOf(reading: Reading, relation: CatalogRelation, given: readonly Column[]): Values {
  const values = new Map<string, Lineage>()
  for (const { name, lineage } of given) if (name !== null) values.set(name, lineage)
  reading.spend(given.length + relation.columns.length)
  for (const { name, generated, generatedFrom } of relation.columns) {
    if (!generated) continue
    const from = namesOf(reading, relation.oid, generatedFrom ?? [])
    const parts = from.flatMap((source) => values.get(source) ?? [])
    if (parts.length > 0) values.set(name, derivedFrom(reading, parts))
  }
  return values
}

interface Base {
  readonly relation: CatalogRelation
  readonly columns: readonly Column[]
}

/** The tables behind a name with what goes into their columns: itself, or what an updatable view stands for. `given` null: all. */
function basesOf(reading: Reading, name: RangeVar, given: readonly Column[] | null): readonly Base[] {
  const relation = findRelation(reading, name)
  if (relation === undefined) return []
  if (relation.kind !== 'view') return [{ relation, columns: given ?? [] }]
  const bases = new Map<CatalogRelation, Column[]>()
  for (const column of given ?? relationColumns(reading, relation)) {
    for (const base of writtenColumns(reading, relation, column.name ?? '')) {
      const table = reading.environment.catalog.relation(base.schema, base.relation)
      if (table === undefined) continue
      const columns = bases.get(table) ?? []
      bases.set(table, columns)
      columns.push({ name: base.column, lineage: column.lineage })
    }
  }
  return [...bases].map(([table, columns]) => ({ relation: table, columns }))
}
