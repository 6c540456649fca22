/**
 * A database that only lets sessions in: `fake-upstream.ts <port of a real one>`. It answers the login and one query for the
 * schemas; the gateway's own look at the catalog it passes on to the real one. For sessions that do nothing, in numbers
 * that a real server's processes would not fit.
 */
import { connect, createServer, type Socket } from 'node:net'

const realPort = Number(process.argv[2])

const server = createServer((client) => {
  client.on('error', () => client.destroy())
  client.once('data', (startup) => {
    if (startup.includes('gatehouse:catalog')) passOn(client, startup)
    else letIn(client)
  })
})
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  const address = server.address()
  console.log(JSON.stringify({ port: typeof address === 'object' ? address?.port : null }))
})
process.stdin.resume().on('end', () => process.exit())

function passOn(client: Socket, startup: Buffer): void {
  const real = connect({ port: realPort, host: '127.0.0.1' })
  real.on('error', () => client.destroy())
  real.write(startup)
  client.pipe(real).pipe(client)
}

const SETTINGS = {
  server_version: '18.0',
  server_encoding: 'UTF8',
  client_encoding: 'UTF8',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  integer_datetimes: 'on',
  standard_conforming_strings: 'on',
  is_superuser: 'off',
  session_authorization: 'bench',
  application_name: 'bench',
  in_hot_standby: 'off',
  default_transaction_read_only: 'off',
  search_path: '"$user", public',
}
const READY = message('Z', Buffer.from('I'))
const GREETING = Buffer.concat([
  message('R', Buffer.alloc(4)),
  ...Object.entries(SETTINGS).map(([name, value]) => message('S', Buffer.from(`${name}\0${value}\0`))),
  message('K', Buffer.alloc(8, 1)),
  READY,
])
const SCHEMAS = '["pg_catalog","public"]'
const ANSWER = Buffer.concat([
  message(
    'T',
    Buffer.concat([
      Buffer.from('\0\u0001s\0', 'latin1'),
      Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 255, 255, 255, 255, 255, 255, 0, 0]),
    ]),
  ),
  message('D', Buffer.concat([Buffer.from([0, 1, 0, 0, 0, SCHEMAS.length]), Buffer.from(SCHEMAS)])),
  message('C', Buffer.from('SELECT 1\0')),
  READY,
])

function letIn(client: Socket): void {
  client.write(GREETING)
  client.on('data', (chunk) => {
    if (chunk[0] === 0x51 /* Q */) client.write(ANSWER)
    else client.end()
  })
}

function message(tag: string, body: Buffer): Buffer {
  const head = Buffer.from(`${tag}\0\0\0\0`)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
