import { encodeVersion2 } from '@gatehouse/proxy-protocol/testing'
import { createConnection as connectMariadb } from 'mariadb'
import { createConnection as connectMysql2 } from 'mysql2/promise'
import { Client } from 'pg'
import { describe, expect, inject, vi } from 'vitest'
import { startProxySender } from '../harness/proxy-sender.ts'
import { scenePromises as mysqlPromises } from '../mysql/scene.ts'
import { scenePromises, SHARED } from '../postgres/scene.ts'
import { ServerRefused, WireClient } from '../postgres/wire-client.ts'

const { mariadb10 } = inject('servers')

/** The fields of the error that a login is refused with. */
async function refusal(login: Promise<unknown>): Promise<Readonly<Record<string, string>>> {
  const error: unknown = await login.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ServerRefused)) throw new Error(`it was not refused in words: ${String(error)}`)
  return Object.fromEntries(error.report.fields)
}

describe('a gateway that has all its connections', () => {
  const promise = scenePromises(SHARED, { listener: { maxConnections: 1 } })
  promise('says so to a client of PostgreSQL, and lets it in when there is room', async ({ gateway, enter }) => {
    const session = await enter()
    const said = await refusal(enter())
    expect(said).toMatchObject({ S: 'FATAL', C: '53300', D: '{"code":"GATEWAY_FULL"}' })
    expect(said['M']).toBe('gatehouse: this gateway has as many connections as it takes')
    expect(said['H']).toContain('connect again later')
    const driver = new Client({ connectionString: await gateway.url('shop') })
    await expect(driver.connect()).rejects.toMatchObject({ code: '53300' })
    expect(await session.rows('SELECT 1')).toEqual([['1']])
    session.destroy()
    await vi.waitFor(async () => (await enter()).destroy(), 20_000)
  })
})

describe('a gateway where as many are logging in as may be', () => {
  const promise = scenePromises(SHARED, {
    listener: { maxUnauthenticatedConnections: 1, handshakeTimeoutSeconds: 300 },
  })
  promise('says when to come again', async ({ gateway, enter }) => {
    const silent = await WireClient.open(gateway)
    const said = await refusal(enter())
    expect(said).toMatchObject({ C: '53300', D: '{"code":"GATEWAY_FULL","retryAfterSeconds":1}' })
    silent.destroy()
    await vi.waitFor(async () => (await enter()).destroy(), 20_000)
  })
})

describe('a client of whose address there are too many', () => {
  const listener = { maxConnectionsPerAddress: 1, proxyProtocol: { trustedSenders: ['127.0.0.9'] } }
  const promise = scenePromises(SHARED, { listener })
  promise('is told so behind a balancer too, and those of other addresses come in', async ({ gateway, enter }) => {
    const balancers = await Promise.all(
      ['203.0.113.7', '203.0.113.8'].map((address) => {
        const header = encodeVersion2({ address, port: 1 }, { address: '127.0.0.1', port: 2 }, [], true)
        return startProxySender({ port: gateway.port, localAddress: '127.0.0.9', header })
      }),
    )
    const [seven, eight] = balancers
    if (seven === undefined || eight === undefined) throw new Error('there is no balancer')
    const password = await gateway.token()
    const through = ({ host, port }: { readonly host: string; readonly port: number }): Promise<WireClient> =>
      WireClient.login({ host, port }, { database: 'shop', password })
    const session = await through(seven)
    const said = await refusal(through(seven))
    expect(said['M']).toContain('connections from your address')
    ;(await through(eight)).destroy()
    // Whoever comes without a balancer is counted by the same limit.
    const direct = await enter()
    expect((await refusal(enter()))['D']).toBe('{"code":"GATEWAY_FULL"}')
    for (const client of [session, direct]) {
      expect(await client.rows('SELECT 1')).toEqual([['1']])
      client.destroy()
    }
    for (const balancer of balancers) await balancer.close()
  })
})

describe('a gateway of MySQL that has all its connections', () => {
  mysqlPromises(mariadb10, { listener: { maxConnections: 1 } })(
    'says so in the greeting’s place, in words that drivers pass on whole',
    async ({ gateway, enter }) => {
      const session = await enter()
      const at = { host: gateway.host, port: gateway.port, user: 'agent', database: 'shop' }
      const password = await gateway.token()
      const text = 'gatehouse: GATEWAY_FULL: this gateway has as many connections as it takes. Close connections'
      await expect(enter()).rejects.toThrow('1040')
      await expect(connectMysql2({ ...at, password })).rejects.toMatchObject({
        errno: 1040,
        message: expect.stringContaining(text) as string,
      })
      await expect(connectMariadb({ ...at, password })).rejects.toMatchObject({
        errno: 1040,
        message: expect.stringContaining(text) as string,
      })
      expect((await session.query('SELECT 1')).rows).toEqual([['1']])
      session.socket.destroy()
      await vi.waitFor(async () => (await enter()).socket.destroy(), 20_000)
    },
  )
})
