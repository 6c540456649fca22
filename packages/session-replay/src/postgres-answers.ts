import {
  BACKEND_LIMITS,
  type BackendMessage,
  BodyReader,
  decodeBackendMessage,
  type Field,
  FrameCursor,
  FRONTEND_LIMITS,
  FrontendTag,
} from '@gatehouse/postgres-wire'
import { postgresValue } from './postgres-value.ts'
import { Described } from './described.ts'
import { LARGEST_MESSAGE } from './largest-message.ts'
import { type AnswerDecoder, type ReplayEvent, shownBytes } from './replay-event.ts'

/** Reads what went to a PostgreSQL client. */
export class PostgresAnswers implements AnswerDecoder {
  readonly #body = new BodyReader()
  #cursor = new FrameCursor(BACKEND_LIMITS(LARGEST_MESSAGE))
  #copyIn = new FrameCursor(FRONTEND_LIMITS(LARGEST_MESSAGE))
  #intent = 0
  /** By intent: a portal that was suspended sends no description again. */
  readonly #fields = new Described<readonly Field[]>()
  #lost = false

  answer(intent: number): void {
    this.#intent = intent
    // What could not be read ends here at the latest.
    if (this.#lost) this.resynchronize()
  }

  resynchronize(): void {
    this.#cursor = new FrameCursor(BACKEND_LIMITS(LARGEST_MESSAGE))
    this.#copyIn = new FrameCursor(FRONTEND_LIMITS(LARGEST_MESSAGE))
    this.#lost = false
  }

  *sent(bytes: Buffer, time: number): Iterable<ReplayEvent> {
    if (this.#lost) return
    try {
      const cursor = this.#cursor
      cursor.feed(bytes, 0, bytes.length)
      while (cursor.next()) {
        const message = decodeBackendMessage(cursor.tag, this.#body.reset(cursor.bytes, cursor.body, cursor.end))
        const event = this.#event(message, time)
        if (event !== null) yield event
      }
    } catch (error) {
      this.#lost = true
      yield unreadable(error, bytes.length)
    }
  }

  *received(bytes: Buffer): Iterable<ReplayEvent> {
    try {
      const cursor = this.#copyIn
      cursor.feed(bytes, 0, bytes.length)
      while (cursor.next()) {
        if (cursor.tag === FrontendTag.CopyData)
          yield { kind: 'copy', direction: 'in', text: shownBytes(cursor.bytes.subarray(cursor.body, cursor.end)) }
      }
    } catch (error) {
      this.#copyIn = new FrameCursor(FRONTEND_LIMITS(LARGEST_MESSAGE))
      yield unreadable(error, bytes.length)
    }
  }

  #event(message: BackendMessage, time: number): ReplayEvent | null {
    switch (message.kind) {
      case 'RowDescription':
        this.#fields.set(this.#intent, message.fields)
        return { kind: 'columns', time, names: message.fields.map(({ name }) => name) }
      case 'DataRow': {
        const fields = this.#fields.get(this.#intent) ?? []
        const cells = message.cells.map((cell, index) => (cell === null ? null : postgresValue(cell, fields[index])))
        return { kind: 'row', cells }
      }
      case 'CopyData':
        return { kind: 'copy', direction: 'out', text: shownBytes(message.data) }
      case 'CommandComplete':
        return { kind: 'done', time, text: message.commandTag }
      case 'PortalSuspended':
        return { kind: 'done', time, text: 'more rows wait' }
      case 'ErrorResponse':
      case 'NoticeResponse': {
        const { fields } = message
        return {
          kind: 'report',
          time,
          severity: fields.get('V') ?? fields.get('S') ?? (message.kind === 'ErrorResponse' ? 'ERROR' : 'NOTICE'),
          code: fields.get('C') ?? '',
          message: fields.get('M') ?? '',
          detail: fields.get('D') ?? null,
          hint: fields.get('H') ?? null,
        }
      }
      case 'NotificationResponse':
        return { kind: 'notification', time, channel: message.channel, payload: message.payload }
      default:
        return null
    }
  }
}

function unreadable(error: unknown, bytes: number): ReplayEvent {
  return { kind: 'missing', why: `cannot be read: ${error instanceof Error ? error.message : String(error)}`, bytes }
}
