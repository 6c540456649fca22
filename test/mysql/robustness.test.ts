import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Capability, Command, type PacketWriter, ResponseKind } from '@gatehouse/mysql-wire'
import { describe, expect } from 'vitest'
import { eventually } from '../postgres/scene.ts'
import { CommandClient } from './command-client.ts'
import { type Scene, scenePromises, VERSIONS } from './scene.ts'

const [MYSQL] = VERSIONS
if (MYSQL === undefined) throw new Error('no version')

/** The same bytes in every run. */
function bytesOf(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    bytes[at] = state >>> 16
  }
  return bytes
}

const stillServes = async ({ enter }: Scene): Promise<void> => {
  const client = await enter()
  expect((await client.query('SELECT 1')).rows).toEqual([['1']])
  client.end()
}

describe('a gateway before MySQL', () => {
  const promise = scenePromises(MYSQL.shared, {
    listener: { handshakeTimeoutSeconds: 1, maxMessageBytes: 65_536 * 4, maxStatementBytes: 65_536 },
    sql: 'CREATE TABLE t (n INT)',
  })

  promise('takes any bytes in place of a login, and goes on serving', async (scene) => {
    const { host, port } = scene.gateway
    for (let seed = 1; seed <= 60; seed++) {
      const socket = net.connect(port, host)
      socket.on('error', () => undefined)
      await once(socket, 'data')
      const bytes = bytesOf(seed, 16 + seed * 40)
      // Half of them with a header that fits, so that they get as far as a field.
      if (seed % 2 === 0) {
        bytes.writeUIntLE(bytes.length - 4, 0, 3)
        bytes[3] = 1
        bytes.writeUInt32LE(Capability.PROTOCOL_41 | Capability.SECURE_CONNECTION | Capability.PLUGIN_AUTH, 4)
      }
      socket.end(bytes)
      await once(socket, 'close')
    }
    await stillServes(scene)
  })

  promise('takes any bytes in place of a command, and ends that session alone', async (scene) => {
    for (let seed = 1; seed <= 60; seed++) {
      const client = await scene.enter()
      const bytes = bytesOf(seed, 4 + seed * 7)
      bytes.writeUIntLE(bytes.length - 4, 0, 3)
      bytes[3] = 0
      if (seed % 3 === 0) bytes[4] = Command.STMT_EXECUTE
      if (seed % 3 === 1) bytes[4] = Command.CHANGE_USER
      client.socket.write(bytes)
      client.socket.end()
      await client.closed()
    }
    await stillServes(scene)
  })

  promise('cuts off who does not answer the greeting in time, and who announces too much', async (scene) => {
    const { host, port } = scene.gateway
    const silent = await CommandClient.connect({ host, port })
    await silent.next()
    await silent.closed()
    const boasting = await CommandClient.connect({ host, port })
    await boasting.next()
    boasting.socket.write(Buffer.from([0xff, 0xff, 0xff, 1]))
    await boasting.closed()
    const client = await scene.enter()
    client.socket.write(Buffer.from([0xff, 0xff, 0xff, 0, Command.QUERY]))
    expect((await client.answer(ResponseKind.Text)).error?.errorCode).toBe(1835)
    await client.closed()
    await stillServes(scene)
  })

  promise('forwards nothing of a command that was cut off', async ({ enter, admin }) => {
    const client = await enter()
    const text = Buffer.from('INSERT INTO t VALUES (1)')
    const head = Buffer.from([text.length + 1, 0, 0, 0, Command.QUERY])
    client.socket.write(Buffer.concat([head, text.subarray(0, 20)]))
    await sleep(50)
    client.end()
    await client.closed()
    expect(await admin('SELECT n FROM t')).toEqual([])
  })

  promise('gives the same for a stream of commands cut at every byte', async ({ enter, admin }) => {
    const commands = [
      'INSERT INTO t VALUES (1)',
      'SELECT n FROM t',
      'SELECT nothing',
      'UPDATE t SET n = n + 1',
      'SELECT n FROM t',
    ].map((text) => Buffer.concat([Buffer.from([text.length + 1, 0, 0, 0, Command.QUERY]), Buffer.from(text)]))
    const stream = Buffer.concat(commands)
    const client = await enter()
    for (const byte of stream) {
      client.socket.write(Buffer.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    const answers = []
    for (let index = 0; index < commands.length; index++) answers.push(await client.answer(ResponseKind.Text))
    expect(answers.map(({ rows, error }) => error?.errorCode ?? rows)).toEqual([[], [['1']], 1054, [], [['2']]])
    expect(await admin('SELECT n FROM t')).toEqual([['2']])
    client.end()
  })

  promise('keeps no more than it must for a client that sends and does not read', async (scene) => {
    const client = await scene.enter()
    client.socket.pause()
    const select = (w: PacketWriter): void =>
      void w.begin(0).int1(Command.QUERY).text(`SELECT REPEAT('x', 60000)`).end()
    let written = 0
    // Until the kernel's buffers are full on both sides, and the gateway no longer reads.
    for (; written < 200_000 && client.socket.writableLength < 1_000_000; written++) client.write(select)
    await sleep(200)
    const before = process.memoryUsage().rss
    await sleep(200)
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024)
    client.end()
    await stillServes(scene)
  })

  promise('ends a session when its token expires, also in the middle of a statement', async ({ enter, gateway }) => {
    // On a busy machine a short token may end before the statement begins: then a longer one is tried.
    for (const seconds of [1, 4, 12]) {
      const now = Math.floor(Date.now() / 1000)
      // What the verifier allows for clocks that differ counts for the login, not for the session's end.
      const client = await enter({ password: await gateway.token({ iat: now - 300, exp: now + seconds }) })
      const answer = await client.query('SELECT SLEEP(40)').catch(() => null)
      await client.closed()
      if (answer === null) continue
      expect(answer.error?.errorCode).toBe(1053)
      expect(answer.error?.errorMessage).toContain('TOKEN_EXPIRED')
      return
    }
    expect.unreachable('no session lived until its statement')
  })

  promise('records the end of every session', async ({ records }) => {
    await eventually('all have ended', async () => {
      const all = await records(({ kind }) => kind === 'session_start' || kind === 'session_end')
      return all.length > 0 && all.length % 2 === 0
    })
  })
})
