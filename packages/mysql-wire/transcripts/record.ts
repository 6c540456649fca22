// Records exchanges with a real server: node record.ts LISTEN_PORT SERVER_PORT FILE. Relays connections without TLS, and
// appends one line a packet: `>` from the client or `<` from the server, sequence id, payload in hexadecimal; packets
// longer than LONGEST bytes are cut and end in `…`. A blank line ends a connection. Use throw-away accounts: what they
// send is in the file.
import { appendFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { ANY_SEQUENCE_ID, PacketCursor } from '../src/index.ts'

const [listenPort = '', serverPort = '', file = ''] = process.argv.slice(2)
const LONGEST = 4096

function tap(from: Socket, to: Socket, direction: '>' | '<', lines: string[]): void {
  const cursor = new PacketCursor(1 << 30)
  from.on('data', (chunk) => {
    to.write(chunk)
    cursor.feed(chunk, 0, chunk.length)
    cursor.nextSequenceId = ANY_SEQUENCE_ID
    while (cursor.next()) {
      const end = Math.min(cursor.end, cursor.payload + LONGEST)
      const cut = end < cursor.end ? '…' : ''
      lines.push(`${direction} ${cursor.sequenceId} ${cursor.bytes.toString('hex', cursor.payload, end)}${cut}`)
      cursor.nextSequenceId = ANY_SEQUENCE_ID
    }
  })
  from.on('error', () => to.destroy())
  from.on('close', () => to.end())
}

createServer((client) => {
  const server = connect(Number(serverPort), '127.0.0.1')
  const lines: string[] = []
  tap(client, server, '>', lines)
  tap(server, client, '<', lines)
  client.on('close', () => appendFileSync(file, `${lines.join('\n')}\n\n`))
}).listen(Number(listenPort), '127.0.0.1')
