/** Column types, the names without their `MYSQL_TYPE_`. Manual: "enum_field_types" (field_types.h). */
export const ColumnType = {
  DECIMAL: 0,
  TINY: 1,
  SHORT: 2,
  LONG: 3,
  FLOAT: 4,
  DOUBLE: 5,
  NULL: 6,
  TIMESTAMP: 7,
  LONGLONG: 8,
  INT24: 9,
  DATE: 10,
  TIME: 11,
  DATETIME: 12,
  YEAR: 13,
  NEWDATE: 14,
  VARCHAR: 15,
  BIT: 16,
  TIMESTAMP2: 17,
  DATETIME2: 18,
  TIME2: 19,
  VECTOR: 242,
  JSON: 245,
  NEWDECIMAL: 246,
  ENUM: 247,
  SET: 248,
  TINY_BLOB: 249,
  MEDIUM_BLOB: 250,
  LONG_BLOB: 251,
  BLOB: 252,
  VAR_STRING: 253,
  STRING: 254,
  GEOMETRY: 255,
} as const

/** Flags of a column definition that tell how its values are to be read. Manual: "Column Definition Flags". */
export const ColumnFlag = {
  NOT_NULL: 1,
  BLOB: 0x10,
  UNSIGNED: 0x20,
  ZEROFILL: 0x40,
  BINARY: 0x80,
  ENUM: 0x100,
  SET: 0x800,
} as const

/** How a value of a type stands in a binary row. Manual: "Binary Protocol Value". */
export const BinaryForm = {
  /** A type that binary rows do not have. */
  Unknown: -2,
  /** Behind its length: strings, and dates and times, whose one byte of length is a length-encoded integer as well. */
  LengthEncoded: -1,
} as const

const TWO_BYTES: readonly number[] = [ColumnType.SHORT, ColumnType.YEAR]
const FOUR_BYTES: readonly number[] = [ColumnType.LONG, ColumnType.INT24, ColumnType.FLOAT]
const EIGHT_BYTES: readonly number[] = [ColumnType.LONGLONG, ColumnType.DOUBLE]
const MOMENTS: readonly number[] = [
  ColumnType.DATE,
  ColumnType.DATETIME,
  ColumnType.TIMESTAMP,
  ColumnType.TIME,
  ColumnType.NEWDATE,
  ColumnType.TIMESTAMP2,
  ColumnType.DATETIME2,
  ColumnType.TIME2,
]
const STRINGS: readonly number[] = [
  ColumnType.DECIMAL,
  ColumnType.NEWDECIMAL,
  ColumnType.VARCHAR,
  ColumnType.VAR_STRING,
  ColumnType.STRING,
  ColumnType.ENUM,
  ColumnType.SET,
  ColumnType.TINY_BLOB,
  ColumnType.MEDIUM_BLOB,
  ColumnType.LONG_BLOB,
  ColumnType.BLOB,
  ColumnType.BIT,
  ColumnType.GEOMETRY,
  ColumnType.JSON,
  ColumnType.VECTOR,
]

/** By column type: the bytes of its values in a binary row (0 to 8), or a `BinaryForm`. */
export const BINARY_FORMS: Int8Array = binaryForms()

function binaryForms(): Int8Array {
  const forms = new Int8Array(256).fill(BinaryForm.Unknown)
  forms[ColumnType.NULL] = 0
  forms[ColumnType.TINY] = 1
  for (const type of TWO_BYTES) forms[type] = 2
  for (const type of FOUR_BYTES) forms[type] = 4
  for (const type of EIGHT_BYTES) forms[type] = 8
  for (const type of MOMENTS) forms[type] = BinaryForm.LengthEncoded
  for (const type of STRINGS) forms[type] = BinaryForm.LengthEncoded
  return forms
}
