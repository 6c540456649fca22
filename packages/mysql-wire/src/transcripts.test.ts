// What real clients and servers said to each other (transcripts/record.ts), read by this package. Clients, in order: against MySQL
// the `mysql` program (twice), mysql2, mariadb for Node, PyMySQL,
// MariaDB Connector/J; against MariaDB the `mariadb` program (twice), and the same four.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type AuthenticationPacket, decodeAuthenticationPacket } from './authentication-packets.ts'
import { ClientAuthentication } from './client-authentication.ts'
import { CommandReader, LAST_STATEMENT } from './commands.ts'
import { decodeBulkParameters, decodeParameters } from './execute-parameters.ts'
import { decodeOk, encodeOk } from './generic-response.ts'
import { decodeHandshake, type HandshakeV10 } from './handshake.ts'
import { decodeHandshakeResponse, encodeHandshakeResponse, type HandshakeResponse41 } from './handshake-response.ts'
import { ANY_SEQUENCE_ID, PacketCursor } from './packet-cursor.ts'
import { PacketWriter } from './packet-writer.ts'
import { ParameterList, type ParameterMemory } from './parameter-list.ts'
import { decodeParameterValue } from './parameter-value.ts'
import { PayloadReader } from './payload-reader.ts'
import { storePassword } from './password-scramble.ts'
import { decodePrepareOk } from './prepared-reply.ts'
import { ServerAuthentication } from './server-authentication.ts'

const PASSWORD = Buffer.from('recorded')

interface Packet {
  readonly fromClient: boolean
  readonly sequenceId: number
  readonly payload: Buffer
}

/** Connections of a transcript. */
function load(name: string): Packet[][] {
  const text = readFileSync(new URL(`../transcripts/${name}.txt`, import.meta.url), 'utf8')
  return text
    .split('\n\n')
    .filter((part) => part !== '')
    .map((part) =>
      part.split('\n').map((line) => {
        const [direction, sequenceId, hex] = line.split(' ')
        return { fromClient: direction === '>', sequenceId: Number(sequenceId), payload: Buffer.from(hex ?? '', 'hex') }
      }),
    )
}

interface Login {
  readonly handshake: HandshakeV10
  readonly response: HandshakeResponse41
  /** What server and client said until OK. */
  readonly exchange: readonly (AuthenticationPacket | Buffer)[]
  readonly agreed: { readonly capabilities: number; readonly mariadbCapabilities: number }
  /** Everything after it. */
  readonly rest: readonly Packet[]
}

function readLogin(connection: readonly Packet[]): Login {
  const [first, second, ...others] = connection
  const handshake = decodeHandshake(new PayloadReader(first?.payload))
  const response = decodeHandshakeResponse(new PayloadReader(second?.payload))
  if (handshake.kind !== 'HandshakeV10' || response.kind !== 'HandshakeResponse41') throw new Error('no login')
  const agreed = {
    capabilities: (handshake.capabilities & response.capabilities) >>> 0,
    mariadbCapabilities: handshake.mariadbCapabilities & response.mariadbCapabilities,
  }
  const exchange: (AuthenticationPacket | Buffer)[] = []
  for (const [index, packet] of others.entries()) {
    if (packet.fromClient) exchange.push(packet.payload)
    else {
      const said = decodeAuthenticationPacket(new PayloadReader(packet.payload), agreed.capabilities)
      exchange.push(said)
      if (said.kind === 'OK') return { handshake, response, exchange, agreed, rest: others.slice(index + 1) }
    }
  }
  throw new Error('a login without an OK')
}

/** The commands of a connection, a line each, with the values of their parameters. */
function describeCommands(login: Login): string[] {
  const reader = new CommandReader(login.agreed)
  const list = new ParameterList()
  const statements = new Map<number, { readonly count: number; readonly memory: ParameterMemory }>()
  const lines: string[] = []
  let lastStatement = -1
  const queue = login.rest.entries()
  for (const [index, packet] of queue) {
    if (!packet.fromClient || packet.sequenceId !== 0) continue
    const bytes = packet.payload
    const message = reader.read(new PayloadReader(bytes), bytes)
    // A client may go on before it is answered; the first answer is still this one's.
    const reply = login.rest.slice(index).find(({ fromClient, sequenceId }) => !fromClient && sequenceId === 1)?.payload
    const wanted = 'statementId' in message ? message.statementId : -1
    const statement = statements.get(wanted === LAST_STATEMENT ? lastStatement : wanted)
    switch (message.kind) {
      case 'COM_QUERY': {
        const { attributes: all } = message
        const names = Array.from({ length: all?.count ?? 0 }, (_, at) => `${all?.name(at)}=${String(all?.value(at))}`)
        lines.push([message.kind, ...names, message.text.toString()].join(' '))
        break
      }
      case 'COM_STMT_PREPARE':
        if (reply?.[0] === 0) {
          const { statementId, parameters } = decodePrepareOk(new PayloadReader(reply), false)
          lastStatement = statementId
          statements.set(statementId, { count: parameters, memory: { types: undefined, longData: undefined } })
        }
        lines.push(`${message.kind} ${message.text.toString()}`)
        break
      case 'COM_STMT_EXECUTE': {
        if (statement === undefined) throw new Error('an execution of what was not prepared')
        decodeParameters(message, bytes, bytes.length, statement.count, statement.memory, login.agreed, list)
        statement.memory.longData = undefined
        lines.push(`${message.kind} ${Array.from({ length: list.count }, (_, at) => show(list.value(at))).join(', ')}`)
        break
      }
      case 'COM_STMT_BULK_EXECUTE': {
        if (statement === undefined) throw new Error('an execution of what was not prepared')
        const values: string[] = []
        const { count, memory } = statement
        const rows = decodeBulkParameters(message, bytes, bytes.length, count, memory, (_, type, start, end) => {
          values.push(start < 0 ? String(start) : show(decodeParameterValue(type, bytes.subarray(start, end))))
        })
        lines.push(`${message.kind} ${rows} rows: ${values.join(', ')}`)
        break
      }
      case 'COM_STMT_SEND_LONG_DATA':
        if (statement === undefined) throw new Error('data for what was not prepared')
        statement.memory.longData = new Set([...(statement.memory.longData ?? []), message.parameter])
        lines.push(`${message.kind} ${message.parameter} ${show(message.data)}`)
        break
      case 'COM_INIT_DB':
        lines.push(`${message.kind} ${message.schema.toString()}`)
        break
      case 'COM_CHANGE_USER':
        lines.push(`${message.kind} ${message.username} ${message.database} ${message.authPluginName}`)
        break
      default:
        lines.push(message.kind)
    }
  }
  return lines.map((line) => line.replaceAll('\n', ' ⏎ '))
}

function show(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString('hex') : String(value)
}

describe.each(['mysql-9.7', 'mariadb-10.11'])('recorded against %s', (name) => {
  const logins = load(name).map(readLogin)

  it('responses are read to their end, and written the same again', () => {
    for (const [index, [, sent]] of load(name).entries()) {
      const login = logins[index]
      if (login === undefined || sent === undefined) throw new Error('no login')
      const reader = new PayloadReader(sent.payload)
      decodeHandshakeResponse(reader)
      expect(reader.remaining).toBe(0)
      const written = new PacketWriter()
      encodeHandshakeResponse(login.response, written)
      // mariadb for Node writes the length of its attributes in three bytes, where one would do.
      const isNode = login.response.attributes.get('_client_name') === 'MariaDB connector/Node'
      if (!isNode) expect(written.take().subarray(4)).toEqual(sent.payload)
    }
  })

  it('proofs are those that this package makes, and its server side accepts them', () => {
    let proofs = 0
    for (const { handshake, response, exchange } of logins) {
      const client = new ClientAuthentication({
        password: PASSWORD,
        secure: false,
        trustSentPublicKey: true,
        random: Buffer.alloc(32),
      })
      client.begin(handshake.authPluginName, handshake.authPluginData)
      const plain = new ClientAuthentication({ password: PASSWORD, secure: true, random: Buffer.alloc(32) })
      expect(plain.begin(response.authPluginName, handshake.authPluginData).authResponse).toEqual(response.authResponse)
      const stored = storePassword(PASSWORD)
      const there = { scramble: handshake.authPluginData, secure: true, clearPassword: true, pluginAuth: true, stored }
      expect(new ServerAuthentication(there).start(response.authPluginName, response.authResponse).kind).toBe(
        'accepted',
      )
      for (const [index, said] of exchange.entries()) {
        const next = exchange[index + 1]
        if (Buffer.isBuffer(said) || said.kind === 'OK' || said.kind === 'ERR') continue
        const answer = client.next(said)
        // A password under an RSA key is another one each time.
        if (Buffer.isBuffer(next) && next.length !== 256) expect(answer).toEqual(next)
        if (Buffer.isBuffer(next)) proofs++
      }
    }
    expect(proofs).toBeGreaterThan(0)
  })

  it('commands are what the clients were told to say', () => {
    const told = readFileSync(new URL(`../transcripts/${name}.commands.txt`, import.meta.url), 'utf8')
    expect(logins.map((login) => `${describeCommands(login).join('\n')}\n`).join('\n')).toBe(told)
  })

  it('OK packets are written the same again', () => {
    let seen = 0
    for (const { agreed, rest } of logins) {
      for (const [index, { fromClient, payload }] of rest.entries()) {
        const before = rest[index - 1]
        const answers = before?.fromClient === true && [0x03, 0x02, 0x0e, 0x1f, 0xfa].includes(before.payload[0] ?? 0)
        if (fromClient || !answers || payload[0] !== 0) continue
        const packet = decodeOk(new PayloadReader(payload), agreed.capabilities)
        const written = new PacketWriter()
        encodeOk(packet, agreed.capabilities, written)
        expect(written.take().subarray(4)).toEqual(payload)
        seen++
      }
    }
    expect(seen).toBeGreaterThan(10)
  })

  it('packets come out the same, wherever the stream is cut', () => {
    for (const connection of load(name)) {
      for (const side of [true, false]) {
        const sent = connection.filter(({ fromClient }) => fromClient === side)
        const writer = new PacketWriter()
        for (const { sequenceId, payload } of sent) writer.begin(sequenceId).bytes(payload).end()
        const stream = writer.take()
        for (const size of [1, 2, 3, 5, 7, 64, 1000]) {
          const cursor = new PacketCursor(100_000)
          const seen: Buffer[] = []
          for (let at = 0; at < stream.length; at += size) {
            cursor.nextSequenceId = ANY_SEQUENCE_ID
            cursor.feed(stream, at, Math.min(at + size, stream.length))
            while (cursor.next()) {
              seen.push(Buffer.from(cursor.bytes.subarray(cursor.payload, cursor.end)))
              cursor.nextSequenceId = ANY_SEQUENCE_ID
            }
          }
          expect(seen).toEqual(sent.map(({ payload }) => payload))
        }
      }
    }
  })
})
