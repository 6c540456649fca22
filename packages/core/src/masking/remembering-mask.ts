import type { CellMask } from './cell-mask.ts'
import { appendBytes } from './cell-output.ts'
import type { CellOutput } from './cell-output.ts'

/** A power of two. */
const places = 1024
const maxRememberedBytes = 64

interface Remembered {
  readonly value: Buffer
  readonly masked: Buffer
}

/**
 * Remembers what became of the last few hundred short values of a column, for masks that cost much more than a look: the
 * columns that are grouped and joined by repeat themselves. The mask must never make a value NULL.
 */
export class RememberingMask implements CellMask {
  readonly #mask: CellMask
  #places: (Remembered | undefined)[] | null = null
  /** Each value has two places; the one to be given up alternates. */
  #second = 0

  constructor(mask: CellMask) {
    this.#mask = mask
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const length = end - start
    if (length > maxRememberedBytes || end > source.length) return this.#mask.apply(source, start, end, out)
    const place = placeOf(source, start, end)
    const remembered = this.#find(place, source, start, length) ?? this.#find(place ^ 1, source, start, length)
    if (remembered !== null) {
      appendBytes(out, remembered.masked, 0, remembered.masked.length)
      return true
    }
    const before = out.length
    if (!this.#mask.apply(source, start, end, out)) return false
    this.#places ??= new Array<Remembered | undefined>(places)
    this.#second ^= 1
    this.#places[place ^ this.#second] = {
      value: Buffer.from(source.subarray(start, end)),
      masked: Buffer.from(out.bytes.subarray(before, out.length)),
    }
    return true
  }

  #find(place: number, source: Buffer, start: number, length: number): Remembered | null {
    const found = this.#places?.[place]
    return found !== undefined && found.value.length === length && isAt(found.value, source, start) ? found : null
  }
}

/** FNV-1a. */
function placeOf(source: Buffer, start: number, end: number): number {
  let hash = 0x81_1c_9d_c5
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (source[at] ?? 0), 0x0100_0193)
  return (hash ^ (hash >>> 15)) & (places - 1)
}

function isAt(value: Buffer, source: Buffer, start: number): boolean {
  for (let at = 0; at < value.length; at++) if (value[at] !== source[start + at]) return false
  return true
}
