import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  BACKEND_LIMITS,
  encodePasswordMessage,
  FrameCursor,
  type FrontendMessage,
  MessageWriter,
} from '@gatehouse/postgres-wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type GatewayProcess, startGatewayProcess } from '../harness/gateway-process.ts'
import { createDatabase } from '../servers/postgres.ts'
import { bind, closeOf, describeOf, execute, FLUSH, parse, query, run, SYNC } from './messages.ts'
import { ask, eventually, present, SHARED, targetOf } from './scene.ts'
import { encoded, encodedMessages, WireClient } from './wire-client.ts'

const POLICY = `
rules:
  - { name: everything, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - { name: never-drop, deny: { actions: [drop] } }
masks:
  - { columns: [public.users.ssn], with: { partial: { keepLast: 4 } } }
`
const SQL = `create table users(id int, ssn text); create table t(n int);
  insert into users select n, '123-45-000' || n from generate_series(1, 9) n`

describe('a gateway', () => {
  let gateway: GatewayProcess | null = null
  let database: Awaited<ReturnType<typeof createDatabase>> | null = null
  beforeAll(async () => {
    if ('absent' in SHARED) return
    const { address } = SHARED
    database = await createDatabase(address, `e2e_robust_${String(process.pid)}`, SQL)
    gateway = await startGatewayProcess({
      targets: { shop: targetOf(address, database.database) },
      policy: POLICY,
      listener: { handshakeTimeoutSeconds: 2 },
    })
  })
  afterAll(async () => {
    await gateway?.close()
    await database?.drop()
  })

  const promise = (
    name: string,
    body: (place: {
      gateway: GatewayProcess
      url: string
      enter: () => Promise<WireClient>
      open: () => net.Socket
    }) => Promise<void>,
  ): void => {
    test(
      name,
      async (context) => {
        present(SHARED, context)
        if (gateway === null || database === null) throw new Error('the gateway was not started')
        const { host, port, token } = gateway
        const open = (): net.Socket => {
          const socket = net.connect({ host, port, noDelay: true })
          socket.on('error', () => undefined)
          socket.resume()
          return socket
        }
        const enter = async (): Promise<WireClient> =>
          WireClient.login({ host, port }, { database: 'shop', password: await token() })
        await body({ gateway, url: database.url, enter, open })
        expect(gateway.alive(), gateway.log()).toBe(true)
        const client = await enter()
        expect(await client.rows('select id from users where id = 1')).toEqual([['1']])
        await client.end()
        await nothingLeft(gateway, database.url)
      },
      60_000,
    )
  }

  const startup = encoded({
    kind: 'StartupMessage',
    minorVersion: 0,
    parameters: new Map([
      ['user', 'agent'],
      ['database', 'shop'],
    ]),
  })

  promise('survives random bytes before login', async ({ open }) => {
    await inTurns(60, 12, async () => {
      const socket = open()
      await send(socket, garbage())
    })
  })

  promise('survives start-up packets with anything inside, and with any length', async ({ open }) => {
    await inTurns(60, 12, async (round) => {
      const socket = open()
      const mutated = round % 2 === 0 ? mutate(startup) : framed(null, randomBytes(randomInt(300)))
      if (round % 4 === 1) mutated.writeUInt32BE(randomInt(2 ** 32), 0)
      if (round % 4 === 3 && mutated.length >= 8) mutated.writeUInt32BE(3 << 16, 4)
      await send(socket, mutated)
    })
  })

  promise('survives random bytes in place of the password', async ({ open }) => {
    await inTurns(60, 12, async (round) => {
      const socket = open()
      socket.write(startup)
      await once(socket, 'data')
      await send(socket, round % 2 === 0 ? garbage() : framed('p', randomBytes(randomInt(2000))))
    })
  })

  promise('survives random bytes after login', async ({ enter }) => {
    await inTurns(40, 8, async () => {
      const client = await enter()
      await send(client.socket, garbage())
    })
  })

  promise('survives every message with anything inside', async ({ enter }) => {
    const tags = 'QPBDECSHdcfFXp'
    await inTurns(70, 8, async (round) => {
      const client = await enter()
      const tag = tags[round % tags.length] ?? 'Q'
      await send(client.socket, Buffer.concat([framed(tag, randomBytes(randomInt(200))), ENDING]))
    })
  })

  promise('survives mutations of what clients really send', async ({ enter }) => {
    const bytes = encodedMessages(SESSION)
    await inTurns(100, 8, async () => {
      const client = await enter()
      await send(client.socket, mutate(bytes))
    })
  })

  promise('survives messages of a session in any order', async ({ enter }) => {
    await inTurns(60, 8, async () => {
      const client = await enter()
      const order = Array.from({ length: 12 }, () => SESSION[randomInt(SESSION.length)]).filter(
        (message) => message !== undefined,
      )
      await send(client.socket, encodedMessages([...order, SYNC, query('select 1')]))
    })
  })

  promise('survives a client that breaks off anywhere', async ({ enter }) => {
    const bytes = encodedMessages(SESSION)
    await inTurns(40, 8, async () => {
      const client = await enter()
      client.socket.write(bytes.subarray(0, randomInt(bytes.length)))
      if (randomInt(2) === 0) await sleep(randomInt(10))
      if (randomInt(2) === 0) client.socket.resetAndDestroy()
      else client.socket.destroy()
    })
  })

  promise('ends a session that asks for something else in the middle of COPY FROM STDIN', async ({ enter }) => {
    const client = await enter()
    const closed = once(client.socket, 'close')
    // What the unnamed statement is cannot be known before the COPY is over.
    client.socket.write(encodedMessages([parse('select 1'), SYNC, query('copy t from stdin'), bind(), SYNC]))
    await closed
  })

  promise(
    'gives the same answers however a client’s bytes are split',
    async ({ gateway: { host, port, token }, url }) => {
      const password = await token()
      const stream = encodedMessages(SESSION)
      const conversation = async (pieces: readonly Buffer[]): Promise<string> => {
        await ask(url, 'truncate t')
        const socket = net.connect({ host, port, noDelay: true })
        const answers = new Answers(socket)
        const closed = once(socket, 'close')
        socket.write(startup)
        await answers.until((frames) => frames.includes('R:3'))
        socket.write(passwordOf(password))
        await answers.until((frames) => frames.at(-1)?.startsWith('Z') ?? false)
        answers.frames.length = 0
        for (const piece of pieces) {
          socket.write(piece)
          // The next piece must not be read together with this one.
          await sleep(1)
        }
        await closed
        const rows = await ask<{ n: number }>(url, 'select n from t order by n')
        return `${answers.frames.join('\n')}\n${JSON.stringify(rows)}`
      }
      const whole = await conversation([stream])
      expect(whole).toContain('42501')
      expect(whole).toContain('*******0003')
      expect(whole).not.toContain('123-45')
      const splits: Buffer[][] = []
      // Each byte of a stretch by itself, the stretches adding up to all of it; and cuts in two, every run at other places.
      for (let at = 0; at < stream.length; at += 100) {
        const end = Math.min(at + 100, stream.length)
        splits.push([stream.subarray(0, at), ...bytesOf(stream.subarray(at, end)), stream.subarray(end)])
      }
      for (let at = randomInt(1, 20); at < stream.length; at += 19)
        splits.push([stream.subarray(0, at), stream.subarray(at)])
      let failed = ''
      await conversationInOrder(splits, async (pieces) => {
        const said = await conversation(pieces.filter(({ length }) => length > 0))
        if (said !== whole) failed = `${String(pieces.map(({ length }) => length))}: ${difference(whole, said)}`
      })
      expect(failed).toBe('')
    },
  )
})

/** What a client may send in a session: every kind of message, refusals and errors among them, and goodbye. */
const SESSION: readonly FrontendMessage[] = [
  query('select ssn from users where id = 3'),
  parse('select ssn, id from users where id > $1 order by id', 'named'),
  describeOf('statement', 'named'),
  bind(['5'], 'named', 'portal'),
  describeOf('portal', 'portal'),
  execute(2, 'portal'),
  execute(0, 'portal'),
  FLUSH,
  closeOf('portal', 'portal'),
  SYNC,
  query('drop table t'),
  ...run('drop table t'),
  ...run('select 1'),
  SYNC,
  query('begin'),
  query('insert into t values (1); insert into t values (2)'),
  ...run('insert into t values ($1::int)', '3'),
  SYNC,
  query('savepoint s'),
  query('select 1/0'),
  query('rollback to s'),
  query('commit'),
  query('set search_path = pg_catalog'),
  query('select ssn from public.users where id = 3'),
  query('reset search_path'),
  query('copy t from stdin'),
  { kind: 'CopyData', data: Buffer.from('10\n1') },
  { kind: 'CopyData', data: Buffer.from('1\n12\n') },
  { kind: 'CopyDone' },
  query('copy (select id from users order by id limit 2) to stdout'),
  query('copy t from stdin'),
  { kind: 'CopyData', data: Buffer.from('99\n') },
  { kind: 'CopyFail', reason: 'changed my mind' },
  query(''),
  parse('select 1', ''),
  bind(['too', 'many'], ''),
  SYNC,
  query('select count(*) from t'),
  { kind: 'Terminate' },
]

const ENDING = encodedMessages([SYNC, { kind: 'Terminate' }])

/** Sends, gives the other side a moment to take it in, and leaves. */
async function send(socket: net.Socket, bytes: Buffer): Promise<void> {
  socket.resume()
  socket.write(bytes)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await Promise.race([closed, sleep(40)])
  socket.destroy()
}

async function inTurns(rounds: number, atOnce: number, body: (round: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < rounds) await body(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

async function conversationInOrder(
  splits: readonly Buffer[][],
  body: (pieces: Buffer[]) => Promise<void>,
): Promise<void> {
  for (const pieces of splits) await body(pieces)
}

async function nothingLeft(gateway: GatewayProcess, url: string): Promise<void> {
  await eventually('no session is left', async () => (await gateway.memory()).sessions === 0)
  await eventually('none is left at the server', async () => {
    const rows = await ask(
      url,
      "select 1 from pg_stat_activity where datname = current_database() and application_name like 'gatehouse:%' and application_name <> 'gatehouse:catalog'",
    )
    return rows.length === 0
  })
}

function garbage(): Buffer {
  const bytes = randomBytes(randomInt(1, 400))
  // Half of them begin like a message, so that more than the first byte is read.
  if (randomInt(2) === 0 && bytes.length > 5) {
    bytes[0] = 'QPBDECSHdcfFXp'.charCodeAt(randomInt(14))
    bytes.writeUInt32BE(randomInt(4, 300), 1)
  }
  return bytes
}

function mutate(original: Buffer): Buffer {
  const bytes = Buffer.from(original)
  for (let left = randomInt(1, 5); left > 0; left--) bytes[randomInt(bytes.length)] = randomInt(256)
  return bytes
}

function framed(tag: string | null, body: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length + 4)
  return Buffer.concat([Buffer.from(tag ?? ''), head, body])
}

function passwordOf(password: string): Buffer {
  const writer = new MessageWriter()
  encodePasswordMessage(password, writer)
  return writer.take()
}

/** The first frame in which they differ, and how each goes on. */
function difference(one: string, other: string): string {
  const [left, right] = [one.split('\n'), other.split('\n')]
  const at = left.findIndex((line, index) => line !== right[index])
  return JSON.stringify({ whole: left.slice(at - 2, at + 6), split: right.slice(at - 2, at + 6) }).replaceAll('\0', ' ')
}

function bytesOf(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (byte) => Buffer.of(byte))
}

/** What came, a line for each frame: its tag and content, but for what is never the same twice. */
class Answers {
  readonly frames: string[] = []
  readonly #cursor = new FrameCursor(BACKEND_LIMITS(0x3fff_ffff))
  #wake: () => void = () => undefined

  constructor(socket: net.Socket) {
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      this.#cursor.feed(chunk, 0, chunk.length)
      while (this.#cursor.next()) {
        const { bytes, tag, body, end } = this.#cursor
        const letter = String.fromCharCode(tag)
        if (letter === 'R') this.frames.push(`R:${String(bytes.readInt32BE(body))}`)
        else if (letter !== 'K') this.frames.push(`${letter}:${bytes.toString('latin1', body, end)}`)
      }
      this.#wake()
    })
    socket.on('close', () => this.#wake())
  }

  async until(come: (frames: readonly string[]) => boolean): Promise<void> {
    while (!come(this.frames)) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
    }
  }
}
