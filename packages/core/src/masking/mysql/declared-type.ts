import { MYSQL_FLAGS, MYSQL_TYPES } from './column-type.ts'
import type { MysqlColumnType } from './column-type.ts'

/** `utf8mb4_general_ci`: what text is sent in, whatever the column's own character set. */
const utf8mb4 = 45
const binary = 63
/** `NOT_FIXED_DEC` */
const notFixed = 31

/** Types whose length is in their name: which they are, and bytes or characters. */
const fixedTypes: ReadonlyMap<string, readonly [type: number, columnLength: number]> = new Map([
  ['tinyint', [MYSQL_TYPES.tiny, 4]],
  ['smallint', [MYSQL_TYPES.short, 6]],
  ['mediumint', [MYSQL_TYPES.int24, 9]],
  ['int', [MYSQL_TYPES.long, 11]],
  ['bigint', [MYSQL_TYPES.longlong, 20]],
  ['year', [MYSQL_TYPES.year, 4]],
  ['float', [MYSQL_TYPES.float, 12]],
  ['double', [MYSQL_TYPES.double, 22]],
  ['date', [MYSQL_TYPES.date, 10]],
  ['bit', [MYSQL_TYPES.bit, 1]],
  ['json', [MYSQL_TYPES.json, 4_294_967_295]],
  ['tinyblob', [MYSQL_TYPES.blob, 255]],
  ['blob', [MYSQL_TYPES.blob, 65_535]],
  ['mediumblob', [MYSQL_TYPES.blob, 16_777_215]],
  ['longblob', [MYSQL_TYPES.blob, 4_294_967_295]],
])
const texts: ReadonlyMap<string, number> = new Map([
  ['tinytext', 255],
  ['text', 65_535],
  ['mediumtext', 16_777_215],
  ['longtext', 1_073_741_823],
])
const temporals: ReadonlyMap<string, readonly [type: number, columnLength: number]> = new Map([
  ['time', [MYSQL_TYPES.time, 10]],
  ['datetime', [MYSQL_TYPES.datetime, 19]],
  ['timestamp', [MYSQL_TYPES.timestamp, 19]],
])
const strings: ReadonlyMap<string, readonly [type: number, characterSet: number, bytesPerUnit: number]> = new Map([
  ['char', [MYSQL_TYPES.string, utf8mb4, 4]],
  ['varchar', [MYSQL_TYPES.varString, utf8mb4, 4]],
  ['binary', [MYSQL_TYPES.string, binary, 1]],
  ['varbinary', [MYSQL_TYPES.varString, binary, 1]],
])
/** Of MariaDB; sent as text. */
const namedTypes: ReadonlySet<string> = new Set(['uuid', 'inet4', 'inet6'])

/**
 * The type of a column as `information_schema.COLUMNS.COLUMN_TYPE` has it (`int(5) unsigned zerofill`, `varchar(40)`), as a
 * column definition would tell it where results are in utf8mb4. What is not known becomes a type for which only NULL can
 * be written. MariaDB's JSON is a `longtext` there.
 */
export function mysqlColumnTypeOf(columnType: string): MysqlColumnType {
  const parts = /^([a-z0-9]+)(?:\((\d{1,10})(?:,(\d{1,2}))?\))?(.*)$/i.exec(columnType.slice(0, 200))
  const name = (parts?.[1] ?? '').toLowerCase()
  const length = parts?.[2] === undefined ? null : Number(parts[2])
  const scale = Number(parts?.[3] ?? 0)
  const rest = (parts?.[4] ?? '').toLowerCase()
  const flags =
    (/\bunsigned\b/.test(rest) ? MYSQL_FLAGS.unsigned : 0) |
    (/\bzerofill\b/.test(rest) ? MYSQL_FLAGS.unsigned | MYSQL_FLAGS.zerofill : 0)

  const string = strings.get(name)
  if (string !== undefined) return column(string[0], flags, string[1], (length ?? 1) * string[2], 0)
  const text = texts.get(name)
  if (text !== undefined) return column(MYSQL_TYPES.blob, flags, utf8mb4, text * 4, 0)
  const temporal = temporals.get(name)
  if (temporal !== undefined) {
    const fraction = length ?? 0
    return column(temporal[0], flags, binary, temporal[1] + (fraction === 0 ? 0 : fraction + 1), fraction)
  }
  if (name === 'decimal' || name === 'numeric') {
    const precision = length ?? 10
    const signed = (flags & MYSQL_FLAGS.unsigned) === 0 ? 1 : 0
    return column(MYSQL_TYPES.newdecimal, flags, binary, precision + signed + (scale > 0 ? 1 : 0), scale)
  }
  const fixed = fixedTypes.get(name)
  if (fixed !== undefined) {
    const isFloat = fixed[0] === MYSQL_TYPES.float || fixed[0] === MYSQL_TYPES.double
    const decimals = isFloat && parts?.[3] === undefined ? notFixed : scale
    return column(fixed[0], flags, binary, length ?? fixed[1], decimals)
  }
  if (namedTypes.has(name)) return { ...column(MYSQL_TYPES.string, flags, utf8mb4, 144, 0), extendedType: name }
  return column(MYSQL_TYPES.geometry, flags, binary, 0, 0)
}

function column(
  type: number,
  flags: number,
  characterSet: number,
  columnLength: number,
  decimals: number,
): MysqlColumnType {
  return { type, flags, characterSet, columnLength, decimals, extendedType: null }
}
