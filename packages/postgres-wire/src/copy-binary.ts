import { type ByteOutput, type CopyFields, type CopyPart, appendRaw } from './copy-fields.ts'
import { ProtocolError } from './protocol-error.ts'

/** Signature, flags (none), and the length of a header extension (none): what the server writes. */
const FILE_HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')

/** The binary format of COPY. Manual: "COPY", "Binary Format". Its file header comes in front of the first row. */
export class CopyBinaryFields implements CopyFields {
  index: number = -1
  isNull: boolean = false
  fieldStart: number = 0
  fieldEnd: number = 0
  source: Buffer = Buffer.alloc(0)
  start: number = 0
  end: number = 0

  readonly #columns: number
  #begun = false
  #over = false
  #bytes: Buffer = this.source
  #rowEnd = 0

  constructor(columns: number) {
    this.#columns = columns
  }

  reset(bytes: Buffer, body: number, end: number): CopyPart {
    let at = body
    if (this.#over) throw fault('a COPY in binary goes on after its end')
    if (!this.#begun) {
      at += FILE_HEADER.length
      if (end < at || bytes.compare(FILE_HEADER, 0, FILE_HEADER.length, body, at) !== 0)
        throw fault('a COPY in binary does not begin as it must')
      this.#begun = true
    }
    if (end - at < 2) throw fault('a row of COPY ends before its number of fields')
    const count = bytes.readInt16BE(at)
    this.#bytes = bytes
    this.#rowEnd = end
    this.fieldEnd = at + 2
    if (count === -1) {
      this.#over = true
      // No field follows.
      this.index = this.#columns - 1
      return 'end'
    }
    if (count !== this.#columns) throw fault(`a row of COPY has ${count} fields where ${this.#columns} were described`)
    this.index = -1
    return 'row'
  }

  next(): boolean {
    const from = this.fieldEnd
    if (this.index + 1 >= this.#columns) {
      if (from !== this.#rowEnd) throw fault('a row of COPY goes on after its last field')
      return false
    }
    if (this.#rowEnd - from < 4) throw fault('a row of COPY ends before the length of a field')
    const length = this.#bytes.readInt32BE(from)
    if (length < -1 || length > this.#rowEnd - from - 4) throw fault('a field of COPY leaves its row')
    this.index++
    this.isNull = length === -1
    this.fieldStart = from
    this.fieldEnd = this.isNull ? from + 4 : from + 4 + length
    return true
  }

  decode(): void {
    this.source = this.#bytes
    this.start = this.fieldStart + 4
    this.end = this.fieldEnd
  }

  appendValue(out: ByteOutput, _index: number, source: Buffer, start: number, end: number): void {
    out.ensure(4)
    out.length = out.bytes.writeInt32BE(end - start, out.length)
    appendRaw(out, source, start, end)
  }

  appendNull(out: ByteOutput): void {
    out.ensure(4)
    out.length = out.bytes.writeInt32BE(-1, out.length)
  }
}

function fault(what: string): ProtocolError {
  return new ProtocolError('BAD_VALUE', what)
}
