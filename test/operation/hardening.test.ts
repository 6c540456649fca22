import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import { encodeVersion2 } from '@gatehouse/proxy-protocol/testing'
import { afterAll, describe, expect, vi } from 'vitest'
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
