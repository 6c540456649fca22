import { type Admission, type Gate, gatewayRefusal, type Judgement, type Refusal } from '@gatehouse/core'
import {
  type BoundValue,
  Capability,
  type CommandCapabilities,
  decodeParameters,
  LAST_STATEMENT,
  ParameterList,
  ResponseKind,
  type StatementExecute,
} from '@gatehouse/mysql-wire'
import type { MysqlNames } from '@gatehouse/sql-analysis'
import { isDeepStrictEqual } from 'node:util'
import { type Asked, PreparedStatement } from './asked.ts'
import { auditedParameters } from './audited-parameters.ts'
import type { CommandFlow } from './command-flow.ts'
import { sendsTypes, withTypes } from './execute-types.ts'
import { HELP_AS_TEXT, tooManyStatements, unknownStatement } from './refusal.ts'
import type { MysqlResponses } from './responses.ts'
import type { SessionHold } from '../holding/session-hold.ts'
import type { SessionNames } from './session-names.ts'
import type { CommandBytes, StagedRequests } from './staged-requests.ts'
import type { StatementJudge } from './statement-judge.ts'

const NO_TYPES: readonly number[] = []

/** Prepared statements that a session may keep. */
const STATEMENTS_LIMIT = 4096

/** What an execution binds, as it was sent, and what its statement was prepared under. */
export interface BoundExecution {
  readonly values: readonly BoundValue[]
  readonly names: MysqlNames
}

/** The requests that these are part of. */
export interface CommandAsker {
  readonly flow: CommandFlow
  ask(
    command: CommandBytes,
    response: ResponseKind,
    admission: Admission | null,
    judgement: Judgement | null,
    statement: PreparedStatement | null,
    read?: NonNullable<Asked['read']>,
  ): Asked
  pass(command: CommandBytes, response: ResponseKind, statement: PreparedStatement | null): void
  refuse(command: CommandBytes, refusal: Refusal, intent?: number): void
}

/** What they need of the session. */
export interface PreparedSession {
  readonly gate: Gate<MysqlNames>
  readonly names: SessionNames
  readonly hold: SessionHold
  readonly responses: MysqlResponses
  /** What is agreed with the client. */
  readonly clientCapabilities: number
}

/** The commands about prepared statements. Their ids are the server's; only what was prepared in this session is known. */
export class PreparedRequests {
  /** Statements of which the server holds long data for an execution that was refused: to be reset before the next command. */
  readonly toReset: Set<PreparedStatement> = new Set()
  /** The execution that people may be asked about, while it is handed to `SessionHold.admit`; null: none, or a value is not known. */
  asking: BoundExecution | null = null
  readonly #session: PreparedSession
  readonly #judge: StatementJudge
  readonly #staged: StagedRequests
  readonly #asker: CommandAsker
  readonly #agreed: CommandCapabilities
  readonly #named: boolean
  readonly #statements = new Map<number, PreparedStatement>()
  readonly #parameters = new ParameterList()
  /** The statement that was prepared last; null when that failed. */
  #last: PreparedStatement | null = null

  constructor(session: PreparedSession, judge: StatementJudge, staged: StagedRequests, asker: CommandAsker) {
    this.#session = session
    this.#judge = judge
    this.#staged = staged
    this.#asker = asker
    this.#agreed = { capabilities: session.clientCapabilities, mariadbCapabilities: 0 }
    this.#named = (session.clientCapabilities & Capability.QUERY_ATTRIBUTES) !== 0
  }

  /** A command is answered. */
  answered({ response, statement }: Asked, failed: boolean): void {
    if (statement === null) return
    if (response === ResponseKind.Prepare) {
      this.#last = failed ? null : statement
      if (!failed) this.#statements.set(statement.id, statement)
    } else if (response === ResponseKind.Binary) {
      statement.memory.longData = undefined
      statement.typesUnsent = false
    }
  }

  /** All of them are gone: the session was reset. */
  forget(): void {
    this.#statements.clear()
    this.toReset.clear()
    this.#last = null
  }

  /** A text is judged when it is prepared, and again when it is executed; refused here, it gets no id. */
  prepare(command: CommandBytes, text: Buffer): void {
    const start = command.end - text.length
    const judged = this.#judge.judge(command.bytes, start, command.end)
    if (judged === null) return this.#asker.flow.wait(command)
    const { gate, names } = this.#session
    const unanswered = judged.refusal === null && getsNoStatement(judged, names.environment)
    const judgement = unanswered ? gate.decline(HELP_AS_TEXT, judged.facts) : judged
    this.#last = null
    const refusal =
      judgement.refusal === null && this.#statements.size >= STATEMENTS_LIMIT
        ? tooManyStatements(STATEMENTS_LIMIT)
        : this.#refusal(judgement, text)
    if (refusal !== null) return this.#asker.refuse(command, refusal)
    const statement = new PreparedStatement(Buffer.from(text), judgement, names.environment)
    this.#judge.prepares(judgement)
    this.#asker.ask(command, ResponseKind.Prepare, null, judgement, statement)
    if (judgement.forwardText === null) this.#staged.forward(command)
    else this.#staged.forwardText(command, start, judgement.forwardText)
  }

  /** A refused text is recorded when it is prepared; a permitted one when it runs, with its parameters. */
  #refusal(judgement: Judgement, text: Buffer): Refusal | null {
    if (judgement.refusal === null) return null
    return this.#session.gate.admit(judgement, text.toString('utf8'), null).refusal ?? judgement.refusal
  }

  execute(command: CommandBytes, execute: StatementExecute): void {
    const statement = this.#find(execute.statementId)
    if (statement === null) return this.#asker.refuse(command, unknownStatement(execute.statementId))
    const { gate, hold } = this.#session
    gate.watch.prepared()
    const judgement = this.#judge.judgeAgain(statement)
    if (judgement === null) return this.#asker.flow.wait(command)
    const { bytes, payload, end } = command
    const { parameters, memory } = statement
    decodeParameters(execute, bytes, end, parameters, memory, this.#agreed, this.#parameters)
    const values = auditedParameters(this.#parameters)
    const bound = judgement.approval === null ? null : this.#parameters.copied(parameters)
    this.#parameters.clear()
    this.asking = bound === null ? null : { values: bound, names: statement.names }
    // Values that came by themselves are not known here: nobody can say yes to them.
    const unknown = judgement.approval !== null && memory.longData !== undefined
    const admission = unknown
      ? gate.admit(judgement, statement.sql, values)
      : hold.admit(
          gate,
          judgement,
          statement.sql,
          values,
          judgement.approval === null ? NO_TYPES : [...(memory.types ?? [])],
        )
    this.asking = null
    if (admission === null) return this.#asker.flow.wait(command)
    if (admission.refusal !== null) {
      if (sendsTypes(execute, command, parameters, this.#named)) statement.typesUnsent = true
      if (memory.longData !== undefined) this.toReset.add(statement)
      return this.#asker.refuse(command, admission.refusal, admission.intent)
    }
    // MariaDB's name for the statement prepared last is not every server's.
    bytes.writeUInt32LE(statement.id, payload + 1)
    this.#judge.runs(judgement)
    const read = { names: statement.names, sql: statement.sql }
    this.#asker.ask(command, ResponseKind.Binary, admission, judgement, statement, read)
    const types = statement.typesUnsent ? memory.types : undefined
    const rewritten = types === undefined ? null : withTypes(execute, command, parameters, this.#named, types)
    if (rewritten === null) this.#staged.forward(command)
    else this.#staged.instead(rewritten)
  }

  /** More rows of an execution. Should the rules have changed since, they decide again. */
  fetch(command: CommandBytes, id: number): void {
    const statement = this.#find(id)
    const cursor = statement?.cursor ?? null
    if (statement === null || cursor === null) return this.#asker.refuse(command, noCursor(id))
    const { gate } = this.#session
    if (cursor.judgement.authority !== gate.authority) {
      const again = gate.judgeAgain(cursor.judgement)
      // The masks of its rows were made when it was opened.
      const same =
        isDeepStrictEqual(again.obligations, cursor.judgement.obligations) &&
        isDeepStrictEqual(again.approval, cursor.judgement.approval) &&
        !again.classifies
      const refusal = again.refusal ?? (same ? null : rulesChanged(id))
      if (refusal !== null) return this.#asker.refuse(command, refusal)
    }
    this.#asker.ask(command, ResponseKind.Fetch, cursor, cursor.judgement, statement)
    this.#staged.forward(command)
  }

  reset(command: CommandBytes, id: number): void {
    const statement = this.#find(id)
    if (statement === null) return this.#asker.refuse(command, unknownStatement(id))
    statement.memory.longData = undefined
    this.#session.responses.closeCursor(statement)
    this.#asker.pass(command, ResponseKind.Status, null)
  }

  /** Not answered, not even where there is no such statement. */
  close(command: CommandBytes, id: number): void {
    const statement = this.#find(id)
    if (statement === null) return
    this.#session.responses.closeCursor(statement)
    this.#statements.delete(statement.id)
    this.toReset.delete(statement)
    if (this.#last === statement) this.#last = null
    this.#staged.forward(command)
  }

  /** Not answered either: what is wrong with it shows when the statement is executed. */
  longData(command: CommandBytes, id: number, parameter: number): void {
    const statement = this.#find(id)
    if (statement === null || parameter >= statement.parameters) return
    const { memory } = statement
    memory.longData ??= new Set()
    memory.longData.add(parameter)
    this.#staged.forward(command)
  }

  #find(id: number): PreparedStatement | null {
    return id === LAST_STATEMENT ? this.#last : (this.#statements.get(id) ?? null)
  }
}

/** MariaDB answers COM_STMT_PREPARE of HELP with an OK in which there is no statement. */
function getsNoStatement({ facts }: Judgement, { dialect }: MysqlNames): boolean {
  return dialect.flavour === 'mariadb' && facts?.statements.some(({ action }) => action === 'help') === true
}

function rulesChanged(id: number): Refusal {
  return gatewayRefusal(
    'UNKNOWN_PORTAL',
    `prepared statement ${id}`,
    `the rules for the rows of prepared statement ${id} have changed since its cursor was opened`,
    'Execute it again.',
  )
}

function noCursor(id: number): Refusal {
  return gatewayRefusal(
    'UNKNOWN_PORTAL',
    `prepared statement ${id}`,
    `prepared statement ${id} has no open cursor`,
    'Execute it with a cursor first.',
  )
}
