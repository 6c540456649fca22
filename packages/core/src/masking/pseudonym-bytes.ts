import type { CellMask } from './cell-mask.ts'
import { decodeByteaText } from './bytea-text.ts'
import { appendAscii, appendBytes } from './cell-output.ts'
import type { CellOutput } from './cell-output.ts'
import type { KeyedStream } from './keyed-stream.ts'
import { Lanes } from './lane-permutation.ts'
import { parseHardwareAddress } from './network-constant.ts'
import { readUuid, writeUuid } from './uuid-value.ts'
import type { CellFormat } from './value-type.ts'

/** More bytes are redacted: they are no identifier, and would hold up everybody else. */
const maxByteaBytes = 65_536
/** The longest text form of as many: escape format, each byte as an octal number. */
const maxByteaTextBytes: number = maxByteaBytes * 4

/** Another UUID of the same version and variant; the 122 bits that are left are permuted. */
export class PseudonymUuidMask implements CellMask {
  readonly #stream: KeyedStream
  readonly #format: CellFormat
  readonly #redacted: CellMask
  readonly #lanes = new Lanes()
  readonly #kept: Buffer = Buffer.from('uuid  ')
  readonly #bytes: Buffer = Buffer.alloc(16)

  constructor(stream: KeyedStream, format: CellFormat, redacted: CellMask) {
    this.#stream = stream
    this.#format = format
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const value = readUuid(source, start, end, this.#format)
    if (value === null) return this.#redacted.apply(source, start, end, out)
    const lanes = this.#lanes
    lanes.clear()
    for (let at = 0; at < 16; at++) lanes.add((value[at] ?? 0) & freeBits(at), freeBits(at) + 1)
    this.#kept[4] = (value[6] ?? 0) & 0xf0
    this.#kept[5] = (value[8] ?? 0) & 0xc0
    lanes.permute(this.#stream, this.#stream.tweak(this.#kept, this.#kept.length))
    for (let at = 0; at < 16; at++) this.#bytes[at] = ((value[at] ?? 0) & ~freeBits(at)) | (lanes.values[at] ?? 0)
    writeUuid(out, this.#bytes, this.#format)
    return true
  }
}

/** Where RFC 9562 section 4 has version and variant, the bits beside them. */
function freeBits(at: number): number {
  return at === 6 ? 0x0f : at === 8 ? 0x3f : 0xff
}

/** As many other bytes. No bytes stay no bytes; more than 65,536 are redacted. */
export class PseudonymByteaMask implements CellMask {
  readonly #stream: KeyedStream
  readonly #format: CellFormat
  readonly #redacted: CellMask
  readonly #lanes = new Lanes()

  constructor(stream: KeyedStream, format: CellFormat, redacted: CellMask) {
    this.#stream = stream
    this.#format = format
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const value = this.#read(source, start, end)
    if (value === null || value.length > maxByteaBytes) return this.#redacted.apply(source, start, end, out)
    const permuted = permuteBytes(this.#lanes, this.#stream, 'bytea', value)
    if (this.#format === 1) appendBytes(out, permuted, 0, permuted.length)
    else appendAscii(out, `\\x${permuted.toString('hex')}`)
    return true
  }

  #read(source: Buffer, start: number, end: number): Buffer | null {
    if (end > source.length) return null
    if (this.#format === 1) return source.subarray(start, end)
    return end - start > maxByteaTextBytes ? null : decodeByteaText(source, start, end)
  }
}

/** Another hardware address: of `macaddr` and `macaddr8` all bits are permuted. */
export class PseudonymHardwareMask implements CellMask {
  readonly #stream: KeyedStream
  readonly #bytes: 6 | 8
  readonly #format: CellFormat
  readonly #redacted: CellMask
  readonly #lanes = new Lanes()

  constructor(stream: KeyedStream, bytes: 6 | 8, format: CellFormat, redacted: CellMask) {
    this.#stream = stream
    this.#bytes = bytes
    this.#format = format
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const value = this.#read(source, start, end)
    if (value === null) return this.#redacted.apply(source, start, end, out)
    const permuted = permuteBytes(this.#lanes, this.#stream, 'hardware address', value)
    if (this.#format === 1) appendBytes(out, permuted, 0, permuted.length)
    else appendAscii(out, permuted.toString('hex').replaceAll(/..(?=.)/g, '$&:'))
    return true
  }

  #read(source: Buffer, start: number, end: number): Buffer | null {
    if (this.#format === 0)
      return parseHardwareAddress(end - start > 24 ? '' : source.toString('latin1', start, end), this.#bytes)
    return end - start === this.#bytes && end <= source.length ? source.subarray(start, end) : null
  }
}

function permuteBytes(lanes: Lanes, stream: KeyedStream, what: string, value: Buffer): Buffer {
  lanes.clear()
  for (const byte of value) lanes.add(byte, 256)
  lanes.permute(stream, stream.tweakOf(`${what} of ${value.length} bytes`))
  return Buffer.from(lanes.values.subarray(0, value.length))
}
