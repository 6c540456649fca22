import type { CellMask } from './cell-mask.ts'
import { appendByte, appendBytes, GrowableOutput } from './cell-output.ts'
import type { CellOutput } from './cell-output.ts'

/** `MAXDIM` of PostgreSQL. */
const maxDimensions = 6
/** A scratch buffer that grew beyond this many bytes is given back after the cell. */
const maxScratchBytes = 65_536

const open = 0x7b
const close = 0x7d
const quote = 0x22
const backslash = 0x5c
const nullWord = Buffer.from('NULL')

/**
 * Masks each element of an array literal as the server writes it (PostgreSQL manual, "Array Input and Output Syntax"),
 * and keeps its shape and its NULLs. Lower bounds are not kept: they become 1. What is not such a literal becomes the
 * empty array.
 */
export class ArrayTextMask implements CellMask {
  readonly #element: CellMask
  readonly #delimiter: number
  readonly #redacted: CellMask
  /** The element as it is without quotes and backslashes. */
  #plain = new GrowableOutput(256)
  #masked = new GrowableOutput(256)

  constructor(element: CellMask, delimiter: ',' | ';', redacted: CellMask) {
    this.#element = element
    this.#delimiter = delimiter.charCodeAt(0)
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const before = out.length
    const done = this.#maskLiteral(source, start, end, out)
    if (this.#plain.bytes.length > maxScratchBytes) this.#plain = new GrowableOutput(256)
    if (this.#masked.bytes.length > maxScratchBytes) this.#masked = new GrowableOutput(256)
    if (done) return true
    out.length = before
    return this.#redacted.apply(source, start, end, out)
  }

  #maskLiteral(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    let at = skipBounds(source, start, end)
    if (source[at] !== open || at >= end) return false
    let depth = 0
    let itemExpected = true
    while (at < end) {
      const byte = source[at] ?? 0
      if (byte === open) {
        if (!itemExpected || ++depth > maxDimensions) return false
        appendByte(out, open)
        at++
        if (source[at] === close && depth === 1 && at === end - 1) itemExpected = false
      } else if (byte === close) {
        if (itemExpected) return false
        appendByte(out, close)
        at++
        if (--depth === 0) return at === end
      } else if (byte === this.#delimiter) {
        if (itemExpected) return false
        appendByte(out, byte)
        itemExpected = true
        at++
      } else {
        if (!itemExpected) return false
        at = byte === quote ? this.#readQuoted(source, at + 1, end) : this.#readBare(source, at, end)
        if (at === -1) return false
        if (byte !== quote && isNull(this.#plain)) appendBytes(out, nullWord, 0, 4)
        else this.#writeMasked(out)
        itemExpected = false
      }
    }
    return false
  }

  /** Fills `plain` with a quoted element and returns where the literal goes on; -1 where the quotes are never closed. */
  #readQuoted(source: Buffer, start: number, end: number): number {
    const plain = this.#plain
    plain.length = 0
    plain.ensure(Math.min(end - start, 256))
    for (let at = start; at < end; at++) {
      const byte = source[at]
      if (byte === quote) return at + 1
      if (byte === backslash) at++
      if (at < end) appendByte(plain, source[at] ?? 0)
    }
    return -1
  }

  /** Fills `plain` with an element without quotes; -1 where it holds what must stand in quotes. */
  #readBare(source: Buffer, start: number, end: number): number {
    let at = start
    while (at < end && source[at] !== this.#delimiter && source[at] !== close) {
      const byte = source[at]
      if (byte === open || byte === quote || byte === backslash) return -1
      at++
    }
    this.#plain.length = 0
    appendBytes(this.#plain, source, start, at)
    return at
  }

  #writeMasked(out: CellOutput): void {
    const masked = this.#masked
    masked.length = 0
    if (!this.#element.apply(this.#plain.bytes, 0, this.#plain.length, masked)) {
      appendBytes(out, nullWord, 0, 4)
      return
    }
    if (!this.#needsQuotes(masked)) {
      appendBytes(out, masked.bytes, 0, masked.length)
      return
    }
    out.ensure(masked.length * 2 + 2)
    appendByte(out, quote)
    for (let at = 0; at < masked.length; at++) {
      const byte = masked.bytes[at] ?? 0
      if (byte === quote || byte === backslash) appendByte(out, backslash)
      appendByte(out, byte)
    }
    appendByte(out, quote)
  }

  #needsQuotes(text: GrowableOutput): boolean {
    if (text.length === 0 || isNull(text)) return true
    for (let at = 0; at < text.length; at++) {
      const byte = text.bytes[at] ?? 0
      if (byte === this.#delimiter || byte === open || byte === close || byte === quote || byte === backslash)
        return true
      // Blank, and the white space from tab to carriage return.
      if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) return true
    }
    return false
  }
}

/** Skips `[2:3][0:1]=`; the position of what is not the start of a literal where there is something else. */
function skipBounds(source: Buffer, start: number, end: number): number {
  if (source[start] !== 0x5b) return start
  let at = start
  while (at < end && source[at] !== 0x3d && source[at] !== open) at++
  return source[at] === 0x3d ? at + 1 : end
}

function isNull(text: GrowableOutput): boolean {
  if (text.length !== 4) return false
  for (let at = 0; at < 4; at++) if (((text.bytes[at] ?? 0) & 0xdf) !== nullWord[at]) return false
  return true
}
