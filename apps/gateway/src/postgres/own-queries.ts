import { BACKEND_LIMITS, BodyReader, decodeDataRow, decodeReport, MessageWriter } from '@gatehouse/postgres-wire'
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
  rows(sql: string, patienceMilliseconds: number = this.#patienceMilliseconds): Promise<(string | null)[][]> {
    return this.#ask(new MessageWriter().begin(0x51 /* Q */).cString(sql).end().take(), patienceMilliseconds)
  }

  /** The same by the extended protocol, which takes one statement and no more: for a text that is not the gateway's own. */
  rowsOfOne(sql: string, patienceMilliseconds: number = this.#patienceMilliseconds): Promise<(string | null)[][]> {
    const writer = new MessageWriter()
    writer.begin(0x50 /* P */).cString('').cString(sql).int16(0).end()
    writer.begin(0x42 /* B */).cString('').cString('').int16(0).int16(0).int16(0).end()
    writer.begin(0x45 /* E */).cString('').int32(0).end()
    return this.#ask(writer.begin(0x53 /* S */).end().take(), patienceMilliseconds)
  }

  async #ask(request: Buffer, patienceMilliseconds: number): Promise<(string | null)[][]> {
    const late = (): void => this.#frames.interrupt(`no answer within ${patienceMilliseconds} ms`)
    const timer = setTimeout(late, patienceMilliseconds)
    try {
      return await this.#rows(request, timer)
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error)
      const sqlstate = error instanceof ServerReport ? error.sqlstate : null
      throw new UpstreamUnavailable(this.#target, "the database did not answer the gateway's own query", what, sqlstate)
    } finally {
      clearTimeout(timer)
    }
  }

  async #rows(request: Buffer, timer: NodeJS.Timeout): Promise<(string | null)[][]> {
    this.#upstream.connection.write(request)
    const rows: (string | null)[][] = []
    let failure: ServerReport | null = null
    for (;;) {
      const frame = await this.#frames.next()
      timer.refresh()
      if (frame.tag === 0x44 /* D */) {
        rows.push(
          decodeDataRow(new BodyReader(frame.body)).cells.map((cell) => (cell === null ? null : cell.toString('utf8'))),
        )
      } else if (frame.tag === 0x45 /* E */) {
        const { fields } = decodeReport('ErrorResponse', new BodyReader(frame.body))
        failure = new ServerReport(fields.get('M') ?? 'unknown error', fields.get('C') ?? 'XX000')
      } else if (frame.tag === 0x5a /* Z */) {
        if (failure !== null) throw failure
        return rows
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
