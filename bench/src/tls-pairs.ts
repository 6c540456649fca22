/**
 * What Node's TLS sockets weigh by themselves: `tls-pairs.ts <certificate file> <key file>`. Each line with a number on its
 * standard input opens as many connections to itself, each of which has a server's and a client's socket here, like a session
 * with TLS both ways; it is answered with the resident memory after a full collection (needs --expose-gc). Ends with its input.
 */
import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { connect, createSecureContext, createServer, type TLSSocket } from 'node:tls'

const [certificateFile = '', keyFile = ''] = process.argv.slice(2)
const cert = readFileSync(certificateFile)
const sockets: TLSSocket[] = []
const keep = (socket: TLSSocket): void => {
  sockets.push(socket)
  socket.on('data', () => undefined)
  socket.on('error', () => undefined)
}
const server = createServer({ cert, key: readFileSync(keyFile) }, keep)
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
const port = typeof address === 'object' ? (address?.port ?? 0) : 0
// Shared, as the gateway shares it. Who the server is makes no difference to what its socket weighs.
const secureContext = createSecureContext({})
console.log(JSON.stringify({ port }))

for await (const line of createInterface({ input: process.stdin })) {
  for (let left = Number(line); left > 0; left--) {
    const socket = connect({ host: '127.0.0.1', port, secureContext, rejectUnauthorized: false })
    keep(socket)
    await once(socket, 'secureConnect')
  }
  for (let pass = 0; pass < 3; pass++) globalThis.gc?.()
  console.log(JSON.stringify({ rss: process.memoryUsage().rss, sockets: sockets.length }))
}
process.exit()
