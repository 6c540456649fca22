import net from 'node:net'
import { once } from 'node:events'
import { BACKEND_LIMITS, encodeCopyData, FrameCursor, MessageWriter } from '@gatehouse/postgres-wire'
import type { PostgresAddress } from '../servers/postgres.ts'

/** What is sent in place of a CopyData message: one message for each buffer. `index` counts the messages of a connection. */
export type Tamper = (data: Buffer, index: number) => readonly Buffer[]

/** A wire to a real server on which somebody changes the COPY data that the server sends. */
export class TamperingWire {
  tamper: Tamper = (data) => [data]
  readonly #server: net.Server
  readonly #sockets = new Set<net.Socket>()

  private constructor(to: PostgresAddress) {
    this.#server = net.createServer((client) => {
      const upstream = net.connect(to.port, to.host)
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket)
        socket.on('error', () => undefined)
      }
      client.pipe(upstream)
      upstream.on('close', () => client.destroy())
      client.on('close', () => upstream.destroy())
      const cursor = new FrameCursor(BACKEND_LIMITS(0x3fff_ffff))
      let index = 0
      upstream.on('data', (chunk: Buffer) => {
        cursor.feed(chunk, 0, chunk.length)
        while (cursor.next()) {
          const { tag, bytes, start, body, end } = cursor
          if (tag !== 0x64 /* d */) client.write(Buffer.from(bytes.subarray(start, end)))
          else
            for (const data of this.tamper(Buffer.from(bytes.subarray(body, end)), index++)) client.write(frame(data))
        }
      })
    })
  }

  static async open(to: PostgresAddress): Promise<TamperingWire> {
    const wire = new TamperingWire(to)
    wire.#server.listen(0, '127.0.0.1')
    await once(wire.#server, 'listening')
    return wire
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the wire is not open')
    return address.port
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }
}

function frame(data: Buffer): Buffer {
  const writer = new MessageWriter()
  encodeCopyData({ kind: 'CopyData', data }, writer)
  return writer.take()
}
