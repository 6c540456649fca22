import { createHmac, createSecretKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Secret } from '../auth/secret.ts'
import type { CellMask } from './cell-mask.ts'
import { appendAscii, appendBytes } from './cell-output.ts'
import type { CellOutput } from './cell-output.ts'
import { decodeByteaText } from './bytea-text.ts'
import { PostgresIntegers } from './integer-value.ts'
import type { IntegerCells } from './integer-value.ts'
import { trimBlanks } from './partial-mask.ts'
import { characterLimit, filledWidth } from './redacted-value.ts'
import type { TypeKind } from './type-table.ts'
import { readUuid, writeUuid } from './uuid-value.ts'
import type { CellFormat, ValueType } from './value-type.ts'

const digestHexCharacters = 64

/**
 * Replaces values by their HMAC-SHA-256 (RFC 2104): the same value gives the same result in both formats, and nothing
 * leads back without the key.
 */
export function compileHashMask(
  type: ValueType,
  kind: TypeKind,
  format: CellFormat,
  key: Secret<Buffer>,
  redacted: CellMask,
): CellMask {
  const hmac = createSecretKey(key.expose())
  switch (kind) {
    case 'character':
      return new TextHashMask(hmac, type)
    case 'integer':
    case 'oid':
      return new IntegerHashMask(hmac, new PostgresIntegers(type.name, format), redacted)
    case 'uuid':
      return new UuidHashMask(hmac, format, redacted)
    case 'bytea':
      return new ByteaHashMask(hmac, format, redacted)
    default:
      return redacted
  }
}

function digest(key: KeyObject, value: Buffer): Buffer {
  return createHmac('sha256', key).update(value).digest()
}

/** 64 hexadecimal digits, or as many as the type has room for. */
class TextHashMask implements CellMask {
  readonly #key: KeyObject
  readonly #length: number
  readonly #fillTo: number
  readonly #ignoreTrailingBlanks: boolean

  constructor(key: KeyObject, type: ValueType) {
    this.#key = key
    this.#length = Math.min(characterLimit(type), digestHexCharacters)
    this.#fillTo = filledWidth(type)
    this.#ignoreTrailingBlanks = type.name === 'bpchar'
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const valueEnd = this.#ignoreTrailingBlanks ? trimBlanks(source, start, end) : end
    const hex = digest(this.#key, source.subarray(start, valueEnd)).toString('hex', 0, digestHexCharacters / 2)
    appendAscii(out, hex.slice(0, this.#length).padEnd(this.#fillTo))
    return true
  }
}

/** A number of the type's range, zero or above. Small types have few of them: two values of an int2 may well share one. */
export class IntegerHashMask implements CellMask {
  readonly #key: KeyObject
  readonly #cells: IntegerCells
  readonly #redacted: CellMask

  constructor(key: KeyObject, cells: IntegerCells, redacted: CellMask) {
    this.#key = key
    this.#cells = cells
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const value = this.#cells.read(source, start, end)
    if (value === null) return this.#redacted.apply(source, start, end, out)
    this.#cells.write(out, digest(this.#key, Buffer.from(value.toString())).readBigUInt64BE(0) & this.#cells.greatest)
    return true
  }
}

/** A UUID of version 8, the version for what an application makes up (RFC 9562 section 5.8). */
class UuidHashMask implements CellMask {
  readonly #key: KeyObject
  readonly #format: CellFormat
  readonly #redacted: CellMask

  constructor(key: KeyObject, format: CellFormat, redacted: CellMask) {
    this.#key = key
    this.#format = format
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const value = readUuid(source, start, end, this.#format)
    if (value === null) return this.#redacted.apply(source, start, end, out)
    const hashed = digest(this.#key, value)
    hashed[6] = ((hashed[6] ?? 0) & 0x0f) | 0x80
    hashed[8] = ((hashed[8] ?? 0) & 0x3f) | 0x80
    writeUuid(out, hashed, this.#format)
    return true
  }
}

/** The 32 bytes of the digest. */
class ByteaHashMask implements CellMask {
  readonly #key: KeyObject
  readonly #format: CellFormat
  readonly #redacted: CellMask

  constructor(key: KeyObject, format: CellFormat, redacted: CellMask) {
    this.#key = key
    this.#format = format
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const value = this.#format === 1 ? source.subarray(start, end) : decodeByteaText(source, start, end)
    if (value === null) return this.#redacted.apply(source, start, end, out)
    const hashed = digest(this.#key, value)
    if (this.#format === 1) appendBytes(out, hashed, 0, hashed.length)
    else appendAscii(out, `\\x${hashed.toString('hex')}`)
    return true
  }
}
