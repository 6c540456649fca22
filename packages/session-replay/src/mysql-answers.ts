import {
  ANY_SEQUENCE_ID,
  BinaryRowWalker,
  type ColumnDefinition,
  decodeColumnDefinition,
  decodeErr,
  PacketCursor,
  PayloadReader,
  ResponseHeader,
  ResponseKind,
  ResponsePart,
  ResponseReader,
  type RowWalker,
  TextRowWalker,
} from '@gatehouse/mysql-wire'
import { mysqlBinaryValue } from './mysql-value.ts'
import { Described } from './described.ts'
import { LARGEST_MESSAGE } from './largest-message.ts'
import { type AnswerDecoder, type ReplayEvent, shownBytes } from './replay-event.ts'

const KINDS: readonly number[] = Object.values(ResponseKind)

/** Reads what went to a MySQL client that agreed on these capabilities. */
export class MysqlAnswers implements AnswerDecoder {
  readonly #capabilities: number
  readonly #payload = new PayloadReader()
  #reader: ResponseReader
  #cursor = cursor()
  #intent = 0
  #columns: ColumnDefinition[] = []
  /** Of cursors, by the intent that opened them: COM_STMT_FETCH describes no columns. */
  readonly #described = new Described<ColumnDefinition[]>()
  #walker: RowWalker | null = null
  #lost = false

  constructor(capabilities: number) {
    this.#capabilities = capabilities
    this.#reader = this.#newReader()
  }

  answer(intent: number, response: number): void {
    this.#intent = intent
    this.resynchronize()
    const kind = KINDS.find((known) => known === response)
    if (kind !== undefined) this.#reader.begin(response as ResponseKind)
    this.#columns = this.#described.get(intent) ?? []
    this.#walker = null
  }

  resynchronize(): void {
    this.#cursor = cursor()
    this.#reader = this.#newReader()
    this.#lost = false
  }

  *sent(bytes: Buffer, time: number): Iterable<ReplayEvent> {
    if (this.#lost) return
    try {
      const packets = this.#cursor
      packets.feed(bytes, 0, bytes.length)
      while (packets.next()) {
        const event = this.#packet(packets, time)
        if (event !== null) yield event
      }
    } catch (error) {
      this.#lost = true
      const why = `cannot be read: ${error instanceof Error ? error.message : String(error)}`
      yield { kind: 'missing', why, bytes: bytes.length }
    }
  }

  *received(bytes: Buffer): Iterable<ReplayEvent> {
    yield { kind: 'copy', direction: 'in', text: shownBytes(bytes) }
  }

  #newReader(): ResponseReader {
    return new ResponseReader({ capabilities: this.#capabilities, mariadbCapabilities: 0 })
  }

  #packet({ bytes, payload, end, payloadLength }: PacketCursor, time: number): ReplayEvent | null {
    const reader = this.#reader
    // Why the session ends may be said when nothing was asked.
    if (reader.over) return bytes[payload] === ResponseHeader.ERR ? this.#report(bytes, payload, end, time) : null
    const part = reader.packet(bytes, payload, end, payloadLength)
    switch (part) {
      case ResponsePart.Row:
        return this.#row(bytes, payload, end)
      case ResponsePart.ColumnCount:
        this.#columns = []
        this.#walker = null
        return null
      case ResponsePart.ColumnDefinition:
        this.#columns.push(decodeColumnDefinition(this.#payload.reset(bytes, payload, end), false))
        if (this.#columns.length < reader.columns) return null
        this.#described.set(this.#intent, this.#columns)
        return { kind: 'columns', time, names: this.#columns.map(({ name }) => name) }
      case ResponsePart.Ok:
        return { kind: 'done', time, text: `OK, ${reader.status.affectedRows} rows changed` }
      case ResponsePart.ResultEnd:
        return { kind: 'done', time, text: reader.cursorOpened ? 'a cursor is open' : 'end of rows' }
      case ResponsePart.Err:
        return this.#report(bytes, payload, end, time)
      default:
        return null
    }
  }

  #row(bytes: Buffer, start: number, end: number): ReplayEvent {
    const columns = this.#columns
    const { binary } = this.#reader
    const walker = (this.#walker ??= binary
      ? new BinaryRowWalker(columns.map(({ type }) => type))
      : new TextRowWalker(this.#reader.columns))
    walker.reset(bytes, start, end)
    const cells: (string | null)[] = []
    while (walker.next()) {
      const column = columns[walker.index]
      const cell = bytes.subarray(walker.start, walker.end)
      if (walker.isNull) cells.push(null)
      else cells.push(binary && column !== undefined ? mysqlBinaryValue(cell, column) : shownBytes(cell))
    }
    return { kind: 'row', cells }
  }

  #report(bytes: Buffer, start: number, end: number, time: number): ReplayEvent {
    const { errorCode, errorMessage } = decodeErr(this.#payload.reset(bytes, start, end))
    return {
      kind: 'report',
      time,
      severity: 'ERROR',
      code: String(errorCode),
      message: errorMessage,
      detail: null,
      hint: null,
    }
  }
}

function cursor(): PacketCursor {
  const packets = new PacketCursor(LARGEST_MESSAGE)
  packets.joined = true
  packets.nextSequenceId = ANY_SEQUENCE_ID
  return packets
}
