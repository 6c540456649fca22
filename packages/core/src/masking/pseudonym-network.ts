import type { CellMask } from './cell-mask.ts'
import { appendAscii, appendBytes } from './cell-output.ts'
import type { CellOutput } from './cell-output.ts'
import type { KeyedStream } from './keyed-stream.ts'
import { Lanes } from './lane-permutation.ts'
import { parseNetwork } from './network-constant.ts'
import type { CellFormat } from './value-type.ts'

/** Family, bits, is it cidr, number of bytes (`network_send` in PostgreSQL's network.c); then the address. */
const headerBytes = 4
/** `ffff:…:ffff/128` */
const maxTextBytes = 43

/**
 * Another address of the same family and netmask length. Of `cidr` only the bits of the network are permuted, so what is
 * behind them stays zero. IPv6 addresses that are shown with an IPv4 address in them are redacted.
 */
export class PseudonymNetworkMask implements CellMask {
  readonly #stream: KeyedStream
  readonly #cidr: boolean
  readonly #format: CellFormat
  readonly #redacted: CellMask
  readonly #lanes = new Lanes()

  constructor(stream: KeyedStream, cidr: boolean, format: CellFormat, redacted: CellMask) {
    this.#stream = stream
    this.#cidr = cidr
    this.#format = format
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const value = this.#read(source, start, end)
    if (value === null || holdsIpv4(value)) return this.#redacted.apply(source, start, end, out)
    this.#permute(value)
    if (this.#format === 1) appendBytes(out, value, 0, value.length)
    else appendAscii(out, shown(value, this.#cidr))
    return true
  }

  /** The binary form, in a buffer of its own. */
  #read(source: Buffer, start: number, end: number): Buffer | null {
    if (end > source.length || end - start > maxTextBytes) return null
    if (this.#format === 0) return parseNetwork(source.toString('latin1', start, end), this.#cidr)
    const value = Buffer.from(source.subarray(start, end))
    const bytes = value.length - headerBytes
    const known = (value[0] === 2 && bytes === 4) || (value[0] === 3 && bytes === 16)
    return known && value[3] === bytes && (value[1] ?? 0) <= bytes * 8 ? value : null
  }

  #permute(value: Buffer): void {
    const lanes = this.#lanes
    lanes.clear()
    const width = (value.length - headerBytes) * 8
    const bits = this.#cidr ? (value[1] ?? 0) : width
    for (let bit = 0; bit < bits; bit += 8) {
      const unused = Math.max(8 - (bits - bit), 0)
      lanes.add((value[headerBytes + (bit >> 3)] ?? 0) >> unused, 256 >> unused)
    }
    // An inet with the whole width as its netmask is the host alone, as is a cidr: they line up.
    lanes.permute(this.#stream, this.#stream.tweakOf(`network of ${width} bits, mask ${value[1]}, permuted ${bits}`))
    for (let bit = 0, lane = 0; bit < bits; bit += 8, lane++) {
      const unused = Math.max(8 - (bits - bit), 0)
      value[headerBytes + (bit >> 3)] = (lanes.values[lane] ?? 0) << unused
    }
  }
}

/** `::1.2.3.4`, `::ffff:1.2.3.4`, and with them `::` and `::1`: the text form of these is not read. */
function holdsIpv4(value: Buffer): boolean {
  if (value[0] !== 3) return false
  for (let at = headerBytes; at < headerBytes + 10; at++) if (value[at] !== 0) return false
  const last = value.readUInt16BE(headerBytes + 10)
  return last === 0 || last === 0xffff
}

/** Of `inet` the netmask length is shown where it is not the whole width; of `cidr` always. */
function shown(value: Buffer, cidr: boolean): string {
  const bytes = value.subarray(headerBytes)
  const address =
    bytes.length === 4
      ? bytes.join('.')
      : Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(group * 2).toString(16)).join(':')
  const bits = value[1] ?? 0
  return cidr || bits !== bytes.length * 8 ? `${address}/${bits}` : address
}
