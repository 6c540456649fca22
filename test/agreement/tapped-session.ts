import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import {
  BACKEND_LIMITS,
  type BackendMessage,
  BodyReader,
  decodeBackendMessage,
  encodeFrontendMessage,
  type Field,
  FRONTEND_LIMITS,
  FrameCursor,
  MessageWriter,
} from '@gatehouse/postgres-wire'

const MOST_BYTES = 0x3fff_ffff

/** What the server answered to one text. */
export interface Answer {
  /** The rows' columns of each result, in order; results without rows are not in it. */
  readonly descriptions: readonly (readonly Field[])[]
  /** SQLSTATE and message of the first error; null when there was none. */
  readonly error: string | null
}

/** Asked around every text of a client; `before` is awaited before the text goes on. */
export interface Onlooker {
  before(session: TappedSession, text: string): Promise<void>
  after(session: TappedSession, text: string, answer: Answer): void
}

/**
 * One client's connection to a server, with somebody on the line who may ask questions of their own on that very session,
 * between two texts of the client: what they learn is what the client's next text will meet.
 */
export class TappedSession {
  /** As the last ReadyForQuery said: `I` idle, `T` in a transaction, `E` in a failed one. */
  status = 'I'
  readonly #upstream: Socket
  readonly #client: Socket
  readonly #fromUpstream = new FrameCursor(BACKEND_LIMITS(MOST_BYTES))
  readonly #fromClient = new FrameCursor(FRONTEND_LIMITS(MOST_BYTES))
  readonly #onlooker: Onlooker
  readonly #frames: Buffer[] = []
  #startup: Buffer | null = Buffer.alloc(0)
  #pumping = false
  #loggedIn = false
  #asked: BackendMessage[] | null = null
  #seen: BackendMessage[] = []
  #wake: () => void = () => undefined

  constructor(client: Socket, upstream: Socket, onlooker: Onlooker) {
    this.#client = client
    this.#upstream = upstream
    this.#onlooker = onlooker
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('error', () => to.destroy())
      from.on('close', () => {
        to.destroy()
        this.#wake()
      })
    }
    upstream.on('data', (chunk: Buffer) => {
      this.#readUpstream(chunk)
    })
    client.on('data', (chunk: Buffer) => {
      this.#readClient(chunk)
    })
  }

  /** Sends a text of one's own; the client sees nothing of it. */
  async ask(text: string): Promise<readonly BackendMessage[]> {
    const messages: BackendMessage[] = (this.#asked = [])
    this.#send(text)
    await this.#ready(messages)
    this.#asked = null
    return messages
  }

  #send(text: string): void {
    const writer = new MessageWriter()
    encodeFrontendMessage({ kind: 'Query', text }, writer)
    this.#upstream.write(writer.take())
  }

  async #ready(messages: readonly BackendMessage[]): Promise<void> {
    while (messages.at(-1)?.kind !== 'ReadyForQuery') {
      if (this.#upstream.destroyed) throw new Error('the server closed the connection')
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
    }
  }

  #readUpstream(chunk: Buffer): void {
    const cursor = this.#fromUpstream
    cursor.feed(chunk, 0, chunk.length)
    while (cursor.next()) {
      const frame = cursor.bytes.subarray(cursor.start, cursor.end)
      if (this.#asked === null) this.#client.write(Buffer.from(frame))
      if (!KEPT.has(String.fromCharCode(cursor.tag)) && this.#asked === null) continue
      const message = decodeBackendMessage(cursor.tag, new BodyReader(Buffer.from(frame.subarray(5))))
      if (message.kind === 'ReadyForQuery') {
        this.status = message.status
        this.#loggedIn = true
      }
      ;(this.#asked ?? this.#seen).push(message)
    }
    this.#wake()
  }

  #readClient(chunk: Buffer): void {
    let rest = chunk
    if (this.#startup !== null) {
      this.#startup = Buffer.concat([this.#startup, chunk])
      const length = this.#startup.length < 4 ? Infinity : this.#startup.readInt32BE(0)
      if (this.#startup.length < length) return
      this.#upstream.write(this.#startup.subarray(0, length))
      rest = this.#startup.subarray(length)
      this.#startup = null
    }
    this.#fromClient.feed(rest, 0, rest.length)
    while (this.#fromClient.next())
      this.#frames.push(Buffer.from(this.#fromClient.bytes.subarray(this.#fromClient.start, this.#fromClient.end)))
    this.#pump().catch((error: unknown) => {
      if (!this.#upstream.destroyed) console.error('the tap broke:', error)
      this.#client.destroy()
      this.#upstream.destroy()
    })
  }

  async #pump(): Promise<void> {
    if (this.#pumping) {
      // Data of a COPY belongs to the text that is running.
      while (COPY_TAGS.has(this.#frames[0]?.[0] ?? 0)) this.#upstream.write(this.#frames.shift() ?? Buffer.alloc(0))
      return
    }
    this.#pumping = true
    for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) {
      if (!this.#loggedIn || frame[0] !== QUERY_TAG) {
        this.#upstream.write(frame)
        continue
      }
      const text = frame.toString('utf8', 5, frame.length - 1)
      await this.#onlooker.before(this, text)
      this.#seen = []
      this.#upstream.write(frame)
      await this.#ready(this.#seen)
      this.#onlooker.after(this, text, answerOf(this.#seen))
    }
    this.#pumping = false
  }
}

const QUERY_TAG = 0x51
const COPY_TAGS: ReadonlySet<number> = new Set(Buffer.from('dcf'))
/** Messages that tell what became of a text: RowDescription, ErrorResponse, ReadyForQuery. */
const KEPT: ReadonlySet<string> = new Set(['T', 'E', 'Z'])

function answerOf(messages: readonly BackendMessage[]): Answer {
  const [error] = messages.flatMap((message) => (message.kind === 'ErrorResponse' ? [message] : []))
  return {
    descriptions: messages.flatMap((message) => (message.kind === 'RowDescription' ? [message.fields] : [])),
    error: error === undefined ? null : `${error.fields.get('C') ?? ''} ${error.fields.get('M') ?? ''}`,
  }
}

/** Listens on a port of 127.0.0.1 and passes every connection on to the server behind, with the onlooker on the line. */
export async function openTap(
  host: string,
  port: number,
  onlooker: Onlooker,
): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host, port, noDelay: true })
    sockets.add(client)
    client.on('close', () => sockets.delete(client))
    return new TappedSession(client, upstream, onlooker)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the tap listens nowhere')
  return {
    port: address.port,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
