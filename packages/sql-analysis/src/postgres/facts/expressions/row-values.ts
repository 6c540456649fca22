import type { TypeName } from 'libpg-query'
import { callOf } from './calls.ts'
import { findFunctions } from './functions.ts'
import { type Lineage, anyOf, clouded, derivedFrom, lineagesOf } from '../lineage.ts'
import type { Reading } from '../reading.ts'
import { storedColumns } from '../relations.ts'
import { lastName, stringsOf } from '../tree.ts'

/** Casts to these look a name up in the catalog: literals under them are object names. */
const NAME_TYPES: ReadonlySet<string> = new Set([
  'regclass',
  'regproc',
  'regprocedure',
  'regoper',
  'regoperator',
  'regtype',
  'regrole',
  'regnamespace',
  'regconfig',
  'regdictionary',
  'regcollation',
  'regdatabase',
])

/** The value as a type. Casts to the `reg…` types are listed as functions of that name. */
export function castTo(reading: Reading, value: Lineage, type: TypeName): Lineage {
  const name = lastName(type.names)
  if (NAME_TYPES.has(name)) reading.useFunction('pg_catalog', name, 'harmless')
  const schema = (type.names?.length ?? 0) > 1 ? stringsOf(type.names)[0] : undefined
  const { catalog, searchPath } = reading.environment
  reading.spend(1 + (searchPath.length >> 1))
  const known = schema === undefined ? catalog.resolveType(name, searchPath) : catalog.type(schema, name)
  const array = type.arrayBounds !== undefined || known === undefined || known.category === 'A'
  if (known === undefined || type.pct_type === true) return withType(value, schema === 'pg_catalog', array)
  if (known.relationOid !== 0 && type.arrayBounds === undefined) {
    const relation = catalog.relationByOid(known.relationOid)
    if (relation !== undefined) {
      reading.spend(relation.columns.length)
      const fields = storedColumns(catalog, relation).map((column) => ({ name: column.name, lineage: value }))
      return { ...value, fields, builtinType: false, array: false }
    }
  }
  return withType(value, catalog.isBuiltinType(known.oid), array)
}

function withType(value: Lineage, builtinType: boolean, array: boolean): Lineage {
  return value.builtinType === builtinType && value.array === array ? value : { ...value, builtinType, array }
}

/** A field of a row value; of a value whose fields are not known, something derived from it. */
export function fieldOf(reading: Reading, value: Lineage, name: string): Lineage {
  if (value.fields !== null) {
    reading.spend(1 + (value.fields.length >> 3))
    const found = value.fields.filter((field) => field.name === name)
    if (found.length > 0) return anyOf(reading, lineagesOf(reading, found))
    return fieldByFunction(reading, name, value, `field "${name}" is not known`)
  }
  const functions = findFunctions(reading, null, name, 1)
  // A field hides a function of its name, and which of both is meant cannot be told here: both count.
  const derived = { ...derivedFrom(reading, [value]), builtinType: false }
  return functions.length === 0 ? derived : anyOf(reading, [derived, callOf(reading, name, functions, value)])
}

/** `row.name` where the row has no such field: it also means name(row) (PostgreSQL manual, "Using Composite Types in Queries"). */
export function fieldByFunction(reading: Reading, name: string, row: Lineage, unknown: string): Lineage {
  const functions = findFunctions(reading, null, name, 1)
  if (functions.length === 0) return clouded(derivedFrom(reading, [row]), 'name', unknown)
  return callOf(reading, name, functions, row)
}
