import type { Admission, Refusal } from '@gatehouse/core'
import { type FrameCursor, MessageWriter, ReplyQueue, RequestKind } from '@gatehouse/postgres-wire'
import type { Connection } from '../connection.ts'
import type { Turn } from '../turn.ts'
import { type Asked, InjectedDescribe, type PreparedStatement, Refused, type SimpleQuery } from './asked.ts'
import { POISON_QUERY } from './refusal.ts'

/** A statement staged in this turn whose record is not durable yet, and what takes its place should it not become so. */
interface Mark {
  readonly segment: number
  readonly start: number
  readonly end: number
  readonly admission: Admission
  readonly poison: Buffer
}

/**
 * Requests on their way upstream, each with its place in the reply queue. They are written at the end of the turn, when
 * their records are durable; those whose records could not be written are taken back.
 */
export class StagedRequests {
  readonly queue: ReplyQueue<Asked>
  readonly #upstream: Connection
  readonly #turn: Turn
  #marks: Mark[] = []
  #marksTurn = -1

  constructor(upstream: Connection, turn: Turn, skipped: (kind: RequestKind, about: Asked) => void) {
    this.queue = new ReplyQueue(skipped)
    this.#upstream = upstream
    this.#turn = turn
    upstream.onUnrecorded = (reason) => this.#takeBack(reason)
  }

  /** The client's own message. */
  ask(kind: RequestKind, about: Asked, cursor: FrameCursor): void {
    this.queue.push(kind, about)
    this.#upstream.stage(cursor.bytes, cursor.start, cursor.end)
  }

  /** A message of the gateway's own. */
  askInstead(kind: RequestKind, about: Asked, message: Buffer): void {
    this.queue.push(kind, about)
    this.#upstream.stage(message, 0, message.length)
  }

  /** An admitted Query: the client's message, or one with `forwardText` in its text's place. */
  askQuery(query: SimpleQuery, cursor: FrameCursor, forwardText: string | null): void {
    if (forwardText === null) {
      this.ask(RequestKind.Query, query, cursor)
      this.recorded(query.admission, cursor.end - cursor.start, POISON_QUERY)
      return
    }
    const message = writer.begin(0x51 /* Q */).cString(forwardText).end().take()
    this.askInstead(RequestKind.Query, query, message)
    this.recorded(query.admission, message.length, POISON_QUERY)
  }

  /** A permitted Parse, likewise. `textEnd`: offset of the NUL behind its text. */
  askParse(statement: PreparedStatement, cursor: FrameCursor, forwardText: string | null, textEnd: number): void {
    if (forwardText === null) return this.ask(RequestKind.Parse, statement, cursor)
    const types = cursor.bytes.subarray(textEnd + 1, cursor.end)
    const message = writer.begin(0x50 /* P */).cString(statement.name).cString(forwardText).bytes(types).end().take()
    this.askInstead(RequestKind.Parse, statement, message)
  }

  /** The statement that was asked last, in `length` bytes, was recorded in this turn; `poison` stands in for it if the record fails. */
  recorded(admission: Admission, length: number, poison: Buffer): void {
    if (this.#marksTurn !== this.#turn.number) {
      this.#marksTurn = this.#turn.number
      this.#marks.length = 0
    }
    const index = this.#upstream.segments.length - 1
    const segment = this.#upstream.segments[index]
    if (segment === undefined) return // the upstream is gone: nothing was staged
    this.#marks.push({ segment: index, start: segment.end - length, end: segment.end, admission, poison })
  }

  /** What the server must reject goes in place of a refused request; nothing of the refused text goes upstream. */
  refuse(kind: RequestKind, refusal: Refusal, poison: Buffer, admission: Admission | null = null): void {
    this.askInstead(kind, new Refused(refusal, admission?.intent ?? 0), poison)
  }

  /** Masks need the types of the columns, and the client may never ask for them. */
  describeForMasks(statement: PreparedStatement): void {
    const message = writer.begin(0x44 /* D */).byte(0x53 /* S */).cString(statement.name).end().take()
    this.askInstead(RequestKind.DescribeStatement, new InjectedDescribe(statement), message)
  }

  /** Bytes that have no reply of their own. */
  pass(cursor: FrameCursor): void {
    this.#upstream.stage(cursor.bytes, cursor.start, cursor.end)
  }

  /** Makes the server send the replies that it has ready in the middle of a batch. */
  askToFlush(): void {
    this.#upstream.stage(FLUSH, 0, FLUSH.length)
  }

  #takeBack(reason: Error): void {
    if (this.#marksTurn !== this.#turn.number) return
    const { segments } = this.#upstream
    const pieces: Buffer[] = []
    for (const [index, segment] of segments.entries()) {
      let at = segment.start
      for (const mark of this.#marks) {
        if (mark.segment !== index) continue
        pieces.push(segment.bytes.subarray(at, mark.start), mark.poison)
        at = mark.end
        mark.admission.unrecord(reason)
      }
      pieces.push(segment.bytes.subarray(at, segment.end))
    }
    const bytes = Buffer.concat(pieces)
    segments.splice(0, Infinity, { bytes, start: 0, end: bytes.length })
  }
}

const writer = new MessageWriter()
const FLUSH: Buffer = new MessageWriter().begin(0x48 /* H */).end().take()
