import net from 'node:net'
import type { Logger } from 'pino'
import type { EngineName } from '@gatehouse/core'
import { placeOf } from './address-place.ts'
import { ClientOrigin } from './client-origin.ts'
import type { ListenerConfig } from './config/index.ts'
import { Connection } from './connection.ts'
import type { SessionTally } from './monitoring/session-tally.ts'
import { KEPT_DESCRIPTORS } from './descriptors.ts'
import { OftenSaid } from './often-said.ts'
import { trustedSenders } from './trusted-senders.ts'
import type { Turn } from './turn.ts'

/** So long after a connection was refused for want of descriptors there are enough of them again. One that is free for a moment says nothing. */
const SHORT_MILLISECONDS = 5000

/** What a listener goes by. */
export interface ListenerOptions {
  readonly host: string
  readonly port: number
  /** Other processes of this gateway listen on the same port: the system spreads the connections over them. */
  readonly reusePort: boolean
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  readonly maxUnauthenticatedConnections: number
  readonly handshakeTimeoutSeconds: number
  readonly keepAliveSeconds: number
  /** That this process may have; null: not known. */
  readonly mostDescriptors: number | null
  /** Whose connections begin with a header of the PROXY protocol. */
  readonly isTrustedSender: (address: string) => boolean
  readonly turn: Turn
  readonly log: Logger
  readonly engine: EngineName
  /** Counts connections. */
  readonly tally: SessionTally
  /** Serves one connection; resolves when its login is over, for which it has until the deadline. */
  readonly serve: (client: Connection, deadline: AbortSignal) => Promise<void>
  /** Told when whose connection it is, as it says, is not to be believed. It is closed then. */
  readonly originRefused: (sender: string, reason: string) => void
}

/** One accepted connection, as it is counted. */
interface Counted {
  loggingIn: boolean
  /** Where it is from; null: not known yet. */
  place: string | null
}

/** Accepts connections within the limits and hands each to its engine. */
export class Listener {
  readonly #server: net.Server
  #options: ListenerOptions
  readonly #tooMany: OftenSaid
  readonly #perPlace = new Map<string, number>()
  /** Runs since a connection was refused for want of descriptors; null: none was for a while. */
  #short: NodeJS.Timeout | null = null
  #open = 0
  #loggingIn = 0
  readonly #empty = Promise.withResolvers<void>()
  #closing = false

  constructor(options: ListenerOptions) {
    this.#options = options
    this.#tooMany = new OftenSaid((facts) => options.log.warn(facts, 'connection refused: too many'))
    this.#server = net.createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.#accept(socket))
  }

  /** Resolves with the port; rejects when the address cannot be listened on. */
  listen(): Promise<number> {
    const { host, port, reusePort } = this.#options
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port, reusePort, backlog: 1024 }, () => {
        this.#server.removeListener('error', reject)
        this.#server.on('error', (error) => this.#options.log.error({ error: error.message }, 'the listener failed'))
        const address = this.#server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : port)
      })
    })
  }

  /** From now on it goes by these; connections that are open stay. */
  change(options: Partial<ListenerOptions>): void {
    this.#options = { ...this.#options, ...options }
  }

  /** Accepts no more. Connections that are open stay. Resolves when none is left. */
  close(): Promise<void> {
    this.#closing = true
    this.#server.close()
    if (this.#open === 0) this.#empty.resolve()
    return this.#empty.promise
  }

  #accept(socket: net.Socket): void {
    const { maxConnections, maxUnauthenticatedConnections, handshakeTimeoutSeconds, keepAliveSeconds } = this.#options
    const { turn, isTrustedSender, serve, engine, tally } = this.#options
    const sender = socket.remoteAddress
    // It has gone already.
    if (sender === undefined) return void socket.destroy()
    if (this.#areDescriptorsShort(socket)) {
      tally.connectionRefused(engine, 'too few descriptors')
      socket.destroy()
      return
    }
    if (this.#open >= maxConnections || this.#loggingIn >= maxUnauthenticatedConnections) {
      tally.connectionRefused(engine, this.#open >= maxConnections ? 'too many' : 'too many logging in')
      this.#tooMany.say({ address: sender, open: this.#open, loggingIn: this.#loggingIn })
      socket.destroy()
      return
    }
    const connection = Connection.accepted(socket, turn, keepAliveSeconds)
    const counted: Counted = { loggingIn: true, place: null }
    this.#open++
    tally.connectionOpened(engine)
    this.#loggingIn++
    connection.onceGone(() => this.#gone(counted))
    const trusted = isTrustedSender(sender)
    // A balancer's own address is nobody's: whose connection it is, it has yet to say.
    if (!trusted && !this.#takePlace(counted, sender)) return connection.destroy()
    connection.opening = this.#opening(connection, counted, sender, new ClientOrigin(trusted))
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(), handshakeTimeoutSeconds * 1000)
    void serve(connection, deadline.signal).finally(() => {
      clearTimeout(timer)
      this.#loggedIn(counted)
    })
  }

  /** The system gives the lowest descriptor that is free, so this one's number says how many are taken; each login will want another, for its upstream. */
  #areDescriptorsShort(socket: net.Socket): boolean {
    const { mostDescriptors, log } = this.#options
    const handle: unknown = Reflect.get(socket, '_handle')
    const descriptor: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : null
    if (mostDescriptors === null || typeof descriptor !== 'number') return false
    if (descriptor + this.#loggingIn < mostDescriptors - KEPT_DESCRIPTORS) return false
    if (this.#short === null)
      log.error({ mostDescriptors }, 'connections are refused: too few file descriptors are left (ulimit -n)')
    else clearTimeout(this.#short)
    this.#short = setTimeout(() => {
      this.#short = null
      log.info('there are file descriptors again')
    }, SHORT_MILLISECONDS).unref()
    return true
  }

  /** Reads whose connection it is, and counts it there. */
  #opening(
    connection: Connection,
    counted: Counted,
    sender: string,
    origin: ClientOrigin,
  ): (chunk: Buffer) => Buffer | null {
    return (chunk) => {
      const reading = origin.read(chunk)
      switch (reading.kind) {
        case 'incomplete':
          return null
        case 'refused':
          this.#options.tally.connectionRefused(this.#options.engine, 'PROXY header')
          this.#options.originRefused(sender, reading.reason)
          connection.destroy()
          return null
        case 'known':
          if (reading.address !== null) connection.remoteAddress = reading.address
          if (counted.place !== null || this.#takePlace(counted, connection.remoteAddress)) return reading.rest
          connection.destroy()
          return null
        default:
          throw reading satisfies never
      }
    }
  }

  /** Counts a connection where it is from; false: there are too many from there. */
  #takePlace(counted: Counted, address: string): boolean {
    const place = placeOf(address).own
    const count = this.#perPlace.get(place) ?? 0
    if (count >= this.#options.maxConnectionsPerAddress) {
      this.#options.tally.connectionRefused(this.#options.engine, 'too many of one address')
      this.#tooMany.say({ address, open: this.#open, ofAddress: count })
      return false
    }
    this.#perPlace.set(place, count + 1)
    counted.place = place
    return true
  }

  #loggedIn(counted: Counted): void {
    if (!counted.loggingIn) return
    counted.loggingIn = false
    this.#loggingIn--
  }

  #gone(counted: Counted): void {
    this.#loggedIn(counted)
    this.#open--
    if (this.#closing && this.#open === 0) this.#empty.resolve()
    this.#options.tally.connectionClosed(this.#options.engine)
    if (counted.place === null) return
    const count = this.#perPlace.get(counted.place) ?? 1
    if (count <= 1) this.#perPlace.delete(counted.place)
    else this.#perPlace.set(counted.place, count - 1)
  }
}

/** What a listener itself goes by, and may change. */
export function limitsOf(listener: ListenerConfig | null): Partial<ListenerOptions> {
  if (listener === null) return {}
  const { address: _, ...limits } = listener
  return { ...limits, isTrustedSender: trustedSenders(listener) }
}
