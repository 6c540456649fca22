import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { RecordDestination, ShippedRecord, TrailIdentity } from '../shipping/destination.ts'
import { syslogFrame } from './syslog-message.ts'

/** A collector that takes messages of RFC 5424. */
export interface SyslogOptions {
  readonly host: string
  readonly port: number
  /** TLS (RFC 5425), verified by these authorities in PEM, or by those of the system; null: plain TCP. */
  readonly tls: { readonly ca: string | null } | null
  /** The longest message that the collector takes, frame aside; an event that is longer is cut, and says so. Default 8,192; at least 4,096. */
  readonly messageBytes?: number
}

/** What receivers should take (RFC 5425, 4.3.1); rsyslog's own limit. */
const DEFAULT_MESSAGE_BYTES = 8_192
const LEAST_MESSAGE_BYTES = 4_096
/** How long a collector may stay silent: until it answers, takes more, or closes. */
const PATIENCE_MILLISECONDS = 10_000
/** Messages are written in pieces of about so many bytes. */
const PIECE_BYTES = 64 * 1024

/**
 * Records as OCSF events in syslog messages, over a connection for each delivery. Syslog has no acknowledgement, so the end of
 * the connection is made one: all is sent, our side is closed, and only when the collector then closes its own in order has it read everything to the
 * end. Whatever else happens, the whole delivery comes again: a receiver tells events apart by `metadata.uid`. Kept is not promised: what the collector has read is
 * its own to keep, and what stands between (a relay, a balancer) answers for itself.
 */
export class SyslogDestination implements RecordDestination {
  readonly name: string
  readonly #options: SyslogOptions
  readonly #messageBytes: number
  readonly #sockets = new Set<Socket>()

  /** Throws `RangeError` when messages may be shorter than an event can be. */
  constructor(options: SyslogOptions) {
    this.#options = options
    this.#messageBytes = options.messageBytes ?? DEFAULT_MESSAGE_BYTES
    if (this.#messageBytes < LEAST_MESSAGE_BYTES) {
      throw new RangeError(`messages of syslog must be allowed ${String(LEAST_MESSAGE_BYTES)} bytes at least`)
    }
    this.name = `syslog ${options.host}:${String(options.port)}`
  }

  /** A collector does not say what it has. */
  position(): Promise<null> {
    return Promise.resolve(null)
  }

  async deliver(of: TrailIdentity, records: readonly ShippedRecord[]): Promise<void> {
    if (records.length === 0) return
    const socket = this.#dial()
    this.#sockets.add(socket)
    try {
      const open = this.#options.tls === null ? 'connect' : 'secureConnect'
      await sendAll(socket, open, pieces(of, records, this.#messageBytes))
    } finally {
      socket.destroy()
      this.#sockets.delete(socket)
    }
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy(new Error('the destination was closed'))
    return Promise.resolve()
  }

  #dial(): Socket {
    const { host, port, tls } = this.#options
    if (tls === null) return connect({ host, port })
    return connectTls({
      host,
      port,
      minVersion: 'TLSv1.2',
      ...(tls.ca === null ? {} : { ca: tls.ca }),
      // An address is checked as what it is; it is no name to ask for.
      ...(isIP(host) === 0 ? { servername: host } : {}),
    })
  }
}

/** Writes as fast as it is taken, from the event `open` on, closes this side, and resolves when the other is closed in return. */
function sendAll(socket: Socket, open: string, texts: Iterator<string, void>): Promise<void> {
  return new Promise((resolve, reject) => {
    let ended = false
    socket.setNoDelay(true)
    socket.setTimeout(PATIENCE_MILLISECONDS, () =>
      socket.destroy(new Error(`it was silent for ${String(PATIENCE_MILLISECONDS / 1000)} seconds`)),
    )
    const write = (): void => {
      try {
        for (;;) {
          const next = texts.next()
          if (next.done === true) return void socket.end()
          if (!socket.write(next.value, 'latin1')) return void socket.once('drain', write)
        }
      } catch (error) {
        return reject(error)
      }
    }
    socket.once(open, write)
    // What a collector says is not listened to, but has to be read to see that it closes.
    socket.resume()
    const early = new Error('it closed the connection before it had read everything')
    socket.once('end', () => {
      if (socket.writableFinished) ended = true
      else socket.destroy(early)
    })
    socket.once('error', reject)
    socket.once('close', () => (ended ? resolve() : reject(early)))
  })
}

/** Frames, joined to pieces that are worth a write. */
function* pieces(of: TrailIdentity, records: readonly ShippedRecord[], bytes: number): Generator<string, void> {
  let piece = ''
  for (const { record } of records) {
    piece += syslogFrame(of, record, bytes)
    if (piece.length < PIECE_BYTES) continue
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}
