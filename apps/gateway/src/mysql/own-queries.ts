import {
  BinaryRowWalker,
  type BoundValue,
  type ColumnDefinition,
  ColumnFlag,
  Command,
  decodeColumnDefinition,
  decodeErr,
  decodeParameterValue,
  encodePrepare,
  encodeQuery,
  encodeStatementExecute,
  LARGEST_PAYLOAD,
  type PacketWriter,
  PayloadReader,
  type PrepareOk,
  ResponseKind,
  ResponsePart,
  ResponseReader,
  UNSIGNED_FLAG,
} from '@gatehouse/mysql-wire'
import type { Connection } from '../connection.ts'
import { messageOf, UpstreamUnavailable } from '../upstream-dial.ts'
import { LoginPackets } from './login-packets.ts'

/** Rows of the gateway's own queries are the catalog's: none is larger. */
const OWN_PAYLOAD_BYTES = Math.min(64 * 1024 * 1024, LARGEST_PAYLOAD)

/** A connection to run them on, past its login, with nothing under way. `capabilities`: what was agreed on. */
export interface IdleUpstream {
  readonly connection: Connection
  readonly capabilities: number
}

/** The server's ERR packet to one of them. */
class ServerError extends Error {
  readonly sqlstate: string

  constructor(message: string, sqlstate: string) {
    super(message)
    this.sqlstate = sqlstate
  }
}

interface Answer {
  readonly rows: (string | null)[][]
  /** Of COM_STMT_PREPARE. */
  readonly prepared: PrepareOk | null
}

/** Runs the gateway's own queries on an upstream connection while no client's command is under way there. */
export class OwnQueries {
  readonly #target: string
  readonly #upstream: IdleUpstream
  readonly #patienceMilliseconds: number
  readonly #packets: LoginPackets

  /** `target` is for the messages of errors; `patienceMilliseconds` is the longest wait for the next packet. */
  constructor(target: string, upstream: IdleUpstream, patienceMilliseconds: number) {
    this.#target = target
    this.#patienceMilliseconds = patienceMilliseconds
    this.#upstream = upstream
    this.#packets = new LoginPackets(upstream.connection, OWN_PAYLOAD_BYTES, false)
  }

  /** Makes the server forget what was sent for the next execution of a prepared statement. Rejects as `rows`. */
  async resetStatement(id: number): Promise<void> {
    await this.#answer(ResponseKind.Status, (writer) => writer.begin(0).int1(Command.STMT_RESET).int4(id).end())
  }

  /**
   * All rows of one statement, cells as text, NULL as null; no rows where it returns none. Rejects with `UpstreamUnavailable`
   * when the server reports an error (then with its SQLSTATE, and the connection goes on), or the connection ends, or
   * nothing comes for `patienceMilliseconds` (then it is of no use any more).
   */
  async rows(sql: string, patienceMilliseconds: number = this.#patienceMilliseconds): Promise<(string | null)[][]> {
    const query = (writer: PacketWriter): void => encodeQuery(sql, this.#upstream.capabilities, writer)
    return (await this.#answer(ResponseKind.Text, query, patienceMilliseconds)).rows
  }

  /**
   * Prepares one statement, which is never several, runs it with these values and gives its rows, as `rows` does; for a
   * connection that is closed afterwards. Rejects as `rows`, and when it has not as many parameters.
   */
  async rowsOfPrepared(
    sql: string,
    values: readonly BoundValue[],
    patienceMilliseconds: number,
  ): Promise<(string | null)[][]> {
    const { prepared } = await this.#answer(
      ResponseKind.Prepare,
      (writer) => encodePrepare(sql, writer),
      patienceMilliseconds,
    )
    if (prepared?.parameters !== values.length)
      throw new UpstreamUnavailable(this.#target, 'a statement has another number of parameters', '')
    const { statementId } = prepared
    const run = (writer: PacketWriter): void => encodeStatementExecute(statementId, values, writer)
    return (await this.#answer(ResponseKind.Binary, run, patienceMilliseconds)).rows
  }

  async #answer(
    kind: ResponseKind,
    encode: (writer: PacketWriter) => void,
    patienceMilliseconds: number = this.#patienceMilliseconds,
  ): Promise<Answer> {
    const late = (): void => this.#packets.interrupt(`no answer within ${patienceMilliseconds} ms`)
    const timer = setTimeout(late, patienceMilliseconds)
    try {
      return await this.#read(kind, encode, timer)
    } catch (error) {
      const sqlstate = error instanceof ServerError ? error.sqlstate : null
      const what = "the database did not answer the gateway's own query"
      throw new UpstreamUnavailable(this.#target, what, messageOf(error), sqlstate)
    } finally {
      clearTimeout(timer)
    }
  }

  async #read(kind: ResponseKind, encode: (writer: PacketWriter) => void, timer: NodeJS.Timeout): Promise<Answer> {
    const reader = new ResponseReader({ capabilities: this.#upstream.capabilities, mariadbCapabilities: 0 })
    reader.begin(kind)
    this.#packets.write(encode)
    const rows: (string | null)[][] = []
    const columns: ColumnDefinition[] = []
    while (!reader.over) {
      const payload = await this.#packets.next()
      timer.refresh()
      const part = reader.packet(payload, 0, payload.length, payload.length)
      if (part === ResponsePart.Row)
        rows.push(kind === ResponseKind.Binary ? binaryCellsOf(payload, columns) : cellsOf(payload))
      else if (part === ResponsePart.ColumnDefinition)
        columns.push(decodeColumnDefinition(new PayloadReader(payload), false))
      else if (part === ResponsePart.Err) {
        const { errorCode, errorMessage, sqlState } = decodeErr(new PayloadReader(payload))
        throw new ServerError(`error ${errorCode}: ${errorMessage}`, sqlState)
      } else if (part === ResponsePart.LocalInfile) throw new Error('the database asks for a file')
    }
    return { rows, prepared: reader.prepared }
  }

  /** Hands the connection on: whoever receives next, reads next. */
  release(): void {
    this.#packets.detach()
  }

  close(): void {
    this.#upstream.connection.destroy()
  }
}

function cellsOf(payload: Buffer): (string | null)[] {
  const reader = new PayloadReader(payload)
  const cells: (string | null)[] = []
  while (reader.remaining > 0) cells.push(reader.lenencBytesOrNull()?.toString('utf8') ?? null)
  return cells
}

function binaryCellsOf(payload: Buffer, columns: readonly ColumnDefinition[]): (string | null)[] {
  const walker = new BinaryRowWalker(columns.map(({ type }) => type))
  walker.reset(payload, 0, payload.length)
  const cells: (string | null)[] = []
  while (walker.next()) {
    const { type = 0, flags = 0 } = columns[walker.index] ?? {}
    const signed = (flags & ColumnFlag.UNSIGNED) === 0 ? type : type | UNSIGNED_FLAG
    const value = walker.isNull ? null : decodeParameterValue(signed, payload.subarray(walker.start, walker.end))
    cells.push(value === null ? null : value.toString())
  }
  return cells
}
