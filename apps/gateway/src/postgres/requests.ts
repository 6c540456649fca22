import { type Admission, type Gate, type Judgement, type Refusal, gatewayRefusal } from '@gatehouse/core'
import { BodyReader, FrameCursor, FRONTEND_LIMITS, MessageWriter, ProtocolError, ReplyQueue, RequestKind } from '@gatehouse/postgres-wire'
import type { NameEnvironment } from '@gatehouse/sql-analysis'
import { type Connection, Pause, type Receiver } from '../connection.ts'
import type { Turn } from '../turn.ts'
import { type Asked, Closing, InjectedDescribe, NOTHING, Portal, PreparedStatement, Refused, SimpleQuery } from './asked.ts'
import { decodeBind } from './bind.ts'
import { NamedObjects } from './named-objects.ts'
import { POISON_EXTENDED, POISON_PARSE_UNNAMED, POISON_QUERY } from './refusal.ts'
import type { SessionNames } from './session-names.ts'

/** Prepared statements, and portals, that one session may keep. */
const NAMED_OBJECTS_LIMIT = 10_000

/** What the requests side needs of the session it belongs to. */
export interface RequestsOptions {
  readonly client: Connection
  readonly upstream: Connection
  readonly turn: Turn
  readonly gate: Gate<NameEnvironment>
  readonly names: SessionNames
  readonly maxMessageBytes: number
  /** The client broke the protocol, or said goodbye (null). */
  readonly over: (fault: ProtocolError | null) => void
}

/** A statement staged in this turn whose record is not durable yet, and what takes its place should it not become so. */
interface Mark {
  readonly segment: number
  readonly start: number
  readonly end: number
  readonly admission: Admission
  readonly poison: Buffer
}

/** The client's messages: each statement through the gate, then staged for the upstream, or something that the server rejects in its place. */
export class PostgresRequests implements Receiver {
  readonly queue: ReplyQueue<Exclude<Asked, null>>
  readonly statements: NamedObjects<PreparedStatement> = new NamedObjects(NAMED_OBJECTS_LIMIT)
  readonly portals: NamedObjects<Portal> = new NamedObjects(NAMED_OBJECTS_LIMIT)
  readonly #client: Connection
  readonly #upstream: Connection
  readonly #turn: Turn
  readonly #gate: Gate<NameEnvironment>
  readonly #names: SessionNames
  readonly #over: (fault: ProtocolError | null) => void
  readonly #cursor: FrameCursor
  readonly #body = new BodyReader()
  /** Statements that were forwarded. */
  admitted = 0
  /** Number of the batch being sent: a Sync begins the next. */
  #batch = 0
  #batchOpen = false
  /** The frame that waits for something, and what came after it; null while nothing waits. */
  #kept: Buffer | null = null
  #waitsForReplies = false
  #ready: Judgement | null = null
  #ended = false
  #marks: Mark[] = []
  #marksTurn = -1

  constructor(options: RequestsOptions, skipped: (kind: RequestKind, about: Asked) => void) {
    this.queue = new ReplyQueue(skipped)
    this.#client = options.client
    this.#upstream = options.upstream
    this.#turn = options.turn
    this.#gate = options.gate
    this.#names = options.names
    this.#over = options.over
    this.#cursor = new FrameCursor(FRONTEND_LIMITS(options.maxMessageBytes))
    this.#cursor.streamed[0x64 /* d */] = 1
    this.#upstream.onUnrecorded = (reason) => this.#unrecorded(reason)
  }

  bytes(chunk: Buffer, length: number): void {
    if (this.#ended) return
    try {
      this.#cursor.feed(chunk, 0, length)
      this.#walk()
    } catch (error) {
      this.#fail(error)
    }
  }

  closed(): void {
    this.#over(null)
  }

  /** Nothing of the client is looked at any more. */
  end(): void {
    this.#ended = true
    this.#kept = null
  }

  /** Told after each chunk of replies: a request that waits for all of them may go on. */
  repliesSettled(): void {
    if (this.#waitsForReplies && this.queue.length === 0) {
      this.#waitsForReplies = false
      this.#resume()
    }
  }

  #walk(): void {
    const cursor = this.#cursor
    while (!this.#ended && cursor.next()) {
      if (this.#request(cursor)) continue
      this.#kept = Buffer.concat([cursor.bytes.subarray(cursor.start, cursor.end), cursor.rest()])
      this.#client.pause(Pause.Deciding)
      return
    }
  }

  readonly #resume = (): void => {
    const kept = this.#kept
    if (kept === null || this.#ended) return
    this.#kept = null
    this.bytes(kept, kept.length)
    if (this.#kept === null) this.#client.resume(Pause.Deciding)
  }

  #fail(error: unknown): void {
    this.end()
    this.#over(error instanceof ProtocolError ? error : new ProtocolError('BAD_VALUE', `the gateway failed on a message: ${String(error)}`))
  }

  /** One message. False: it has to wait, nothing was done with it yet. */
  #request(cursor: FrameCursor): boolean {
    switch (cursor.tag) {
      case 0x51 /* Q */:
        return this.#query(cursor)
      case 0x50 /* P */:
        return this.#parse(cursor)
      case 0x42 /* B */:
        return this.#bind(cursor)
      case 0x45 /* E */:
        return this.#execute(cursor)
      case 0x44 /* D */:
        return this.#describe(cursor)
      case 0x43 /* C */:
        return this.#close(cursor)
      case 0x53 /* S */:
        this.#ask(RequestKind.Sync, NOTHING, cursor)
        this.#batch++
        this.#batchOpen = false
        return true
      case 0x48 /* H */:
      case 0x64 /* d */:
        this.#upstream.stage(cursor.bytes, cursor.start, cursor.end)
        return true
      case 0x63 /* c */:
      case 0x66 /* f */:
        this.#ask(RequestKind.CopyEnd, NOTHING, cursor)
        return true
      case 0x46 /* F */:
        return this.#functionCall()
      case 0x58 /* X */:
        this.end()
        this.#over(null)
        return true
      default:
        throw new ProtocolError('UNEXPECTED_MESSAGE', `message ${String.fromCharCode(cursor.tag)} cannot come after login`)
    }
  }

  #query(cursor: FrameCursor): boolean {
    const end = cursor.end - 1
    if (end < cursor.body || cursor.bytes[end] !== 0) throw new ProtocolError('SHORT_READ', 'a query has no terminating NUL')
    const judgement = this.#judge(cursor.bytes, cursor.body, end)
    if (judgement === null) return false
    const admission = this.#gate.admit(judgement, cursor.bytes.toString('utf8', cursor.body, end), null)
    if (admission.refusal !== null) {
      this.#refuse(RequestKind.Query, admission.refusal, POISON_QUERY)
    } else {
      if (judgement.forwardText === null) this.#ask(RequestKind.Query, new SimpleQuery(admission), cursor)
      else this.#askInstead(RequestKind.Query, new SimpleQuery(admission), encodeQuery(judgement.forwardText))
      this.#mark(judgement.forwardText === null ? cursor.end - cursor.start : -1, admission, POISON_QUERY)
      this.#runs(judgement)
    }
    this.#batchOpen = false
    return true
  }

  #parse(cursor: FrameCursor): boolean {
    const body = this.#body.reset(cursor.bytes, cursor.body, cursor.end)
    const name = body.cString()
    const textStart = body.offset
    const textEnd = cursor.bytes.indexOf(0, textStart)
    if (textEnd < 0 || textEnd >= cursor.end) throw new ProtocolError('SHORT_READ', 'a statement has no terminating NUL')
    const judgement = this.#judge(cursor.bytes, textStart, textEnd)
    if (judgement === null) return false
    const text = cursor.bytes.toString('utf8', textStart, textEnd)
    const poison = name === '' ? POISON_PARSE_UNNAMED : POISON_EXTENDED
    if (judgement.refusal !== null) {
      const { refusal } = this.#gate.admit(judgement, text, null)
      this.#refuse(RequestKind.Parse, refusal ?? judgement.refusal, poison)
      return true
    }
    if (this.statements.full) {
      this.#refuse(RequestKind.Parse, tooMany('prepared statements'), poison)
      return true
    }
    const statement = new PreparedStatement(name, this.#batch, text, judgement, this.#names.environment)
    this.statements.ask(statement)
    if (judgement.forwardText === null) this.#ask(RequestKind.Parse, statement, cursor)
    else this.#askInstead(RequestKind.Parse, statement, encodeParse(name, judgement.forwardText, cursor.bytes.subarray(textEnd + 1, cursor.end)))
    if (judgement.redactReports) this.#describeForMasks(statement)
    this.#batchOpen = true
    return true
  }

  #bind(cursor: FrameCursor): boolean {
    const bind = decodeBind(this.#body.reset(cursor.bytes, cursor.body, cursor.end))
    const statement = this.statements.find(bind.statement, this.#batch)
    if (statement === null) return this.#wait()
    if (statement === undefined) {
      this.#refuse(RequestKind.Bind, unknown('prepared statement', bind.statement), POISON_EXTENDED)
      return true
    }
    if (!this.#rejudge(statement)) return false
    const admission = this.#gate.admit(statement.judgement, statement.text, bind.parameters)
    if (admission.refusal !== null) {
      this.#refuse(RequestKind.Bind, admission.refusal, POISON_EXTENDED)
      return true
    }
    if (this.portals.full) {
      this.#refuse(RequestKind.Bind, tooMany('portals'), POISON_EXTENDED)
      return true
    }
    const portal = new Portal(bind.portal, this.#batch, statement, admission, bind.resultFormats)
    this.portals.ask(portal)
    this.#ask(RequestKind.Bind, portal, cursor)
    this.#mark(cursor.end - cursor.start, admission, POISON_EXTENDED)
    this.#batchOpen = true
    return true
  }

  #execute(cursor: FrameCursor): boolean {
    const body = this.#body.reset(cursor.bytes, cursor.body, cursor.end)
    const name = body.cString()
    body.int32()
    body.end()
    const portal = this.portals.find(name, this.#batch)
    if (portal === null) return this.#wait()
    if (portal === undefined) {
      this.#refuse(RequestKind.Execute, unknown('portal', name), POISON_EXTENDED)
      return true
    }
    if (portal.judgement.authority !== this.#gate.authority) {
      const refusal = this.#redecide(portal)
      if (refusal !== null) {
        this.#refuse(RequestKind.Execute, refusal, POISON_EXTENDED)
        return true
      }
    }
    this.#ask(RequestKind.Execute, portal, cursor)
    this.#runs(portal.judgement)
    this.#batchOpen = true
    return true
  }

  #describe(cursor: FrameCursor): boolean {
    const body = this.#body.reset(cursor.bytes, cursor.body, cursor.end)
    const ofPortal = readKind(body)
    const name = body.cString()
    body.end()
    const described = ofPortal ? this.portals.find(name, this.#batch) : this.statements.find(name, this.#batch)
    if (described === null) return this.#wait()
    const kind = ofPortal ? RequestKind.DescribePortal : RequestKind.DescribeStatement
    if (described === undefined) this.#refuse(kind, unknown(ofPortal ? 'portal' : 'prepared statement', name), POISON_EXTENDED)
    else this.#ask(kind, described, cursor)
    this.#batchOpen = true
    return true
  }

  #close(cursor: FrameCursor): boolean {
    const body = this.#body.reset(cursor.bytes, cursor.body, cursor.end)
    const portal = readKind(body)
    const name = body.cString()
    body.end()
    this.#ask(RequestKind.Close, new Closing(portal, name), cursor)
    this.#batchOpen = true
    return true
  }

  #functionCall(): boolean {
    const refusal = gatewayRefusal(
      'FEATURE_REFUSED',
      'FunctionCall',
      'the function-call message of the protocol is not carried: it names functions by number, past any policy',
      'Call the function with SELECT.',
    )
    const { refusal: recorded } = this.#gate.admit(this.#gate.decline(refusal), '[FunctionCall]', null)
    this.#refuse(RequestKind.Query, recorded ?? refusal, POISON_QUERY)
    this.#batchOpen = false
    return true
  }

  /** Analyses and decides; null: it has to wait (and a wait has begun). */
  #judge(bytes: Buffer, start: number, end: number): Judgement | null {
    const ready = this.#ready
    if (ready !== null) {
      this.#ready = null
      return this.#names.uncommitted(ready, this.#gate) ?? ready
    }
    if (!this.#namesSettled()) return null
    const judgement = this.#gate.judge(bytes, start, end, this.#names.environment)
    if (judgement === null) {
      void this.#gate.judgeLarge(Buffer.from(bytes.subarray(start, end)), this.#names.environment).then((judged) => {
        this.#ready = judged
        this.#resume()
      })
      return null
    }
    if (judgement.namesUnknown && this.#names.mayKnowMore()) {
      void this.#names.refresh().then(this.#resume)
      return null
    }
    return this.#names.uncommitted(judgement, this.#gate) ?? judgement
  }

  /** True when names mean what the environment says; false: a wait has begun. */
  #namesSettled(): boolean {
    const names = this.#names
    if (names.settled || this.queue.skipping || this.queue.copyingIn) return true
    if (this.queue.length > 0) {
      this.#wait()
      return false
    }
    // A failed transaction runs nothing but its end; asking would fail as well.
    if (names.transactionStatus === 0x45 /* E */) return true
    names.settle(this.#upstream, this.queue, this.#batchOpen, this.#resume)
    return false
  }

  /** Waits until every request under way is answered. Returns false, for the caller to pass on. */
  #wait(): false {
    if (this.queue.length === 0) {
      // Nothing is under way that could settle it: the server skipped what made it.
      throw new ProtocolError('UNEXPECTED_MESSAGE', 'a request refers to an object whose fate is not known')
    }
    this.#waitsForReplies = true
    if (this.#batchOpen) this.#upstream.stage(FLUSH, 0, FLUSH.length)
    return false
  }

  /** Judges a prepared statement again when rules or names changed since; false: it has to wait. */
  #rejudge(statement: PreparedStatement): boolean {
    if (!this.#namesSettled()) return false
    const environment = this.#names.environment
    if (statement.judgement.authority === this.#gate.authority && statement.names === environment && this.#ready === null) return true
    const text = Buffer.from(statement.text)
    const judgement = this.#judge(text, 0, text.length)
    if (judgement === null) return false
    statement.judgement = judgement
    statement.names = environment
    if (judgement.redactReports && statement.fields === null) this.#describeForMasks(statement)
    return true
  }

  #redecide(portal: Portal): Refusal | null {
    const judgement = this.#gate.judgeAgain(portal.judgement)
    if (judgement.refusal !== null) {
      return this.#gate.admit(judgement, portal.statement.text, null).refusal ?? judgement.refusal
    }
    portal.judgement = judgement
    portal.masks = undefined
    if (judgement.masksOutput && portal.statement.fields === null) this.#describeForMasks(portal.statement)
    return null
  }

  /** Masks need the types of the columns, and the client may never ask for them. */
  #describeForMasks(statement: PreparedStatement): void {
    this.#askInstead(RequestKind.DescribeStatement, new InjectedDescribe(statement), encodeDescribeStatement(statement.name))
  }

  /** What running these statements does to names. */
  #runs(judgement: Judgement): void {
    if (judgement.changesNames) this.#names.changedBy(judgement, this.statements, this.portals)
  }

  #refuse(kind: RequestKind, refusal: Refusal, poison: Buffer): void {
    this.#askInstead(kind, new Refused(refusal), poison)
    if (kind !== RequestKind.Query) this.#batchOpen = true
  }

  #ask(kind: RequestKind, about: Asked, cursor: FrameCursor): void {
    this.#upstream.stage(cursor.bytes, cursor.start, cursor.end)
    this.queue.push(kind, about)
  }

  #askInstead(kind: RequestKind, about: Asked, message: Buffer): void {
    this.#upstream.stage(message, 0, message.length)
    this.queue.push(kind, about)
  }

  /** Remembers the last `length` staged bytes (-1: the whole last stage) until their record is durable. */
  #mark(length: number, admission: Admission, poison: Buffer): void {
    this.admitted++
    if (this.#marksTurn !== this.#turn.number) {
      this.#marksTurn = this.#turn.number
      this.#marks.length = 0
    }
    const index = this.#upstream.segments.length - 1
    const segment = this.#upstream.segments[index]
    if (segment === undefined) return
    const size = length < 0 ? encodeQuery(admission.judgement.forwardText ?? '').length : length
    this.#marks.push({ segment: index, start: segment.end - size, end: segment.end, admission, poison })
  }

  /** The records of this turn could not be written: what they stand for goes no further, the server rejects it instead. */
  #unrecorded(reason: Error): void {
    if (this.#marksTurn !== this.#turn.number) return
    const pieces: Buffer[] = []
    for (const [index, segment] of this.#upstream.segments.entries()) {
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
    this.#upstream.segments.splice(0, Infinity, { bytes, start: 0, end: bytes.length })
  }
}

const FLUSH = new MessageWriter().begin(0x48 /* H */).end().take()
const writer = new MessageWriter()

function encodeQuery(text: string): Buffer {
  return writer.begin(0x51 /* Q */).cString(text).end().take()
}

function encodeParse(name: string, text: string, types: Buffer): Buffer {
  return writer.begin(0x50 /* P */).cString(name).cString(text).bytes(types).end().take()
}

function encodeDescribeStatement(name: string): Buffer {
  return writer.begin(0x44 /* D */).byte(0x53 /* S */).cString(name).end().take()
}

/** True for a portal, false for a prepared statement. */
function readKind(body: BodyReader): boolean {
  const kind = body.byte()
  if (kind !== 0x50 /* P */ && kind !== 0x53 /* S */) throw new ProtocolError('BAD_VALUE', 'neither a prepared statement nor a portal is meant')
  return kind === 0x50
}

function unknown(what: string, name: string): Refusal {
  return gatewayRefusal(
    'UNKNOWN_STATEMENT',
    name === '' ? `unnamed ${what}` : name,
    `${what} "${name}" does not exist`,
    `Make it in this session first${what === 'portal' ? ', in the same transaction' : ''}; one made by SQL is used by SQL.`,
  )
}

function tooMany(what: string): Refusal {
  return gatewayRefusal('STATEMENT_LIMIT', what, `a session may keep ${NAMED_OBJECTS_LIMIT} ${what}`, 'Close some that are no longer used.')
}
