// A table: one row per type, longer than a file of code may be.
import type { MaskSpec } from './mask-spec.ts'
import type { ValueType } from './value-type.ts'

/** What sort of value a type holds: decides which masks have a meaning of their own on it. */
export type TypeKind =
  | 'character' // text of any length
  | 'byte' // "char": one byte
  | 'integer'
  | 'oid'
  | 'numeric'
  | 'float'
  | 'boolean'
  | 'date'
  | 'time'
  | 'timetz'
  | 'timestamp'
  | 'timestamptz'
  | 'interval'
  | 'uuid'
  | 'bytea'
  | 'json'
  | 'xml'
  | 'bit'
  | 'network'
  | 'hardware' // MAC addresses
  | 'other' // only its redacted value can be written

/** One type that masks can write a value of. */
export interface TypeRow {
  readonly name: string
  /** The fixed OID of a built-in type (`pg_type.dat`); null for a type of an extension, which has another one in every database. */
  readonly oid: number | null
  readonly kind: TypeKind
  /** The redacted value in text format, before it is cut or padded to the type's modifier. */
  readonly text: string
  /** The redacted value in binary format, in hexadecimal; `text` where it is the same bytes, `versioned` where a byte 01 stands before them. */
  readonly binary: string
}

const zero8 = '0000000000000000'
const zero16 = zero8 + zero8

/** Name, OID, kind, redacted value as text and as binary. */
const rows: readonly (readonly [string, number | null, TypeKind, string, string])[] = [
  ['text', 25, 'character', '[redacted]', 'text'],
  ['varchar', 1043, 'character', '[redacted]', 'text'],
  ['bpchar', 1042, 'character', '[redacted]', 'text'],
  ['name', 19, 'character', '[redacted]', 'text'],
  ['citext', null, 'character', '[redacted]', 'text'],
  ['refcursor', 1790, 'character', '[redacted]', 'text'],
  ['unknown', 705, 'character', '[redacted]', 'text'],
  ['cstring', 2275, 'character', '[redacted]', 'text'],
  ['char', 18, 'byte', '*', 'text'],
  ['int2', 21, 'integer', '0', '0000'],
  ['int4', 23, 'integer', '0', '00000000'],
  ['int8', 20, 'integer', '0', zero8],
  ['oid', 26, 'oid', '0', '00000000'],
  ['numeric', 1700, 'numeric', '0', zero8],
  ['float4', 700, 'float', '0', '00000000'],
  ['float8', 701, 'float', '0', zero8],
  ['money', 790, 'other', '0', zero8],
  ['bool', 16, 'boolean', 'f', '00'],
  ['date', 1082, 'date', '1970-01-01', 'ffffd533'],
  ['time', 1083, 'time', '00:00:00', zero8],
  ['timetz', 1266, 'timetz', '00:00:00+00', `${zero8}00000000`],
  ['timestamp', 1114, 'timestamp', '1970-01-01 00:00:00', 'fffca2fec4c82000'],
  ['timestamptz', 1184, 'timestamptz', '1970-01-01 00:00:00+00', 'fffca2fec4c82000'],
  ['interval', 1186, 'interval', '00:00:00', zero16],
  ['uuid', 2950, 'uuid', '00000000-0000-0000-0000-000000000000', zero16],
  ['json', 114, 'json', '"[redacted]"', 'text'],
  ['jsonb', 3802, 'json', '"[redacted]"', 'versioned'],
  ['jsonpath', 4072, 'other', '$', 'versioned'],
  ['xml', 142, 'xml', '<redacted/>', 'text'],
  ['bytea', 17, 'bytea', '\\x', ''],
  ['bit', 1560, 'bit', '0', '0000000100'],
  ['varbit', 1562, 'bit', '', '00000000'],
  ['inet', 869, 'network', '0.0.0.0', '0220000400000000'],
  ['cidr', 650, 'network', '0.0.0.0/32', '0220010400000000'],
  ['macaddr', 829, 'hardware', '00:00:00:00:00:00', '000000000000'],
  ['macaddr8', 774, 'hardware', '00:00:00:00:00:00:00:00', zero8],
  ['point', 600, 'other', '(0,0)', zero16],
  ['lseg', 601, 'other', '[(0,0),(0,0)]', zero16 + zero16],
  ['path', 602, 'other', '((0,0))', `0100000001${zero16}`],
  ['box', 603, 'other', '(0,0),(0,0)', zero16 + zero16],
  ['polygon', 604, 'other', '((0,0))', `00000001${zero16}`],
  ['line', 628, 'other', '{0,1,0}', `${zero8}3ff0000000000000${zero8}`],
  ['circle', 718, 'other', '<(0,0),0>', zero16 + zero8],
  ['tsvector', 3614, 'other', '', '00000000'],
  // In binary a tsquery has at least one item: a value, its weight and whether it is a prefix, and the word.
  ['tsquery', 3615, 'other', "'redacted'", '00000001010000726564616374656400'],
  ['int4range', 3904, 'other', 'empty', '01'],
  ['numrange', 3906, 'other', 'empty', '01'],
  ['tsrange', 3908, 'other', 'empty', '01'],
  ['tstzrange', 3910, 'other', 'empty', '01'],
  ['daterange', 3912, 'other', 'empty', '01'],
  ['int8range', 3926, 'other', 'empty', '01'],
  ['int4multirange', 4451, 'other', '{}', '00000000'],
  ['nummultirange', 4532, 'other', '{}', '00000000'],
  ['tsmultirange', 4533, 'other', '{}', '00000000'],
  ['tstzmultirange', 4534, 'other', '{}', '00000000'],
  ['datemultirange', 4535, 'other', '{}', '00000000'],
  ['int8multirange', 4536, 'other', '{}', '00000000'],
  ['xid', 28, 'other', '0', '00000000'],
  ['cid', 29, 'other', '0', '00000000'],
  ['xid8', 5069, 'other', '0', zero8],
  ['tid', 27, 'other', '(0,0)', '000000000000'],
  ['pg_lsn', 3220, 'other', '0/0', zero8],
  ['regproc', 24, 'other', '-', '00000000'],
  ['regprocedure', 2202, 'other', '-', '00000000'],
  ['regoper', 2203, 'other', '0', '00000000'],
  ['regoperator', 2204, 'other', '0', '00000000'],
  ['regclass', 2205, 'other', '-', '00000000'],
  ['regtype', 2206, 'other', '-', '00000000'],
  ['regrole', 4096, 'other', '-', '00000000'],
  ['regnamespace', 4089, 'other', '-', '00000000'],
  ['regconfig', 3734, 'other', '-', '00000000'],
  ['regdictionary', 3769, 'other', '-', '00000000'],
  ['regcollation', 4191, 'other', '-', '00000000'],
  ['hstore', null, 'other', '', '00000000'],
  ['ltree', null, 'other', 'redacted', 'versioned'],
]

/** The masks that mean more on a kind of type than `redact`, which works on every one, as do `null` and `constant`. */
const ownMasks: Readonly<Record<TypeKind, readonly MaskSpec['kind'][]>> = {
  character: ['partial', 'email', 'hash', 'pseudonym'],
  byte: [],
  integer: ['hash', 'pseudonym', 'truncate'],
  oid: ['hash', 'pseudonym'],
  numeric: ['pseudonym', 'truncate'],
  float: ['truncate'],
  boolean: [],
  date: ['pseudonym', 'truncate'],
  time: ['pseudonym'],
  timetz: [],
  timestamp: ['pseudonym', 'truncate'],
  timestamptz: ['pseudonym', 'truncate'],
  interval: [],
  uuid: ['hash', 'pseudonym'],
  bytea: ['hash', 'pseudonym'],
  json: [],
  xml: [],
  bit: [],
  network: ['pseudonym'],
  hardware: ['pseudonym'],
  other: [],
}

const rowByName: ReadonlyMap<string, TypeRow> = new Map(
  rows.map(([name, oid, kind, text, binary]) => [name, { name, oid, kind, text, binary }]),
)

/** Every row, for tests and for `docs/masks.md`. */
export const typeRows: readonly TypeRow[] = [...rowByName.values()]

/** The row of a type; null for an enum, an array, and every type the table does not know. */
export function rowOf(type: ValueType): TypeRow | null {
  if (type.enumLabels !== null) return null
  const row = rowByName.get(type.name)
  return row !== undefined && (row.oid === null || row.oid === type.oid) ? row : null
}

/** The element's type where the type is an array of something that is not itself an array, with the array's modifier; else null. */
export function elementOf(type: ValueType): ValueType | null {
  const element = type.element
  // Some plain types (`name`, `point`, `box`) have a `typelem` too: the table goes first.
  if (element === null || type.enumLabels !== null || rowOf(type) !== null || notArrays.has(type.name)) return null
  if (rowOf(element) === null && element.enumLabels === null) return null
  return element.modifier === -1 ? { ...element, modifier: type.modifier } : element
}

/** Types with a `typelem` whose text is not an array literal. */
const notArrays: ReadonlySet<string> = new Set(['int2vector', 'oidvector'])

/**
 * Whether a masked value other than NULL can be written for this type. Every other type becomes NULL under every mask.
 * Says nothing of the modifier: a very long `bit(n)` becomes NULL too.
 */
export function isSafeForType(type: ValueType): boolean {
  if (type.enumLabels !== null) return type.enumLabels.length > 0
  if (rowOf(type) !== null) return true
  const element = elementOf(type)
  return element !== null && isSafeForType(element)
}

/** Whether a kind of mask has a meaning of its own on a kind of type; else it redacts. */
export function hasOwnMask(mask: MaskSpec['kind'], kind: TypeKind): boolean {
  return ownMasks[kind].includes(mask)
}
