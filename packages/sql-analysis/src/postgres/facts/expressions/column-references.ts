import type { ColumnRef } from 'libpg-query'
import { type Item, columnOf, openColumn, wholeRow } from '../item.ts'
import { type Lineage, anyOf, untraced } from '../lineage.ts'
import type { Reading } from '../reading.ts'
import { fieldByFunction } from './row-values.ts'
import { type Scope, findItem, findQualifiedItem, resolveName } from '../scope.ts'
import { listOf, stringsOf } from '../tree.ts'

/** The entry that all but the last name of a column reference mean; null when there is none. */
export function findReferencedItem(reading: Reading, scope: Scope, qualifiers: readonly string[]): Item | null {
  const relation = qualifiers[qualifiers.length - 1] ?? ''
  if (qualifiers.length === 1) return findItem(reading, scope, relation)
  return findQualifiedItem(reading, scope, qualifiers[qualifiers.length - 2] ?? '', relation)
}

/** A column, a whole row, or what else the dotted names can mean. */
export function readColumnRef(reading: Reading, reference: ColumnRef, scope: Scope): Lineage {
  const fields = listOf(reference.fields)
  const names = stringsOf(fields)
  const name = names[names.length - 1]
  if (name === undefined)
    return anyOf(
      reading,
      scope.items.map((item) => wholeRow(reading, item)),
    )
  if (names.length < fields.length) {
    const item = findReferencedItem(reading, scope, names)
    return item === null ? untraced('name', `"${name}.*" is not known`) : wholeRow(reading, item)
  }
  if (names.length === 1) return resolveName(reading, scope, name)
  const qualifiers = names.slice(0, -1)
  const item = findReferencedItem(reading, scope, qualifiers)
  if (item === null) return untraced('name', `"${names.join('.')}" is not known`)
  const column = columnOf(reading, item, name)
  if (column !== null) return column
  if (item.open !== null) return openColumn(item, name)
  return fieldByFunction(reading, name, wholeRow(reading, item), `column "${names.join('.')}" is not known`)
}
