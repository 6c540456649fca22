import { connect, type Socket } from 'node:net'

/** One message of the server: its tag and body, as they came. */
export interface RawMessage {
  readonly tag: string
  readonly body: Buffer
}

/** Where a raw client logs in. `password` answers AuthenticationCleartextPassword; null: the server asks for none. */
export interface RawLogin {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  readonly password: string | null
}

/** Sends the bytes it is given and hands back the server's messages: no driver that tidies anything on the way. */
export class RawClient {
  readonly #socket: Socket
  #bytes: Buffer = Buffer.alloc(0)
  #messages: RawMessage[] = []
  #wake: (() => void) | null = null
  #gone: Error | null = null

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.#take(chunk)
    })
    socket.on('error', (error) => {
      this.#end(error)
    })
    socket.on('close', () => {
      this.#end(new Error('the connection ended'))
    })
  }

  /** Resolves when the server is ready for the first query. Rejects with what it said instead. */
  static async open(login: RawLogin): Promise<RawClient> {
    const client = new RawClient(connect({ host: login.host, port: login.port }))
    const parameters = ['user', login.user, 'database', login.database, '']
    const body = Buffer.from(`${parameters.join('\0')}\0`)
    const head = Buffer.alloc(8)
    head.writeInt32BE(body.length + 8, 0)
    head.writeInt32BE(0x0003_0000, 4)
    client.send(Buffer.concat([head, body]))
    for (;;) {
      const { tag, body } = await client.#next()
      if (tag === 'R' && body.readInt32BE(0) === 3) client.send(message('p', text(login.password ?? '')))
      if (tag === 'E') throw new Error(`login failed: ${body.toString('utf8').replaceAll('\0', ' ')}`)
      if (tag === 'Z') return client
    }
  }

  send(...messages: readonly Buffer[]): void {
    this.#socket.write(Buffer.concat(messages))
  }

  /** Everything up to and with the next ReadyForQuery. A server that wants COPY data gets CopyFail. Rejects after `milliseconds`. */
  async untilReady(milliseconds = 20_000): Promise<readonly RawMessage[]> {
    const messages: RawMessage[] = []
    const late = setTimeout(() => {
      this.#end(new Error('no ReadyForQuery came in time'))
    }, milliseconds)
    try {
      for (;;) {
        const next = await this.#next()
        messages.push(next)
        if (next.tag === 'G') this.send(message('f', text('no data')), ...(this.extended ? [SYNC] : []))
        if (next.tag === 'Z') return messages
      }
    } finally {
      clearTimeout(late)
    }
  }

  /** Set when the messages sent are of the extended protocol: a Sync that COPY swallowed is sent again. */
  extended = false

  close(): void {
    this.#socket.end(message('X', Buffer.alloc(0)))
  }

  #take(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    while (this.#bytes.length >= 5) {
      const length = this.#bytes.readInt32BE(1) + 1
      if (this.#bytes.length < length) break
      this.#messages.push({
        tag: String.fromCharCode(this.#bytes[0] ?? 0),
        body: Buffer.from(this.#bytes.subarray(5, length)),
      })
      this.#bytes = this.#bytes.subarray(length)
    }
    this.#wake?.()
  }

  #end(error: Error): void {
    this.#gone ??= error
    this.#wake?.()
  }

  async #next(): Promise<RawMessage> {
    for (;;) {
      const message = this.#messages.shift()
      if (message !== undefined) return message
      if (this.#gone !== null) throw this.#gone
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = null
    }
  }
}

function message(tag: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(tag, 0, 'latin1')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}

/** Numbers of 16 bits. */
function shorts(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2)
  for (const [index, value] of values.entries()) bytes.writeInt16BE(value, index * 2)
  return bytes
}

export const SYNC: Buffer = message('S', Buffer.alloc(0))
export const FLUSH: Buffer = message('H', Buffer.alloc(0))

export function query(sql: string): Buffer {
  return message('Q', text(sql))
}

export function parse(name: string, sql: string): Buffer {
  return message('P', Buffer.concat([text(name), text(sql), shorts(0)]))
}

/** `values`: text parameters, null is NULL. `binary`: whether all result columns are to come in binary. */
export function bind(portal: string, statement: string, values: readonly (string | null)[], binary: boolean): Buffer {
  const parameters = values.map((value) => {
    const bytes = value === null ? Buffer.alloc(0) : Buffer.from(value)
    const length = Buffer.alloc(4)
    length.writeInt32BE(value === null ? -1 : bytes.length, 0)
    return Buffer.concat([length, bytes])
  })
  return message(
    'B',
    Buffer.concat([
      text(portal),
      text(statement),
      shorts(0, values.length),
      ...parameters,
      ...(binary ? [shorts(1, 1)] : [shorts(0)]),
    ]),
  )
}

export function describe(what: 'S' | 'P', name: string): Buffer {
  return message('D', Buffer.concat([Buffer.from(what), text(name)]))
}

export function close(what: 'S' | 'P', name: string): Buffer {
  return message('C', Buffer.concat([Buffer.from(what), text(name)]))
}

/** `rows`: at most that many; 0 for all. */
export function execute(portal: string, rows: number): Buffer {
  const limit = Buffer.alloc(4)
  limit.writeInt32BE(rows, 0)
  return message('E', Buffer.concat([text(portal), limit]))
}
