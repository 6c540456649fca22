import type { Admission, Gate, MaskingKeys, StatementFacts } from '@gatehouse/core'
import {
  type AgreedCapabilities,
  ANY_SEQUENCE_ID,
  decodeSessionState,
  MariadbCapability,
  PacketCursor,
  ProtocolError,
  ResponseHeader,
  ResponseKind,
  ResponsePart,
  ResponseReader,
  ServerStatus,
  type SessionStateChange,
} from '@gatehouse/mysql-wire'
import type { MysqlNames } from '@gatehouse/sql-analysis'
import type { Connection, Receiver } from '../connection.ts'
import { RunningTime } from '../running-time.ts'
import type { Answered, Asked, PreparedStatement } from './asked.ts'
import { ClientOutput } from './client-output.ts'
import { ClientReports } from './client-reports.ts'
import { encodeRefusal, ERRORS } from './refusal.ts'
import { ResultMismatch } from './result-masks.ts'
import { type OpenCursor, ResultRows } from './result-rows.ts'
import { readError } from './server-report.ts'

/** What the responses side needs of the session it belongs to. */
export interface ResponsesOptions {
  readonly client: Pick<Connection, 'stage' | 'recording'>
  readonly gate: Pick<Gate<MysqlNames>, 'authority' | 'outcome' | 'watch'>
  readonly maskingKeys: MaskingKeys
  /** What is agreed with the upstream. The client has the same, but for SESSION_TRACK. */
  readonly agreed: AgreedCapabilities
  /** The client asked for SESSION_TRACK; else session state is left out of what it gets. */
  readonly clientTracksSession: boolean
  /** The most that one payload of the server may have, bytes; at most 1 GiB. */
  readonly maxMessageBytes: number
  /** The running statement must stop: a limit is reached. */
  readonly cancelRunning: () => void
  /**
   * The server says that the session's state changed (schema, system variables …), before the client is told. Returns why
   * the session cannot go on under it; null: it can.
   */
  readonly stateChanged: (changes: readonly SessionStateChange[]) => string | null
  /** The upstream ended the session or broke the protocol; `mismatch`: a result was not what was read. */
  readonly over: (why: {
    readonly kind: 'closed' | 'protocol' | 'mismatch' | 'setting'
    readonly detail: string
  }) => void
}

/**
 * The upstream's packets: rows masked, errors and status cut under masks, everything else verbatim. `expect` says what
 * the next response answers; `answered` is called when it is over and staged for the client.
 */
export class MysqlResponses implements Receiver {
  /** `ServerStatus` flags of the last OK or EOF: whether a transaction is open, and the modes that the server tells of. */
  statusFlags = 0
  readonly #options: ResponsesOptions
  readonly #output: ClientOutput
  readonly #reports: ClientReports
  readonly #cursor: PacketCursor
  readonly #reader: ResponseReader
  readonly #rows: ResultRows
  readonly #extended: boolean
  readonly #time = new RunningTime()
  #requests: Answered | null = null
  /** What the response under way answers; null between responses. */
  #asked: Asked | null = null
  /** Which statement of the text the next packet belongs to. */
  #statementIndex = 0
  /** The column count of the current result went to the client. */
  #descriptionPasses = false
  readonly #cursors = new Map<PreparedStatement, OpenCursor>()
  /** No more packets are looked at. */
  #ended = false
  /** What was under way has its outcome. */
  #over = false

  constructor(options: ResponsesOptions) {
    this.#options = options
    this.#output = new ClientOutput(options.client)
    this.#cursor = new PacketCursor(options.maxMessageBytes)
    this.#cursor.nextSequenceId = ANY_SEQUENCE_ID
    this.#reports = new ClientReports(this.#cursor, this.#output, !options.clientTracksSession)
    this.#reader = new ResponseReader(options.agreed)
    this.#extended = (options.agreed.mariadbCapabilities & MariadbCapability.EXTENDED_METADATA) !== 0
    this.#rows = new ResultRows(this.#cursor, this.#output, options.maskingKeys, this.#extended, options.cancelRunning)
  }

  answering(requests: Answered): void {
    this.#requests = requests
  }

  /** True when the server owes nothing. */
  get idle(): boolean {
    return this.#asked === null
  }

  /** Sequence id of the next packet to the client: of what the gateway says in the middle of a response. */
  get nextSequenceId(): number {
    return this.#output.nextSequenceId
  }

  /**
   * A command is about to be sent. Not for one without a response (`ResponseKind.None`). Throws an Error (a fault of the
   * caller) while another is under way, and for COM_STMT_FETCH of a statement that has no cursor open.
   */
  expect(asked: Asked): void {
    const { response, statement } = asked
    if (response === ResponseKind.Binary && statement !== null) this.closeCursor(statement)
    const cursor = statement === null ? undefined : this.#cursors.get(statement)
    if (response === ResponseKind.Fetch && cursor === undefined) throw new Error('the statement has no cursor open')
    this.#reader.begin(response)
    this.#asked = asked
    // What is fetched is what the execution may show.
    const running = asked.admission ?? statement?.cursor ?? null
    const inClear = (running?.judgement.unmasked.length ?? 0) > 0
    this.#options.client.recording?.answer(asked.admission?.intent ?? 0, response, inClear)
    // Where the gateway sends other bytes than the client did, the upstream may count other packets.
    this.#cursor.nextSequenceId = ANY_SEQUENCE_ID
    this.#output.nextSequenceId = asked.sequenceId & 0xff
    this.#statementIndex = 0
    this.#rows.beginResponse()
    if (response === ResponseKind.Fetch && cursor !== undefined) this.#rows.fetched(cursor)
  }

  /** The statement's cursor, if it has one, is closed: by COM_STMT_CLOSE, COM_STMT_RESET, or another execution. */
  closeCursor(statement: PreparedStatement): void {
    const cursor = this.#cursors.get(statement)
    if (cursor === undefined) return
    this.#cursors.delete(statement)
    statement.cursor = null
    this.#options.gate.outcome(cursor.admission, null)
  }

  /** All cursors are closed: by COM_RESET_CONNECTION, or the end of the session. */
  closeCursors(): void {
    for (const statement of this.#cursors.keys()) this.closeCursor(statement)
  }

  bytes(chunk: Buffer, length: number): void {
    if (this.#ended) return
    try {
      this.#output.begin(chunk)
      this.#cursor.feed(chunk, 0, length)
      this.#walk()
      this.#output.flush()
    } catch (error) {
      this.#ended = true
      this.#output.flush()
      if (error instanceof ResultMismatch) this.#options.over({ kind: 'mismatch', detail: error.message })
      else if (error instanceof ProtocolError) this.#options.over({ kind: 'protocol', detail: error.message })
      else this.#options.over({ kind: 'protocol', detail: `the gateway failed on a packet: ${String(error)}` })
    }
  }

  closed(): void {
    this.end()
    this.#options.over({ kind: 'closed', detail: 'the database closed the connection' })
  }

  /** The last packet of the session. */
  lastWord(packet: Buffer): void {
    this.#output.lastWord(packet)
  }

  /** Nothing of the upstream is looked at any more; statements under way get an outcome. */
  end(): void {
    if (this.#over) return
    this.#over = true
    this.#ended = true
    const running = this.#running
    if (running !== null) this.#options.gate.outcome(running, 'unfinished')
    this.#asked = null
    this.closeCursors()
  }

  /** Cancels the statement that is running when it has run for longer than the policy lets it. Called every second or so. */
  checkTime(now: number): void {
    const limit = this.#options.gate.authority.secondsPerStatement
    if (limit === null || this.#over) return
    const refusal = this.#time.check(this.#running, now, limit)
    if (refusal !== null && this.#rows.cutBy === null) this.#rows.cutFor(refusal)
  }

  /** The statement that runs on the server; null: none. What is fetched from a cursor has run. */
  get #running(): Admission | null {
    return this.#asked === null || this.#asked.response === ResponseKind.Fetch ? null : this.#asked.admission
  }

  /** What the next packet belongs to; undefined where no statement is known. */
  get #statement(): StatementFacts | undefined {
    return this.#asked?.judgement?.facts?.statements[this.#statementIndex]
  }

  #walk(): void {
    const cursor = this.#cursor
    const reader = this.#reader
    while (!this.#ended && cursor.next()) {
      const further = !cursor.first || cursor.continuation
      if (further || (reader.inRows && reader.isRow(cursor.bytes[cursor.payload] ?? 0, cursor.payloadLength))) {
        this.#rows.row()
      } else this.#packet()
    }
  }

  /** A packet that is no row. */
  #packet(): void {
    const cursor = this.#cursor
    const asked = this.#asked
    if (asked === null) return this.#unasked()
    if (cursor.continued) throw new ProtocolError('UNEXPECTED_PACKET', 'a packet that is no row is too long')
    const part = this.#reader.packet(cursor.bytes, cursor.payload, cursor.end, cursor.payloadLength)
    if (part !== ResponsePart.Err && (asked.admission?.refusal ?? null) !== null) {
      throw new ProtocolError('UNEXPECTED_PACKET', 'the database accepted what it had to reject')
    }
    this.#options.gate.watch.answered(asked.admission)
    if (this.#stateEndsSession(part)) return
    this.#part(part, asked)
    if (!this.#reader.over) return
    // What is asked next may be refused, and then its refusal is staged at once.
    this.#output.flush()
    this.#asked = null
    this.#cursor.nextSequenceId = ANY_SEQUENCE_ID
    this.#requests?.answered(asked, part === ResponsePart.Err)
  }

  /** Between responses a server only says why it closes the connection. */
  #unasked(): void {
    const { bytes, payload } = this.#cursor
    if (bytes[payload] !== ResponseHeader.ERR) {
      throw new ProtocolError('UNEXPECTED_PACKET', 'the database sent a packet that nothing had asked for')
    }
    const { errorCode } = readError(this.#cursor)
    this.#ended = true
    this.#options.over({ kind: 'closed', detail: `the database ended the connection (error ${errorCode})` })
  }

  #part(part: ResponsePart, asked: Asked): void {
    switch (part) {
      case ResponsePart.Ok:
        return this.#ok(asked)
      case ResponsePart.Err:
        return this.#err(asked)
      case ResponsePart.ColumnCount:
        return this.#result(asked)
      case ResponsePart.ColumnDefinition:
        this.#rows.defined()
        return this.#description()
      case ResponsePart.DefinitionsEnd:
        return this.#descriptionPasses ? this.#reports.status(asked, this.#statement, this.#reader.status) : undefined
      case ResponsePart.ResultEnd:
        return this.#resultEnd(asked)
      case ResponsePart.PrepareOk:
        this.#prepared(asked.statement)
        return this.#pass()
      case ResponsePart.FieldDefinition:
        return this.#reports.field(asked, this.#extended)
      case ResponsePart.PreparedDefinition:
      case ResponsePart.PreparedDefinitionsEnd:
      case ResponsePart.Statistics:
      case ResponsePart.Progress:
        return this.#pass()
      case ResponsePart.LocalInfile:
        throw new ProtocolError('UNEXPECTED_PACKET', 'the database asks the client for a file')
      case ResponsePart.Row:
      case ResponsePart.Authentication:
        throw new ProtocolError('UNEXPECTED_PACKET', 'the database sent what the command cannot be answered with')
      default:
        throw part satisfies never
    }
  }

  /** The packet under the cursor goes on, unless the response was cut. */
  #pass(): void {
    if (this.#rows.cutBy === null) this.#output.pass(this.#cursor)
  }

  /** A description that began to pass goes on to its end, whatever is cut meanwhile: clients take no error in its middle. */
  #description(): void {
    if (this.#descriptionPasses) this.#output.pass(this.#cursor)
  }

  #status(asked: Asked): void {
    if (this.#rows.cutBy === null) this.#reports.status(asked, this.#statement, this.#reader.status)
  }

  #prepared(statement: PreparedStatement | null): void {
    const { prepared } = this.#reader
    if (statement === null || prepared === null) return
    statement.id = prepared.statementId
    statement.parameters = prepared.parameters
  }

  #result({ admission }: Asked): void {
    if (admission === null)
      throw new ProtocolError('UNEXPECTED_PACKET', 'a result came for a command that returns none')
    const { columns, binary, definitionsFollow } = this.#reader
    this.#rows.begin(admission, this.#statementIndex, columns, binary, definitionsFollow)
    this.#descriptionPasses = this.#rows.cutBy === null
    this.#description()
  }

  /** OK: a statement that returned no rows is done, or a procedure behind its results. */
  #ok(asked: Asked): void {
    const { admission } = asked
    if (admission !== null && admission.rows === 0) admission.rows = this.#reader.status.affectedRows
    this.#status(asked)
    this.#statementIndex++
    if (this.#reader.over) this.#done(admission)
  }

  #resultEnd(asked: Asked): void {
    const { admission, response, statement } = asked
    const opens = this.#reader.cursorOpened && this.#rows.cutBy === null && admission !== null && statement !== null
    if (opens) {
      this.#cursors.set(statement, this.#rows.opened(admission))
      statement.cursor = admission
    }
    this.#rows.end()
    this.#status(asked)
    // The results of a procedure are followed by the OK of CALL.
    if (this.#statement?.action !== 'call') this.#statementIndex++
    if (response === ResponseKind.Fetch) this.#fetchEnd(statement)
    else if (this.#reader.over && !opens) this.#done(admission)
  }

  #fetchEnd(statement: PreparedStatement | null): void {
    this.#endCut(null)
    const last = (this.#reader.status.flags & ServerStatus.LAST_ROW_SENT) !== 0
    if (last && statement !== null) this.closeCursor(statement)
  }

  #done(admission: Admission | null): void {
    if (!this.#endCut(admission) && admission !== null) this.#options.gate.outcome(admission, null)
  }

  /** Where the response was cut, its end is the refusal. */
  #endCut(admission: Admission | null): boolean {
    const cut = this.#rows.takeCut()
    if (cut === null) return false
    if (admission !== null) this.#options.gate.outcome(admission, String(ERRORS[cut.code].number))
    this.#output.send(encodeRefusal(cut, this.#output.nextSequenceId))
    return true
  }

  #err(asked: Asked): void {
    this.#rows.end()
    const running = this.#running
    if (this.#endCut(running)) return
    const error = readError(this.#cursor)
    if (running !== null) this.#options.gate.outcome(running, String(error.errorCode))
    // Its record could not be written: what the server had to reject went in its place.
    const refusal = running?.refusal ?? null
    if (refusal !== null) return this.#output.send(encodeRefusal(refusal, this.#output.nextSequenceId))
    this.#reports.error(asked, error, this.#options.gate.authority.classifier)
  }

  /** Takes in what the last OK or EOF says of the session. True: the session cannot go on under it. */
  #stateEndsSession(part: ResponsePart): boolean {
    if (part !== ResponsePart.Ok && part !== ResponsePart.ResultEnd && part !== ResponsePart.DefinitionsEnd)
      return false
    const { status } = this.#reader
    this.statusFlags = status.flags
    if (status.stateEnd === status.stateStart) return false
    const state = this.#cursor.bytes.subarray(status.stateStart, status.stateEnd)
    const detail = this.#options.stateChanged(decodeSessionState(state))
    if (detail === null) return false
    this.#ended = true
    this.#output.flush()
    this.#options.over({ kind: 'setting', detail })
    return true
  }
}
