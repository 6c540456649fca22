import type { Field } from '@gatehouse/postgres-wire'
import { shownBytes } from './replay-event.ts'

/** Days and microseconds of PostgreSQL count from here: 2000-01-01. */
const EPOCH = 946_684_800_000

/** Moments beyond this many microseconds of 2000 cannot be written by the language's dates. */
const LARGEST_MOMENT = 8_000_000_000_000_000_000n / 1000n

/** A cell as people read it. Binary cells of well-known types are read, others shown as hexadecimal digits behind `\x`. */
export function postgresValue(cell: Buffer, field: Field | undefined): string {
  if (field === undefined || field.format === 0) return shownBytes(cell)
  return binaryValue(cell, field.typeOid) ?? `\\x${cell.toString('hex')}`
}

/** By the type's OID (`pg_type.dat`). Null: it is not known, or the cell has another length than it must. */
function binaryValue(cell: Buffer, typeOid: number): string | null {
  switch (typeOid) {
    case 16: // bool
      return cell.length === 1 ? (cell[0] === 0 ? 'f' : 't') : null
    case 21: // int2
      return cell.length === 2 ? String(cell.readInt16BE()) : null
    case 23: // int4
      return cell.length === 4 ? String(cell.readInt32BE()) : null
    case 26: // oid
      return cell.length === 4 ? String(cell.readUInt32BE()) : null
    case 20: // int8
      return cell.length === 8 ? String(cell.readBigInt64BE()) : null
    case 700: // float4
      return cell.length === 4 ? String(Math.fround(cell.readFloatBE())) : null
    case 701: // float8
      return cell.length === 8 ? String(cell.readDoubleBE()) : null
    case 18: // "char"
    case 19: // name
    case 25: // text
    case 114: // json
    case 1042: // bpchar
    case 1043: // varchar
      return shownBytes(cell)
    case 3802: // jsonb: a version, and text
      return cell[0] === 1 ? shownBytes(cell.subarray(1)) : null
    case 2950: // uuid
      return cell.length === 16
        ? cell.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
        : null
    case 1082: // date
      return cell.length === 4 ? (moment(BigInt(cell.readInt32BE()) * 86_400_000_000n)?.slice(0, 10) ?? null) : null
    case 1114: // timestamp
      return cell.length === 8 ? moment(cell.readBigInt64BE()) : null
    case 1184: {
      // timestamptz
      const text = cell.length === 8 ? moment(cell.readBigInt64BE()) : null
      return text === null ? null : `${text}+00`
    }
    case 1700: // numeric
      return numeric(cell)
    default:
      return null
  }
}

/** Microseconds since 2000-01-01 as `2026-01-31 12:00:00.123456`. Null: beyond what dates can be. */
function moment(microseconds: bigint): string | null {
  if (microseconds > LARGEST_MOMENT || microseconds < -LARGEST_MOMENT) return null
  const rest = ((microseconds % 1000n) + 1000n) % 1000n
  const date = new Date(Number((microseconds - rest) / 1000n) + EPOCH)
  if (Number.isNaN(date.getTime())) return null
  return `${date.toISOString().replace('T', ' ').slice(0, -1)}${String(rest).padStart(3, '0')}`
}

/** `numeric_send`: digits of base 10,000. Null: it is none. */
function numeric(cell: Buffer): string | null {
  if (cell.length < 8) return null
  const digits = cell.readUInt16BE()
  const weight = cell.readInt16BE(2)
  const sign = cell.readUInt16BE(4)
  const scale = cell.readUInt16BE(6)
  if (cell.length !== 8 + digits * 2) return null
  if (sign === 0xc000) return 'NaN'
  if (sign === 0xd000) return 'Infinity'
  if (sign === 0xf000) return '-Infinity'
  const group = (index: number): string =>
    index < 0 || index >= digits ? '0000' : String(cell.readUInt16BE(8 + index * 2)).padStart(4, '0')
  let whole = ''
  for (let index = 0; index <= weight; index++) whole += group(index)
  let fraction = ''
  for (let index = weight + 1; fraction.length < scale; index++) fraction += group(index)
  const text = whole.replace(/^0+(?=\d)/, '') || '0'
  return `${sign === 0x4000 ? '-' : ''}${text}${scale === 0 ? '' : `.${fraction.slice(0, scale)}`}`
}
