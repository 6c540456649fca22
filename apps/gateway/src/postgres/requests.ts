import type { Admission, AuditedParameter, Gate, Judgement, Refusal, SessionSettings } from '@gatehouse/core'
import {
  BodyReader,
  decodeClose,
  decodeDescribe,
  decodeExecute,
  type FrameCursor,
  ProtocolError,
  type ReplyQueue,
  RequestKind,
} from '@gatehouse/postgres-wire'
import type { NameEnvironment } from '@gatehouse/sql-analysis'
import type { Connection } from '../connection.ts'
import type { SessionHold } from '../holding/session-hold.ts'
import type { Turn } from '../turn.ts'
import { type Asked, Closing, NOTHING, Portal, PreparedStatement, SimpleQuery } from './asked.ts'
import { decodeBind, readParameterTypes } from './bind.ts'
import { endOfQuery, endOfText } from './statement-texts.ts'
import { type FlowOwner, MessageFlow } from './message-flow.ts'
import { type Judging, StatementJudge } from './statement-judge.ts'
import { NAMED_OBJECTS_LIMIT, NamedObjects, takeNames } from './named-objects.ts'
import {
  FUNCTION_CALL_REFUSED,
  POISON_EXTENDED,
  POISON_PARSE_UNNAMED,
  POISON_QUERY,
  tooManyObjects,
  unknownObject,
} from './refusal.ts'
import { type SessionNames, STATUS_FAILED } from './session-names.ts'
import { readSettings, SETTINGS_QUESTION } from './settings-question.ts'
import { StagedRequests } from './staged-requests.ts'

const NO_TYPES: readonly number[] = []

/** What the requests side needs of the session it belongs to. */
export interface RequestsOptions {
  readonly client: Connection
  readonly upstream: Connection
  readonly turn: Turn
  readonly gate: Gate<NameEnvironment>
  readonly names: SessionNames
  readonly hold: SessionHold
  readonly maxMessageBytes: number
  /** The client broke the protocol, or said goodbye (null). */
  readonly over: (fault: ProtocolError | null) => void
}

/** The client's messages: each statement through the gate, then staged for the upstream, or something that the server rejects in its place. */
export class PostgresRequests implements FlowOwner {
  readonly flow: MessageFlow
  readonly statements: NamedObjects<PreparedStatement> = new NamedObjects()
  readonly portals: NamedObjects<Portal> = new NamedObjects()
  /** Terminate was forwarded: the upstream will close when it has answered what came before. */
  saidGoodbye = false
  /** Statements that were forwarded. */
  admitted = 0
  readonly #upstream: Connection
  readonly #client: Connection
  readonly #gate: Gate<NameEnvironment>
  readonly #names: SessionNames
  readonly #hold: SessionHold
  readonly over: (fault: ProtocolError | null) => void
  readonly #staged: StagedRequests
  readonly #judge: StatementJudge
  readonly #body = new BodyReader()
  /** Number of the batch being sent: a Sync begins the next. */
  #batch = 0
  #batchOpen = false
  #waitsForReplies = false

  constructor(options: RequestsOptions, skipped: (kind: RequestKind, about: Asked) => void) {
    this.#upstream = options.upstream
    this.#client = options.client
    this.#gate = options.gate
    this.#names = options.names
    this.#hold = options.hold
    this.over = options.over
    this.flow = new MessageFlow(options.client, options.hold, options.maxMessageBytes, this)
    this.#staged = new StagedRequests(options.upstream, options.turn, skipped)
    this.#judge = new StatementJudge(options.gate, options.names, this.#staged.queue, this.flow.resume)
  }

  get queue(): ReplyQueue<Asked> {
    return this.#staged.queue
  }

  /** Told after each chunk of replies: a request that waits for all of them may go on; so may one that COPY FROM STDIN waits for. */
  repliesSettled(): void {
    const { length, copyingIn } = this.queue
    if (length === 0) this.#names.answered()
    if (!this.#waitsForReplies || (length > 0 && !copyingIn)) return
    this.#waitsForReplies = false
    this.flow.resume()
  }

  /** One message. False: it has to wait, nothing was done with it yet. */
  message(cursor: FrameCursor): boolean {
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
        this.#staged.ask(RequestKind.Sync, NOTHING, cursor)
        this.#names.batchEnds()
        this.#batch++
        this.#batchOpen = false
        return true
      case 0x64 /* d */:
        if (cursor.first) this.queue.push(RequestKind.CopyData, NOTHING)
        this.#copied(cursor)
        this.#staged.pass(cursor)
        return true
      case 0x48 /* H */:
        this.#staged.pass(cursor)
        return true
      case 0x63 /* c */:
      case 0x66 /* f */:
        this.#staged.ask(RequestKind.CopyEnd, NOTHING, cursor)
        return true
      case 0x46 /* F */:
        return this.#functionCall()
      case 0x58 /* X */:
        this.flow.end()
        if (this.queue.length === 0) this.over(null)
        else {
          // What was asked before it runs to its end, as at the server, which then closes the connection.
          this.saidGoodbye = true
          this.#staged.pass(cursor)
        }
        return true
      default:
        throw new ProtocolError(
          'UNEXPECTED_MESSAGE',
          `message ${String.fromCharCode(cursor.tag)} cannot come after login`,
        )
    }
  }

  #query(cursor: FrameCursor): boolean {
    const end = endOfQuery(cursor)
    const judgement = this.#judged(cursor.bytes, cursor.body, end)
    if (judgement === null) return false
    const text = cursor.bytes.toString('utf8', cursor.body, end)
    const admission = this.#admit(judgement, text, null, NO_TYPES)
    if (admission === null) return false
    this.#batchOpen = false
    if (admission.refusal !== null) return this.#refuse(RequestKind.Query, admission.refusal, POISON_QUERY, admission)
    this.#staged.askQuery(new SimpleQuery(admission), cursor, judgement.forwardText)
    this.#runs(judgement, text, this.#names.environment)
    this.admitted++
    return true
  }

  #parse(cursor: FrameCursor): boolean {
    const body = this.#body.reset(cursor.bytes, cursor.body, cursor.end)
    const name = body.cString()
    const textStart = body.offset
    const textEnd = endOfText(cursor, textStart)
    const judgement = this.#judged(cursor.bytes, textStart, textEnd)
    if (judgement === null) return false
    const text = cursor.bytes.toString('utf8', textStart, textEnd)
    this.#batchOpen = true
    const refusal = this.#parseRefusal(judgement, text)
    if (refusal !== null) {
      this.#staged.refuse(RequestKind.Parse, refusal, name === '' ? POISON_PARSE_UNNAMED : POISON_EXTENDED)
      return true
    }
    const types = readParameterTypes(cursor.bytes, textEnd, cursor.end)
    const statement = new PreparedStatement(name, this.#batch, text, judgement, this.#names.environment, types)
    this.#names.reads(judgement)
    this.statements.ask(statement)
    this.#staged.askParse(statement, cursor, judgement.forwardText, textEnd)
    if (judgement.redactReports || judgement.classifies) this.#staged.describeForMasks(statement)
    return true
  }

  /** A refused Parse is recorded here; a permitted one at Bind, with its parameters. */
  #parseRefusal(judgement: Judgement, text: string): Refusal | null {
    if (judgement.refusal !== null) return this.#gate.admit(judgement, text, null).refusal ?? judgement.refusal
    return this.statements.full ? tooManyObjects('prepared statements', NAMED_OBJECTS_LIMIT) : null
  }

  #bind(cursor: FrameCursor): boolean {
    const bind = decodeBind(this.#body.reset(cursor.bytes, cursor.body, cursor.end))
    const statement = this.statements.find(bind.statement, this.#batch)
    if (statement === null) return this.#waitForReplies()
    // What Parse of this batch has cost, the first execution has cost.
    if (statement !== undefined && statement.batch !== this.#batch) this.#gate.watch.prepared()
    const judging = statement === undefined ? 'judged' : this.#rejudge(statement)
    if (judging !== 'judged') return this.#waitForReplies(judging)
    this.#batchOpen = true
    if (statement === undefined)
      return this.#refuse(RequestKind.Bind, unknownObject('prepared statement', bind.statement))
    const admission = this.#admit(statement.judgement, statement.text, bind.parameters, statement.parameterTypes)
    if (admission === null) return false
    const refusal = admission.refusal ?? (this.portals.full ? tooManyObjects('portals', NAMED_OBJECTS_LIMIT) : null)
    if (refusal !== null) return this.#refuse(RequestKind.Bind, refusal, POISON_EXTENDED, admission)
    const portal = new Portal(bind.portal, this.#batch, statement, admission, bind.resultFormats)
    this.#names.reads(statement.judgement)
    portal.changesBefore = this.#names.changes
    this.portals.ask(portal)
    if (bind.portal !== '') this.#names.portalNamed(bind.portal)
    this.#staged.ask(RequestKind.Bind, portal, cursor)
    this.#staged.recorded(admission, cursor.end - cursor.start, POISON_EXTENDED)
    return true
  }

  #execute(cursor: FrameCursor): boolean {
    const name = decodeExecute(this.#body.reset(cursor.bytes, cursor.body, cursor.end)).portal
    const portal = this.portals.find(name, this.#batch)
    if (portal === null) return this.#waitForReplies()
    const refusal =
      portal === undefined
        ? unknownObject('portal', name)
        : this.#judge.redecide(portal, this.#staged, this.#batchOpen, this.#upstream)
    if (typeof refusal === 'string') return this.#waitForReplies(refusal)
    this.#batchOpen = true
    if (portal === undefined || refusal !== null)
      return this.#refuse(RequestKind.Execute, refusal ?? unknownObject('portal', name))
    this.#staged.ask(RequestKind.Execute, portal, cursor)
    this.#runs(portal.judgement, portal.statement.text, portal.names)
    this.admitted++
    return true
  }

  #describe(cursor: FrameCursor): boolean {
    const { target, name } = decodeDescribe(this.#body.reset(cursor.bytes, cursor.body, cursor.end))
    const portal = target === 'portal'
    const described = portal ? this.portals.find(name, this.#batch) : this.statements.find(name, this.#batch)
    if (described === null) return this.#waitForReplies()
    // The server may look names up to describe a statement.
    const judging = described instanceof PreparedStatement ? this.#rejudge(described) : 'judged'
    if (judging !== 'judged') return this.#waitForReplies(judging)
    const kind = portal ? RequestKind.DescribePortal : RequestKind.DescribeStatement
    this.#batchOpen = true
    // A cursor that DECLARE made is a portal too: drivers ask for its columns before they FETCH from it.
    if (described === undefined && !(portal && this.#names.hasCursor(name)))
      return this.#refuse(kind, unknownObject(portal ? 'portal' : 'prepared statement', name))
    this.#staged.ask(kind, described ?? NOTHING, cursor)
    return true
  }

  #close(cursor: FrameCursor): boolean {
    const { target, name } = decodeClose(this.#body.reset(cursor.bytes, cursor.body, cursor.end))
    if (target === 'portal') this.#names.portalNamed(name)
    else this.#names.statementClosed(name)
    this.#staged.ask(RequestKind.Close, new Closing(target === 'portal', name), cursor)
    this.#batchOpen = true
    return true
  }

  /** What the session is set to; null: it could not say, or its transaction has failed. Nothing may be under way. Never rejects. */
  settings(): Promise<SessionSettings | null> {
    if (this.#names.transactionStatus === STATUS_FAILED) return Promise.resolve(null)
    return new Promise((resolve) => {
      SETTINGS_QUESTION.ask(this.#upstream, this.queue, this.#batchOpen, (answer) => {
        // Called from the middle of the replies: the client's next request must not overtake them.
        setImmediate(resolve, answer === null ? null : readSettings(answer))
      })
    })
  }

  /** Null: it is held, or about to be. @see SessionHold.admit */
  #admit(
    judgement: Judgement,
    text: string,
    parameters: readonly AuditedParameter[] | null,
    types: readonly number[],
  ): Admission | null {
    if (this.#hold.asksSettings(judgement) && this.queue.length > 0) {
      this.#waitForReplies()
      return null
    }
    return this.#hold.admit(this.#gate, judgement, text, parameters, types)
  }

  /** Refuses a message. Returns true, for the caller to pass on: it is done with. */
  #refuse(
    kind: RequestKind,
    refusal: Refusal,
    poison: Buffer = POISON_EXTENDED,
    admission: Admission | null = null,
  ): true {
    this.#staged.refuse(kind, refusal, poison, admission)
    return true
  }

  #functionCall(): boolean {
    const { refusal } = this.#gate.admit(this.#gate.decline(FUNCTION_CALL_REFUSED), '[FunctionCall]', null)
    this.#batchOpen = false
    return this.#refuse(RequestKind.Query, refusal ?? FUNCTION_CALL_REFUSED, POISON_QUERY)
  }

  /** Under masks it is not known which of the values go to masked columns: none is kept. */
  #copied({ bytes, start, end }: FrameCursor): void {
    const { recording } = this.#client
    if (recording === null) return
    if (this.#gate.authority.masksAny) recording.withheld(end - start)
    else recording.received(bytes, start, end)
  }

  /** Analyses and decides; null: it has to wait (and a wait has begun). */
  #judged(bytes: Buffer, start: number, end: number): Judgement | null {
    const judging = this.#judge.judge(bytes, start, end, this.#batchOpen, this.#upstream)
    if (judging === 'judged') return this.#judge.judgement
    this.#waitForReplies(judging)
    return null
  }

  #rejudge(statement: PreparedStatement): Judging {
    return this.#judge.judgeAgain(statement, this.#staged, this.#batchOpen, this.#upstream)
  }

  /** Waits until every request under way is answered, or for what `judging` has begun to wait for. Returns false, for the caller to pass on. */
  #waitForReplies(judging: Exclude<Judging, 'judged'> = 'waits for replies'): false {
    if (judging === 'waits') return false
    // Nothing is under way that could settle it, or what is under way waits for the client itself.
    if (this.queue.length === 0 || this.queue.copyingIn)
      throw new ProtocolError('UNEXPECTED_MESSAGE', 'the message cannot come at this point')
    this.#waitsForReplies = true
    if (this.#batchOpen) this.#staged.askToFlush()
    return false
  }

  /** What running these statements does to names. */
  #runs(judgement: Judgement, text: string, environment: NameEnvironment): void {
    this.#names.runs(judgement, judgement.forwardText ?? text, environment)
    if (judgement.takesNames) takeNames(judgement, this.statements, this.portals)
  }
}
