import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import {
  type AuthenticationPacket,
  Capability,
  ClientAuthentication,
  type ClientAuthenticationOptions,
  CONNECTION_PHASE_LIMIT,
  decodeAuthenticationPacket,
  decodeHandshake,
  encodeHandshakeResponse,
  encodeSSLRequest,
  PacketCursor,
  PacketWriter,
  PayloadReader,
} from '@gatehouse/mysql-wire'

const WANTED =
  Capability.PROTOCOL_41 |
  Capability.SECURE_CONNECTION |
  Capability.PLUGIN_AUTH |
  Capability.PLUGIN_AUTH_LENENC_CLIENT_DATA |
  Capability.TRANSACTIONS |
  Capability.SESSION_TRACK |
  Capability.DEPRECATE_EOF |
  Capability.CONNECT_ATTRS

/** Where, as whom, and how to log in; `capabilities` beside those every login wants. */
export interface WireLogin extends Partial<ClientAuthenticationOptions> {
  readonly port: number
  readonly user: string
  readonly ca: string | null
  readonly capabilities?: number
}

/** A client made of packages/mysql-wire and a socket: packet by packet, whatever is to be tried. */
export class WireClient {
  readonly writer: PacketWriter = new PacketWriter()
  /** What was said during the login, by kind and plugin. */
  readonly path: string[] = []
  capabilities: number = 0
  readonly #cursor = new PacketCursor(CONNECTION_PHASE_LIMIT)
  readonly #packets: Buffer[] = []
  #socket: Socket
  #wake: () => void = () => {}
  #ended = false

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1')
    this.#listen()
  }

  /** The next packet's payload. Throws when the connection ends first. */
  async read(): Promise<PayloadReader> {
    for (;;) {
      const packet = this.#packets.shift()
      if (packet !== undefined) return new PayloadReader(packet)
      if (this.#ended) throw new Error('the server closed the connection')
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** Sends what was written, and expects the answer to go on with its sequence ids. */
  send(): void {
    this.#socket.write(this.writer.take())
    this.#cursor.nextSequenceId = this.writer.nextSequenceId
  }

  /** Logs in, and returns the server's last word. */
  async login(login: WireLogin): Promise<AuthenticationPacket> {
    const handshake = decodeHandshake(await this.read())
    if (handshake.kind === 'ERR') return handshake
    const tls = login.ca === null ? 0 : Capability.SSL
    const wanted = WANTED | Capability.LONG_PASSWORD | tls | (login.capabilities ?? 0)
    this.capabilities = (wanted & handshake.capabilities) >>> 0
    const head = {
      capabilities: this.capabilities,
      mariadbCapabilities: 0,
      maxPacketSize: 1 << 24,
      characterSet: 45,
    }
    this.writer.nextSequenceId = 1
    if (login.ca !== null) {
      encodeSSLRequest({ kind: 'SSLRequest', ...head }, this.writer)
      this.send()
      await this.#secure(login.ca)
    }
    const random = randomBytes(32)
    const client = new ClientAuthentication({ password: Buffer.alloc(0), secure: login.ca !== null, random, ...login })
    const { pluginName, authResponse } = client.begin(handshake.authPluginName, handshake.authPluginData)
    const names = { username: login.user, database: '', authPluginName: pluginName }
    const rest = { attributes: new Map([['program_name', 'wire-client']]), zstdCompressionLevel: 0 }
    encodeHandshakeResponse({ kind: 'HandshakeResponse41', ...head, ...names, authResponse, ...rest }, this.writer)
    this.send()
    for (;;) {
      const packet = decodeAuthenticationPacket(await this.read(), this.capabilities)
      if (packet.kind === 'OK' || packet.kind === 'ERR') return packet
      this.path.push(packet.kind === 'AuthMoreData' ? packet.kind : packet.pluginName)
      const answer = client.next(packet)
      this.writer.nextSequenceId = this.#cursor.nextSequenceId
      if (answer === undefined) continue
      this.writer.begin().bytes(answer).end()
      this.send()
    }
  }

  close(): void {
    this.#socket.destroy()
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#cursor.feed(chunk, 0, chunk.length)
      while (this.#cursor.next()) {
        this.#packets.push(Buffer.from(this.#cursor.bytes.subarray(this.#cursor.payload, this.#cursor.end)))
      }
      this.#wake()
    })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      this.#ended = true
      this.#wake()
    })
  }

  async #secure(ca: string): Promise<void> {
    this.#socket.removeAllListeners()
    const socket = connectTls({ socket: this.#socket, ca, servername: 'localhost' })
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve)
      socket.once('error', reject)
    })
    this.#socket = socket
    this.#listen()
  }
}
