import { connect, createServer, type Socket } from 'node:net'

/** A way to a server that can be shut: then whoever knocks is cut off, as are those who are through. */
export interface TcpGate {
  readonly port: number
  open: () => void
  shut: () => void
  /** Whoever knocks from now on is let through after so many milliseconds. */
  slow: (milliseconds: number) => void
  readonly close: () => Promise<void>
}

/** Stands on 127.0.0.1 before a server, open. */
export async function startTcpGate(to: { readonly host: string; readonly port: number }): Promise<TcpGate> {
  const sockets = new Set<Socket>()
  let isOpen = true
  let delay = 0
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const server = createServer((client) => {
    keep(client)
    if (!isOpen) {
      client.destroy()
      return
    }
    // What it sends waits in the kernel.
    setTimeout(() => {
      if (client.destroyed) return
      const upstream = connect(to.port, to.host)
      keep(upstream)
      client.pipe(upstream).pipe(client)
      client.on('close', () => upstream.destroy())
      upstream.on('close', () => client.destroy())
    }, delay)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    open: () => {
      isOpen = true
    },
    shut: () => {
      isOpen = false
      cut()
    },
    slow: (milliseconds) => {
      delay = milliseconds
    },
    close: async () => {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
