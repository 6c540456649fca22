import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { pipeline, Readable } from 'node:stream'

/** A request as it came. */
export interface Asked {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Answers a request whose body was read. */
export type Answer = (asked: Asked, response: ServerResponse) => void

/** A service of a cloud on a loopback port: it answers as its documentation says, and otherwise when told. */
export class LoopbackService {
  readonly #server: Server
  readonly #secure: boolean
  /** Every request, in order. */
  readonly asked: Asked[] = []
  answer: Answer

  private constructor(answer: Answer, tls: { readonly key: string; readonly cert: string } | null) {
    this.answer = answer
    const take = (request: IncomingMessage, response: ServerResponse): void => void this.#take(request, response)
    this.#secure = tls !== null
    this.#server = tls === null ? createServer(take) : createTlsServer(tls, take)
  }

  /** Starts on a port of the system's choice. */
  static async start(
    answer: Answer,
    tls: { readonly key: string; readonly cert: string } | null = null,
  ): Promise<LoopbackService> {
    const service = new LoopbackService(answer, tls)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    service.#server.once('error', reject).listen(0, '127.0.0.1', resolve)
    await promise
    return service
  }

  /** Without a slash at its end. */
  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the service has no port')
    return `${this.#secure ? 'https' : 'http'}://127.0.0.1:${address.port}`
  }

  /** Connections that are open. */
  get connections(): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    this.#server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
    return promise
  }

  async stop(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    this.#server.closeAllConnections()
    await promise
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
    const { method = '', url = '', headers } = request
    const asked = { method, path: url, headers, body: Buffer.concat(chunks).toString() }
    this.asked.push(asked)
    this.answer(asked, response)
  }
}

/** Answers with JSON. */
export function json(
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text)
}

/** Answers without an end, as fast as somebody reads. */
export function endless(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  const bytes = new Readable({
    read() {
      setImmediate(() => this.push(Buffer.alloc(16 * 1024, 'a')))
    },
  })
  pipeline(bytes, response, () => undefined)
}
