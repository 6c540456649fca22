import { createServer } from 'node:net'

/** A TCP port on 127.0.0.1 that was free a moment ago; callers retry when another program was quicker. */
export async function freePort(): Promise<number> {
  return (await tryPort(0)) ?? Promise.reject(new Error('no free port on 127.0.0.1'))
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
