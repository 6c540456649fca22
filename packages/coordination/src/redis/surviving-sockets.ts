import type { Socket } from 'node:net'
import { Redis } from 'ioredis'

const current = new WeakMap<Redis, Socket>()

/**
 * Keeps an error of a socket from ending the process: ioredis listens to the first one of each, and TLS may have a second (our
 * refusal of a certificate, and then the server's alert about that). For every client of ioredis, since it makes clients of its own
 * (to ask Sentinels, and to listen in a cluster) that are shown to nobody. To call it again changes nothing.
 */
export function surviveSocketErrors(): void {
  Object.defineProperty(Redis.prototype, 'stream', {
    configurable: true,
    enumerable: true,
    get(this: Redis) {
      return current.get(this)
    },
    set(this: Redis, stream: Socket | undefined) {
      if (stream === undefined) {
        current.delete(this)
        return
      }
      stream.on('error', () => undefined)
      current.set(this, stream)
    },
  })
}
