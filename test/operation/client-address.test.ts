import { once } from 'node:events'
import { connect } from 'node:net'
import { MemoryHub, openMemoryCoordination } from '@gatehouse/coordination'
import { encodeLocal, encodeVersion1, encodeVersion2 } from '@gatehouse/proxy-protocol/testing'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { issueCredential } from '../harness/issue-credential.ts'
import { type ProxySenderOptions, startProxySender } from '../harness/proxy-sender.ts'
import type { TestGateway } from '../harness/start-gateway.ts'
import { CommandClient } from '../mysql/command-client.ts'
import { openScene as openMysqlScene } from '../mysql/scene.ts'
import { listenerTls, openScene, type TrailRecord } from '../postgres/scene.ts'
import { WireClient } from '../postgres/wire-client.ts'

const { postgres18, mariadb10 } = inject('servers')
const hub = new MemoryHub()
const tls = listenerTls()
afterAll(() => tls.remove())

const BALANCER = { address: '127.0.0.1', port: 15_432 }
const v2 = (address: string): Buffer =>
  encodeVersion2({ address, port: 40_000 }, address.includes(':') ? { address: '::1', port: 1 } : BALANCER, [], true)

/** A gateway before one engine, and a client of that engine. */
interface Place {
  readonly gateway: TestGateway
  readonly records: (match?: (record: TrailRecord) => boolean) => Promise<TrailRecord[]>
  readonly close: () => Promise<void>
}
type LogIn = (port: number, password: string, user?: string) => Promise<{ readonly leave: () => void }>

const ENGINES: readonly {
  readonly engine: 'postgres' | 'mysql'
  readonly absent: string | null
  readonly open: (listener: Readonly<Record<string, unknown>>, logged: (line: string) => void) => Promise<Place>
  readonly logIn: LogIn
}[] = [
  {
    engine: 'postgres',
    absent: 'absent' in postgres18 ? postgres18.absent : null,
    open: (listener, logged) => {
      if ('absent' in postgres18) throw new Error(postgres18.absent)
      const coordination = () => openMemoryCoordination(hub)
      return openScene(postgres18.address, { listener: { tls: tls.files, ...listener }, logged, coordination })
    },
    logIn: async (port, password, user = 'agent') => {
      const at = { host: '127.0.0.1', port, tls: 'request', ca: tls.ca } as const
      const client = await WireClient.login(at, { database: 'shop', user, password })
      return { leave: () => client.destroy() }
    },
  },
  {
    engine: 'mysql',
    absent: 'absent' in mariadb10 ? mariadb10.absent : null,
    open: (listener, logged) => {
      if ('absent' in mariadb10) throw new Error(mariadb10.absent)
      const coordination = () => openMemoryCoordination(hub)
      return openMysqlScene(mariadb10.address, { listener: { tls: tls.files, ...listener }, logged, coordination })
    },
    logIn: async (port, password, user = 'agent') => {
      const client = await CommandClient.login(
        { host: '127.0.0.1', port, ca: tls.ca },
        { database: 'shop', user, password },
      )
      return { leave: () => client.socket.destroy() }
    },
  },
]

describe.each(ENGINES)('behind a balancer that is trusted, a client of $engine', ({ absent, open, logIn }) => {
  let place: Place
  const log: string[] = []
  const senders: { close: () => Promise<void> }[] = []
  /** A balancer in front of the gateway. */
  const behind = async (options: Omit<ProxySenderOptions, 'port'>): Promise<number> => {
    const sender = await startProxySender({ port: place.gateway.port, ...options })
    senders.push(sender)
    return sender.port
  }
  const token = (): Promise<string> => place.gateway.token()
  const starts = async (): Promise<unknown[]> =>
    (await place.records(({ kind }) => kind === 'session_start')).map((record) => record['client'])
  /** The last login that was refused is one of this address, for this. */
  const refusedWith = async (code: string, address: string): Promise<void> =>
    vi.waitFor(async () => {
      const last = (await place.records(({ kind }) => kind === 'login_refused')).at(-1)
      expect(last).toMatchObject({ refusal: { code }, client: { address } })
    }, 20_000)

  beforeAll(async () => {
    if (absent !== null) return
    place = await open({ proxyProtocol: { trustedSenders: ['127.0.0.1'] }, maxConnectionsPerAddress: 2 }, (line) =>
      log.push(line),
    )
  })
  afterAll(async () => {
    for (const sender of senders) await sender.close()
    await place?.close()
  })
  const promise = (name: string, body: () => Promise<void>): void =>
    test(name, async (context) => (absent === null ? body() : context.skip(absent)))

  promise('has its own address in the trail and among the sessions of all gateways', async () => {
    const others = await openMemoryCoordination(hub)
    const client = await logIn(await behind({ header: v2('203.0.113.7') }), await token())
    expect((await starts()).at(-1)).toMatchObject({ address: '203.0.113.7' })
    expect((await others.sessions.list({})).map(({ clientAddress }) => clientAddress)).toContain('203.0.113.7')
    client.leave()
    await others.close()
  })

  promise('may be announced by either version, of either family, in one piece or byte by byte', async () => {
    for (const [header, when, address] of [
      [encodeVersion1({ address: '203.0.113.8', port: 1 }, BALANCER), 'first', '203.0.113.8'],
      [encodeVersion1({ address: '203.0.113.9', port: 1 }, BALANCER), 'bytes', '203.0.113.9'],
      [v2('2001:db8::9'), 'bytes', '2001:db8::9'],
      // Before MySQL's client has said anything it wants to be greeted.
      [v2('203.0.113.10'), 'payload', '203.0.113.10'],
    ] as const) {
      const client = await logIn(await behind({ header, when }), await token())
      expect((await starts()).at(-1)).toMatchObject({ address })
      client.leave()
    }
  })

  promise('has the address of the balancer where that speaks for itself', async () => {
    const client = await logIn(await behind({ header: encodeLocal() }), await token())
    expect((await starts()).at(-1)).toMatchObject({ address: '127.0.0.1' })
    client.leave()
  })

  promise('is counted at its own address', async () => {
    const port = await behind({ header: v2('203.0.113.20') })
    const two = [await logIn(port, await token()), await logIn(port, await token())]
    await expect(logIn(port, await token())).rejects.toThrow()
    const neighbour = await logIn(await behind({ header: v2('203.0.113.21') }), await token())
    for (const client of [...two, neighbour]) client.leave()
    await vi.waitFor(async () => (await logIn(port, await token())).leave(), 20_000)
  })

  promise('is counted with its /64', async () => {
    const ports = await Promise.all(
      ['2001:db8:1:1::1', '2001:db8:1:1::2', '2001:db8:1:1:ffff::3'].map((address) => behind({ header: v2(address) })),
    )
    const [first = 0, second = 0, third = 0] = ports
    const two = [await logIn(first, await token()), await logIn(second, await token())]
    await expect(logIn(third, await token())).rejects.toThrow()
    for (const client of two) client.leave()
  })

  promise('waits after failures of its own alone', async () => {
    const guessing = await behind({ header: v2('203.0.113.30') })
    for (let failures = 0; failures < 10; failures++) await expect(logIn(guessing, 'a guess')).rejects.toThrow()
    await expect(logIn(guessing, await token())).rejects.toThrow()
    await refusedWith('LOGIN_BACK_OFF', '203.0.113.30')
    ;(await logIn(await behind({ header: v2('203.0.113.31') }), await token())).leave()
  })

  promise('logs in with a credential that is bound to its address, and nobody else does', async () => {
    const others = await openMemoryCoordination(hub)
    const { name, secret } = await issueCredential(others.credentials, { address: '203.0.113.40' })
    ;(await logIn(await behind({ header: v2('203.0.113.40') }), secret, name)).leave()
    await expect(logIn(await behind({ header: v2('203.0.113.41') }), secret, name)).rejects.toThrow()
    await others.close()
  })

  promise('is refused where the balancer does not say whose it is, or says it wrongly', async () => {
    const damaged = v2('203.0.113.50')
    damaged.writeUInt8(damaged.readUInt8(17) ^ 1, 17)
    for (const [header, reason] of [
      [Buffer.alloc(0), 'no PROXY header'],
      [damaged, 'checksum'],
      [Buffer.from('PROXY TCP4 203.0.113.50\r\n'), 'PROXY line'],
    ] as const) {
      const before = log.length
      await expect(logIn(await behind({ header }), await token())).rejects.toThrow()
      await refusedWith('PROXY_HEADER', '127.0.0.1')
      expect(log.slice(before).join('')).toContain(reason)
    }
  })

  promise('that is not the balancer is not believed', async () => {
    const before = log.length
    const elsewhere = { localAddress: '127.0.0.2' }
    await expect(logIn(await behind({ ...elsewhere, header: v2('203.0.113.60') }), await token())).rejects.toThrow()
    await refusedWith('PROXY_HEADER', '127.0.0.2')
    expect(log.slice(before).join('')).toContain('proxyProtocol.trustedSenders')
    // It may come as itself.
    const client = await logIn(await behind(elsewhere), await token())
    expect((await starts()).at(-1)).toMatchObject({ address: '127.0.0.2' })
    client.leave()
  })

  promise('that only looks whether somebody listens is no login, and no matter for the log', async () => {
    const refusedLogins = async (): Promise<number> =>
      (await place.records(({ kind }) => kind === 'login_refused')).length
    const refused = await refusedLogins()
    const before = log.length
    for (const [said, how] of [
      [Buffer.alloc(0), 'end'],
      [Buffer.alloc(0), 'reset'],
      [encodeLocal(), 'end'],
      [encodeLocal(), 'reset'],
      [v2('203.0.113.70').subarray(0, 9), 'end'],
    ] as const)
      for (const localAddress of ['127.0.0.1', '127.0.0.2']) {
        if (localAddress === '127.0.0.2' && said.length > 0) continue
        const socket = connect({ port: place.gateway.port, host: '127.0.0.1', localAddress })
        socket.on('error', () => undefined)
        socket.resume()
        await once(socket, 'connect')
        if (said.length > 0) await new Promise((resolve) => socket.write(said, resolve))
        if (how === 'reset') socket.resetAndDestroy()
        else socket.end()
        await once(socket, 'close')
      }
    ;(await logIn(await behind({ header: v2('203.0.113.71') }), await token())).leave()
    // Its own record was written behind whatever they would have left.
    expect((await starts()).at(-1)).toMatchObject({ address: '203.0.113.71' })
    expect(await refusedLogins()).toBe(refused)
    const levels = log.slice(before).map((line) => (JSON.parse(line) as { readonly level: number }).level)
    expect(levels.filter((level) => level > 20)).toEqual([])
  })
})
