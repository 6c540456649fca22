import type { ValueType } from '../value-type.ts'
import { fixedDecimals, isUnsigned, lengthLimit } from './column-type.ts'
import type { MysqlColumnType, MysqlKind } from './column-type.ts'

/** DECIMAL has at most so many digits (MySQL manual, "Precision Math"). */
const maxPrecision = 65

/**
 * The type of PostgreSQL whose text form is that of the column's values, in both formats of rows: what masks it masks
 * them, and with the same result. Null where there is none.
 */
export function postgresTwin(type: MysqlColumnType, kind: MysqlKind): ValueType | null {
  switch (kind) {
    case 'text':
      // The modifier counts a header of four bytes.
      return twin('varchar', 1043, 4 + Math.min(lengthLimit(type), 0x7fff_fff0))
    case 'decimal': {
      const scale = fixedDecimals(type) ?? 0
      const precision = type.columnLength - (scale > 0 ? 1 : 0) - (isUnsigned(type) ? 0 : 1)
      return twin('numeric', 1700, 4 + ((Math.min(Math.max(precision, scale, 1), maxPrecision) << 16) | scale))
    }
    case 'json':
      return twin('json', 114, -1)
    case 'uuid':
      return twin('uuid', 2950, -1)
    case 'inet4':
    case 'inet6':
      return twin('inet', 869, -1)
    default:
      return null
  }
}

/** `bytea`, whose binary form is the bytes themselves. */
export const bytesTwin: ValueType = twin('bytea', 17, -1)

function twin(name: string, oid: number, modifier: number): ValueType {
  return { name, oid, modifier, element: null, enumLabels: null }
}
