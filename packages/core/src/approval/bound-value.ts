import { numericBinary, numericText, readNumericBinary } from '../masking/numeric-value.ts'

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * A value that PostgreSQL was sent in binary format, as the text it stands for; null where the type (an object id) is none of
 * these, or the bytes are not exactly one value of it. Manual: the `*_send` functions of each type.
 */
export function boundText(type: number, bytes: Buffer): string | null {
  switch (type) {
    case 16: // bool
      return bytes.length === 1 && (bytes[0] ?? 2) < 2 ? String(bytes[0] === 1) : null
    case 21: // int2
      return bytes.length === 2 ? String(bytes.readInt16BE()) : null
    case 23: // int4
      return bytes.length === 4 ? String(bytes.readInt32BE()) : null
    case 20: // int8
      return bytes.length === 8 ? String(bytes.readBigInt64BE()) : null
    case 701: // float8
      return bytes.length === 8 ? floatText(bytes.readDoubleBE()) : null
    case 1700: // numeric
      return numeric(bytes)
    case 2950: // uuid
      return bytes.length === 16 ? bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : null
    case 25: // text
    case 1042: // bpchar
    case 1043: // varchar
    case 114: // json
      return utf8(bytes)
    case 3802: // jsonb, behind its version
      return bytes[0] === 1 ? utf8(bytes.subarray(1)) : null
    default:
      return null
  }
}

function floatText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/** Digits that the server would cut off do not show: such bytes are not told as a number. */
function numeric(bytes: Buffer): string | null {
  const value = readNumericBinary(bytes, 0, bytes.length)
  return value !== null && numericBinary(value).equals(bytes) ? numericText(value) : null
}

function utf8(bytes: Buffer): string | null {
  try {
    return strict.decode(bytes)
  } catch {
    return null
  }
}
