import net from 'node:net'
import type { Logger } from 'pino'
import type { EngineName } from '@gatehouse/core'
import { Connection } from './connection.ts'
import type { SessionTally } from './monitoring/session-tally.ts'
import type { Turn } from './turn.ts'

export interface ListenerOptions {
  readonly host: string
  readonly port: number
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  readonly turn: Turn
  readonly log: Logger
  readonly engine: EngineName
  /** Counts connections. */
  readonly tally: SessionTally
  /** Serves one connection; resolves when its login is over. */
  readonly serve: (client: Connection) => Promise<void>
}

/** Accepts connections within the limits and hands each to its engine. */
export class Listener {
  readonly #server: net.Server
  readonly #options: ListenerOptions
  readonly #perAddress = new Map<string, number>()
  #open = 0
  readonly #empty = Promise.withResolvers<void>()
  #closing = false

  constructor(options: ListenerOptions) {
    this.#options = options
    this.#server = net.createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.#accept(socket))
  }

  /** Resolves with the port; rejects when the address cannot be listened on. */
  listen(): Promise<number> {
    const { host, port } = this.#options
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port, backlog: 1024 }, () => {
        this.#server.removeListener('error', reject)
        this.#server.on('error', (error) => this.#options.log.error({ error: error.message }, 'the listener failed'))
        const address = this.#server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : port)
      })
    })
  }

  /** Accepts no more. Connections that are open stay. Resolves when none is left. */
  close(): Promise<void> {
    this.#closing = true
    this.#server.close()
    if (this.#open === 0) this.#empty.resolve()
    return this.#empty.promise
  }

  #accept(socket: net.Socket): void {
    const { maxConnections, maxConnectionsPerAddress, turn, log, engine, tally } = this.#options
    const address = socket.remoteAddress ?? 'unknown'
    const count = this.#perAddress.get(address) ?? 0
    if (this.#open >= maxConnections || count >= maxConnectionsPerAddress) {
      tally.connectionRefused(engine, this.#open >= maxConnections ? 'too many' : 'too many of one address')
      log.warn({ address, open: this.#open, ofAddress: count }, 'connection refused: too many')
      socket.destroy()
      return
    }
    this.#open++
    tally.connectionOpened(engine)
    this.#perAddress.set(address, count + 1)
    const connection = Connection.accepted(socket, turn)
    connection.onceGone(() => this.#gone(address))
    void this.#options.serve(connection)
  }

  #gone(address: string): void {
    this.#open--
    if (this.#closing && this.#open === 0) this.#empty.resolve()
    this.#options.tally.connectionClosed(this.#options.engine)
    const count = this.#perAddress.get(address) ?? 1
    if (count <= 1) this.#perAddress.delete(address)
    else this.#perAddress.set(address, count - 1)
  }
}
