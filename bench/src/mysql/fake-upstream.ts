/**
 * A database that only lets sessions in: `fake-upstream.ts <port of a real one>`. It passes connections on to the real one until it
 * has seen a login of the second connection (the first is the gateway's own look at the catalog) and what was asked
 * after it; to all later ones it says what the server said then. For sessions that do nothing, in numbers
 * that a real server would not fit.
 */
import { connect, createServer, type Socket } from 'node:net'

/** How long a session must have been quiet to be over its login. */
const QUIET_MILLISECONDS = 300

/** What the server says once the client has sent so many bytes. */
interface Reply {
  readonly after: number
  readonly bytes: Buffer
}

const realPort = Number(process.argv[2])
const heard: Reply[] = []
let replies: readonly Reply[] | null = null
let connections = 0

const server = createServer((client) => {
  client.on('error', () => client.destroy())
  if (replies === null) passOn(client, ++connections === 2)
  else letIn(client, replies)
})
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  const address = server.address()
  console.log(JSON.stringify({ port: typeof address === 'object' ? address?.port : null }))
})
process.stdin.resume().on('end', () => process.exit())

function passOn(client: Socket, listening: boolean): void {
  const real = connect({ port: realPort, host: '127.0.0.1' })
  real.on('error', () => client.destroy())
  client.pipe(real).pipe(client)
  if (!listening) return
  let sent = 0
  let quiet: NodeJS.Timeout | undefined
  const over = (): void => {
    replies = [...heard]
  }
  client.on('data', (chunk) => {
    sent += chunk.length
  })
  real.on('data', (chunk) => {
    heard.push({ after: sent, bytes: chunk })
    clearTimeout(quiet)
    quiet = setTimeout(over, QUIET_MILLISECONDS)
  })
}

function letIn(client: Socket, said: readonly Reply[]): void {
  let received = 0
  let at = 0
  const answer = (): void => {
    for (let reply = said[at]; reply !== undefined && reply.after <= received; reply = said[++at])
      client.write(reply.bytes)
  }
  client.on('data', (chunk) => {
    received += chunk.length
    answer()
  })
  answer()
}
