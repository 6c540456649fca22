import type { Admission, Gate, MaskingKeys } from '@gatehouse/core'
import { BACKEND_LIMITS, BodyReader, FrameCursor, ProtocolError, Reply, RequestKind } from '@gatehouse/postgres-wire'
import type { NameEnvironment } from '@gatehouse/sql-analysis'
import type { Connection, Receiver } from '../connection.ts'
import {
  admissionOf,
  type Asked,
  Closing,
  InjectedDescribe,
  SessionProbe,
  NOTHING,
  Portal,
  PreparedStatement,
  redactsReports,
  Refused,
  SimpleQuery,
} from './asked.ts'
import { classifiedReport } from './classified-report.ts'
import { ClientOutput } from './client-output.ts'
import { CopiedRows } from './copied-rows.ts'
import { encodeRedactedReport, encodeRefusal, SQLSTATES } from './refusal.ts'
import type { PostgresRequests } from './requests.ts'
import { ResultMismatch } from './result-masks.ts'
import { changesRows, ResultRows } from './result-rows.ts'
import { RunningTime } from '../running-time.ts'
import { pinnedChange, readReport, type ServerReport, trailingNumber, withoutPayload } from './server-report.ts'
import type { SessionNames } from './session-names.ts'

export interface ResponsesOptions {
  readonly client: Connection
  readonly gate: Gate<NameEnvironment>
  readonly names: SessionNames
  readonly maskingKeys: MaskingKeys
  readonly maxMessageBytes: number
  /** The running statement must stop: a limit is reached. */
  readonly cancelRunning: () => void
  /** The upstream ended the session or broke the protocol; `mismatch`: a result was not what was read. */
  readonly over: (why: {
    readonly kind: 'closed' | 'protocol' | 'mismatch' | 'setting'
    readonly detail: string
  }) => void
}

const DATA_ROW = 0x44
const COPY_DATA = 0x64

/** The upstream's messages: rows masked, refusals put in place of the errors that stand for them, everything else verbatim. */
export class PostgresResponses implements Receiver {
  /** What goes to the client; whatever answers nothing is told there. */
  readonly output: ClientOutput
  readonly #gate: Gate<NameEnvironment>
  readonly #names: SessionNames
  readonly #options: ResponsesOptions
  readonly #cursor: FrameCursor
  readonly #body = new BodyReader()
  readonly #rows: ResultRows
  readonly #copied: CopiedRows
  #requests: PostgresRequests | null = null
  /** Portals that returned some of their rows and wait for another Execute. */
  readonly #suspended = new Set<Portal>()
  /** A result was cut and the client told: what else the server says of it is dropped. */
  #dropUntilReady = false
  /** A statement of the current batch touched masked columns. */
  #batchRedacts = false
  readonly #time = new RunningTime()
  /** No more replies are looked at. */
  #ended = false
  /** What was under way has its outcome. */
  #over = false
  /** What the trail says of a statement that got no reply. */
  #noReply = 'skipped'

  constructor(options: ResponsesOptions) {
    this.#options = options
    this.output = new ClientOutput(options.client)
    this.#gate = options.gate
    this.#names = options.names
    this.#cursor = new FrameCursor(BACKEND_LIMITS(options.maxMessageBytes))
    const { names, maskingKeys, cancelRunning } = options
    this.#rows = new ResultRows(this.#cursor, this.output, names, maskingKeys, cancelRunning)
    this.#copied = new CopiedRows(this.#cursor, this.output, this.#rows, names, maskingKeys)
  }

  answering(requests: PostgresRequests): void {
    this.#requests = requests
  }

  bytes(chunk: Buffer, length: number): void {
    const requests = this.#requests
    if (this.#ended || requests === null) return
    try {
      this.output.begin(chunk)
      this.#cursor.feed(chunk, 0, length)
      this.#walk(requests)
      this.output.flush()
      requests.repliesSettled()
    } catch (error) {
      this.#ended = true
      this.output.flush()
      if (error instanceof ResultMismatch) this.#options.over({ kind: 'mismatch', detail: error.message })
      else if (error instanceof ProtocolError) this.#options.over({ kind: 'protocol', detail: error.message })
      else this.#options.over({ kind: 'protocol', detail: `the gateway failed on a message: ${String(error)}` })
    }
  }

  closed(): void {
    this.end()
    this.#options.over({ kind: 'closed', detail: 'the database closed the connection' })
  }

  /** Nothing of the upstream is looked at any more; statements under way get an outcome. */
  end(): void {
    if (this.#over) return
    this.#over = true
    this.#ended = true
    this.#noReply = 'unfinished'
    this.#requests?.queue.fatal()
    this.#endSuspended()
  }

  /** Cancels the statement that is running when it has run for longer than the policy lets it. Called every second or so. */
  checkTime(now: number): void {
    const limit = this.#gate.authority.secondsPerStatement
    if (limit === null || this.#over) return
    // The server keeps short replies back until a batch is over: what is under way may be all that is known.
    const running = this.#requests?.queue.oldest(admissionOf) ?? null
    const refusal = this.#time.check(running, now, limit)
    if (refusal !== null && this.#rows.cutBy === null) this.#rows.cutFor(refusal)
  }

  /** A request that will get no reply: what it would have made does not exist. */
  readonly skipped = (kind: RequestKind, about: Asked): void => {
    if (about instanceof PreparedStatement && kind === RequestKind.Parse) this.#requests?.statements.drop(about)
    else if (about instanceof SimpleQuery) this.#gate.outcome(about.admission, this.#noReply)
    else if (about instanceof Portal) {
      if (kind === RequestKind.Bind) this.#requests?.portals.drop(about)
      if (kind !== RequestKind.DescribePortal) this.#gate.outcome(about.admission, this.#noReply)
    } else if (about instanceof SessionProbe && kind === RequestKind.Close) about.settle()
  }

  #walk(requests: PostgresRequests): void {
    const cursor = this.#cursor
    while (!this.#ended && cursor.next()) {
      if (cursor.tag === DATA_ROW) {
        if (this.#rows.running || !cursor.first || this.#firstRow(cursor, requests))
          this.#rows.row(this.#dropUntilReady)
        continue
      }
      this.#rows.pause()
      if (cursor.tag === COPY_DATA) {
        if (cursor.first) requests.queue.reply(COPY_DATA)
        this.#copied.data(this.#dropUntilReady)
        continue
      }
      if (cursor.first ? this.#message(cursor, requests) : this.#passes) this.output.pass(cursor)
    }
  }

  /** True while results go to the client. */
  get #passes(): boolean {
    return this.#rows.cutBy === null && !this.#dropUntilReady
  }

  /** The first row of a result. False: it is the answer to the gateway's own question. */
  #firstRow(cursor: FrameCursor, requests: PostgresRequests): boolean {
    requests.queue.reply(DATA_ROW)
    const { about, statementIndex } = requests.queue
    this.#gate.watch.answered(admissionOf(about))
    if (about instanceof SessionProbe) {
      about.row(this.#body.reset(cursor.bytes, cursor.body, cursor.end))
      return false
    }
    this.#rows.start(about, statementIndex)
    return true
  }

  /** Any other message. True: it goes to the client as it is. */
  #message(cursor: FrameCursor, requests: PostgresRequests): boolean {
    const queue = requests.queue
    const meaning = queue.reply(cursor.tag)
    const about = queue.about
    this.#gate.watch.answered(admissionOf(about))
    this.output.answers(about, cursor.tag, meaning === Reply.Error)
    switch (meaning) {
      case Reply.Asynchronous:
        return this.#asynchronous(cursor, about)
      case Reply.Part:
        return this.#part(cursor, about, queue.statementIndex)
      case Reply.StatementDone:
      case Reply.Done:
        return this.#done(cursor, requests, queue.kind, about)
      case Reply.Error:
      case Reply.Fatal:
        return this.#error(cursor, requests, queue.kind, about)
      case Reply.Ready:
        return this.#ready(cursor, requests, about)
      default:
        return meaning satisfies never
    }
  }

  #asynchronous(cursor: FrameCursor, about: Asked | undefined): boolean {
    if (cursor.tag === 0x4e /* N */) {
      if (about instanceof SessionProbe || about instanceof InjectedDescribe) return false
      if (this.#redacts(about)) return this.#redacted(cursor)
      return this.output.replace(this.#classified(cursor, admissionOf(about)))
    }
    if (cursor.tag === 0x41 /* A */ && this.#gate.authority.masksAny) {
      this.output.send(withoutPayload(this.#body.reset(cursor.bytes, cursor.body, cursor.end)))
      return false
    }
    if (cursor.tag === 0x53 /* S */) {
      const detail = pinnedChange(this.#body.reset(cursor.bytes, cursor.body, cursor.end))
      if (detail !== null) {
        this.#ended = true
        this.#options.over({ kind: 'setting', detail })
        return false
      }
    }
    return (cursor.tag !== 0x41 && cursor.tag !== 0x53) || this.output.replace(this.#classified(cursor, null))
  }

  #part(cursor: FrameCursor, about: Asked | undefined, statementIndex: number): boolean {
    if (about instanceof SessionProbe || about instanceof InjectedDescribe) return false
    if (cursor.tag === 0x48 /* H */) this.#copied.start(about, statementIndex)
    if (!this.#passes) return false
    if (cursor.tag === 0x54 /* T */ && about instanceof SimpleQuery) this.#rows.describedSimple(about, statementIndex)
    return true
  }

  #done(cursor: FrameCursor, requests: PostgresRequests, kind: RequestKind, about: Asked | undefined): boolean {
    if (about instanceof SimpleQuery) {
      if (cursor.tag === 0x43 /* C */) {
        this.#countRows(cursor, about.admission)
        this.#names.ran(about.admission.judgement, requests.queue.statementIndex)
      }
    } else if (about instanceof Portal) {
      if (kind === RequestKind.Bind) requests.portals.confirm(about)
      else if (kind === RequestKind.DescribePortal) {
        if (cursor.tag === 0x54 /* T */) this.#rows.describedPortal(about)
      } else {
        if (about.judgement.redactReports) this.#batchRedacts = true
        if (cursor.tag === 0x43) {
          this.#countRows(cursor, about.admission)
          this.#names.ran(about.judgement, 0)
        }
        if (cursor.tag === 0x73 /* s */) this.#suspended.add(about)
        else if (this.#rows.cutBy === null) this.#gate.outcome(about.admission, null)
      }
    } else if (about instanceof PreparedStatement) {
      if (kind === RequestKind.Parse) requests.statements.confirm(about)
      else if (cursor.tag === 0x54 /* T */ && changesRows(about.judgement.authority))
        this.#rows.describedStatement(about)
    } else if (about instanceof Closing) {
      if (about.portal) requests.portals.forget(about.name)
      else requests.statements.forget(about.name)
    } else if (about instanceof InjectedDescribe) {
      if (cursor.tag === 0x54 /* T */) this.#rows.describedStatement(about.statement)
      return false
    } else if (about instanceof SessionProbe) {
      if (kind === RequestKind.Close) about.settle()
      return false
    } else if (about instanceof Refused)
      throw new ProtocolError('UNEXPECTED_MESSAGE', 'the database accepted what it had to reject')
    // Whatever else is done was done before the statement that is cut.
    const runs = kind === RequestKind.Query || kind === RequestKind.Execute
    return runs ? this.#endOfResult(about) : !this.#dropUntilReady
  }

  /** A cut result ends with its refusal. True: the message that ends it goes to the client as it is. */
  #endOfResult(about: Asked | undefined): boolean {
    const cut = this.#rows.takeCut()
    if (cut === null) return !this.#dropUntilReady
    const admission = admissionOf(about)
    if (admission !== null) this.#gate.outcome(admission, SQLSTATES[cut.code])
    this.#dropUntilReady = true
    this.output.send(encodeRefusal(cut))
    return false
  }

  #error(cursor: FrameCursor, requests: PostgresRequests, kind: RequestKind, about: Asked | undefined): boolean {
    const classified = this.#classified(cursor, admissionOf(about))
    return this.#errorPasses(cursor, requests, kind, about) && this.output.replace(classified)
  }

  #errorPasses(cursor: FrameCursor, requests: PostgresRequests, kind: RequestKind, about: Asked | undefined): boolean {
    const report = readReport(cursor)
    const fatal = report.severity === 'FATAL' || report.severity === 'PANIC'
    const admission = admissionOf(about)
    const refusal = about instanceof Refused ? about.refusal : (admission?.refusal ?? null)
    if (about instanceof PreparedStatement && kind === RequestKind.Parse) requests.statements.drop(about)
    if (about instanceof Portal && kind === RequestKind.Bind) requests.portals.drop(about)
    if (about instanceof SessionProbe) about.settle()
    const cut = this.#rows.takeCut()
    if (admission !== null) this.#gate.outcome(admission, cut === null ? report.sqlstate : SQLSTATES[cut.code])
    if (this.#dropUntilReady && !fatal) return false
    if (cut !== null && !fatal) {
      this.#dropUntilReady = true
      this.output.send(encodeRefusal(cut))
      return false
    }
    if (refusal !== null && !fatal) {
      this.output.send(encodeRefusal(refusal))
      return false
    }
    // Alone, it is nothing the client asked: its own statement comes next, and meets the state this has left.
    if (about instanceof SessionProbe) return about.inBatch || fatal
    if (about instanceof InjectedDescribe) return true // the batch failed, the client has to know
    return !this.#redacts(about) || this.#redacted(cursor, report)
  }

  #ready(cursor: FrameCursor, requests: PostgresRequests, about: Asked | undefined): boolean {
    this.#rows.takeCut()
    this.#dropUntilReady = false
    this.#batchRedacts = false
    this.#names.ready(cursor.bytes[cursor.body] ?? 0, requests.queue.length === 0)
    if (this.#names.transactionStatus === 0x49 /* I */) {
      requests.portals.forgetAll()
      if (this.#suspended.size > 0) this.#endSuspended()
    }
    if (about instanceof SimpleQuery) this.#gate.outcome(about.admission, null)
    return !(about instanceof SessionProbe)
  }

  #endSuspended(): void {
    for (const portal of this.#suspended) this.#gate.outcome(portal.admission, null)
    this.#suspended.clear()
  }

  #countRows(cursor: FrameCursor, admission: Admission): void {
    if (admission.rows === 0) admission.rows = trailingNumber(cursor.bytes, cursor.body, cursor.end - 1)
  }

  #redacts(about: Asked | undefined): boolean {
    // At Sync the implicit transaction of a batch commits, and checks put off until then report.
    return about === NOTHING ? this.#batchRedacts : redactsReports(about)
  }

  #classified(cursor: FrameCursor, admission: Admission | null): Buffer | null {
    return classifiedReport(this.#gate.authority.classifier, cursor, admission)
  }

  /** Puts a report without the server's text in place of this one. Returns false, for the caller to pass on. */
  #redacted(cursor: FrameCursor, report: ServerReport = readReport(cursor)): false {
    this.output.send(encodeRedactedReport(cursor.tag, report.severity, report.sqlstate))
    return false
  }
}
