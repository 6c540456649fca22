import type { Admission, AuditedParameter, Gate, Judgement, Refusal, TextFacts } from '@gatehouse/core'
import {
  Capability,
  type ChangeUser,
  type CommandMessage,
  CommandReader,
  encodeInitDb,
  encodeOk,
  encodeQuery,
  PacketWriter,
  PayloadReader,
  ProtocolError,
  type Query,
  ResponseKind,
  ServerStatus,
} from '@gatehouse/mysql-wire'
import type { MysqlNames } from '@gatehouse/sql-analysis'
import type { Connection } from '../connection.ts'
import type { SessionHold } from '../holding/session-hold.ts'
import type { Turn } from '../turn.ts'
import type { Answered, Asked, PreparedStatement } from './asked.ts'
import { auditedParameters } from './audited-parameters.ts'
import { CommandFlow, type FlowOwner } from './command-flow.ts'
import { type Killer, type KillRequest, readKill } from './own-kill.ts'
import { type BoundExecution, PreparedRequests } from './prepared-requests.ts'
import { commandRefused, encodeRefusal, encodeUnknownOption } from './refusal.ts'
import type { MysqlResponses } from './responses.ts'
import type { SessionNames } from './session-names.ts'
import { type CommandBytes, StagedRequests } from './staged-requests.ts'
import { StatementJudge } from './statement-judge.ts'

/** What the requests side needs of the session it belongs to. */
export interface RequestsOptions {
  readonly client: Connection
  readonly upstream: Connection
  readonly turn: Turn
  readonly gate: Gate<MysqlNames>
  readonly names: SessionNames
  readonly hold: SessionHold
  readonly responses: MysqlResponses
  /** What is agreed with the client. */
  readonly clientCapabilities: number
  /** What is agreed with the upstream. */
  readonly capabilities: number
  readonly maxMessageBytes: number
  /** The schema that a client means which asks for the target by its name; null: it means what it says. */
  readonly schemaOf: (name: string) => string | null
  /** How to stop a statement, or end a session, of the same principal; null: it has no such connection. `done`: it was told. */
  readonly killer: (request: KillRequest) => Killer | null
  /** The same for connections to other gateways. Never rejects. */
  readonly killerElsewhere: (request: KillRequest) => Promise<Killer | null>
  /** Work of the gateway's own on the upstream that has to be done before the next command; null: there is none. */
  readonly work: () => Promise<void> | null
  /** The session was reset: whatever it was set to is the server's default again. */
  readonly wasReset: () => void
  /** The client wants to log in anew. `early`: what it sent behind that. */
  readonly changeUser: (message: ChangeUser, nextSequenceId: number, early: Buffer) => void
  /** The client broke the protocol, or said goodbye (null). */
  readonly over: (fault: ProtocolError | null) => void
}

/** The client's commands: each statement through the gate, then staged for the upstream, or refused. */
export class MysqlRequests implements FlowOwner, Answered {
  readonly flow: CommandFlow
  /** Statements that were forwarded. */
  admitted = 0
  readonly #options: RequestsOptions
  readonly #staged: StagedRequests
  readonly #judge: StatementJudge
  readonly #prepared: PreparedRequests
  readonly #reader: CommandReader
  readonly #payload = new PayloadReader()
  /** The COM_RESET_CONNECTION that is under way. */
  #resetting: Asked | null = null
  /** What was found on other gateways for the KILL that waits; null: nothing; undefined: it was not looked for. */
  #killerElsewhere: Killer | null | undefined = undefined

  constructor(options: RequestsOptions) {
    this.#options = options
    const { client, upstream, turn, capabilities, gate, names, hold, responses, clientCapabilities } = options
    this.flow = new CommandFlow(client, options.maxMessageBytes, this)
    this.#staged = new StagedRequests(upstream, turn, capabilities)
    this.#judge = new StatementJudge(gate, names, this.flow.resume)
    const session = { gate, names, hold, responses, clientCapabilities }
    this.#prepared = new PreparedRequests(session, this.#judge, this.#staged, this)
    this.#reader = new CommandReader({ capabilities: clientCapabilities, mariadbCapabilities: 0 })
  }

  work(): Promise<void> | null {
    return this.#options.work()
  }

  /** Statements whose long data the server has to forget. */
  get toReset(): Set<PreparedStatement> {
    return this.#prepared.toReset
  }

  /** @see PreparedRequests.asking */
  get asking(): BoundExecution | null {
    return this.#prepared.asking
  }

  over(fault: ProtocolError | null): void {
    this.#options.over(fault)
  }

  answered(asked: Asked, failed: boolean): void {
    const { judgement, admission, read = null } = asked
    this.#prepared.answered(asked, failed)
    if (admission !== null && judgement !== null && read !== null) {
      const inTransaction = (this.#options.responses.statusFlags & ServerStatus.IN_TRANS) !== 0
      this.#options.names.answered(judgement, failed, read.names, read.sql, inTransaction)
      // An EOF behind rows does not tell what a function has changed (modes are put back when it ends, other settings are not).
      const { names, clientCapabilities } = this.#options
      if (judgement.changesNames && (clientCapabilities & Capability.DEPRECATE_EOF) === 0 && returnsRows(judgement))
        names.trackingLost = true
    }
    if (asked === this.#resetting) {
      this.#resetting = null
      if (!failed) {
        this.#prepared.forget()
        this.#judge.forget()
        this.#options.wasReset()
      }
    }
    this.flow.done()
  }

  command(command: CommandBytes): void {
    const message = this.#read(command)
    if (message === null) return this.refuse(command, commandRefused('that'))
    switch (message.kind) {
      case 'COM_QUERY':
        return this.#query(command, message)
      case 'COM_STMT_PREPARE':
        return this.#prepared.prepare(command, message.text)
      case 'COM_STMT_EXECUTE':
        return this.#prepared.execute(command, message)
      case 'COM_STMT_FETCH':
        return this.#prepared.fetch(command, message.statementId)
      case 'COM_STMT_RESET':
        return this.#prepared.reset(command, message.statementId)
      case 'COM_STMT_CLOSE':
        return this.#prepared.close(command, message.statementId)
      case 'COM_STMT_SEND_LONG_DATA':
        return this.#prepared.longData(command, message.statementId, message.parameter)
      case 'COM_INIT_DB':
        return this.#initDb(command, message.schema.toString('utf8'))
      case 'COM_FIELD_LIST':
        return this.#as(command, `SHOW COLUMNS FROM ${quoted(message.table.toString('utf8'))}`, ResponseKind.FieldList)
      case 'COM_PROCESS_INFO':
        return this.#as(command, 'SHOW PROCESSLIST', ResponseKind.Text)
      case 'COM_PROCESS_KILL': {
        const { threadId } = message
        const text = `KILL ${threadId}`
        if (!this.#kill(command, { threadId, connection: true }, text)) this.#as(command, text, ResponseKind.Status)
        return
      }
      case 'COM_SET_OPTION':
        if (message.option > LAST_OPTION) return this.#say(encodeUnknownOption(command.packets))
        return this.pass(command, ResponseKind.Status, null)
      case 'COM_PING':
        return this.pass(command, ResponseKind.Status, null)
      case 'COM_STATISTICS':
        return this.pass(command, ResponseKind.Statistics, null)
      case 'COM_RESET_CONNECTION':
        this.#options.responses.closeCursors()
        this.#resetting = this.ask(command, ResponseKind.Status, null, null, null)
        return this.#staged.forward(command)
      case 'COM_CHANGE_USER':
        this.flow.begin()
        return this.#options.changeUser(message, command.packets, this.flow.takeEarly())
      case 'COM_QUIT':
        this.flow.end()
        return this.#options.over(null)
      default:
        return this.refuse(command, commandRefused(message.kind))
    }
  }

  /** Null: a command that there is not, or that was not agreed on. */
  #read({ bytes, payload, end }: CommandBytes): CommandMessage | null {
    try {
      return this.#reader.read(this.#payload.reset(bytes, payload, end), bytes)
    } catch (error) {
      if (error instanceof ProtocolError && error.code === 'UNKNOWN_PACKET') return null
      throw error
    }
  }

  #query(command: CommandBytes, { text, attributes }: Query): void {
    const { bytes, end } = command
    const start = end - text.length
    const request = readKill(text)
    if (request !== null && this.#kill(command, request, text.toString('latin1'))) return
    const schema = this.#schemaOfUse(text)
    if (schema !== null) return this.#use(command, schema)
    const judgement = this.#judge.judge(bytes, start, end)
    if (judgement === null) return this.flow.wait(command)
    const sql = bytes.toString('utf8', start, end)
    const parameters = attributes === undefined ? null : auditedParameters(attributes)
    attributes?.clear()
    if (!this.#runs(command, judgement, sql, parameters, ResponseKind.Text)) return
    if (judgement.forwardText === null) this.#staged.forward(command)
    else this.#staged.forwardText(command, start, judgement.forwardText)
  }

  /** A client that says USE with the target's name means the target's own schema: what it is to be told; null: any other text. */
  #schemaOfUse(text: Buffer): string | null {
    // Most texts are told apart by their length or first byte.
    if (text.length > USE_BYTES || (text[0] !== 0x55 && text[0] !== 0x75)) return null
    const name = USE.exec(text.toString('utf8'))?.[1]
    return name === undefined ? null : this.#options.schemaOf(name)
  }

  #use(command: CommandBytes, schema: string): void {
    const sql = `USE ${quoted(schema)}`
    encodeQuery(sql, this.#options.capabilities, writer)
    return this.#as(command, sql, ResponseKind.Text, writer.take())
  }

  /** USE, as a command. */
  #initDb(command: CommandBytes, name: string): void {
    const schema = this.#options.schemaOf(name)
    if (schema === null) return this.#as(command, `USE ${quoted(name)}`, ResponseKind.Status)
    encodeInitDb(schema, writer)
    return this.#as(command, `USE ${quoted(schema)}`, ResponseKind.Status, writer.take())
  }

  /** A command that does what a statement does is judged as that. `instead`: packets that go in its place. */
  #as(command: CommandBytes, sql: string, response: ResponseKind, instead: Buffer | null = null): void {
    const text = Buffer.from(sql)
    const judgement = this.#judge.judge(text, 0, text.length)
    if (judgement === null) return this.flow.wait(command)
    if (!this.#runs(command, judgement, sql, null, response)) return
    if (instead === null) this.#staged.forward(command)
    else this.#staged.instead(instead)
  }

  /** Records a judged statement. True: it may be forwarded, and its response is expected; false: it was refused, or waits. */
  #runs(
    command: CommandBytes,
    judgement: Judgement,
    sql: string,
    parameters: readonly AuditedParameter[] | null,
    response: ResponseKind,
  ): boolean {
    const { gate, hold } = this.#options
    const admission = hold.admit(gate, judgement, sql, parameters, NO_TYPES)
    if (admission === null) {
      this.flow.wait(command)
      return false
    }
    if (admission.refusal !== null) {
      this.refuse(command, admission.refusal, admission.intent)
      return false
    }
    this.#judge.runs(judgement)
    this.ask(command, response, admission, judgement, null, { names: this.#options.names.environment, sql })
    return true
  }

  /** False: the principal has no such connection on any gateway, and the text is one like any other. */
  #kill(command: CommandBytes, request: KillRequest, sql: string): boolean {
    const { killer, gate, clientCapabilities, responses } = this.#options
    const kill = killer(request) ?? this.#killerElsewhere
    if (kill === undefined) {
      this.flow.wait(command)
      void this.#options.killerElsewhere(request).then((found) => {
        this.#killerElsewhere = found
        this.flow.resume()
      })
      return true
    }
    this.#killerElsewhere = undefined
    if (kill === null) return false
    // Nobody is refused to stop what is their own; it is recorded all the same.
    const admission = gate.admit(gate.judgeFacts(NO_STATEMENT), sql, null)
    if (admission.refusal !== null) {
      this.refuse(command, admission.refusal, admission.intent)
      return true
    }
    this.flow.begin()
    kill(() => {
      gate.outcome(admission, null)
      const ok = encodePlainOk(command.packets, clientCapabilities, responses.statusFlags)
      this.#say(ok, admission.intent)
      this.flow.done()
    })
    return true
  }

  /** A command that is about no text. */
  pass(command: CommandBytes, response: ResponseKind, statement: PreparedStatement | null): void {
    this.ask(command, response, null, null, statement)
    this.#staged.forward(command)
  }

  /** The command is about to be staged, and this is expected in answer to it. */
  ask(
    command: CommandBytes,
    response: ResponseKind,
    admission: Admission | null,
    judgement: Judgement | null,
    statement: PreparedStatement | null,
    read: NonNullable<Asked['read']> | null = null,
  ): Asked {
    const asked = { response, sequenceId: command.packets & 0xff, admission, judgement, statement, read }
    this.#options.responses.expect(asked)
    this.flow.begin()
    if (admission !== null && response !== ResponseKind.Fetch) {
      this.#staged.recorded(admission)
      this.admitted++
    }
    return asked
  }

  /** Tells the client why not. The connection goes on, in whatever transaction it is. */
  refuse({ packets }: CommandBytes, refusal: Refusal, intent = 0): void {
    this.#say(encodeRefusal(refusal, packets), intent)
  }

  #say(packet: Buffer, intent = 0): void {
    this.#options.client.recording?.answer(intent, ResponseKind.Status)
    this.#options.client.stage(packet, 0, packet.length)
  }
}

const writer = new PacketWriter()
const NO_TYPES: readonly number[] = []

/** MYSQL_OPTION_MULTI_STATEMENTS_OFF; the one before it turns them on (MySQL manual, "COM_SET_OPTION"). */
const LAST_OPTION = 1

/** USE in plain form. */
const USE = /^USE\s+`?([A-Za-z0-9_][A-Za-z0-9_.-]{0,62})`?\s*;?\s*$/i
const USE_BYTES = 80

/** What a text is that no statement of SQL is in. */
const NO_STATEMENT: TextFacts = { statements: [], fingerprint: '0000000000000000' }

function returnsRows({ facts }: Judgement): boolean {
  return facts?.statements.some(({ action, output }) => output !== null || action === 'call') ?? true
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

function encodePlainOk(sequenceId: number, capabilities: number, statusFlags: number): Buffer {
  writer.nextSequenceId = sequenceId & 0xff
  const nothing = { affectedRows: 0n, lastInsertId: 0n, warnings: 0, info: '', stateChanges: [] }
  encodeOk({ kind: 'OK', statusFlags, ...nothing }, capabilities, writer)
  return writer.take()
}
