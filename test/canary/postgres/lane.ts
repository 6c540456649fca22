import { BACKEND_LIMITS, FrameCursor, type FrontendMessage } from '@gatehouse/postgres-wire'
import { bind, describeOf, execute, parse, query, SYNC } from '../../postgres/messages.ts'
import { encodedMessages, type WireClient } from '../../postgres/wire-client.ts'
import type { Answer, Lane, Outcome } from '../outcome.ts'
import type { Unit } from '../unit.ts'

/** The first object id that is not of the server's own making. */
const FIRST_OWN_OID = 16_384
/** Longest wait for a whole answer. */
const PATIENCE_MILLISECONDS = 60_000

interface Pending {
  readonly frames: Buffer[]
  readonly answers: Answer[]
  /** ReadyForQuery still to come. */
  left: number
}

/** A session that runs unit after unit; the requests of one are sent without waiting for answers between them. */
export class PostgresLane implements Lane {
  readonly #enter: () => Promise<WireClient>
  #client: WireClient | null = null
  #pending: Pending | null = null
  #wake: () => void = () => undefined

  /** `enter` logs in; it is called again when the connection was ended. */
  constructor(enter: () => Promise<WireClient>) {
    this.#enter = enter
  }

  /** Runs the units in order. */
  async run(units: readonly Unit[]): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = []
    for (const unit of units) {
      const client = this.#client ?? (await this.#open())
      const messages = requestsOf(unit)
      const left = messages.filter(({ kind }) => kind === 'Query' || kind === 'Sync').length
      const pending: Pending = { frames: [], answers: [], left }
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#pending = pending
      this.#wake = resolve
      client.socket.write(encodedMessages(messages))
      const timer = setTimeout(() => client.destroy(), PATIENCE_MILLISECONDS)
      await promise
      clearTimeout(timer)
      outcomes.push({ answers: pending.answers, closed: pending.left > 0 })
    }
    return outcomes
  }

  close(): void {
    this.#client?.destroy()
    this.#client = null
  }

  async #open(): Promise<WireClient> {
    const client = await this.#enter()
    const cursor = new FrameCursor(BACKEND_LIMITS(0x3fff_ffff))
    client.socket.removeAllListeners('data')
    client.socket.on('data', (chunk: Buffer) => {
      cursor.feed(chunk, 0, chunk.length)
      while (cursor.next()) this.#take(cursor.tag, Buffer.from(cursor.bytes.subarray(cursor.start, cursor.end)))
    })
    client.socket.once('close', () => {
      if (this.#client !== client) return
      this.#client = null
      this.#wake()
    })
    this.#client = client
    return client
  }

  #take(tag: number, frame: Buffer): void {
    const pending = this.#pending
    if (pending === null) return
    pending.frames.push(frame)
    if (tag !== 0x5a /* Z */) return
    pending.answers.push(answerOf(pending.frames.splice(0)))
    if (--pending.left === 0) this.#wake()
  }
}

/** A unit as a client sends it: the first and the last answer are those of its transaction. */
function requestsOf(unit: Unit): FrontendMessage[] {
  const messages = [
    query(unit.alone ? 'SELECT 1' : 'BEGIN'),
    ...unit.statements.flatMap((text, index) => requestOf(unit, text, index === 0)),
    query(unit.commit ? 'COMMIT' : unit.alone ? 'SELECT 1' : 'ROLLBACK'),
  ]
  if (unit.class === 'prepare') messages.push(query('DEALLOCATE ALL'))
  if (unit.class === 'notify') messages.push(query('UNLISTEN *'))
  return messages
}

function requestOf(unit: Unit, text: string, first: boolean): FrontendMessage[] {
  if (unit.protocol === 'simple') return [query(text)]
  const resultFormats = unit.protocol === 'extended binary' ? ([1] as const) : []
  // Now and then the rows come in two helpings.
  const helpings =
    unit.seed % 4 === 0 && /^\(?(?:SELECT|TABLE|VALUES)\b/.test(text) ? [execute(2), execute()] : [execute()]
  return [
    parse(text),
    { ...bind(first ? unit.parameters : []), resultFormats },
    describeOf('portal'),
    ...helpings,
    SYNC,
  ]
}

function answerOf(frames: readonly Buffer[]): Answer {
  const error = frames.find((frame) => frame[0] === 0x45 /* E */)
  return {
    comparable: Buffer.concat(frames.map(comparableFrame)),
    error: error === undefined ? null : readError(error),
  }
}

function readError(frame: Buffer): Answer['error'] {
  const fields = new Map(
    frame
      .toString('utf8', 5)
      .split('\0')
      .map((field) => [field.slice(0, 1), field.slice(1)]),
  )
  const field = (name: string): string => fields.get(name) ?? ''
  const [sqlstate, message, detail] = [field('C'), field('M'), field('D')]
  const refused = message.startsWith('gatehouse: ') && detail.startsWith('{')
  const refusal = refused ? (/"code":"([A-Z_]+)"/.exec(detail)?.[1] ?? '?') : null
  return { sqlstate, message, refusal, behindFailure: sqlstate === '25P02' }
}

/** What the gateway calls a session; the server shows it as application_name. */
const SESSION_NAME = 'gatehouse:alice '

function comparableFrame(frame: Buffer): Buffer {
  if (frame[0] === 0x54 /* T */) return withoutOids(Buffer.from(frame))
  if (frame[0] === 0x41 /* A */) {
    const notification = Buffer.from(frame)
    notification.writeInt32BE(0, 5)
    return notification
  }
  const at = frame.indexOf(SESSION_NAME)
  if (at < 0) return frame
  const named = Buffer.from(frame)
  return named.fill(0x30, at + SESSION_NAME.length, Math.min(at + SESSION_NAME.length + 16, named.length))
}

/** Ids of tables and types that a statement made are handed out by the server as a whole, not by the database. */
function withoutOids(frame: Buffer): Buffer {
  const count = frame.readInt16BE(5)
  let at = 7
  for (let field = 0; field < count; field++) {
    at = frame.indexOf(0, at) + 1
    if (frame.readUInt32BE(at) >= FIRST_OWN_OID) frame.writeUInt32BE(0, at)
    if (frame.readUInt32BE(at + 6) >= FIRST_OWN_OID) frame.writeUInt32BE(0, at + 6)
    at += 18
  }
  return frame
}
