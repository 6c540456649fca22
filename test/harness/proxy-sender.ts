import { connect, createServer, type Socket } from 'node:net'

/** How a balancer passes connections on. */
export interface ProxySenderOptions {
  /** Where to. */
  readonly port: number
  /** What each of its connections begins with; default: nothing. */
  readonly header?: Buffer
  /** `first`: at once; `bytes`: at once, in as many segments as bytes; `payload`: with the first that the client says, as an NLB of AWS does. */
  readonly when?: 'first' | 'bytes' | 'payload'
  /** From where it connects. */
  readonly localAddress?: string
}

/** A balancer that stands on 127.0.0.1. */
export interface ProxySender {
  readonly host: string
  readonly port: number
  readonly close: () => Promise<void>
}

/** Starts one. */
export async function startProxySender(options: ProxySenderOptions): Promise<ProxySender> {
  const { port, header = Buffer.alloc(0), when = 'first', localAddress = '127.0.0.1' } = options
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const server = createServer({ pauseOnConnect: true }, (client) => {
    keep(client)
    const gateway = connect({ port, host: '127.0.0.1', localAddress, noDelay: true })
    keep(gateway)
    client.on('close', () => gateway.destroy())
    gateway.on('close', () => client.destroy())
    gateway.pipe(client)
    gateway.once('connect', () => {
      if (when === 'payload') {
        client.once('data', (first: Buffer) => {
          gateway.write(Buffer.concat([header, first]))
          client.pipe(gateway)
        })
        client.resume()
        return
      }
      void writeHeader(gateway, when === 'bytes' ? [...header].map((byte) => Buffer.of(byte)) : [header]).then(() =>
        client.pipe(gateway),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  return {
    host: '127.0.0.1',
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Each in a turn of its own, so that the kernel has sent one before the next comes. */
async function writeHeader(socket: Socket, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    if (piece.length > 0) await new Promise((resolve) => socket.write(piece, resolve))
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
