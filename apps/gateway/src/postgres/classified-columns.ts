import { type CellMask, type ClassifiedType, type Classifier, holdsElements, type OutputColumn } from '@gatehouse/core'
import type { Field } from '@gatehouse/postgres-wire'
import type { Catalog } from '@gatehouse/sql-analysis'
import { formatOf, valueType } from './value-types.ts'

/** The mask that looks through the text of one column; null: it holds none, or the rules except it. */
export function classifyingMask(
  classifier: Classifier,
  output: OutputColumn | undefined,
  field: Field,
  index: number,
  formats: readonly number[] | null,
  catalog: Catalog,
): CellMask | null {
  const type = classifiedType(field.typeOid, field.typeModifier, catalog)
  return classifier.maskFor(output, type, formatOf(formats, index, field.format), (oid) =>
    classifiedType(oid, -1, catalog),
  )
}

function classifiedType(oid: number, modifier: number, catalog: Catalog): ClassifiedType {
  const found = catalog.typeByOid(oid)
  if (found?.kind === 'domain' && found.baseOid !== 0) return classifiedType(found.baseOid, modifier, catalog)
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
