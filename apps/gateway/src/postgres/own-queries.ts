import {
  BACKEND_LIMITS,
  BodyReader,
  type CellValue,
  decodeDataRow,
  decodeParameterDescription,
  decodeReport,
  encodeBind,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  type FormatCode,
  MessageWriter,
} from '@gatehouse/postgres-wire'
import { UpstreamUnavailable } from '../upstream-dial.ts'
import { LoginFrames } from './login-frames.ts'
import type { Upstream } from './upstream.ts'

/** Rows of the gateway's own queries are the catalog's: none is larger. */
const OWN_MESSAGE_BYTES = 64 * 1024 * 1024

/** The server's ErrorResponse to one of them. */
class ServerReport extends Error {
  readonly sqlstate: string

  constructor(message: string, sqlstate: string) {
    super(message)
    this.sqlstate = sqlstate
  }
}

interface Answer {
  readonly rows: (string | null)[][]
  readonly parameterTypes: readonly number[]
}

/** Runs the gateway's own queries on an upstream session that no client uses (yet). */
export class OwnQueries {
  readonly #target: string
  readonly #upstream: Upstream
  readonly #patienceMilliseconds: number
  readonly #frames: LoginFrames

  /** `target` is for the messages of errors; `patienceMilliseconds` is the longest wait for the next message. */
  constructor(target: string, upstream: Upstream, patienceMilliseconds: number) {
    this.#target = target
    this.#patienceMilliseconds = patienceMilliseconds
    this.#upstream = upstream
    this.#frames = new LoginFrames(upstream.connection, BACKEND_LIMITS(OWN_MESSAGE_BYTES))
  }

  /**
   * All rows of one query, cells as text, NULL as null. Rejects with `UpstreamUnavailable` when the server reports an
   * error (then with its SQLSTATE, and the connection goes on), or the connection ends, or nothing comes for
   * `patienceMilliseconds` (then it is of no use any more).
   */
  async rows(sql: string, patienceMilliseconds: number = this.#patienceMilliseconds): Promise<(string | null)[][]> {
    const query = new MessageWriter().begin(0x51 /* Q */).cString(sql).end().take()
    return (await this.#ask(query, patienceMilliseconds)).rows
  }

  /**
   * Parses one statement by the extended protocol, which takes one and no more: for a text that is not the gateway's own. Gives
   * the types of its parameters as the server has them. `types`: as they are declared; 0, or none, is left to the server. Rejects
   * as `rows`.
   */
  async parse(sql: string, types: readonly number[]): Promise<readonly number[]> {
    const writer = new MessageWriter()
    encodeParse({ kind: 'Parse', name: '', text: sql, parameterTypes: types }, writer)
    encodeDescribe({ kind: 'Describe', target: 'statement', name: '' }, writer)
    return (await this.#ask(sync(writer), this.#patienceMilliseconds)).parameterTypes
  }

  /** All rows of what `parse` parsed last, as `rows` gives them. A format for each parameter. */
  async rowsOfParsed(
    parameterFormats: readonly FormatCode[],
    parameters: readonly CellValue[],
  ): Promise<(string | null)[][]> {
    const writer = new MessageWriter()
    encodeBind({ kind: 'Bind', portal: '', statement: '', parameterFormats, parameters, resultFormats: [] }, writer)
    encodeExecute({ kind: 'Execute', portal: '', maxRows: 0 }, writer)
    return (await this.#ask(sync(writer), this.#patienceMilliseconds)).rows
  }

  async #ask(request: Buffer, patienceMilliseconds: number): Promise<Answer> {
    const late = (): void => this.#frames.interrupt(`no answer within ${patienceMilliseconds} ms`)
    const timer = setTimeout(late, patienceMilliseconds)
    try {
      return await this.#answer(request, timer)
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error)
      const sqlstate = error instanceof ServerReport ? error.sqlstate : null
      throw new UpstreamUnavailable(this.#target, "the database did not answer the gateway's own query", what, sqlstate)
    } finally {
      clearTimeout(timer)
    }
  }

  async #answer(request: Buffer, timer: NodeJS.Timeout): Promise<Answer> {
    this.#upstream.connection.write(request)
    const rows: (string | null)[][] = []
    let parameterTypes: readonly number[] = []
    let failure: ServerReport | null = null
    for (;;) {
      const frame = await this.#frames.next()
      timer.refresh()
      if (frame.tag === 0x44 /* D */) {
        rows.push(
          decodeDataRow(new BodyReader(frame.body)).cells.map((cell) => (cell === null ? null : cell.toString('utf8'))),
        )
      } else if (frame.tag === 0x74 /* t */) {
        parameterTypes = decodeParameterDescription(new BodyReader(frame.body)).parameterTypes
      } else if (frame.tag === 0x45 /* E */) {
        const { fields } = decodeReport('ErrorResponse', new BodyReader(frame.body))
        failure = new ServerReport(fields.get('M') ?? 'unknown error', fields.get('C') ?? 'XX000')
      } else if (frame.tag === 0x5a /* Z */) {
        if (failure !== null) throw failure
        return { rows, parameterTypes }
      }
    }
  }

  /** Hands the connection on: whoever receives next, reads next. */
  release(): void {
    this.#frames.detach()
  }

  close(): void {
    this.#upstream.connection.destroy()
  }
}

function sync(writer: MessageWriter): Buffer {
  return writer.begin(0x53 /* S */).end().take()
}
