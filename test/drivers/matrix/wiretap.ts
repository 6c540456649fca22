import { connect, createServer, type Socket } from 'node:net'

/** A way to a gateway on which everything that clients send is kept. */
export interface Wiretap {
  readonly port: number
  /** All that was sent to the gateway until now, as Latin-1. */
  readonly sent: () => string
  readonly close: () => Promise<void>
}

/** Stands on 127.0.0.1 before the gateway. */
export async function startWiretap(to: { readonly host: string; readonly port: number }): Promise<Wiretap> {
  const kept: Buffer[] = []
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(to.port, to.host)
    client.on('data', (chunk) => kept.push(Buffer.from(chunk)))
    client.pipe(upstream).pipe(client)
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      one.on('error', () => one.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    sent: () => Buffer.concat(kept).toString('latin1'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
