import { once } from 'node:events'
import net from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { TurnedAway } from './no-room.ts'

const closers: (() => void)[] = []
afterEach(() => closers.splice(0).forEach((close) => close()))

const WORD = Buffer.from('there is no room')

/** A server that turns everybody away, as a listener of the gateway does. */
async function turningAway(
  bounds?: ConstructorParameters<typeof TurnedAway>[0],
): Promise<{ readonly port: number; readonly open: () => number }> {
  const turnedAway = new TurnedAway(bounds)
  let open = 0
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    open++
    socket.on('close', () => open--)
    turnedAway.send(socket, WORD)
  })
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 })
  await once(server, 'listening')
  closers.push(() => server.close())
  const address = server.address()
  return { port: typeof address === 'object' ? (address?.port ?? 0) : 0, open: () => open }
}

/** All that a client hears, from its connection to its end, having said this first. */
async function heard(port: number, said: Buffer): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  let text = ''
  socket.on('data', (chunk) => (text += String(chunk)))
  socket.write(said)
  await once(socket, 'close')
  return text
}

test('who is turned away hears why, also who has said much already', async () => {
  const { port, open } = await turningAway()
  expect(await heard(port, Buffer.alloc(0))).toBe('there is no room')
  expect(await heard(port, Buffer.alloc(300_000))).toBe('there is no room')
  await vi.waitFor(() => expect(open()).toBe(0), 20_000)
})

/** One that hears its word and does not leave. */
async function stays(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  closers.push(() => socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'data')
  return socket
}

test('no more are kept than may be: the next hears nothing, and when one has left, one hears its word again', async () => {
  const { port } = await turningAway({ most: 3, stayMilliseconds: 3_600_000 })
  const [first] = [await stays(port), await stays(port), await stays(port)]
  expect(await heard(port, Buffer.alloc(0))).toBe('')
  first.destroy()
  await vi.waitFor(async () => expect(await heard(port, Buffer.alloc(0))).toBe('there is no room'), 20_000)
})

test('who does not leave is cut off', async () => {
  const { port, open } = await turningAway({ most: 3, stayMilliseconds: 100 })
  await Promise.all([stays(port), stays(port), stays(port)])
  await vi.waitFor(() => expect(open()).toBe(0), 20_000)
  expect(await heard(port, Buffer.alloc(0))).toBe('there is no room')
})
