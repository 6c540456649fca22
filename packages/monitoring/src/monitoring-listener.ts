import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { SecureContextOptions } from 'node:tls'
import type { ListenAddress } from '@gatehouse/configuration'
import type { Readiness } from './readiness.ts'

/** Connections at the same time; more are closed at once. */
const MAX_CONNECTIONS = 64
/** From a request's first byte to the last of its header. */
const REQUEST_MILLISECONDS = 5_000
/** A connection on which nothing moves for so long is closed: also one that does not take its answer. */
const IDLE_MILLISECONDS = 10_000
const MAX_HEADER_BYTES = 8 * 1024

/** TLS of the listener, which may be replaced: a `ReloadedTls`. */
export interface MonitoringTls {
  readonly options: SecureContextOptions
  watch(replaced: (loaded: { readonly options: SecureContextOptions }) => void): unknown
}

/** What is asked for, and where. */
export interface MonitoringOptions {
  readonly address: ListenAddress
  /** Null: plain HTTP. */
  readonly tls: MonitoringTls | null
  /** Metrics in Prometheus' text format. */
  readonly metrics: () => Promise<string>
  readonly readiness: () => Readiness
}

/**
 * Serves `/metrics`, `/healthz` and `/readyz`, and nothing else, to whoever can reach it. What it costs is bounded: few connections, short patience, no
 * bodies, and one look at the metrics at a time, however many ask.
 */
export class MonitoringListener {
  readonly #server: Server
  readonly #options: MonitoringOptions
  #looking: Promise<string> | null = null

  private constructor(options: MonitoringOptions) {
    this.#options = options
    const limits: ServerOptions = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: REQUEST_MILLISECONDS,
      requestTimeout: REQUEST_MILLISECONDS,
      keepAliveTimeout: IDLE_MILLISECONDS,
      connectionsCheckingInterval: 1_000,
    }
    const answer = (request: IncomingMessage, response: ServerResponse): void => void this.#answer(request, response)
    const { tls } = options
    if (tls === null) this.#server = createServer(limits, answer)
    else {
      const server = createTlsServer({ ...limits, ...tls.options }, answer)
      tls.watch((loaded) => server.setSecureContext(loaded.options))
      this.#server = server
    }
    this.#server.maxConnections = MAX_CONNECTIONS
    this.#server.setTimeout(IDLE_MILLISECONDS, (socket) => socket.destroy())
    this.#server.on('clientError', (_, socket) => socket.destroy())
  }

  /** Rejects when the address cannot be listened on. */
  static async open(options: MonitoringOptions): Promise<MonitoringListener> {
    const listener = new MonitoringListener(options)
    const { host, port } = options.address
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    listener.#server.once('error', reject).listen({ host, port }, resolve)
    await promise
    listener.#server.removeListener('error', reject)
    // One that breaks later takes nothing else with it.
    listener.#server.on('error', () => undefined)
    return listener
  }

  /** Where it listens. */
  get address(): ListenAddress {
    const { host, port } = this.#options.address
    const bound = this.#server.address()
    return { host, port: typeof bound === 'object' && bound !== null ? bound.port : port }
  }

  /** Closes it with all connections. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume()
    response.setHeader('cache-control', 'no-store')
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD', connection: 'close' }).end()
      return
    }
    const path = request.url?.split('?', 1)[0]
    if (path === '/healthz') return sendJson(response, 200, { status: 'ok' })
    if (path === '/readyz') {
      const readiness = this.#options.readiness()
      return sendJson(response, readiness.unready.length === 0 ? 200 : 503, readiness)
    }
    if (path !== '/metrics') return sendJson(response, 404, { paths: ['/metrics', '/healthz', '/readyz'] })
    try {
      const text = await this.#metrics()
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text)
    } catch {
      sendJson(response, 500, { error: 'the metrics could not be read' })
    }
  }

  #metrics(): Promise<string> {
    this.#looking ??= this.#options.metrics().finally(() => (this.#looking = null))
    return this.#looking
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
