import { appendBytes } from './cell-output.ts'
import type { CellOutput } from './cell-output.ts'

/** A mask made ready for one column of one result: its type and its format are settled. */
export interface CellMask {
  /** True: it must be applied to NULL too, as an empty cell. Absent: NULL stays NULL. */
  readonly hidesNull?: true
  /** True: the cell stays as it is, and `apply` would append the same bytes. Absent: any cell may change. Never throws on account of the bytes. */
  keeps?(source: Buffer, start: number, end: number): boolean
  /**
   * Appends the masked form of the cell `source[start,end)` to `out`. The cell is not NULL, unless the mask
   * `hidesNull`: NULL stays NULL, and the caller sees to it.
   * Returns false, with nothing appended, when the value must become NULL. Never throws on account of the bytes.
   */
  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean
}

/** A mask cannot be used on a type: its constant is not a value of the type, or its own numbers make no sense. */
export class MaskNotApplicable extends Error {
  override readonly name = 'MaskNotApplicable'
}

/** Puts the same bytes in place of every value. */
export class ConstantMask implements CellMask {
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  apply(_source: Buffer, _start: number, _end: number, out: CellOutput): boolean {
    appendBytes(out, this.#bytes, 0, this.#bytes.length)
    return true
  }
}

/** Puts the same bytes in place of every value, and of NULL. */
export class WithholdingMask extends ConstantMask {
  readonly hidesNull = true
}

/** Makes every value NULL. */
export class NullMask implements CellMask {
  apply(): boolean {
    return false
  }
}
