import net from 'node:net'
import type { Logger } from 'pino'
import type { EngineName } from '@gatehouse/core'
import { placeOf } from './address-place.ts'
import { ClientOrigin } from './client-origin.ts'
import type { ListenerConfig } from './config/index.ts'
import { Connection } from './connection.ts'
import type { Farewell } from './farewell.ts'
import type { SessionTally } from './monitoring/session-tally.ts'
import { KEPT_DESCRIPTORS } from './descriptors.ts'
import { NO_ROOM, type NoRoom, TurnedAway } from './no-room.ts'
import { OftenSaid } from './often-said.ts'
import { PlaceCounts } from './place-counts.ts'
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
  readonly maxUnauthenticatedConnectionsPerAddress: number
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
  /** What is said to a client that is not served, before it is heard, in its protocol. */
  readonly unserved: (said: Farewell) => Buffer
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
  readonly #turnedAway = new TurnedAway()
  readonly #perPlace = new PlaceCounts()
  readonly #loggingInPerPlace = new PlaceCounts()
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
    const { handshakeTimeoutSeconds, keepAliveSeconds } = this.#options
    const { turn, isTrustedSender, serve, engine, tally, unserved } = this.#options
    const sender = socket.remoteAddress
    // It has gone already.
    if (sender === undefined) return void socket.destroy()
    if (this.#areDescriptorsShort(socket)) {
      tally.connectionRefused(engine, 'too few descriptors')
      socket.destroy()
      return
    }
    const trusted = isTrustedSender(sender)
    // A balancer's own address is nobody's: whose connection it is, it has yet to say.
    const place = trusted ? null : placeOf(sender).own
    const full = this.#whyFull(place)
    if (full !== null) {
      this.#sayFull(full, sender)
      this.#turnedAway.send(socket, unserved(NO_ROOM[full]))
      return
    }
    const connection = Connection.accepted(socket, turn, keepAliveSeconds)
    const counted: Counted = { loggingIn: true, place: null }
    this.#open++
    tally.connectionOpened(engine)
    this.#loggingIn++
    connection.onceGone(() => this.#gone(counted))
    if (place !== null) this.#takePlace(counted, place)
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
          if (counted.place !== null || this.#findPlace(counted, connection)) return reading.rest
          return null
        default:
          throw reading satisfies never
      }
    }
  }

  /** Why one more connection is not served; null: it is. `place`: where it is from, null where that is not known yet. */
  #whyFull(place: string | null): NoRoom | null {
    const { maxConnections, maxUnauthenticatedConnections } = this.#options
    if (this.#open >= maxConnections) return 'too many'
    if (this.#loggingIn >= maxUnauthenticatedConnections) return 'too many logging in'
    return place === null ? null : this.#whyFullThere(place)
  }

  #whyFullThere(place: string): NoRoom | null {
    const { maxConnectionsPerAddress, maxUnauthenticatedConnectionsPerAddress } = this.#options
    if (this.#perPlace.of(place) >= maxConnectionsPerAddress) return 'too many of one address'
    if (this.#loggingInPerPlace.of(place) >= maxUnauthenticatedConnectionsPerAddress)
      return 'too many logging in of one address'
    return null
  }

  #sayFull(full: NoRoom, address: string): void {
    this.#options.tally.connectionRefused(this.#options.engine, full)
    const ofAddress = this.#perPlace.of(placeOf(address).own)
    this.#tooMany.say({ address, open: this.#open, loggingIn: this.#loggingIn, ofAddress })
  }

  #takePlace(counted: Counted, place: string): void {
    this.#perPlace.add(place)
    this.#loggingInPerPlace.add(place)
    counted.place = place
  }

  /** Counts a connection whose balancer has just said where it is from; false: there are too many from there, and it is told so. */
  #findPlace(counted: Counted, connection: Connection): boolean {
    const place = placeOf(connection.remoteAddress).own
    const full = this.#whyFullThere(place)
    if (full === null) {
      this.#takePlace(counted, place)
      return true
    }
    this.#sayFull(full, connection.remoteAddress)
    this.#loggedIn(counted)
    const leave = this.#turnedAway.enter()
    if (leave === null) connection.destroy()
    else {
      connection.onceGone(leave)
      // What it says from now on is not heard.
      connection.opening = () => null
      connection.write(this.#options.unserved(NO_ROOM[full]))
      connection.end()
    }
    return false
  }

  #loggedIn(counted: Counted): void {
    if (!counted.loggingIn) return
    counted.loggingIn = false
    this.#loggingIn--
    if (counted.place !== null) this.#loggingInPerPlace.remove(counted.place)
  }

  #gone(counted: Counted): void {
    this.#loggedIn(counted)
    this.#open--
    if (this.#closing && this.#open === 0) this.#empty.resolve()
    this.#options.tally.connectionClosed(this.#options.engine)
    if (counted.place !== null) this.#perPlace.remove(counted.place)
  }
}

/** What a listener itself goes by, and may change. */
export function limitsOf(listener: ListenerConfig | null): Partial<ListenerOptions> {
  if (listener === null) return {}
  const { address: _, ...limits } = listener
  return { ...limits, isTrustedSender: trustedSenders(listener) }
}
