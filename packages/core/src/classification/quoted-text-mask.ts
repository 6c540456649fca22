import type { CellMask } from '../masking/cell-mask.ts'
import { appendByte, appendBytes, GrowableOutput } from '../masking/cell-output.ts'
import type { CellOutput } from '../masking/cell-output.ts'
import { isAsciiDigit } from './characters.ts'
import { appendEscaped, appendUnescaped, closingQuote, hasEscape } from './quoted-text.ts'
import type { TextRedactor } from './text-redactor.ts'

/** A scratch buffer that grew beyond this many bytes is given back after the cell. */
const maxScratchBytes = 65_536
const quote = 0x22

/**
 * For JSON, and for the text of hstore: finds inside strings, keys too, become `[redacted email]`; a JSON number that is one
 * becomes a string. What comes out is valid where what went in was.
 */
export class QuotedTextMask implements CellMask {
  /** Looks at the whole cell, where a key says what its value is. */
  readonly #outer: TextRedactor
  /** Looks at what a string with escapes says. */
  readonly #inner: TextRedactor
  readonly #json: boolean
  /** Bytes before the text: the version of jsonb's binary format. */
  readonly #skipped: number
  #plain = new GrowableOutput(256)
  #masked = new GrowableOutput(256)

  constructor(outer: TextRedactor, inner: TextRedactor, form: 'json' | 'jsonb binary' | 'hstore') {
    this.#outer = outer
    this.#inner = inner
    this.#json = form !== 'hstore'
    this.#skipped = form === 'jsonb binary' ? 1 : 0
  }

  keeps(source: Buffer, start: number, end: number): boolean {
    const text = Math.min(end, start + this.#skipped)
    if (!this.#outer.keeps(source, text, end)) return false
    return !hasEscape(source, text, end) || this.#keepsEscaped(source, text, end)
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const text = Math.min(end, start + this.#skipped)
    if (this.#outer.keeps(source, text, end) && !hasEscape(source, text, end)) {
      appendBytes(out, source, start, end)
      return true
    }
    appendBytes(out, source, start, text)
    this.#write(source, text, end, out)
    this.#giveBack()
    return true
  }

  #keepsEscaped(source: Buffer, start: number, end: number): boolean {
    for (let at = start; at < end; at++) {
      if (source[at] !== quote) continue
      const close = closingQuote(source, at + 1, end)
      if (hasEscape(source, at + 1, close) && !this.#keepsString(source, at + 1, close)) return false
      at = close
    }
    return true
  }

  #keepsString(source: Buffer, start: number, end: number): boolean {
    this.#plain.length = 0
    appendUnescaped(source, start, end, this.#json, this.#plain)
    const kept = this.#inner.keeps(this.#plain.bytes, 0, this.#plain.length)
    this.#giveBack()
    return kept
  }

  /** Writes the text with the finds of the last scan of `outer`, and those in strings with escapes, replaced. */
  #write(source: Buffer, start: number, end: number, out: CellOutput): void {
    const { spans } = this.#outer.scanner
    let span = 0
    let copied = start
    for (let at = start; at < end; at++) {
      const byte = source[at] ?? 0
      const isString = byte === quote
      if (!isString && !(this.#json && (byte === 0x2d || isAsciiDigit(byte)))) continue
      const from = isString ? at + 1 : at
      const to = isString ? closingQuote(source, from, end) : numberEnd(source, at, end)
      while (span < spans.count && (spans.ends[span] ?? 0) <= from) span++
      const found = span < spans.count && (spans.starts[span] ?? 0) < to
      if (isString && hasEscape(source, from, to)) {
        appendBytes(out, source, copied, from)
        copied = to
        this.#writeEscaped(source, from, to, found ? span : -1, out)
      } else if (found) {
        appendBytes(out, source, copied, from)
        copied = to
        if (isString) this.#writeString(source, from, to, span, out)
        else {
          appendByte(out, quote)
          this.#outer.put(span, source, from, to, out)
          appendByte(out, quote)
        }
      }
      at = isString ? to : to - 1
    }
    appendBytes(out, source, copied, end)
  }

  #writeString(source: Buffer, start: number, end: number, first: number, out: CellOutput): void {
    const { spans } = this.#outer.scanner
    let copied = start
    for (let span = first; span < spans.count && (spans.starts[span] ?? 0) < end; span++) {
      const from = Math.max(start, spans.starts[span] ?? 0)
      appendBytes(out, source, copied, from)
      copied = this.#outer.put(span, source, from, Math.min(end, spans.ends[span] ?? 0), out)
    }
    appendBytes(out, source, copied, end)
  }

  /** `span`: a find that only shows from outside the string; it is replaced as a whole then. -1: none. */
  #writeEscaped(source: Buffer, start: number, end: number, span: number, out: CellOutput): void {
    const plain = this.#plain
    plain.length = 0
    appendUnescaped(source, start, end, this.#json, plain)
    if (!this.#inner.keeps(plain.bytes, 0, plain.length)) {
      this.#masked.length = 0
      this.#inner.label(plain.bytes, 0, plain.length, this.#masked)
      appendEscaped(this.#masked.bytes, this.#masked.length, this.#json, out)
    } else if (span === -1) appendBytes(out, source, start, end)
    else this.#outer.put(span, source, start, start, out)
  }

  #giveBack(): void {
    if (this.#plain.bytes.length > maxScratchBytes) this.#plain = new GrowableOutput(256)
    if (this.#masked.bytes.length > maxScratchBytes) this.#masked = new GrowableOutput(256)
  }
}

function numberEnd(source: Buffer, at: number, end: number): number {
  while (at < end) {
    const byte = source[at] ?? 0
    if (!isAsciiDigit(byte) && byte !== 0x2d && byte !== 0x2b && byte !== 0x2e && (byte | 0x20) !== 0x65) break
    at++
  }
  return at
}
