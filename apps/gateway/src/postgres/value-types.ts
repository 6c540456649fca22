import type { ValueType } from '@gatehouse/core'
import { type Catalog, FIRST_NORMAL_OID } from '@gatehouse/sql-analysis'

/** The format of a result column: what Bind asked for (`formats`; none is text, one is for all), else what was described. */
export function formatOf(formats: readonly number[] | null, index: number, described: number): 0 | 1 {
  const format =
    formats === null ? described : formats.length === 0 ? 0 : formats.length === 1 ? formats[0] : formats[index]
  return format === 1 ? 1 : 0
}

/** A type as masks know it; one that the catalog does not have becomes NULL when masked. */
export function valueType(oid: number, modifier: number, catalog: Catalog): ValueType {
  const type = catalog.typeByOid(oid)
  if (type === undefined) return { name: 'unknown', oid, element: null, enumLabels: null, modifier }
  if (type.kind === 'domain' && type.baseOid !== 0)
    return valueType(type.baseOid, type.baseModifier ?? modifier, catalog)
  return {
    name: type.name,
    oid,
    element: type.elementOid === 0 ? null : valueType(type.elementOid, modifier, catalog),
    enumLabels: type.kind === 'enum' ? type.enumLabels : null,
    modifier,
  }
}

/**
 * True for a type whose values the server reads by its own code alone: one that initdb made, an enum, an array of these. False for
 * domains (their checks run), rows (their fields may be domains), types of extensions, and what the catalog does not have.
 */
export function readsByItself(oid: number, catalog: Catalog): boolean {
  const type = catalog.typeByOid(oid)
  if (type === undefined) return false
  switch (type.kind) {
    case 'enum':
      return true
    case 'base':
      return type.elementOid === 0 ? oid < FIRST_NORMAL_OID : readsByItself(type.elementOid, catalog)
    case 'range':
    case 'multirange':
      return oid < FIRST_NORMAL_OID
    case 'domain':
    case 'composite':
    case 'pseudo':
      return false
    default:
      throw type.kind satisfies never
  }
}
