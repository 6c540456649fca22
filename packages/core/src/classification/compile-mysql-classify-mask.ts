import type { CellMask } from '../masking/cell-mask.ts'
import { isBlob, kindOf, MYSQL_FLAGS, MYSQL_TYPES } from '../masking/mysql/column-type.ts'
import type { MysqlColumnType } from '../masking/mysql/column-type.ts'
import type { Redactors } from './compile-classify-mask.ts'
import { LabellingMask, StarringMask } from './plain-text-mask.ts'
import { QuotedTextMask } from './quoted-text-mask.ts'

/** TINYTEXT and TINYBLOB are sent as BLOB too: 255 characters of utf8mb4. Longer ones have room for more than they hold. */
const maxTinyBytes = 1020

/**
 * Makes the mask that looks through the cells of one column of MySQL or MariaDB, which are the same bytes in both formats of
 * rows; null where its type holds no text. Cells in which nothing is found stay as they are, byte for byte. Bytes of no
 * character set are looked at as well: `CAST(note AS BINARY)` is the text itself.
 */
export function compileMysqlClassifyMask(type: MysqlColumnType, redactors: Redactors): CellMask | null {
  const { outer, inner } = redactors
  const kind = kindOf(type)
  switch (kind) {
    case 'text':
      return isBlob(type) && type.columnLength > maxTinyBytes
        ? new LabellingMask(outer)
        : new StarringMask(outer, '', false)
    case 'json':
      return new QuotedTextMask(outer, inner, 'json')
    case 'bytes':
    case 'foreign text':
      return new StarringMask(outer, '', true)
    case 'other':
      return mayHoldText(type) ? new StarringMask(outer, '', true) : null
    case 'integer':
    case 'year':
    case 'decimal':
    case 'float':
    case 'date':
    case 'time':
    case 'datetime':
    case 'timestamp':
    case 'bit':
    case 'uuid':
    case 'inet4':
    case 'inet6':
      break
  }
  return null
}

/** The members of an ENUM or SET are of the schema, not of the data; a type that is not known may hold anything. */
function mayHoldText(type: MysqlColumnType): boolean {
  if ((type.flags & (MYSQL_FLAGS.enum | MYSQL_FLAGS.set)) !== 0) return false
  return !withoutText.has(type.type)
}

const withoutText: ReadonlySet<number> = new Set([
  MYSQL_TYPES.null,
  MYSQL_TYPES.vector,
  MYSQL_TYPES.enum,
  MYSQL_TYPES.set,
  MYSQL_TYPES.geometry,
])
