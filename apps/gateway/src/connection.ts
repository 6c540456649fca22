import net from 'node:net'
import tls from 'node:tls'
import type { SessionRecording } from '@gatehouse/audit-trail'
import type { Segment, Staging, Turn } from './turn.ts'

/** One buffer for every clear-text read of the process: reads are handled to their end before the next one begins. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024)

/** A peer that takes no bytes may leave this much unwritten before its counterpart is no longer read. */
const UNWRITTEN_BYTES_LIMIT = 256 * 1024

/** What a connection tells its owner. Bytes are valid only until `bytes` returns. */
export interface Receiver {
  bytes(chunk: Buffer, length: number): void
  /** The peer closed, or the connection broke (`error` says how); said once. */
  closed(error: Error | null): void
}

/** How many there were in this process. */
let connections = 0

const nobody: Receiver = { bytes: () => undefined, closed: () => undefined }

/** Why a connection is not being read just now; each has to end before it is read again. */
export const Pause = { HandedOver: 1, Deciding: 2, PeerIsSlow: 4, Cancelling: 8, RecorderIsSlow: 16 } as const
export type Pause = (typeof Pause)[keyof typeof Pause]

/** One socket, clear or TLS: pushes what it reads to its receiver, writes what was staged at the end of a turn. */
export class Connection implements Staging {
  /** Its number in this process, for the log. */
  readonly id: number = ++connections
  readonly segments: Segment[] = []
  staged = false
  /** The other half of a relay: not read while this one cannot be written. */
  counterpart: Connection | null = null
  /** Set while staged bytes may hold statements whose records are not durable yet. */
  onUnrecorded: ((reason: Error) => void) | null = null
  /** Keeps what is staged here; null: nothing is recorded. */
  recording: SessionRecording | null = null
  /**
   * Reads the first bytes, before any receiver: gives what is left of them for it, or null where it needs more or has closed the connection.
   * Null: there is nothing to read, or it has been.
   */
  opening: ((chunk: Buffer) => Buffer | null) | null = null
  /** Told when the certificate that the client was let in by is good no more; null: the connection is closed then. */
  onCertificateLost: ((reason: string) => void) | null = null
  #socket: net.Socket
  readonly #turn: Turn
  #receiver: Receiver = nobody
  /** Of the client, where a balancer has said it; null: of the socket. */
  #address: string | null = null
  #gone: (() => void) | null = null
  #pauses = 0
  #closed = false
  #ending = false
  #slow = false
  /** Staged in this turn. */
  #stagedBytes = 0

  private constructor(socket: net.Socket, turn: Turn, keepAliveSeconds: number) {
    this.#socket = socket
    this.#turn = turn
    // Probes go on for ten seconds, one a second (libuv); then the peer counts as gone.
    socket.setKeepAlive(true, keepAliveSeconds * 1000)
  }

  /** Takes over a socket that a server accepted with `pauseOnConnect`. Nothing is read before `receive`. */
  static accepted(socket: net.Socket, turn: Turn, keepAliveSeconds: number): Connection {
    const handle: unknown = Reflect.get(socket, '_handle')
    if (handle === null || handle === undefined)
      return Connection.#watched(new Connection(socket, turn, keepAliveSeconds))
    // Node has no public way to give an accepted socket one reused read buffer: hand its handle to a new socket.
    Reflect.set(socket, '_handle', null)
    let connection: Connection | null = null
    const options = { handle, readable: true, writable: true, pauseOnCreate: true, onread: onread(() => connection) }
    const own = new net.Socket(options as unknown as net.SocketConstructorOpts)
    connection = new Connection(own, turn, keepAliveSeconds)
    return Connection.#watched(connection)
  }

  /** Connects to an upstream. Rejects with the socket's error, or after `timeoutMilliseconds`. */
  static connect(
    address: net.TcpNetConnectOpts | net.IpcNetConnectOpts,
    timeoutMilliseconds: number,
    turn: Turn,
    keepAliveSeconds: number,
  ): Promise<Connection> {
    return new Promise((resolve, reject) => {
      let connection: Connection | null = null
      const socket = net.connect({ ...address, onread: onread(() => connection) })
      const timer = setTimeout(
        () => socket.destroy(new Error(`no answer within ${timeoutMilliseconds} ms`)),
        timeoutMilliseconds,
      )
      socket.once('error', (error) => {
        clearTimeout(timer)
        reject(error)
      })
      socket.once('connect', () => {
        clearTimeout(timer)
        socket.removeAllListeners('error')
        connection = new Connection(socket, turn, keepAliveSeconds)
        resolve(Connection.#watched(connection))
      })
    })
  }

  /** Of the peer, or of the client that it stands for. */
  get remoteAddress(): string {
    return this.#address ?? this.#socket.remoteAddress ?? 'unknown'
  }

  set remoteAddress(client: string) {
    this.#address = client
  }

  get encrypted(): boolean {
    return this.#socket instanceof tls.TLSSocket
  }

  /** The TLS socket, for certificates and channel binding; null in clear text. */
  get tls(): tls.TLSSocket | null {
    return this.#socket instanceof tls.TLSSocket ? this.#socket : null
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Called once when the socket is closed and its resources are free. Whoever asked before is called before. */
  onceGone(gone: () => void): void {
    const before = this.#gone
    this.#gone = () => {
      before?.()
      gone()
    }
  }

  /** Says who gets the bytes from now on, and starts reading. A receiver that comes too late is told at once. */
  receive(receiver: Receiver): void {
    this.#receiver = this.opening === null ? receiver : this.#opened(receiver)
    if (this.#closed) {
      receiver.closed(null)
      return
    }
    this.#pauses &= ~Pause.HandedOver
    if (this.#pauses === 0) this.#socket.resume()
  }

  /** Lets the receiver have what follows the opening. */
  #opened(receiver: Receiver): Receiver {
    return {
      bytes: (chunk, length) => {
        const rest = this.opening?.(chunk.subarray(0, length)) ?? null
        if (rest === null) return
        this.opening = null
        this.#receiver = receiver
        if (rest.length > 0) receiver.bytes(rest, rest.length)
      },
      closed: (error) => receiver.closed(error),
    }
  }

  /** Reads no more until the next receiver is there. */
  hold(): void {
    this.pause(Pause.HandedOver)
  }

  /** Turns a clear-text connection into a TLS server's. `firstBytes` are bytes of the handshake that were read already. */
  secureAsServer(options: tls.TLSSocketOptions, firstBytes: Buffer | null): Promise<void> {
    const clear = this.#release()
    if (firstBytes !== null) clear.unshift(firstBytes)
    const secure = new tls.TLSSocket(clear, { ...options, isServer: true })
    return this.#secured(secure, 'secure')
  }

  /** Turns a clear-text connection into a TLS client's; the certificate is verified as `options` say. */
  secureAsClient(options: tls.ConnectionOptions): Promise<void> {
    const clear = this.#release()
    return this.#secured(tls.connect({ ...options, socket: clear }), 'secureConnect')
  }

  /** Stages bytes to be written at the end of this turn, behind the trail's commit. */
  stage(source: Buffer, start: number, end: number): void {
    if (this.#closed || this.#ending) return
    this.#turn.stage(this, source, start, end)
    if (this.recording !== null && !this.recording.sent(source, start, end)) this.#waitForRecorder(this.recording)
    this.#stagedBytes += end - start
    // Not only when it was written: libuv reads many chunks in one turn unless it is told to stop.
    if (!this.#slow && this.#stagedBytes + this.#socket.writableLength > UNWRITTEN_BYTES_LIMIT) this.#slowDown()
  }

  /** Writes at once. Only for login, where no statement is concerned. */
  write(bytes: Buffer): void {
    if (!this.#closed && !this.#ending) this.#socket.write(bytes)
  }

  /** What is staged from now on is not of the session any more. */
  endRecording(): void {
    this.recording?.end()
    this.recording = null
  }

  pause(why: Pause): void {
    if (this.#pauses === 0 && !this.#closed) this.#socket.pause()
    this.#pauses |= why
  }

  resume(why: Pause): void {
    if (this.#pauses === 0) return
    this.#pauses &= ~why
    if (this.#pauses === 0 && !this.#closed) this.#socket.resume()
  }

  /** Writes what is staged, then closes; a peer that does not take it is cut off after two seconds. */
  end(): void {
    if (this.#ending || this.#closed) return
    this.#ending = true
    if (!this.staged) this.#finish()
  }

  /** The certificate that the client was let in by is good no more. */
  loseCertificate(reason: string): void {
    if (this.onCertificateLost === null) this.destroy()
    else this.onCertificateLost(reason)
  }

  /** Closes at once; what is staged is lost. */
  destroy(): void {
    this.segments.length = 0
    this.#socket.destroy()
  }

  unrecorded(reason: Error): void {
    this.onUnrecorded?.(reason)
  }

  flush(): boolean {
    const socket = this.#socket
    const segments = this.segments
    if (!this.#closed) {
      const first = segments[0]
      if (segments.length === 1 && first !== undefined) socket.write(first.bytes.subarray(first.start, first.end))
      else if (segments.length > 1) {
        socket.cork()
        for (const segment of segments) socket.write(segment.bytes.subarray(segment.start, segment.end))
        socket.uncork()
      }
    }
    segments.length = 0
    this.#stagedBytes = 0
    if (this.#ending) this.#finish()
    const drained = this.#closed || socket.writableLength === 0
    if (this.#slow) {
      // No `drain` comes where no write has said that it is needed.
      if (drained || !socket.writableNeedDrain) this.#speedUp()
    } else if (!drained && socket.writableLength > UNWRITTEN_BYTES_LIMIT) this.#slowDown()
    return drained
  }

  /** The upstream is not read before what it said is recorded. */
  #waitForRecorder(recording: SessionRecording): void {
    const { counterpart } = this
    if (counterpart === null) return
    counterpart.pause(Pause.RecorderIsSlow)
    recording.onceCaughtUp(() => counterpart.resume(Pause.RecorderIsSlow))
  }

  /** This connection is not written as fast as its counterpart is read: the counterpart waits. */
  #slowDown(): void {
    if (this.counterpart === null) return
    this.#slow = true
    this.counterpart.pause(Pause.PeerIsSlow)
    this.#socket.once('drain', this.#speedUp)
  }

  readonly #speedUp = (): void => {
    this.#slow = false
    this.#socket.removeListener('drain', this.#speedUp)
    this.counterpart?.resume(Pause.PeerIsSlow)
  }

  #finish(): void {
    const socket = this.#socket
    socket.end()
    setTimeout(() => socket.destroy(), 2000).unref()
  }

  #release(): net.Socket {
    const clear = this.#socket
    clear.pause()
    clear.removeAllListeners('error')
    clear.removeAllListeners('close')
    clear.removeAllListeners('end')
    clear.on('error', () => undefined) // the TLS socket above it reports the same error
    return clear
  }

  #secured(secure: tls.TLSSocket, event: 'secure' | 'secureConnect'): Promise<void> {
    this.#socket = secure
    return new Promise((resolve, reject) => {
      const failed = (error?: Error): void => {
        if (!this.#closed) {
          this.#closed = true
          this.#gone?.()
          this.#gone = null
        }
        secure.destroy()
        reject(error ?? new Error('the connection closed during the TLS handshake'))
      }
      secure.once('error', failed)
      secure.once('close', () => failed())
      secure.once(event, () => {
        secure.removeListener('error', failed)
        secure.removeAllListeners('close')
        secure.disableRenegotiation()
        secure.on('data', (chunk: Buffer) => this.#receiver.bytes(chunk, chunk.length))
        secure.pause()
        Connection.#watched(this)
        resolve()
      })
    })
  }

  static #watched(connection: Connection): Connection {
    const socket = connection.#socket
    let failure: Error | null = null
    const over = (): void => {
      if (connection.#closed || socket !== connection.#socket) return
      connection.#closed = true
      connection.segments.length = 0
      connection.#receiver.closed(failure)
    }
    socket.setNoDelay(true)
    socket.on('error', (error) => {
      failure = error
    })
    socket.on('end', over)
    socket.on('close', () => {
      over()
      if (socket !== connection.#socket) return
      connection.#gone?.()
      connection.#gone = null
    })
    return connection
  }

  /** For `onread` alone. */
  deliver(length: number): boolean {
    this.#receiver.bytes(readBuffer, length)
    return this.#pauses === 0
  }
}

function onread(connection: () => Connection | null): net.OnReadOpts {
  return {
    buffer: () => readBuffer,
    callback: (length) => connection()?.deliver(length) ?? false,
  }
}
