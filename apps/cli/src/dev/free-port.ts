import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below those that systems give to outgoing connections (Linux: from 32768 on; RFC 6335: from 49152 on), one of which could take it meanwhile. */
const FIRST = 20_000
const LAST = 32_000
const TRIES = 100

/** A TCP port on 127.0.0.1 that was free a moment ago; callers retry when another program was quicker. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = await tryPort(randomInt(FIRST, LAST))
    if (port !== null) return port
  }
  throw new Error(`no free port on 127.0.0.1 from ${String(FIRST)} to ${String(LAST)}`)
}

/** `wanted` when nobody listens there on 127.0.0.1, else some free port. */
export async function freePortNear(wanted: number): Promise<number> {
  return (await tryPort(wanted)) ?? freePort()
}

function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => {
      resolve(null)
    })
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = probe.address()
      probe.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : null)
      })
    })
  })
}
