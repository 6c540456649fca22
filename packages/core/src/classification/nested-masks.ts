/** Masks for values that hold others: arrays, records and hstore in binary format. */
import type { CellMask } from '../masking/cell-mask.ts'
import { appendBytes, GrowableOutput } from '../masking/cell-output.ts'
import type { CellOutput } from '../masking/cell-output.ts'

/** A scratch buffer that grew beyond this many bytes is given back after the cell. */
const maxScratchBytes = 65_536

/** An element's mask that tells whether any element changes. */
export class NoticingMask implements CellMask {
  changed = false
  /** It is only asked: elements are left as they are. */
  asking = false
  readonly #mask: CellMask

  constructor(mask: CellMask) {
    this.#mask = mask
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const kept = this.#mask.keeps?.(source, start, end) === true
    if (!kept) this.changed = true
    if (kept || this.asking) {
      appendBytes(out, source, start, end)
      return true
    }
    return this.#mask.apply(source, start, end, out)
  }
}

/** An array whose elements are looked at one by one: where none is changed it stays as it is, bounds and all. */
export class ArrayMask implements CellMask {
  readonly #array: CellMask
  readonly #element: NoticingMask
  /** Says of the whole literal that nothing is in it; null where that cannot be told without reading it. */
  readonly #whole: ((source: Buffer, start: number, end: number) => boolean) | null
  #tried = new GrowableOutput(256)

  /** `array` masks element by element with `element`. */
  constructor(
    array: CellMask,
    element: NoticingMask,
    whole: ((source: Buffer, start: number, end: number) => boolean) | null,
  ) {
    this.#array = array
    this.#element = element
    this.#whole = whole
  }

  keeps(source: Buffer, start: number, end: number): boolean {
    if (this.#whole?.(source, start, end) === true) return true
    this.#element.changed = false
    this.#tried.length = 0
    this.#element.asking = true
    this.#array.apply(source, start, end, this.#tried)
    this.#element.asking = false
    if (this.#tried.bytes.length > maxScratchBytes) this.#tried = new GrowableOutput(256)
    return !this.#element.changed
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    if (this.keeps(source, start, end)) {
      appendBytes(out, source, start, end)
      return true
    }
    return this.#array.apply(source, start, end, out)
  }
}

/** Puts the empty array in place of what is no array, and has it noticed. */
export class EmptyArrayMask implements CellMask {
  readonly #element: NoticingMask
  readonly #bytes: Buffer

  constructor(element: NoticingMask, bytes: Buffer) {
    this.#element = element
    this.#bytes = bytes
  }

  apply(_source: Buffer, _start: number, _end: number, out: CellOutput): boolean {
    this.#element.changed = true
    appendBytes(out, this.#bytes, 0, this.#bytes.length)
    return true
  }
}

/** The mask for a value of a type, by the type's OID; null: it holds no text. */
export type MaskByType = (oid: number) => CellMask | null

/** A row value in binary format (`record_send`): a count, then type, length and value of each column. */
export class RecordBinaryMask implements CellMask {
  readonly #maskOf: MaskByType
  readonly #otherwise: CellMask

  /** `otherwise` masks what is no such value. */
  constructor(maskOf: MaskByType, otherwise: CellMask) {
    this.#maskOf = maskOf
    this.#otherwise = otherwise
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const before = out.length
    if (this.#write(source, start, end, out)) return true
    out.length = before
    return this.#otherwise.apply(source, start, end, out)
  }

  #write(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    if (end > source.length || end - start < 4) return false
    const count = source.readInt32BE(start)
    appendBytes(out, source, start, start + 4)
    let at = start + 4
    for (let index = 0; index < count; index++) {
      if (at + 8 > end) return false
      const mask = this.#maskOf(source.readUInt32BE(at))
      appendBytes(out, source, at, at + 4)
      at = appendSized(mask, source, at + 4, end, out)
      if (at === -1) return false
    }
    return at === end
  }
}

/** hstore in binary format (`hstore_send`): a count, then length and bytes of each key and value. */
export class HstoreBinaryMask implements CellMask {
  readonly #text: CellMask
  readonly #otherwise: CellMask

  constructor(text: CellMask, otherwise: CellMask) {
    this.#text = text
    this.#otherwise = otherwise
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const before = out.length
    if (this.#write(source, start, end, out)) return true
    out.length = before
    return this.#otherwise.apply(source, start, end, out)
  }

  #write(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    if (end > source.length || end - start < 4) return false
    const count = source.readInt32BE(start)
    appendBytes(out, source, start, start + 4)
    let at = start + 4
    for (let index = 0; index < count * 2; index++) {
      at = appendSized(this.#text, source, at, end, out)
      if (at === -1) return false
    }
    return at === end
  }
}

/** Appends a value with its length before it, masked; returns where it ended, -1 where it is cut short. */
function appendSized(mask: CellMask | null, source: Buffer, at: number, end: number, out: CellOutput): number {
  if (at + 4 > end) return -1
  const length = source.readInt32BE(at)
  const from = at + 4
  if (length < -1 || length > end - from) return -1
  const lengthAt = out.length
  appendBytes(out, source, at, from)
  if (length === -1) return from
  const to = from + length
  if (mask === null) appendBytes(out, source, from, to)
  else {
    const present = mask.apply(source, from, to, out)
    out.bytes.writeInt32BE(present ? out.length - lengthAt - 4 : -1, lengthAt)
  }
  return to
}
