/** A TCP relay on ordinary Node streams, that looks at nothing: what Node itself costs. `bare-relay.ts <upstream port>` */
import { connect, createServer, type Socket } from 'node:net'

const upstreamPort = Number(process.argv[2])

const server = createServer({ noDelay: true }, (client) => {
  const upstream = connect({ host: '127.0.0.1', port: upstreamPort, noDelay: true })
  tie(client, upstream)
  tie(upstream, client)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(JSON.stringify({ port: typeof address === 'object' ? address?.port : null }))
})
process.stdin.resume().on('end', () => process.exit())

function tie(from: Socket, to: Socket): void {
  from.pipe(to)
  from.on('error', () => to.destroy())
}
