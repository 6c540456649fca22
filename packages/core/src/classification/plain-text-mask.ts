import type { CellMask } from '../masking/cell-mask.ts'
import type { CellOutput } from '../masking/cell-output.ts'
import type { TextRedactor } from './text-redactor.ts'

/** For text that may be of any length: finds become `[redacted email]`. */
export class LabellingMask implements CellMask {
  readonly #redactor: TextRedactor

  constructor(redactor: TextRedactor) {
    this.#redactor = redactor
  }

  keeps(source: Buffer, start: number, end: number): boolean {
    return this.#redactor.keeps(source, start, end)
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    this.#redactor.label(source, start, end, out)
    return true
  }
}

/** For text whose form or length must stay: finds become asterisks, and structural characters inside them stay. */
export class StarringMask implements CellMask {
  readonly #redactor: TextRedactor
  readonly #kept: Uint8Array | null
  readonly #perByte: boolean

  /** `kept`: characters that stay; empty for none. `perByte`: an asterisk for each byte, for forms with lengths in them. */
  constructor(redactor: TextRedactor, kept: string, perByte: boolean) {
    this.#redactor = redactor
    this.#kept = kept === '' ? null : new Uint8Array(256)
    for (const byte of Buffer.from(kept, 'latin1')) if (this.#kept !== null) this.#kept[byte] = 1
    this.#perByte = perByte
  }

  keeps(source: Buffer, start: number, end: number): boolean {
    return this.#redactor.keeps(source, start, end)
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    this.#redactor.star(source, start, end, out, this.#kept, this.#perByte)
    return true
  }
}
