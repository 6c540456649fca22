import {
  type CellMask,
  type ClassifiedType,
  type Classifier,
  type ColumnType,
  holdsElements,
  type OutputColumn,
} from '@gatehouse/core'
import type { Catalog } from '@gatehouse/sql-analysis'
import { valueType } from './value-types.ts'

/** The mask that looks through the text of one column; null: it holds none, or the rules except it. */
export function classifyingMask(
  classifier: Classifier,
  output: OutputColumn | undefined,
  { oid, modifier }: ColumnType,
  format: 0 | 1,
  catalog: Catalog,
): CellMask | null {
  return classifier.maskFor(output, classifiedType(oid, modifier, catalog), format, (element) =>
    classifiedType(element, -1, catalog),
  )
}

function classifiedType(oid: number, modifier: number, catalog: Catalog): ClassifiedType {
  const found = catalog.typeByOid(oid)
  if (found?.kind === 'domain' && found.baseOid !== 0)
    return classifiedType(found.baseOid, found.baseModifier ?? modifier, catalog)
  const type = valueType(oid, modifier, catalog)
  return {
    type,
    composite: found?.kind === 'composite',
    element:
      found !== undefined && holdsElements(type)
        ? { oid: found.elementOid, type: classifiedType(found.elementOid, modifier, catalog) }
        : null,
  }
}
