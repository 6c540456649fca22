import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import {
  ANY_SEQUENCE_ID,
  AuthenticationPlugin,
  type AuthenticationPluginName,
  Capability,
  CLIENT_RANDOM_BYTES,
  ClientAuthentication,
  decodeAuthenticationPacket,
  type ColumnDefinition,
  decodeColumnDefinition,
  decodeErr,
  decodeHandshake,
  encodeChangeUser,
  encodeHandshakeResponse,
  encodeQuery,
  encodeSSLRequest,
  type ErrPacket,
  type HandshakeV10,
  LARGEST_PACKET,
  PacketCursor,
  PacketWriter,
  PayloadReader,
  ResponseKind,
  ResponsePart,
  ResponseReader,
  type PrepareOk,
} from '@gatehouse/mysql-wire'
import { randomBytes } from 'node:crypto'

export interface WireOptions {
  readonly host: string
  readonly port: number
  /** Authority of the listener: TLS is asked for, and the server verified. Absent: clear text. */
  readonly ca?: string
}

export interface LoginRequest {
  readonly database?: string
  readonly user?: string
  readonly password: string
  /** The plugin that the client begins with. Default: the one the greeting names. */
  readonly plugin?: AuthenticationPluginName
  readonly characterSet?: number
  readonly attributes?: Readonly<Record<string, string>>
  /** Taken away from, and added to, what the client agrees on. */
  readonly without?: number
  readonly with?: number
  /** What the client says in place of what its plugin would: its first response, then its answer to each packet of the server. */
  readonly says?: (scramble: Buffer) => readonly Buffer[]
}

/** The server said no. */
export class ServerRefused extends Error {
  readonly error: ErrPacket
  constructor(error: ErrPacket) {
    super(`${error.errorCode} (${error.sqlState}): ${error.errorMessage}`)
    this.error = error
  }
}

/** One packet of the server. */
export interface Packet {
  readonly sequenceId: number
  readonly payload: Buffer
}

/** What a command was answered with. */
export interface Answer {
  /** Cells of text rows, of all results. */
  readonly rows: (string | null)[][]
  readonly binaryRows: Buffer[]
  /** Of all results. */
  readonly columns: ColumnDefinition[]
  readonly error: ErrPacket | null
  readonly packets: readonly Packet[]
  readonly prepared: PrepareOk | null
  /** How many results with rows there were. */
  readonly results: number
  readonly statusFlags: number
  readonly cursorOpened: boolean
}

const WANTED: number =
  Capability.LONG_PASSWORD |
  Capability.LONG_FLAG |
  Capability.PROTOCOL_41 |
  Capability.TRANSACTIONS |
  Capability.SECURE_CONNECTION |
  Capability.MULTI_STATEMENTS |
  Capability.MULTI_RESULTS |
  Capability.PS_MULTI_RESULTS |
  Capability.PLUGIN_AUTH |
  Capability.PLUGIN_AUTH_LENENC_CLIENT_DATA |
  Capability.CONNECT_ATTRS |
  Capability.DEPRECATE_EOF

const PATIENCE_MILLISECONDS = 15_000

/** A client that sends and sees every packet of the protocol as it is. */
export class CommandClient {
  socket: net.Socket
  handshake: HandshakeV10 | null = null
  capabilities = 0
  readonly #options: WireOptions
  readonly #writer = new PacketWriter()
  #cursor = newCursor()
  readonly #packets: Packet[] = []
  /** What the server said until the login was over: plugins that it switched to, `more` and its first byte, `OK`, `ERR`. */
  readonly path: string[] = []
  #waiting: (() => void) | null = null
  #closed = false

  private constructor(socket: net.Socket, options: WireOptions) {
    this.socket = socket
    this.#options = options
    this.#listen()
  }

  static async connect(options: WireOptions): Promise<CommandClient> {
    const socket = net.connect(options.port, options.host)
    await once(socket, 'connect')
    return new CommandClient(socket, options)
  }

  /** Throws `ServerRefused` when the server says no. */
  static async login(options: WireOptions, request: LoginRequest): Promise<CommandClient> {
    const client = await CommandClient.connect(options)
    try {
      await client.logIn(request)
      return client
    } catch (error) {
      client.socket.destroy()
      throw error
    }
  }

  /** Throws `ServerRefused` when the server says no. */
  async logIn(request: LoginRequest): Promise<void> {
    const greeting = decodeHandshake(new PayloadReader((await this.next()).payload))
    if (greeting.kind === 'ERR') throw new ServerRefused(greeting)
    this.handshake = greeting
    const { ca } = this.#options
    const wanted = (WANTED | (request.with ?? 0)) & ~(request.without ?? 0)
    const database = request.database ?? ''
    const flags =
      (wanted & greeting.capabilities) |
      (database === '' ? 0 : Capability.CONNECT_WITH_DB) |
      (ca === undefined ? 0 : Capability.SSL)
    this.capabilities = flags >>> 0
    const head = {
      capabilities: this.capabilities,
      maxPacketSize: 1 << 30,
      characterSet: request.characterSet ?? 45,
      mariadbCapabilities: 0,
    }
    if (ca !== undefined) {
      this.write((writer) => encodeSSLRequest({ kind: 'SSLRequest', ...head }, writer))
      await this.#secure(ca)
    }
    const authentication = this.#authentication(request)
    const begun = authentication.begin(request.plugin ?? greeting.authPluginName, greeting.authPluginData)
    const [first, ...then] = request.says?.(greeting.authPluginData.subarray(0, 20)) ?? []
    const response =
      first === undefined
        ? this.#firstResponse(request, begun)
        : { authPluginName: request.plugin ?? greeting.authPluginName, authResponse: first }
    this.write((writer) =>
      encodeHandshakeResponse(
        {
          kind: 'HandshakeResponse41',
          ...head,
          username: request.user ?? 'agent',
          ...response,
          database,
          attributes: new Map(Object.entries({ program_name: 'command-client', ...request.attributes })),
          zstdCompressionLevel: 0,
        },
        writer,
      ),
    )
    await this.#authenticated(authentication, first === undefined ? null : then)
  }

  #authentication({ password }: LoginRequest): ClientAuthentication {
    return new ClientAuthentication({
      password: Buffer.from(password),
      // A clear password may go over loopback here: what the gateway makes of it is what is tested.
      secure: true,
      plugins: Object.values(AuthenticationPlugin),
      random: randomBytes(CLIENT_RANDOM_BYTES),
    })
  }

  /** Plugins that send the password itself send it at once where the test says that the client begins with them. */
  #firstResponse(
    { plugin, password }: LoginRequest,
    begun: { readonly pluginName: string; readonly authResponse: Buffer },
  ): { readonly authPluginName: string; readonly authResponse: Buffer } {
    if (plugin === AuthenticationPlugin.CLEAR)
      return { authPluginName: plugin, authResponse: Buffer.from(`${password}\0`) }
    if (plugin === AuthenticationPlugin.OPENID_CONNECT) {
      const writer = new PacketWriter().begin(0).int1(1).lenencText(password).end()
      return { authPluginName: plugin, authResponse: writer.take().subarray(4) }
    }
    return { authPluginName: begun.pluginName, authResponse: begun.authResponse }
  }

  async #authenticated(authentication: ClientAuthentication, says: readonly Buffer[] | null = null): Promise<void> {
    for (let step = 0; ; step++) {
      const { payload } = await this.next()
      const packet = decodeAuthenticationPacket(new PayloadReader(payload), this.capabilities)
      this.path.push(
        packet.kind === 'AuthMoreData'
          ? `more ${String(packet.data[0])}`
          : packet.kind === 'AuthSwitchRequest'
            ? packet.pluginName
            : packet.kind,
      )
      if (packet.kind === 'OK') return
      if (packet.kind === 'ERR') throw new ServerRefused(packet)
      const answer = says === null ? authentication.next(packet) : says[step]
      if (answer !== undefined) this.write((writer) => writer.begin().bytes(answer).end())
    }
  }

  /** COM_CHANGE_USER. Throws `ServerRefused`. */
  async changeUser(request: LoginRequest): Promise<void> {
    const authentication = this.#authentication(request)
    const begun = authentication.begin(
      AuthenticationPlugin.CACHING_SHA2,
      this.handshake?.authPluginData ?? Buffer.alloc(20),
    )
    this.write((writer) =>
      encodeChangeUser(
        {
          kind: 'COM_CHANGE_USER',
          username: request.user ?? 'agent',
          authResponse: begun.authResponse,
          database: request.database ?? '',
          characterSet: request.characterSet ?? 45,
          authPluginName: begun.pluginName,
          attributes: new Map(),
        },
        this.capabilities,
        writer,
      ),
    )
    await this.#authenticated(authentication)
  }

  async #secure(ca: string): Promise<void> {
    this.socket.removeAllListeners()
    const secure = tls.connect({ socket: this.socket, ca, servername: 'localhost' })
    await once(secure, 'secureConnect')
    this.socket = secure
    this.#cursor = newCursor()
    this.#listen()
  }

  #listen(): void {
    this.socket.on('data', (chunk: Buffer) => {
      this.#cursor.feed(chunk, 0, chunk.length)
      while (this.#cursor.next()) {
        const { bytes, payload, end, sequenceId } = this.#cursor
        this.#packets.push({ sequenceId, payload: Buffer.from(bytes.subarray(payload, end)) })
        this.#writer.nextSequenceId = (sequenceId + 1) & 0xff
        this.#cursor.nextSequenceId = ANY_SEQUENCE_ID
      }
      this.#wake()
    })
    this.socket.on('error', () => undefined)
    this.socket.on('close', () => {
      this.#closed = true
      this.#wake()
    })
  }

  #wake(): void {
    this.#waiting?.()
    this.#waiting = null
  }

  /** Sends a packet with the next sequence id, or whatever `encode` begins with. */
  write(encode: (writer: PacketWriter) => void): void {
    encode(this.#writer)
    this.socket.write(this.#writer.take())
  }

  /** The server's next packet. Throws when it closes the connection first. */
  async next(): Promise<Packet> {
    for (;;) {
      const packet = this.#packets.shift()
      if (packet !== undefined) return packet
      if (this.#closed) throw new Error('the connection was closed')
      let silent = false
      const late = setTimeout(() => {
        silent = true
        this.#wake()
      }, PATIENCE_MILLISECONDS)
      await new Promise<void>((resolve) => {
        this.#waiting = resolve
      })
      clearTimeout(late)
      if (silent && this.#packets.length === 0 && !this.#closed) throw new Error('no packet came')
    }
  }

  /** Resolves when the server has closed the connection. */
  async closed(): Promise<void> {
    while (!this.#closed) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve
      })
    }
  }

  /** Sends a text by COM_QUERY and takes its whole answer. */
  query(text: string): Promise<Answer> {
    return this.command(ResponseKind.Text, (writer) => encodeQuery(text, this.capabilities, writer))
  }

  /** Sends a command and takes its whole answer. */
  command(kind: ResponseKind, encode: (writer: PacketWriter) => void): Promise<Answer> {
    this.write(encode)
    return this.answer(kind)
  }

  /** Takes the whole answer to a command that was sent. Throws when its sequence ids do not count up. */
  async answer(kind: ResponseKind): Promise<Answer> {
    const reader = new ResponseReader({ capabilities: this.capabilities, mariadbCapabilities: 0 })
    reader.begin(kind)
    const rows: (string | null)[][] = []
    const binaryRows: Buffer[] = []
    const columns: ColumnDefinition[] = []
    const packets: Packet[] = []
    let error: ErrPacket | null = null
    let results = 0
    let expected = 0
    while (!reader.over) {
      const packet = await this.next()
      const { payload, sequenceId } = packet
      if (packets.length > 0 && sequenceId !== expected) throw new Error(`sequence id ${sequenceId}, not ${expected}`)
      // A payload of several packets has as many ids.
      expected = (sequenceId + 1 + Math.floor(payload.length / LARGEST_PACKET)) & 0xff
      packets.push(packet)
      switch (reader.packet(payload, 0, payload.length, payload.length)) {
        case ResponsePart.Row:
          if (reader.binary) binaryRows.push(payload)
          else rows.push(cells(payload))
          break
        case ResponsePart.ColumnCount:
          results++
          break
        case ResponsePart.ColumnDefinition:
        case ResponsePart.FieldDefinition:
          columns.push(decodeColumnDefinition(new PayloadReader(payload), false))
          break
        case ResponsePart.Err:
          error = decodeErr(new PayloadReader(payload))
          break
        default:
      }
    }
    const { prepared, cursorOpened, status } = reader
    return { rows, binaryRows, columns, error, packets, prepared, results, statusFlags: status.flags, cursorOpened }
  }

  end(): void {
    this.socket.destroy()
  }
}

/** Several commands may be under way: whose answer a packet belongs to is not known here. */
function newCursor(): PacketCursor {
  const cursor = new PacketCursor(1 << 30)
  cursor.joined = true
  cursor.nextSequenceId = ANY_SEQUENCE_ID
  return cursor
}

function cells(payload: Buffer): (string | null)[] {
  const reader = new PayloadReader(payload)
  const row: (string | null)[] = []
  while (reader.remaining > 0) row.push(reader.lenencBytesOrNull()?.toString('utf8') ?? null)
  return row
}
