import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'

/** What the proxy does to a request. */
type Fate = 'pass' | 'refuse' | 'cut before' | 'cut within' | 'lose the answer'

/** An HTTP proxy before a server, which does to requests what bad networks and busy servers do. */
export interface FlakyProxy {
  /** In place of the server's. */
  readonly endpoint: string
  /** The requests so far, with what was done to each: `PUT pass`. */
  readonly requests: readonly string[]
  /** The part of the requests that something is done to, 0 to 1; 1: no server is there. */
  rate: number
  readonly close: () => Promise<void>
}

/** The same requests in the same order have the same fate under one `seed`. `rate` begins at 0. */
export async function startFlakyProxy(endpoint: string, seed: number): Promise<FlakyProxy> {
  const random = mulberry32(seed)
  const requests: string[] = []
  const server = createServer((from, to) => {
    const fate = random() < proxy.rate ? badFate(random()) : 'pass'
    requests.push(`${from.method ?? ''} ${fate}`)
    forward(endpoint, fate, random() < 0.5 ? 500 : 503, from, to)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  const proxy = {
    endpoint: `http://127.0.0.1:${String(port)}`,
    requests,
    rate: 0,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return proxy
}

function badFate(at: number): Fate {
  return (['refuse', 'cut before', 'cut within', 'lose the answer'] as const)[Math.floor(at * 4)] ?? 'refuse'
}

function forward(endpoint: string, fate: Fate, status: number, from: IncomingMessage, to: ServerResponse): void {
  if (fate === 'cut before') return void from.socket.destroy()
  if (fate === 'refuse') {
    from.resume()
    from.once('end', () => to.writeHead(status).end('<Error><Code>SlowDown</Code></Error>'))
    return
  }
  const { method, headers } = from
  // What was signed for this proxy's address is checked with it.
  const onward = request(new URL(from.url ?? '/', endpoint), { method, headers, agent: false }, (answer) => {
    if (fate === 'lose the answer') {
      answer.resume()
      answer.once('end', () => from.socket.destroy())
      return
    }
    to.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(to)
  })
  onward.once('error', () => from.socket.destroy())
  if (fate === 'cut within') {
    from.once('data', (chunk: Buffer) => {
      onward.write(chunk.subarray(0, chunk.length / 2))
      onward.destroy()
      from.socket.destroy()
    })
    from.once('end', () => from.socket.destroy())
    return
  }
  from.pipe(onward)
}

/** Numbers that look random, from 0 up to 1, always the same for a seed. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
