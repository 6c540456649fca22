import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import {
  BACKEND_LIMITS,
  type BackendMessage,
  BodyReader,
  decodeBackendMessage,
  encodeFrontendMessage,
  encodeOAuthBearer,
  encodePasswordMessage,
  encodeSASLInitialResponse,
  encodeSASLResponse,
  encodeStartupPacket,
  FrameCursor,
  type FrontendMessage,
  MessageWriter,
  OAUTHBEARER,
  type Report,
  saltPassword,
  ScramClient,
  type StartupPacket,
} from '@gatehouse/postgres-wire'

/** How a socket is opened: `request` asks for TLS in clear text first, `direct` begins with the handshake. */
export interface WireOptions {
  readonly host: string
  readonly port: number
  readonly tls?: 'request' | 'direct'
  readonly ca?: string
  /** What it shows, in PEM; default: nothing. */
  readonly shown?: { readonly certificate: string; readonly key: string }
  readonly alpn?: readonly string[]
  readonly maxVersion?: tls.SecureVersion
  readonly localAddress?: string
}

export interface LoginRequest {
  /** The database name of the start-up message; with the gateway, the target. */
  readonly database: string
  readonly user?: string
  readonly password: string
  readonly parameters?: Readonly<Record<string, string>>
  readonly minorVersion?: number
}

/** The server said no: its report. */
export class ServerRefused extends Error {
  readonly report: Report
  constructor(report: Report) {
    super(`${report.fields.get('C') ?? '?'}: ${report.fields.get('M') ?? '?'}`)
    this.report = report
  }
}

/** Longest wait for a message: a test that waits longer says so in place of timing out without a word. */
const PATIENCE_MILLISECONDS = 15_000

/** A client that sends and sees every message of the protocol as it is. */
export class WireClient {
  /** What was said before the first ReadyForQuery. */
  readonly greeting: BackendMessage[] = []
  readonly socket: net.Socket
  /** Every byte that came. */
  received = 0
  readonly #cursor = new FrameCursor(BACKEND_LIMITS(0x3fff_ffff))
  readonly #messages: BackendMessage[] = []
  #closed = false
  #wake: () => void = () => undefined

  private constructor(socket: net.Socket) {
    this.socket = socket
    const over = (): void => {
      this.#closed = true
      this.#wake()
    }
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', () => undefined)
    socket.on('end', over)
    socket.on('close', over)
  }

  /** Opens the socket; nothing is sent but what TLS needs. */
  static async open(options: WireOptions): Promise<WireClient> {
    const clear = net.connect({
      host: options.host,
      port: options.port,
      noDelay: true,
      ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
    })
    await once(clear, 'connect')
    if (options.tls === undefined) return new WireClient(clear)
    if (options.tls === 'request') {
      clear.write(encoded({ kind: 'SSLRequest' }))
      clear.on('error', () => undefined)
      const answer = await new Promise<string>((resolve) => {
        clear.once('data', (bytes: Buffer) => resolve(bytes.toString()))
        clear.once('close', () => resolve('the end of the connection'))
      })
      if (answer !== 'S') throw new Error(`SSLRequest was answered by ${answer}`)
    }
    const secure = tls.connect({
      socket: clear,
      host: options.host,
      ca: options.ca,
      ...(options.shown === undefined ? {} : { cert: options.shown.certificate, key: options.shown.key }),
      ...(options.maxVersion === undefined ? {} : { maxVersion: options.maxVersion }),
      ...(options.alpn === undefined ? {} : { ALPNProtocols: [...options.alpn] }),
    })
    await once(secure, 'secureConnect')
    return new WireClient(secure)
  }

  /** Opens the socket and logs in. Throws `ServerRefused`. */
  static async login(options: WireOptions, request: LoginRequest): Promise<WireClient> {
    const client = await WireClient.open(options)
    try {
      await client.logIn(request)
      return client
    } catch (error) {
      client.destroy()
      throw error
    }
  }

  /** Sends the start-up message and does what the server asks for, until ReadyForQuery. */
  async logIn(request: LoginRequest): Promise<void> {
    const { database, user = 'agent', password, parameters = {}, minorVersion = 0 } = request
    this.start({ user, database, ...parameters }, minorVersion)
    let scram: ScramClient | null = null
    for (;;) {
      const message = await this.next()
      if (message === null) throw new Error('the connection was closed during login')
      this.greeting.push(message)
      switch (message.kind) {
        case 'ErrorResponse':
          throw new ServerRefused(message)
        case 'AuthenticationCleartextPassword':
          this.write((writer) => encodePasswordMessage(password, writer))
          break
        case 'AuthenticationSASL':
          if (message.mechanisms.includes(OAUTHBEARER)) {
            const data = encodeOAuthBearer(password)
            this.write((writer) => encodeSASLInitialResponse({ mechanism: OAUTHBEARER, data }, writer))
          } else {
            const begun = (scram = new ScramClient('a-nonce-of-a-test', { kind: 'unsupported' }))
            const data = begun.first()
            this.write((writer) => encodeSASLInitialResponse({ mechanism: 'SCRAM-SHA-256', data }, writer))
          }
          break
        case 'AuthenticationSASLContinue': {
          if (scram === null) throw new Error(`a challenge: ${message.data.toString()}`)
          const { salt, iterations } = scram.readChallenge(message.data)
          const final = scram.final(await saltPassword(password, salt, iterations))
          this.write((writer) => encodeSASLResponse(final, writer))
          break
        }
        case 'ReadyForQuery':
          return
        default:
      }
    }
  }

  get closed(): boolean {
    return this.#closed && this.#messages.length === 0
  }

  start(parameters: Readonly<Record<string, string>>, minorVersion = 0): void {
    this.packet({ kind: 'StartupMessage', minorVersion, parameters: new Map(Object.entries(parameters)) })
  }

  packet(packet: StartupPacket): void {
    this.socket.write(encoded(packet))
  }

  write(encode: (writer: MessageWriter) => void): void {
    const writer = new MessageWriter()
    encode(writer)
    this.socket.write(writer.take())
  }

  send(...messages: readonly FrontendMessage[]): void {
    this.socket.write(encodedMessages(messages))
  }

  /** The next message; null when the connection is closed. */
  async next(patienceMilliseconds: number = PATIENCE_MILLISECONDS): Promise<BackendMessage | null> {
    const deadline = performance.now() + patienceMilliseconds
    for (;;) {
      const message = this.#messages.shift()
      if (message !== undefined) return message
      if (this.#closed) return null
      const left = deadline - performance.now()
      if (left <= 0) throw new Error(`no message within ${String(patienceMilliseconds)} ms`)
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const timer = setTimeout(resolve, left)
      await promise
      clearTimeout(timer)
    }
  }

  /** Messages up to the next ReadyForQuery (included), `times` over; up to the end when the connection is closed first. */
  async untilReady(times = 1): Promise<BackendMessage[]> {
    const messages: BackendMessage[] = []
    for (let left = times; left > 0;) {
      const message = await this.next()
      if (message === null) return messages
      messages.push(message)
      if (message.kind === 'ReadyForQuery') left--
    }
    return messages
  }

  /** Messages until one of this kind (included). Throws when the connection closes first. */
  async until(kind: BackendMessage['kind']): Promise<BackendMessage[]> {
    const messages: BackendMessage[] = []
    for (;;) {
      const message = await this.next()
      if (message === null) throw new Error(`closed before ${kind}, after ${messages.map((m) => m.kind).join(' ')}`)
      messages.push(message)
      if (message.kind === kind) return messages
    }
  }

  /** Sends, and reads up to the ReadyForQuery of each Query and Sync sent. */
  exchange(...messages: readonly FrontendMessage[]): Promise<BackendMessage[]> {
    this.send(...messages)
    return this.untilReady(messages.filter(({ kind }) => kind === 'Query' || kind === 'Sync').length)
  }

  query(text: string): Promise<BackendMessage[]> {
    return this.exchange({ kind: 'Query', text })
  }

  /** The cells of a query's rows, as text. Throws `ServerRefused`. */
  async rows(text: string): Promise<(string | null)[][]> {
    const messages = await this.query(text)
    const error = errorOf(messages)
    if (error !== null) throw new ServerRefused(error)
    return rowsOf(messages)
  }

  /** Says goodbye and waits for the close. */
  async end(): Promise<void> {
    this.send({ kind: 'Terminate' })
    this.socket.end()
    while (!this.#closed) await this.next()
  }

  destroy(): void {
    this.socket.destroy()
  }

  #read(chunk: Buffer): void {
    this.received += chunk.length
    this.#cursor.feed(chunk, 0, chunk.length)
    while (this.#cursor.next()) {
      const { bytes, tag, body, end } = this.#cursor
      this.#messages.push(decodeBackendMessage(tag, new BodyReader(Buffer.from(bytes.subarray(body, end)))))
    }
    this.#wake()
  }
}

export function encoded(packet: StartupPacket): Buffer {
  const writer = new MessageWriter()
  encodeStartupPacket(packet, writer)
  return writer.take()
}

export function encodedMessages(messages: readonly FrontendMessage[]): Buffer {
  const writer = new MessageWriter()
  for (const message of messages) encodeFrontendMessage(message, writer)
  return writer.take()
}

/** The first ErrorResponse; null when there is none. */
export function errorOf(messages: readonly BackendMessage[]): Report | null {
  for (const message of messages) if (message.kind === 'ErrorResponse') return message
  return null
}

/** SQLSTATEs of all ErrorResponses. */
export function sqlstates(messages: readonly BackendMessage[]): (string | undefined)[] {
  return messages.flatMap((message) => (message.kind === 'ErrorResponse' ? [message.fields.get('C')] : []))
}

/** Cells of all rows, as text. */
export function rowsOf(messages: readonly BackendMessage[]): (string | null)[][] {
  return messages.flatMap((message) =>
    message.kind === 'DataRow' ? [message.cells.map((cell) => (cell === null ? null : cell.toString('utf8')))] : [],
  )
}

/** Status of the last ReadyForQuery; null when there is none. */
export function statusOf(messages: readonly BackendMessage[]): string | null {
  return messages.findLast((message) => message.kind === 'ReadyForQuery')?.status ?? null
}
