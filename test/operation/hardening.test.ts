import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import { encodeVersion2 } from '@gatehouse/proxy-protocol/testing'
import { afterAll, describe, expect, vi } from 'vitest'
import { scrape } from '../monitoring/scrape.ts'
import { scenePromises as mysqlPromises, VERSIONS as MYSQLS } from '../mysql/scene.ts'
import { listenerTls, openScene, scenePromises, SHARED } from '../postgres/scene.ts'
import { sqlstates, WireClient } from '../postgres/wire-client.ts'

const tls = listenerTls()
afterAll(() => tls.remove())

/** Connects, and says nothing. */
async function silent(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.resume()
  await once(socket, 'connect')
  return socket
}

const FEW = { maxUnauthenticatedConnections: 5, handshakeTimeoutSeconds: 300 }

describe('a flood of logins that are not finished', () => {
  const promise = scenePromises(SHARED, { listener: FEW })
  promise('takes no place of a session, and none for longer than it lasts', async ({ gateway, enter }) => {
    const sessions = await Promise.all(Array.from({ length: 5 }, async () => enter()))
    sessions.push(await enter(), await enter())
    const flood = await Promise.all(Array.from({ length: 5 }, () => silent(gateway.port)))
    const oneTooMany = await silent(gateway.port)
    if (!oneTooMany.closed) await once(oneTooMany, 'close')
    await expect(enter()).rejects.toThrow()
    for (const session of sessions) expect(await session.rows('SELECT 1')).toEqual([['1']])
    for (const socket of flood) socket.destroy()
    await vi.waitFor(async () => (await enter()).destroy(), 20_000)
    for (const session of sessions) session.destroy()
  })

  const [, mariadb] = MYSQLS
  if (mariadb === undefined) throw new Error('there is no MariaDB')
  mysqlPromises(mariadb.shared, { listener: FEW })('takes no place of a session of MySQL either', async (scene) => {
    const session = await scene.enter()
    const flood = await Promise.all(Array.from({ length: 5 }, () => silent(scene.gateway.port)))
    await expect(scene.enter()).rejects.toThrow()
    expect((await session.query('SELECT 1')).rows).toEqual([['1']])
    for (const socket of flood) socket.destroy()
    await vi.waitFor(async () => (await scene.enter()).socket.destroy(), 20_000)
    session.socket.destroy()
  })
})

describe('a flood of logins that are not finished, from one address', () => {
  const listener = {
    maxUnauthenticatedConnections: 12,
    maxUnauthenticatedConnectionsPerAddress: 4,
    handshakeTimeoutSeconds: 300,
    proxyProtocol: { trustedSenders: ['127.0.0.2'] },
  }
  /** Somebody of another address, as a balancer at 127.0.0.2 says. */
  const from = async (port: number, address: string, more: Buffer = Buffer.alloc(0)): Promise<Socket> => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' })
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    socket.write(
      Buffer.concat([encodeVersion2({ address, port: 1 }, { address: '127.0.0.1', port: 2 }, [], true), more]),
    )
    return socket
  }
  const said = async (socket: Socket): Promise<string> => {
    let text = ''
    socket.setEncoding('latin1').on('data', (piece: string) => (text += piece))
    if (!socket.closed) await once(socket, 'close')
    return text
  }
  const promise = scenePromises(SHARED, { listener, shared: { monitoring: { address: '127.0.0.1:0' } } })
  promise('leaves places to others, and is told why it gets none', async ({ gateway, enter }) => {
    const session = await enter()
    const flood = await Promise.all(Array.from({ length: 4 }, () => silent(gateway.port)))
    await expect(enter()).rejects.toThrow('as many connections from your address are logging in as may be')
    // As many of an address behind a balancer.
    const behind = await Promise.all(Array.from({ length: 4 }, () => from(gateway.port, '203.0.113.7')))
    await expect
      .poll(async () => said(await from(gateway.port, '203.0.113.7', Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]))))
      .toContain('GATEWAY_FULL')
    const other = await from(gateway.port, '203.0.113.8', Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]))
    // It is served: an answer to its SSLRequest comes.
    expect(String((await once(other, 'data'))[0])).toBe('N')
    expect(await session.rows('SELECT 1')).toEqual([['1']])
    const refused = { engine: 'postgres', reason: 'too many logging in of one address' }
    const seen = await scrape(gateway.gateway.monitoring)
    expect(seen.value('gatehouse_connections_refused_total', refused)).toBeGreaterThanOrEqual(2)
    for (const socket of [...flood, ...behind, other]) socket.destroy()
    await vi.waitFor(async () => (await enter()).destroy(), 20_000)
    session.destroy()
  })

  promise(
    'is not waited for: a thousand of them that take nothing hold no place of a session',
    async ({ gateway, enter }) => {
      const flood = await Promise.all(Array.from({ length: 4 }, () => silent(gateway.port)))
      const many: Socket[] = []
      for (let at = 0; at < 1000; at++) {
        const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true })
        socket.on('error', () => undefined)
        many.push(socket)
        await once(socket, 'connect')
      }
      // Those that are turned away are no connections.
      const open = async (): Promise<number> =>
        (await scrape(gateway.gateway.monitoring)).value('gatehouse_connections', { engine: 'postgres' })
      await expect.poll(open).toBe(4)
      for (const socket of [...flood, ...many]) socket.destroy()
      await vi.waitFor(async () => (await enter()).destroy(), 20_000)
    },
  )

  const [, mariadb] = MYSQLS
  if (mariadb === undefined) throw new Error('there is no MariaDB')
  mysqlPromises(mariadb.shared, { listener })('is told so in the words of MySQL', async (scene) => {
    const flood = await Promise.all(Array.from({ length: 4 }, () => silent(scene.gateway.port)))
    await expect(scene.enter()).rejects.toThrow('GATEWAY_FULL')
    for (const socket of flood) socket.destroy()
    await vi.waitFor(async () => (await scene.enter()).socket.destroy(), 20_000)
  })
})

describe('a header of the PROXY protocol that drips', () => {
  const listener = { handshakeTimeoutSeconds: 1, proxyProtocol: { trustedSenders: ['127.0.0.1'] } }
  const promise = scenePromises(SHARED, { listener })
  promise('is cut off by the same deadline as the login, however slowly it comes', async ({ gateway }) => {
    const header = encodeVersion2({ address: '203.0.113.7', port: 1 }, { address: '127.0.0.1', port: 2 }, [
      { type: 4, value: Buffer.alloc(400) },
    ])
    const socket = await silent(gateway.port)
    const closed = once(socket, 'close').then(() => true)
    let open = true
    void closed.then(() => (open = false))
    let sent = 0
    for (const byte of header) {
      if (!open) break
      socket.write(Buffer.of(byte))
      sent++
      await sleep(50)
    }
    expect(await closed).toBe(true)
    expect(sent).toBeLessThan(header.length)
  })
})

describe('renegotiation of TLS', () => {
  const promise = scenePromises(SHARED, { listener: { tls: tls.files, allowClearTextPasswordOnLoopback: false } })
  promise('is refused, and the gateway goes on', async ({ gateway }) => {
    const enter = async (): Promise<WireClient> => {
      const at = { host: gateway.host, port: gateway.port, tls: 'request', ca: tls.ca, maxVersion: 'TLSv1.2' } as const
      return WireClient.login(at, { database: 'shop', password: await gateway.token() })
    }
    const client = await enter()
    const { socket } = client
    if (!(socket instanceof TLSSocket)) throw new Error('it has no TLS')
    expect(socket.getProtocol()).toBe('TLSv1.2')
    const failed = new Promise<Error>((resolve) => socket.once('error', resolve))
    socket.renegotiate({}, () => undefined)
    expect((await failed).message).toContain('no renegotiation')
    client.destroy()
    const another = await enter()
    expect(await another.rows('SELECT 1')).toEqual([['1']])
    another.destroy()
  })
})

describe('a flood of renegotiations of TLS', () => {
  const promise = scenePromises(SHARED, { listener: { tls: tls.files, allowClearTextPasswordOnLoopback: false } })
  promise(
    'is refused a thousand times, and sessions go on meanwhile',
    async ({ gateway }) => {
      const at = { host: gateway.host, port: gateway.port, tls: 'request', ca: tls.ca, maxVersion: 'TLSv1.2' } as const
      const session = await WireClient.login(at, { database: 'shop', password: await gateway.token() })
      let refused = 0
      let answered = 0
      /** One after the other, each on a connection of its own: the refusal ends it. No login is begun. */
      const tries = async (): Promise<void> => {
        for (let left = 100; left > 0; left--) {
          const { socket } = await WireClient.open(at)
          if (!(socket instanceof TLSSocket)) throw new Error('it has no TLS')
          const failed = new Promise<Error>((resolve) => socket.once('error', resolve))
          socket.renegotiate({}, () => undefined)
          if ((await failed).message.includes('no renegotiation')) refused++
          socket.destroy()
        }
      }
      const over = new AbortController()
      const flood = Promise.all(Array.from({ length: 10 }, tries)).finally(() => over.abort())
      for (; !over.signal.aborted; answered++) expect(await session.rows('SELECT 1')).toEqual([['1']])
      await flood
      expect(refused).toBe(1000)
      expect(answered).toBeGreaterThan(10)
      expect(await session.rows('SELECT 2')).toEqual([['2']])
      session.destroy()
    },
    120_000,
  )
})

/** The seconds until the kernel probes a TCP connection of this machine, by one of its ports; null: it does not. */
function probedIn(match: (local: number, remote: number) => boolean): number | null {
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)
  for (const line of lines) {
    // Fields of proc(5): local and remote address, state, queues, timer.
    const [, local = '', remote = '', state, , timer = ''] = line.trim().split(/\s+/)
    const [kind, ticks = ''] = timer.split(':')
    const port = (address: string): number => parseInt(address.split(':')[1] ?? '', 16)
    if (state === '01' && kind === '02' && match(port(local), port(remote))) return parseInt(ticks, 16) / 100
  }
  return null
}

describe.skipIf(process.platform !== 'linux')('a peer that is gone without a word', () => {
  const promise = scenePromises(SHARED, {
    listener: { keepAliveSeconds: 1234 },
    targets: (target) => ({ shop: Object.assign(target, { keepAliveSeconds: 2345 }) }),
  })
  promise('is probed after as long as is configured, client and upstream', async ({ gateway, server, enter }) => {
    const client = await enter()
    await client.rows('SELECT 1')
    const own = client.socket.localPort ?? 0
    await vi.waitFor(() => {
      const probed = probedIn((local, remote) => local === gateway.port && remote === own) ?? 0
      expect([probed > 1000, probed <= 1234]).toEqual([true, true])
      const upstream = probedIn((_, remote) => remote === server.port) ?? 0
      expect([upstream > 2000, upstream <= 2345]).toEqual([true, true])
    }, 20_000)
    client.destroy()
  })
})

describe('a gateway that drains', () => {
  const promise = scenePromises(SHARED, {})
  promise(
    'says so, lets nobody in, goes on with who is there, and ends at once when it is told to',
    async ({ server }) => {
      const scene = await openScene(server, { shared: { drainSeconds: 3600 } })
      const { gateway, enter, close } = scene
      const session = await enter()
      expect(gateway.gateway.readiness()).toEqual({ state: 'running', unready: [], warnings: [] })
      let drained = false
      void gateway.gateway.drain().then(() => (drained = true))
      expect(gateway.gateway.readiness()).toMatchObject({ state: 'draining', unready: [{ reason: 'draining' }] })
      await vi.waitFor(() => expect(enter()).rejects.toThrow(), 20_000)
      expect(await session.rows('SELECT 1')).toEqual([['1']])
      expect(drained).toBe(false)
      await gateway.gateway.close()
      expect(drained).toBe(true)
      expect(sqlstates([await session.next()].flatMap((message) => message ?? []))).toEqual(['57P01'])
      expect(gateway.gateway.readiness()).toMatchObject({ state: 'closed', unready: [{ reason: 'closed' }] })
      const kinds = (await scene.records()).map(({ kind }) => kind)
      expect(kinds.slice(-2)).toEqual(['session_end', 'segment_closed'])
      await close()
    },
  )

  promise('that has no session is done at once', async ({ server }) => {
    const { gateway, enter, close } = await openScene(server, { shared: { drainSeconds: 3600 } })
    const session = await enter()
    const drained = gateway.gateway.drain()
    await session.end()
    await drained
    await close()
  })

  promise('goes on listening for as long as its balancer may take to see it', async ({ server }) => {
    const { gateway, enter, close } = await openScene(server, {
      shared: { drainSeconds: 3600, drainDelaySeconds: 3600 },
    })
    void gateway.gateway.drain()
    const late = await enter()
    expect(gateway.gateway.readiness().unready).toHaveLength(1)
    expect(await late.rows('SELECT 1')).toEqual([['1']])
    await close()
  })
})
