import type { CellMask } from './cell-mask.ts'
import type { CellOutput } from './cell-output.ts'

/** `MAXDIM` of PostgreSQL. */
const maxDimensions = 6
/** Number of dimensions, flags, element type; then a size and a lower bound for each dimension. */
const headerBytes = 12
const dimensionBytes = 8

/**
 * Masks each element of an array in binary format (`array_send` in PostgreSQL's arrayfuncs.c) and keeps its shape and its
 * NULLs. Lower bounds are not kept: they become 1. What is not such an array becomes the empty array.
 */
export class ArrayBinaryMask implements CellMask {
  readonly #element: CellMask
  readonly #elementOid: number
  readonly #redacted: CellMask

  constructor(element: CellMask, elementOid: number, redacted: CellMask) {
    this.#element = element
    this.#elementOid = elementOid
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const before = out.length
    if (this.#maskArray(source, start, end, out)) return true
    out.length = before
    return this.#redacted.apply(source, start, end, out)
  }

  #maskArray(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    if (end > source.length || end - start < headerBytes) return false
    const dimensions = source.readInt32BE(start)
    if (dimensions < 0 || dimensions > maxDimensions) return false
    if (source.readUInt32BE(start + 8) !== this.#elementOid) return false
    const elementsAt = start + headerBytes + dimensions * dimensionBytes
    if (elementsAt > end) return false
    const count = countElements(source, start + headerBytes, dimensions, Math.floor((end - elementsAt) / 4))
    if (count === -1) return false

    const headerAt = out.length
    out.ensure(elementsAt - start)
    out.bytes.writeInt32BE(dimensions, headerAt)
    out.bytes.writeUInt32BE(this.#elementOid, headerAt + 8)
    for (let index = 0; index < dimensions; index++) {
      const dimensionAt = headerBytes + index * dimensionBytes
      out.bytes.writeInt32BE(source.readInt32BE(start + dimensionAt), headerAt + dimensionAt)
      out.bytes.writeInt32BE(1, headerAt + dimensionAt + 4)
    }
    out.length += elementsAt - start

    let hasNulls = 0
    let at = elementsAt
    for (let index = 0; index < count; index++) {
      if (at + 4 > end) return false
      const length = source.readInt32BE(at)
      at += 4
      if (length < -1 || length > end - at) return false
      if (!this.#maskElement(source, at, length, out)) hasNulls = 1
      if (length > 0) at += length
    }
    out.bytes.writeInt32BE(hasNulls, headerAt + 4)
    return at === end
  }

  /** Appends one element with its length, NULL as -1; returns false where it is NULL. */
  #maskElement(source: Buffer, at: number, length: number, out: CellOutput): boolean {
    out.ensure(4)
    const lengthAt = out.length
    out.length += 4
    const present = length !== -1 && this.#element.apply(source, at, at + length, out)
    out.bytes.writeInt32BE(present ? out.length - lengthAt - 4 : -1, lengthAt)
    return present
  }
}

/** The product of the dimensions' sizes; -1 where it is more than `most`, or a size is not above zero. No dimensions: 0. */
function countElements(source: Buffer, at: number, dimensions: number, most: number): number {
  if (dimensions === 0) return 0
  let count = 1
  for (let index = 0; index < dimensions; index++) {
    const size = source.readInt32BE(at + index * dimensionBytes)
    if (size < 1) return -1
    count *= size
    if (count > most) return -1
  }
  return count
}
