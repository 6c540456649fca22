import { type Canary, dateBytes } from '../../corpus/canaries.ts'
import { Random } from '../random.ts'
import { type Column, TABLE_LIST, type Type } from './schema.ts'

/** Rows of the schema with masked values of one side. The sides differ in masked values and in nothing else that can be asked for. */
export interface Side {
  /** Fills the empty schema. */
  readonly rows: string
  readonly canaries: readonly Canary[]
}

/** Masked cells that are NULL on both sides: that much a mask shows. */
const isNull = (row: number, column: number): boolean => row === 4 || (row * 7 + column) % 11 === 3

const CONSONANTS = 'bcdfghjkmnpqrtvwxz'.split('')

/** One masked value as a literal of SQL, with the canaries in it. */
interface Value {
  readonly sql: string
  readonly canaries: readonly Omit<Canary, 'name'>[]
}

function word(random: Random, low: number, high: number): string {
  return Array.from({ length: random.between(low, high) }, () => random.pick(CONSONANTS)).join('')
}

function digits(random: Random, length: number): string {
  return String(random.between(1, 9)) + Array.from({ length: length - 1 }, () => String(random.below(10))).join('')
}

function number(random: Random, length: number): number {
  return Number(digits(random, length))
}

function integerBytes(value: number, bytes: 4 | 8): Buffer {
  const buffer = Buffer.alloc(bytes)
  if (bytes === 4) buffer.writeInt32BE(value)
  else buffer.writeBigInt64BE(BigInt(value))
  return buffer
}

/** Two digits that are no month, read from either end: a piece of a masked text shall not look like one of a date that is shown. */
function noMonth(random: Random): string {
  return `${String(random.between(3, 9))}${String(random.between(2, 9))}`
}

function isoDate(random: Random): string {
  return `${String(random.between(1950, 1999))}-${String(random.between(10, 12))}-${String(random.between(10, 28))}`
}

const quoted = (value: string): string => `'${value}'`
const text = (value: string): Value => ({ sql: quoted(value), canaries: [{ value }] })

/** Every type that stands under a mask in the schema. */
const MAKERS: Readonly<Partial<Record<Type, (random: Random) => Value>>> = {
  text: (random) =>
    text(
      random.chance(0.5)
        ? word(random, 8, 16)
        : `${digits(random, 3)}-${noMonth(random)}-${digits(random, random.between(3, 6))}`,
    ),
  int4: (random) => {
    const value = number(random, random.between(6, 9))
    return { sql: String(value), canaries: [{ value: String(value), binary: [integerBytes(value, 4)] }] }
  },
  int8: (random) => {
    const value = number(random, random.between(10, 14))
    return { sql: String(value), canaries: [{ value: String(value), binary: [integerBytes(value, 8)] }] }
  },
  numeric: (random) => text(`${digits(random, random.between(5, 8))}.${digits(random, 2)}`),
  float8: (random) => {
    const value = Number(`${digits(random, 6)}.5`)
    const binary = Buffer.alloc(8)
    binary.writeDoubleBE(value)
    return { sql: String(value), canaries: [{ value: String(value), binary: [binary] }] }
  },
  date: (random) => {
    const value = isoDate(random)
    return { sql: quoted(value), canaries: [{ value, binary: [dateBytes(value)] }] }
  },
  timestamptz: (random) =>
    text(`${isoDate(random)} ${digits(random, 1)}:00:${String(random.between(10, 59))}.${digits(random, 6)}+00`),
  interval: (random) => text(`${digits(random, 5)} days`),
  uuid: (random) => {
    const hex = Array.from({ length: 32 }, () => random.below(16).toString(16)).join('')
    const value = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    return { sql: quoted(value), canaries: [{ value, binary: [Buffer.from(hex, 'hex')] }, { value: hex }] }
  },
  bytea: (random) => {
    const value = word(random, 8, 14)
    return { sql: `'\\x${Buffer.from(value).toString('hex')}'`, canaries: [{ value }] }
  },
  jsonb: (random) => jsonValue(random),
  json: (random) => jsonValue(random),
  'text[]': (random) => {
    const [one, two] = [word(random, 7, 12), word(random, 7, 12)]
    return { sql: `'{${one},NULL,${two}}'`, canaries: [{ value: one }, { value: two }] }
  },
  inet: (random) => {
    const value = `${[0, 0, 0].map(() => String(random.between(100, 250))).join('.')}.${String(random.between(1, 9))}`
    return { sql: quoted(value), canaries: [{ value, binary: [Buffer.from(value.split('.').map(Number))] }] }
  },
  level: (random) => ({ sql: quoted(random.pick(['low', 'mid', 'high', 'top'])), canaries: [] }),
  address: (random) => {
    const [street, zip] = [word(random, 8, 12), digits(random, random.between(5, 7))]
    return { sql: `ROW('${street}', '${zip}', ${digits(random, 2)})`, canaries: [{ value: street }, { value: zip }] }
  },
  int4range: (random) => {
    const low = number(random, 6)
    return {
      sql: `'[${String(low)},${String(low + number(random, 4))})'`,
      canaries: [{ value: String(low), binary: [integerBytes(low, 4)] }],
    }
  },
  xml: (random) => {
    const value = word(random, 8, 12)
    return { sql: `'<m>${value}</m>'`, canaries: [{ value }] }
  },
}

function jsonValue(random: Random): Value {
  const inner = [word(random, 8, 12), digits(random, 9)]
  const list = Array.from({ length: random.between(1, 4) }, () => digits(random, 6))
  const value = { ssn: inner[0], n: Number(inner[1]), list: list.map(Number), ok: random.chance(0.5) }
  return { sql: quoted(JSON.stringify(value)), canaries: [...inner, ...list].map((each) => ({ value: each })) }
}

/** How many rows each table has, and where their ids begin. */
const SIZES: Readonly<Record<string, { readonly rows: number; readonly from: number }>> = {
  people: { rows: 8, from: 1 },
  people_kid: { rows: 3, from: 21 },
  people_copy: { rows: 3, from: 101 },
  people_log: { rows: 2, from: 1 },
  orders: { rows: 10, from: 1 },
  events: { rows: 8, from: 1 },
  products: { rows: 6, from: 1 },
  readings: { rows: 6, from: 1 },
  sink: { rows: 2, from: 1 },
}

const NAMES = ['Ann', 'Bob', 'Cyd', 'Dee', 'Eve', 'Fay', 'Gus', 'Hal', 'Ida', 'Jon']
const TEAMS = ['red', 'blue', 'green']

/** An unmasked value: the same on every side, small, with repeats, so that joins and groups find something. */
function openValue(table: string, column: Column, row: number, id: number): string {
  if (column.name === 'id') return String(id)
  if (column.name === 'day')
    return quoted(row % 2 === 0 ? `2023-0${String(row + 1)}-11` : `2025-0${String(row + 1)}-12`)
  if (column.name === 'name') return quoted(`${NAMES[row % 10] ?? ''}${table === 'products' ? String(row) : ''}`)
  if (row === 2 && column.name !== 'person_id') return 'NULL'
  switch (column.type) {
    case 'int4':
      return String((row * 3) % 9)
    case 'int8':
      return String(row * 1000)
    case 'numeric':
      return `${String(row + 1)}.25`
    case 'float8':
      return `${String(row)}.5`
    case 'text':
      return quoted(TEAMS[row % 3] ?? '')
    case 'bool':
      return row % 2 === 0 ? 'true' : 'false'
    case 'date':
      return quoted(`2024-02-0${String((row % 8) + 1)}`)
    case 'timestamptz':
      return quoted(`2024-03-0${String((row % 8) + 1)} 10:00+00`)
    case 'interval':
      return quoted(`${String(row)} days`)
    case 'uuid':
      return quoted(`0000000${String(row)}-0000-4000-8000-000000000000`)
    case 'bytea':
      return `'\\x0${String(row % 10)}ff'`
    case 'jsonb':
    case 'json':
      return quoted(JSON.stringify({ a: row, b: TEAMS[row % 3], list: [row, row + 1] }))
    case 'text[]':
      return `'{${TEAMS.slice(0, (row % 3) + 1).join()}}'`
    case 'int4[]':
      return `'{${[1, 2, 3].slice(0, (row % 3) + 1).join()}}'`
    case 'inet':
      return quoted(`10.0.0.${String(row)}`)
    case 'level':
      return quoted(row % 2 === 0 ? 'low' : 'high')
    case 'address':
      return `ROW('way', '${String(row)}', ${String(row)})`
    case 'int4range':
      return `'[${String(row)},${String(row + 4)})'`
    case 'xml':
      return `'<a b="${String(row)}"><c>x</c></a>'`
    default:
      return 'NULL'
  }
}

/** The rows of one side. `seed`: any number; sides of different seeds have different masked values. */
export function makeSide(seed: number): Side {
  const random = new Random(seed)
  const canaries: Canary[] = []
  const statements: string[] = []
  const secret = word(random, 10, 14)
  const pin = number(random, 8)
  statements.push(`INSERT INTO vault VALUES (1, '${secret}', ${String(pin)})`)
  canaries.push({ name: 'vault', value: secret }, { name: 'vault', value: String(pin) })
  for (const table of TABLE_LIST) {
    const size = SIZES[table.name]
    if (size === undefined) continue
    const columns = table.columns.filter((column) => column.taint !== 'derived' && column.name !== 'initial')
    const rows = Array.from({ length: size.rows }, (_, row) =>
      columns.map((column, index) => {
        if (column.taint === 'none') return openValue(table.name, column, row, size.from + row)
        const value = MAKERS[column.type]?.(random)
        if (value === undefined) throw new Error(`no masked value of type ${column.type}`)
        if (isNull(row, index)) return 'NULL'
        canaries.push(...value.canaries.map((canary) => ({ ...canary, name: `${table.name}.${column.name}` })))
        return value.sql
      }),
    )
    const names = columns.map(({ name }) => name).join()
    statements.push(`INSERT INTO ${table.name} (${names}) VALUES ${rows.map((cells) => `(${cells.join()})`).join()}`)
  }
  // Serial columns were filled by hand.
  statements.push(`SELECT setval('people_log_id_seq', 100), setval('sink_id_seq', 100), setval('tickets', 100)`)
  statements.push('REFRESH MATERIALIZED VIEW mv_people')
  return { rows: statements.join(';\n'), canaries }
}

/** Empties every table, drops what a statement made, and leaves no space of dead rows behind. */
export const EMPTY: string = `
DROP SCHEMA scratch CASCADE;
CREATE SCHEMA scratch;
TRUNCATE ${TABLE_LIST.map(({ name }) => name).join()}, vault;
DO $$ DECLARE one oid; BEGIN FOR one IN SELECT oid FROM pg_largeobject_metadata LOOP PERFORM lo_unlink(one); END LOOP; END $$;
`
