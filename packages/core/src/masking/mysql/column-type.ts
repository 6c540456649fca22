import { characterSetOf } from './character-sets.ts'

/**
 * What a column definition packet tells of a column's type (MySQL manual, "Protocol::ColumnDefinition41"). The names are
 * the packet's.
 */
export interface MysqlColumnType {
  /** `MYSQL_TYPE_*`, as its number. */
  readonly type: number
  /** `UNSIGNED_FLAG`, `ENUM_FLAG` …, as they stand in the packet. */
  readonly flags: number
  /** The number of the collation; 63 is `binary`. Text is expected in utf8mb4, what `character_set_results` is kept at. */
  readonly characterSet: number
  /** `column_length`: the display length, in bytes. */
  readonly columnLength: number
  /** Digits behind the point or of a fraction of a second; 31 where there is no fixed number of them. */
  readonly decimals: number
  /** MariaDB's extended metadata: the name of the data type, else that of its format (`json`); null where there is none. */
  readonly extendedType: string | null
}

/** A format of rows: `text` of COM_QUERY, `binary` of COM_STMT_EXECUTE. */
export type MysqlCellFormat = 'text' | 'binary'

/** What sort of value a column holds: decides which masks have a meaning of their own on it. */
export type MysqlKind =
  | 'text'
  | 'bytes' // of no character set
  | 'foreign text' // in a character set that is not read here
  | 'integer'
  | 'year'
  | 'decimal'
  | 'float'
  | 'date'
  | 'time'
  | 'datetime'
  | 'timestamp'
  | 'bit'
  | 'json'
  | 'uuid'
  | 'inet4'
  | 'inet6'
  | 'other' // no value but NULL can be written

/** `MYSQL_TYPE_*` (MySQL manual, "Column Definition Flags" and field types). */
export const MYSQL_TYPES = {
  decimal: 0,
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  null: 6,
  timestamp: 7,
  longlong: 8,
  int24: 9,
  date: 10,
  time: 11,
  datetime: 12,
  year: 13,
  newdate: 14,
  varchar: 15,
  bit: 16,
  timestamp2: 17,
  datetime2: 18,
  time2: 19,
  vector: 242,
  json: 245,
  newdecimal: 246,
  enum: 247,
  set: 248,
  tinyBlob: 249,
  mediumBlob: 250,
  longBlob: 251,
  blob: 252,
  varString: 253,
  string: 254,
  geometry: 255,
} as const

/** Flags of a column definition. */
export const MYSQL_FLAGS = { unsigned: 0x20, zerofill: 0x40, enum: 0x100, set: 0x800 } as const

/** `NOT_FIXED_DEC`, from which on `decimals` says nothing. */
const mostDecimals = 30

const integerTypes: ReadonlySet<number> = new Set([
  MYSQL_TYPES.tiny,
  MYSQL_TYPES.short,
  MYSQL_TYPES.int24,
  MYSQL_TYPES.long,
  MYSQL_TYPES.longlong,
])
const blobTypes: ReadonlySet<number> = new Set([
  MYSQL_TYPES.tinyBlob,
  MYSQL_TYPES.mediumBlob,
  MYSQL_TYPES.longBlob,
  MYSQL_TYPES.blob,
])

/** The kind of a column. */
export function kindOf(type: MysqlColumnType): MysqlKind {
  if (integerTypes.has(type.type)) return 'integer'
  switch (type.type) {
    case MYSQL_TYPES.decimal:
    case MYSQL_TYPES.newdecimal:
      return 'decimal'
    case MYSQL_TYPES.float:
    case MYSQL_TYPES.double:
      return 'float'
    case MYSQL_TYPES.date:
    case MYSQL_TYPES.newdate:
      return 'date'
    case MYSQL_TYPES.time:
    case MYSQL_TYPES.time2:
      return 'time'
    case MYSQL_TYPES.datetime:
    case MYSQL_TYPES.datetime2:
      return 'datetime'
    case MYSQL_TYPES.timestamp:
    case MYSQL_TYPES.timestamp2:
      return 'timestamp'
    case MYSQL_TYPES.year:
      return 'year'
    case MYSQL_TYPES.bit:
      return 'bit'
    case MYSQL_TYPES.json:
      return 'json'
    case MYSQL_TYPES.varchar:
    case MYSQL_TYPES.varString:
    case MYSQL_TYPES.string:
      return stringKind(type)
    default:
      return blobTypes.has(type.type) ? stringKind(type) : 'other'
  }
}

/** The kind of what is sent as a string of bytes. Which members an ENUM or SET has, the packet does not say. */
function stringKind(type: MysqlColumnType): MysqlKind {
  if ((type.flags & (MYSQL_FLAGS.enum | MYSQL_FLAGS.set)) !== 0) return 'other'
  switch (type.extendedType) {
    case null:
      break
    case 'json':
    case 'uuid':
    case 'inet4':
    case 'inet6':
      return type.extendedType
    default:
      return 'other' // geometry, and types of plugins
  }
  switch (characterSetOf(type.characterSet)) {
    case 'binary':
      return 'bytes'
    case 'wide':
      return 'other'
    case 'other':
      return 'foreign text'
    default:
      return 'text'
  }
}

/** Whether the column is a BLOB or TEXT of some size, whose values have room for more than they hold. */
export function isBlob(type: MysqlColumnType): boolean {
  return blobTypes.has(type.type)
}

/** Whether the column is unsigned. */
export function isUnsigned(type: MysqlColumnType): boolean {
  return (type.flags & (MYSQL_FLAGS.unsigned | MYSQL_FLAGS.zerofill)) !== 0
}

/** Digits behind the point, or of a fraction of a second, that every value has; null where the number is not fixed. */
export function fixedDecimals(type: MysqlColumnType): number | null {
  return type.decimals <= mostDecimals ? type.decimals : null
}

/** The most characters a value of text may have; of bytes, the most bytes. */
export function lengthLimit(type: MysqlColumnType): number {
  const charset = characterSetOf(type.characterSet)
  const bytes = charset === 'binary' ? 1 : charset === 'utf8mb3' ? 3 : charset === 'ascii' ? 1 : 4
  return Math.floor(type.columnLength / bytes)
}

/** How many bytes BINARY(n) is filled up to; 0 for every other type. */
export function filledBytes(type: MysqlColumnType): number {
  const fixed = type.type === MYSQL_TYPES.string && characterSetOf(type.characterSet) === 'binary'
  return fixed && type.columnLength <= maxFilledBytes ? type.columnLength : 0
}

/** BINARY(n) has at most so many. */
const maxFilledBytes = 255

/** How many bytes BIT(n) has. */
export function bitBytes(type: MysqlColumnType): number {
  return Math.ceil(Math.min(Math.max(type.columnLength, 1), 64) / 8)
}
