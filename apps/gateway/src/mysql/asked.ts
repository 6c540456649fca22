import type { Admission, Judgement, StatementFacts } from '@gatehouse/core'
import type { ResponseKind } from '@gatehouse/mysql-wire'
import type { MysqlNames } from '@gatehouse/sql-analysis'

/**
 * A command that was sent to the upstream and is not answered yet; there is one at a time. `MysqlRequests` hands it to
 * `MysqlResponses.expect` before the command's bytes are staged, and hears of its end by `answered`.
 */
export interface Asked {
  /** What its response looks like. */
  readonly response: ResponseKind
  /** Sequence id of the response's first packet: 1, or more where the client's command was of several packets. */
  readonly sequenceId: number
  /** What it runs under; null for what runs no statement (COM_PING, COM_STMT_PREPARE, COM_STMT_RESET …). Of COM_STMT_FETCH: that of the execution. */
  readonly admission: Admission | null
  /** What was decided about the text that is run or prepared; its obligations hold for the rows. Null: there is no text. */
  readonly judgement: Judgement | null
  /** Of a text that runs: what its names were resolved against, and the text. Absent, or null: nothing runs. */
  readonly read?: { readonly names: MysqlNames; readonly sql: string } | null
  /** The statement that is prepared, executed or fetched from; null for all other commands. */
  readonly statement: PreparedStatement | null
}

/** A prepared statement of the binary protocol. Its text is judged again when it is executed after rules or names changed. */
export class PreparedStatement {
  readonly text: Buffer
  /** The same for the trail. */
  readonly sql: string
  judgement: Judgement
  /** What was read in it when it was prepared. */
  readonly read: readonly StatementFacts[]
  /** What its names were resolved against last. */
  names: MysqlNames
  /** The server's id; 0 until the reply to COM_STMT_PREPARE is there. Set by the responses side from the reply. */
  id = 0
  /** How many `?` it has. Set with `id`. */
  parameters = 0
  /** Types of its parameters as last sent, and which came by COM_STMT_SEND_LONG_DATA. */
  readonly memory: { types: Uint16Array | undefined; longData: Set<number> | undefined } = {
    types: undefined,
    longData: undefined,
  }
  /** The types in `memory` came with an execution that was refused: the server does not have them. */
  typesUnsent = false
  /** It was executed under other modes, by which the server may have read it again: what it means is not known any more. */
  meaningLost = false
  /** The execution whose rows COM_STMT_FETCH gets; null: no cursor is open. Set by the responses side. */
  cursor: Admission | null = null

  constructor(text: Buffer, judgement: Judgement, names: MysqlNames) {
    this.text = text
    this.sql = text.toString('utf8')
    this.judgement = judgement
    this.read = judgement.facts?.statements ?? []
    this.names = names
  }
}

/** What the responses side tells of a command that is answered in full. */
export interface Answered {
  /** Told once the last packet of the response is read; `failed`: it was an ERR. The next command may go. */
  answered(asked: Asked, failed: boolean): void
}
