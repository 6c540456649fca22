import { BACKEND_LIMITS, BodyReader, decodeDataRow, decodeReport, MessageWriter } from '@gatehouse/postgres-wire'
import { LoginFrames } from './login-frames.ts'
import type { Upstream } from './upstream.ts'

/** Rows of the gateway's own queries are the catalog's: none is larger. */
const OWN_MESSAGE_BYTES = 64 * 1024 * 1024

/** Runs the gateway's own queries on an upstream session that no client uses (yet). */
export class OwnQueries {
  readonly #upstream: Upstream
  readonly #frames: LoginFrames

  constructor(upstream: Upstream) {
    this.#upstream = upstream
    this.#frames = new LoginFrames(upstream.connection, BACKEND_LIMITS(OWN_MESSAGE_BYTES))
  }

  /** All rows of one query, cells as text, NULL as null. Rejects with the server's message, or when the connection ends. */
  async rows(sql: string): Promise<(string | null)[][]> {
    this.#upstream.connection.write(new MessageWriter().begin(0x51 /* Q */).cString(sql).end().take())
    const rows: (string | null)[][] = []
    let failure: Error | null = null
    for (;;) {
      const frame = await this.#frames.next()
      if (frame.tag === 0x44 /* D */) {
        rows.push(
          decodeDataRow(new BodyReader(frame.body)).cells.map((cell) => (cell === null ? null : cell.toString('utf8'))),
        )
      } else if (frame.tag === 0x45 /* E */) {
        failure = new Error(
          decodeReport('ErrorResponse', new BodyReader(frame.body)).fields.get('M') ?? 'unknown error',
        )
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
