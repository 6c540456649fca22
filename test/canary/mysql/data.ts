import type { Canary } from '../../corpus/canaries.ts'
import { Random } from '../random.ts'
import { type Column, TABLE_LIST, type Type } from './schema.ts'

/** Rows of the schema with masked values of one side. The sides differ in masked values and in nothing else that can be asked for. */
export interface Side {
  /** Fills the empty schema, one statement each. */
  readonly rows: readonly string[]
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

function integerBytes(value: number, bytes: 4 | 8): Buffer {
  const buffer = Buffer.alloc(bytes)
  if (bytes === 4) buffer.writeInt32LE(value)
  else buffer.writeBigInt64LE(BigInt(value))
  return buffer
}

function doubleBytes(value: number): Buffer {
  const buffer = Buffer.alloc(8)
  buffer.writeDoubleLE(value)
  return buffer
}

/** The first bytes of a date or a time of day in a binary row. */
function dateBytes(iso: string): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt16LE(Number(iso.slice(0, 4)))
  buffer[2] = Number(iso.slice(5, 7))
  buffer[3] = Number(iso.slice(8, 10))
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
  int: (random) => {
    const value = Number(digits(random, random.between(6, 9)))
    return { sql: String(value), canaries: [{ value: String(value), binary: [integerBytes(value, 4)] }] }
  },
  bigint: (random) => {
    const value = Number(digits(random, random.between(10, 14)))
    return { sql: String(value), canaries: [{ value: String(value), binary: [integerBytes(value, 8)] }] }
  },
  decimal: (random) => text(`${digits(random, random.between(5, 8))}.${digits(random, 2)}`),
  double: (random) => {
    const value = Number(`${digits(random, 6)}.5`)
    return { sql: String(value), canaries: [{ value: String(value), binary: [doubleBytes(value)] }] }
  },
  date: (random) => {
    const value = isoDate(random)
    return { sql: quoted(value), canaries: [{ value, binary: [dateBytes(value)] }] }
  },
  datetime: (random) => {
    const day = isoDate(random)
    const value = `${day} 0${digits(random, 1)}:${String(random.between(10, 59))}:${String(random.between(10, 59))}.${digits(random, 6)}`
    return { sql: quoted(value), canaries: [{ value, binary: [dateBytes(day)] }] }
  },
  time: (random) =>
    text(
      `${String(random.between(10, 23))}:${String(random.between(10, 59))}:${digits(random, 1)}7`.replace(
        /:[6-9]7$/,
        ':17',
      ),
    ),
  year: (random) => ({ sql: String(random.between(1950, 1999)), canaries: [] }),
  blob: (random) => {
    const value = word(random, 8, 14)
    return { sql: `x'${Buffer.from(value).toString('hex')}'`, canaries: [{ value }] }
  },
  json: (random) => {
    const inner = [word(random, 8, 12), digits(random, 9)]
    const list = Array.from({ length: random.between(1, 4) }, () => digits(random, 6))
    const value = { ssn: inner[0], n: Number(inner[1]), list: list.map(Number), ok: random.chance(0.5) }
    return { sql: quoted(JSON.stringify(value)), canaries: [...inner, ...list].map((each) => ({ value: each })) }
  },
  level: (random) => ({ sql: quoted(random.pick(['low', 'mid', 'high', 'top'])), canaries: [] }),
  flags: (random) => ({ sql: quoted(random.pick(['a', 'b,c', 'a,b,c', 'b'])), canaries: [] }),
  bits: (random) => ({ sql: `b'${random.between(1, 65_000).toString(2)}'`, canaries: [] }),
  point: (random) => {
    const [x, y] = [Number(`${digits(random, 4)}.5`), Number(`${digits(random, 4)}.25`)]
    return {
      sql: `POINT(${String(x)}, ${String(y)})`,
      canaries: [
        { value: String(x), binary: [doubleBytes(x)] },
        { value: String(y), binary: [doubleBytes(y)] },
      ],
    }
  },
}

/** How many rows each table has, and where their ids begin. */
const SIZES: Readonly<Record<string, { readonly rows: number; readonly from: number }>> = {
  people: { rows: 8, from: 1 },
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
  if (row % 5 === 4) return 'NULL'
  switch (column.type) {
    case 'int':
      return String((row % 4) + 1)
    case 'bigint':
      return String(row * 1000)
    case 'decimal':
      return `${String(row + 1)}.25`
    case 'double':
      return `${String(row)}.5`
    case 'text':
      return quoted(TEAMS[row % 3] ?? '')
    case 'bool':
      return String(row % 2)
    case 'date':
      return quoted(`2024-02-0${String((row % 8) + 1)}`)
    case 'datetime':
      return quoted(`2024-03-0${String((row % 8) + 1)} 10:00:00`)
    case 'time':
      return quoted(`0${String(row % 8)}:00:00`)
    case 'year':
      return String(2000 + row)
    case 'blob':
      return `x'0${String(row % 10)}ff'`
    case 'json':
      return quoted(JSON.stringify({ a: row, b: TEAMS[row % 3], list: [row, row + 1] }))
    case 'level':
      return quoted(row % 2 === 0 ? 'low' : 'high')
    case 'flags':
      return quoted(row % 2 === 0 ? 'a' : 'b,c')
    case 'bits':
      return `b'${row.toString(2)}'`
    case 'point':
      return `POINT(${String(row)}, 1)`
    default:
      return column.type satisfies never
  }
}

/** The rows of one side. `seed`: any number; sides of different seeds have different masked values. */
export function makeSide(seed: number): Side {
  const random = new Random(seed)
  const canaries: Canary[] = []
  const rows: string[] = []
  const secret = word(random, 10, 14)
  const pin = digits(random, 8)
  rows.push(`INSERT INTO vault VALUES (1, '${secret}', ${pin})`)
  canaries.push({ name: 'vault', value: secret }, { name: 'vault', value: pin })
  for (const table of TABLE_LIST) {
    const size = SIZES[table.name]
    if (size === undefined) continue
    const columns = table.columns.filter((column) => column.taint !== 'derived' && column.name !== 'initial')
    const values = Array.from({ length: size.rows }, (_, row) =>
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
    rows.push(`INSERT INTO ${table.name} (${names}) VALUES ${values.map((cells) => `(${cells.join()})`).join()}`)
  }
  return { rows, canaries }
}
