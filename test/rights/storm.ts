import type { AdminApi } from '../harness/admin-api.ts'
import { type Installation, startInstallation } from '../harness/installation.ts'
import { WireClient } from '../postgres/wire-client.ts'
import { createDatabase, LOGINS, type PostgresServer, startPostgres } from '../servers/postgres.ts'
import type { RedisAddress } from '../servers/redis.ts'

/** Logins under way at once. */
const AT_ONCE = 16

/** How many sessions there are, of whom, and what they do. */
export interface StormOptions {
  readonly redis: RedisAddress
  /** Of the principal whose right ends, half of them on each gateway. */
  readonly sessions: number
  /** Of these, how many run a statement that takes minutes. */
  readonly running: number
  /** And how many hold one until a person decides. */
  readonly held: number
  /** Of somebody else. */
  readonly others: number
}

/** Two gateways and an admin service on one Redis, before a PostgreSQL of their own, full of sessions. */
export interface Storm {
  readonly server: PostgresServer
  readonly installation: Installation
  /** Whoever revokes. */
  readonly operator: AdminApi
  /** The first of them run, those behind them hold, the rest are idle. */
  readonly leaving: readonly WireClient[]
  readonly staying: readonly WireClient[]
  /** Ends the right of those who leave. Resolves when it is accepted. */
  readonly revoke: () => Promise<void>
  readonly close: () => Promise<void>
}

const LEAVER = 'leaver@example.com'
const POLICY = `
rules:
  - { name: read, allow: { actions: [select], relations: ["*"], functions: ["*"] } }
  - name: writes-need-a-human
    approve: { actions: [update], relations: [public.*], by: { groups: [dba] }, holdTimeoutSeconds: 600 }
`

/** Opens all of it. Close it in the end. */
export async function openStorm({ redis, sessions, running, held, others }: StormOptions): Promise<Storm> {
  const closers: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const one of closers.toReversed()) await one()
  }
  try {
    const server = await startPostgres({
      version: 18,
      settings: { max_connections: String(sessions + others + 50), shared_buffers: '32MB' },
    })
    closers.push(() => server.stop())
    const { database } = await createDatabase(
      server,
      'shop',
      `create table stock(id int primary key, amount int); grant all on stock to ${LOGINS.md5.user}`,
    )
    const installation = await startInstallation({
      redis,
      targets: { shop: { host: server.host, port: server.port, database, ...LOGINS.md5 } },
      policy: POLICY,
      gateways: 2,
      admins: 1,
      listener: { maxConnectionsPerAddress: 10_000, maxConnectionsPerPrincipal: 10_000 },
    })
    closers.push(() => installation.close())
    const ports = installation.gateways.map((gateway) => gateway.ports['postgres'] ?? 0)
    const enter = async (sub: string, count: number): Promise<readonly WireClient[]> => {
      const password = await installation.token({ sub })
      const clients: WireClient[] = []
      let begun = 0
      closers.push(async () => clients.forEach((client) => client.destroy()))
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          while (begun < count) {
            const client = await WireClient.open({ host: '127.0.0.1', port: ports[begun++ % ports.length] ?? 0 })
            clients.push(client)
            await client.logIn({ database: 'shop', password })
          }
        }),
      )
      return clients
    }
    const leaving = await enter(LEAVER, sessions)
    const staying = await enter('stays@example.com', others)
    for (const client of leaving.slice(0, running)) client.send({ kind: 'Query', text: 'select pg_sleep(600)' })
    for (const [at, client] of leaving.slice(running, running + held).entries())
      client.send({ kind: 'Query', text: `update stock set amount = 0 where id = ${String(at)}` })
    const operator = await installation.person('dana', installation.admins[0]?.ports['http'])
    return {
      server,
      installation,
      operator,
      leaving,
      staying,
      revoke: async () => {
        const what = { kind: 'principal', subject: LEAVER }
        const { status } = await operator.call('POST', '/v1/revocations', { what, reason: 'left the company' })
        if (status !== 201) throw new Error(`the revocation was not accepted: ${String(status)}`)
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
