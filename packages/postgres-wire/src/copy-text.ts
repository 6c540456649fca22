import { type ByteOutput, type CopyFields, type CopyPart, appendRaw, holds } from './copy-fields.ts'
import { ProtocolError } from './protocol-error.ts'

const NEWLINE = 0x0a
const RETURN = 0x0d
const BACKSLASH = 0x5c

/** The letter behind a backslash for a control character, and back; 0: none (the server's CopyAttributeOutText). */
const letterOf = new Uint8Array(256)
const controlOf = new Uint8Array(256)
for (const [control, letter] of ['\bb', '\ff', '\nn', '\rr', '\tt', '\vv']) {
  letterOf[(control ?? '').charCodeAt(0)] = (letter ?? '').charCodeAt(0)
  controlOf[(letter ?? '').charCodeAt(0)] = (control ?? '').charCodeAt(0)
}

export interface CopyTextOptions {
  readonly columns: number
  /** One ASCII character. */
  readonly delimiter: string
  /** Must not read as a value. */
  readonly nullString: string
  /** The first message holds the columns' names. */
  readonly header: boolean
}

/** The text format of COPY. Manual: "COPY", "Text Format". */
export class CopyTextFields implements CopyFields {
  index: number = -1
  isNull: boolean = false
  fieldStart: number = 0
  fieldEnd: number = 0
  source: Buffer = Buffer.alloc(0)
  start: number = 0
  end: number = 0

  readonly #columns: number
  readonly #delimiter: number
  readonly #nullString: Buffer
  /** 1 where a byte of a value has to be escaped. */
  readonly #special = new Uint8Array(256)
  #header: boolean
  #bytes: Buffer = this.source
  #scratch: Buffer = this.source
  #at = 0
  /** Offset of the newline that ends the message. */
  #lineEnd = 0
  #escaped = false

  constructor(options: CopyTextOptions) {
    this.#columns = options.columns
    this.#delimiter = options.delimiter.charCodeAt(0)
    this.#nullString = Buffer.from(options.nullString)
    this.#header = options.header
    this.#special[BACKSLASH] = this.#special[this.#delimiter] = 1
    for (let byte = 0; byte < 0x20; byte++) if (letterOf[byte] !== 0) this.#special[byte] = 1
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
      // A line without columns is empty.
      if (this.#at !== lineEnd) throw fault('a line of COPY goes on after its last field')
      return false
    }
    const bytes = this.#bytes
    const delimiter = this.#delimiter
    const from = this.#at
    let at = from
    let escaped = false
    for (; at < lineEnd; at++) {
      const byte = bytes[at] ?? 0
      if (byte === delimiter) break
      if (byte === BACKSLASH) {
        escaped = true
        at++
      } else if (byte === NEWLINE || byte === RETURN) throw fault('a field of COPY has a line break in it')
    }
    if (at > lineEnd) throw fault('a field of COPY ends in the middle of an escape')
    const last = index + 2 === this.#columns
    if (last ? at !== lineEnd : at === lineEnd)
      throw fault(`a line of COPY has not the ${this.#columns} fields that were described`)
    this.index = index + 1
    this.fieldStart = from
    this.fieldEnd = at
    this.#at = last ? at : at + 1
    this.#escaped = escaped
    this.isNull = holds(bytes, from, at, this.#nullString)
    return true
  }

  decode(): void {
    if (!this.#escaped) {
      this.source = this.#bytes
      this.start = this.fieldStart
      this.end = this.fieldEnd
      return
    }
    const bytes = this.#bytes
    const length = this.fieldEnd - this.fieldStart
    if (this.#scratch.length < length) this.#scratch = Buffer.allocUnsafeSlow(2 * length)
    const scratch = this.#scratch
    let to = 0
    for (let at = this.fieldStart; at < this.fieldEnd; at++) {
      let byte = bytes[at] ?? 0
      if (byte === BACKSLASH) {
        byte = bytes[++at] ?? 0
        const control = controlOf[byte] ?? 0
        if (byte !== BACKSLASH && byte !== this.#delimiter) {
          if (control === 0) throw fault('a field of COPY has an escape that the server does not write')
          byte = control
        }
      }
      scratch[to++] = byte
    }
    this.source = scratch
    this.start = 0
    this.end = to
  }

  appendValue(out: ByteOutput, _index: number, source: Buffer, start: number, end: number): void {
    out.ensure(2 * (end - start))
    const { bytes } = out
    const special = this.#special
    let to = out.length
    for (let at = start; at < end; at++) {
      const byte = source[at] ?? 0
      if (special[byte] === 1) {
        bytes[to++] = BACKSLASH
        const letter = letterOf[byte] ?? 0
        bytes[to++] = letter === 0 ? byte : letter
      } else bytes[to++] = byte
    }
    out.length = to
  }

  appendNull(out: ByteOutput): void {
    appendRaw(out, this.#nullString, 0, this.#nullString.length)
  }
}

function fault(what: string): ProtocolError {
  return new ProtocolError('BAD_VALUE', what)
}
