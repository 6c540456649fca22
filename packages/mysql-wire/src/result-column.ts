import type { PacketWriter } from './packet-writer.ts'
import { PayloadReader } from './payload-reader.ts'
import { ProtocolError } from './protocol-error.ts'

/** Bytes behind the names: character set, length, type, flags, decimals, filler. */
const FIXED_FIELDS = 0x0c

/**
 * One column of a result, or one parameter of a prepared statement. Manual: "Protocol::ColumnDefinition41". Names are for
 * show: bytes that are not UTF-8 became U+FFFD. The `org` names are what the server takes for the column's origin: they
 * can be those of an alias or a view.
 */
export interface ColumnDefinition {
  /** Empty where the column is of no table, as the table names. */
  readonly schema: string
  readonly table: string
  readonly orgTable: string
  readonly name: string
  readonly orgName: string
  /** Id of a collation: 63 is `binary`. */
  readonly characterSet: number
  /** Longest value, bytes. */
  readonly columnLength: number
  /** `ColumnType`. */
  readonly type: number
  /** `ColumnFlag`s. */
  readonly flags: number
  /** 0x1f: not fixed. */
  readonly decimals: number
  /** MariaDB, under EXTENDED_METADATA: name of the data type (`json`, `uuid`, `inet6`, `point` …); null: not told. */
  readonly typeName: string | null
  /** As `typeName`: format of the value (`json`); null: not told. */
  readonly format: string | null
}

/**
 * Reads a column definition. `extended`: MariaDB's EXTENDED_METADATA is agreed. Leaves what may follow it (the default
 * value that COM_FIELD_LIST adds) unread.
 */
export function decodeColumnDefinition(payload: PayloadReader, extended: boolean): ColumnDefinition {
  payload.skip(payload.lenencInt()) // catalog: always "def"
  const schema = payload.reportText(payload.lenencInt())
  const table = payload.reportText(payload.lenencInt())
  const orgTable = payload.reportText(payload.lenencInt())
  const name = payload.reportText(payload.lenencInt())
  const orgName = payload.reportText(payload.lenencInt())
  let typeName: string | null = null
  let format: string | null = null
  if (extended) {
    const more = new PayloadReader(payload.lenencBytes())
    while (more.remaining > 0) {
      const kind = more.int1()
      const value = more.reportText(more.lenencInt())
      if (kind === 0) typeName = value
      else if (kind === 1) format = value
    }
  }
  const fixed = payload.lenencInt()
  if (fixed !== FIXED_FIELDS) {
    throw new ProtocolError('BAD_VALUE', `a column definition has ${fixed} bytes of fixed fields`)
  }
  const characterSet = payload.int2()
  const columnLength = payload.int4()
  const type = payload.int1()
  const flags = payload.int2()
  const decimals = payload.int1()
  payload.skip(2)
  return {
    schema,
    table,
    orgTable,
    name,
    orgName,
    characterSet,
    columnLength,
    type,
    flags,
    decimals,
    typeName,
    format,
  }
}

/** Writes a column definition as one payload; `extended` as in decoding. */
export function encodeColumnDefinition(column: ColumnDefinition, extended: boolean, writer: PacketWriter): void {
  writer.begin().lenencText('def').lenencText(column.schema).lenencText(column.table).lenencText(column.orgTable)
  writer.lenencText(column.name).lenencText(column.orgName)
  if (extended) writer.lenencBytes(extendedMetadata(column))
  writer.int1(FIXED_FIELDS).int2(column.characterSet).int4(column.columnLength).int1(column.type)
  writer.int2(column.flags).int1(column.decimals).zeros(2).end()
}

function extendedMetadata({ typeName, format }: ColumnDefinition): Buffer {
  const parts: Buffer[] = []
  for (const [kind, text] of [typeName, format].entries()) {
    if (text === null) continue
    const bytes = Buffer.from(text)
    if (bytes.length > 250) throw new RangeError('the name of a data type is too long')
    parts.push(Buffer.from([kind, bytes.length]), bytes)
  }
  return Buffer.concat(parts)
}
