import { type ByteOutput, type CopyFields, type CopyPart, appendRaw, holds } from './copy-fields.ts'
import type { CopyTextOptions } from './copy-text.ts'
import { ProtocolError } from './protocol-error.ts'

const NEWLINE = 0x0a
const RETURN = 0x0d
/** Alone on a line it would end the data of a COPY FROM. */
const END_OF_DATA = Buffer.from('\\.')

export interface CopyCsvOptions extends CopyTextOptions {
  /** One ASCII character, as is `escape`. */
  readonly quote: string
  readonly escape: string
  /** By column: every value but NULL stands in quotes. */
  readonly forceQuote: readonly boolean[]
}

/** The csv format of COPY. Manual: "COPY", "CSV Format". NULL is its string without quotes, which no value is. */
export class CopyCsvFields implements CopyFields {
  index: number = -1
  isNull: boolean = false
  fieldStart: number = 0
  fieldEnd: number = 0
  source: Buffer = Buffer.alloc(0)
  start: number = 0
  end: number = 0

  readonly #columns: number
  readonly #delimiter: number
  readonly #quote: number
  readonly #escape: number
  readonly #nullString: Buffer
  readonly #forceQuote: readonly boolean[]
  /** 1 where a byte of a value makes it stand in quotes. */
  readonly #quoting = new Uint8Array(256)
  #header: boolean
  #bytes: Buffer = this.source
  #scratch: Buffer = this.source
  #at = 0
  /** Offset of the newline that ends the message. */
  #lineEnd = 0
  #quoted = false
  #escaped = false

  constructor(options: CopyCsvOptions) {
    this.#columns = options.columns
    this.#delimiter = options.delimiter.charCodeAt(0)
    this.#quote = options.quote.charCodeAt(0)
    this.#escape = options.escape.charCodeAt(0)
    this.#nullString = Buffer.from(options.nullString)
    this.#forceQuote = options.forceQuote
    this.#header = options.header
    for (const byte of [this.#delimiter, this.#quote, NEWLINE, RETURN]) this.#quoting[byte] = 1
  }

  reset(bytes: Buffer, body: number, end: number): CopyPart {
    if (end <= body || bytes[end - 1] !== NEWLINE) throw fault('a line of COPY does not end in a newline')
    this.#bytes = bytes
    this.#at = body
    this.#lineEnd = end - 1
    this.index = -1
    if (!this.#header) return 'row'
    this.#header = false
    return 'header'
  }

  next(): boolean {
    const { index } = this
    const lineEnd = this.#lineEnd
    if (index + 1 >= this.#columns) {
      if (this.#at !== lineEnd) throw fault('a line of COPY goes on after its last field')
      return false
    }
    const from = this.#at
    this.#escaped = false
    this.#quoted = from < lineEnd && this.#bytes[from] === this.#quote
    const at = this.#quoted ? this.#endOfQuoted(from + 1) : this.#endOfPlain(from)
    const last = index + 2 === this.#columns
    if (last ? at !== lineEnd : at === lineEnd || this.#bytes[at] !== this.#delimiter)
      throw fault(`a line of COPY has not the ${this.#columns} fields that were described`)
    this.index = index + 1
    this.fieldStart = from
    this.fieldEnd = at
    this.#at = last ? at : at + 1
    this.isNull = !this.#quoted && holds(this.#bytes, from, at, this.#nullString)
    return true
  }

  /** Offset of what ends the field without quotes that begins at `at`. */
  #endOfPlain(from: number): number {
    const bytes = this.#bytes
    const quoting = this.#quoting
    let at = from
    while (at < this.#lineEnd && quoting[bytes[at] ?? 0] === 0) at++
    return at
  }

  /** Offset behind the closing quote. */
  #endOfQuoted(from: number): number {
    const bytes = this.#bytes
    const lineEnd = this.#lineEnd
    for (let at = from; at < lineEnd; at++) {
      const byte = bytes[at] ?? 0
      if (byte === this.#escape) {
        const next = at + 1 < lineEnd ? (bytes[at + 1] ?? 0) : NEWLINE
        if (next === this.#quote || next === this.#escape) {
          this.#escaped = true
          at++
          continue
        }
        if (byte !== this.#quote) throw fault('a field of COPY has an escape that the server does not write')
      }
      if (byte === this.#quote) return at + 1
    }
    throw fault('a field of COPY has no closing quote')
  }

  decode(): void {
    const bytes = this.#bytes
    this.source = bytes
    this.start = this.#quoted ? this.fieldStart + 1 : this.fieldStart
    this.end = this.#quoted ? this.fieldEnd - 1 : this.fieldEnd
    if (!this.#escaped) return
    const length = this.end - this.start
    if (this.#scratch.length < length) this.#scratch = Buffer.allocUnsafeSlow(2 * length)
    const scratch = this.#scratch
    let to = 0
    for (let at = this.start; at < this.end; at++) {
      if (bytes[at] === this.#escape) at++
      scratch[to++] = bytes[at] ?? 0
    }
    this.source = scratch
    this.start = 0
    this.end = to
  }

  appendValue(out: ByteOutput, index: number, source: Buffer, start: number, end: number): void {
    if (!this.#wantsQuotes(index, source, start, end)) return appendRaw(out, source, start, end)
    out.ensure(2 * (end - start) + 2)
    const { bytes } = out
    let to = out.length
    bytes[to++] = this.#quote
    for (let at = start; at < end; at++) {
      const byte = source[at] ?? 0
      if (byte === this.#quote || byte === this.#escape) bytes[to++] = this.#escape
      bytes[to++] = byte
    }
    bytes[to++] = this.#quote
    out.length = to
  }

  #wantsQuotes(index: number, source: Buffer, start: number, end: number): boolean {
    if (this.#forceQuote[index] === true || holds(source, start, end, this.#nullString)) return true
    if (this.#columns === 1 && holds(source, start, end, END_OF_DATA)) return true
    for (let at = start; at < end; at++) if (this.#quoting[source[at] ?? 0] === 1) return true
    return false
  }

  appendNull(out: ByteOutput): void {
    appendRaw(out, this.#nullString, 0, this.#nullString.length)
  }
}

function fault(what: string): ProtocolError {
  return new ProtocolError('BAD_VALUE', what)
}
