import type { CellMask } from '../cell-mask.ts'
import { appendByte } from '../cell-output.ts'
import type { CellOutput } from '../cell-output.ts'

const zero = 0x30
const minus = 0x2d

/** Puts zeros before what another mask writes, up to the display width of a ZEROFILL column. */
export class ZeroFilledMask implements CellMask {
  readonly hidesNull?: true
  readonly #mask: CellMask
  readonly #width: number

  constructor(mask: CellMask, width: number) {
    if (mask.hidesNull === true) this.hidesNull = true
    this.#mask = mask
    this.#width = width
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const before = out.length
    if (!this.#mask.apply(source, start, end, out)) return false
    const missing = this.#width - (out.length - before)
    if (missing <= 0 || out.bytes[before] === minus) return true
    out.ensure(missing)
    out.bytes.copyWithin(before + missing, before, out.length)
    out.bytes.fill(zero, before, before + missing)
    out.length += missing
    return true
  }
}

/** Cuts what another mask writes to the length of VARBINARY(n), and fills it with zeros to that of BINARY(n). */
export class SizedBytesMask implements CellMask {
  readonly #mask: CellMask
  readonly #limit: number
  readonly #fillTo: number

  constructor(mask: CellMask, limit: number, fillTo: number) {
    this.#mask = mask
    this.#limit = limit
    this.#fillTo = fillTo
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const before = out.length
    if (!this.#mask.apply(source, start, end, out)) return false
    out.length = Math.min(out.length, before + this.#limit)
    while (out.length - before < this.#fillTo) appendByte(out, 0)
    return true
  }
}
