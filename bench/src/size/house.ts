import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Installation, startInstallation } from '@gatehouse/test/harness/installation.ts'
import type { Service } from '@gatehouse/test/harness/service-process.ts'
import type { TestTarget } from '@gatehouse/test/harness/start-gateway.ts'
import { createDatabase as createMysqlDatabase, startMysql } from '@gatehouse/test/servers/mysql.ts'
import { createDatabase, startPostgres } from '@gatehouse/test/servers/postgres.ts'
import { type RedisServer, startRedis } from '@gatehouse/test/servers/redis.ts'
import { type Conversation, converse } from '../conversation.ts'
import type { EngineName } from '../engine.ts'
import { ENGINES } from '../engines.ts'
import { MIXED_POLICY, MIXED_TABLES } from '../mixed-work.ts'
import { portOf, startOwn } from '../own-process.ts'
import { type Held, heldBy } from '../soak/watched-process.ts'

/** A database by its engine: a real one, and one that only lets sessions in, for more of them than a real one has room for. */
export type Place = 'real' | 'stand-in'

/** One gateway with Redis, PostgreSQL 18 and MariaDB 10.11. */
export interface House {
  readonly installation: Installation
  readonly gateway: Service
  readonly redis: RedisServer
  /** A new session of somebody. Rejects with what the gateway said. */
  readonly enter: (engine: EngineName, place: Place, token: string) => Promise<Conversation>
  /** A token of its own for each subject. */
  readonly token: (subject: string) => Promise<string>
  /** What the gateway's process holds just now. */
  readonly held: () => Promise<Held>
  readonly close: () => Promise<void>
}

const TARGETS: Readonly<Record<EngineName, Readonly<Record<Place, string>>>> = {
  postgres: { real: 'shop', 'stand-in': 'shop_empty' },
  mysql: { real: 'orders', 'stand-in': 'orders_empty' },
}

/** As many connections as each database takes. */
const MOST_CONNECTIONS = 1200

/** The stand-in of MySQL listens to its second connection, and is one when that has been quiet for a while. */
const LISTENING_MILLISECONDS = 1000

/** Opens one. `listener`: over the defaults of each listener. What was started is closed where one of it cannot be. */
export async function openHouse(listener: Readonly<Record<string, unknown>> = {}): Promise<House> {
  const closers: (() => Promise<unknown> | void)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.toReversed()) await closer()
  }
  try {
    const redis = await startRedis({})
    closers.push(() => redis.stop())
    const postgres = await startPostgres({
      version: 18,
      settings: { max_connections: String(MOST_CONNECTIONS), shared_buffers: '64MB' },
    })
    closers.push(() => postgres.stop())
    const mysql = await startMysql({ version: 'mariadb-10.11', settings: { 'max-connections': MOST_CONNECTIONS } })
    closers.push(() => mysql.stop())
    await createDatabase(postgres, 'size', MIXED_TABLES)
    await createMysqlDatabase(mysql, 'size', MIXED_TABLES)
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-size-'))
    closers.push(() => rmSync(folder, { recursive: true, force: true }))
    const targets: Record<string, TestTarget> = {}
    for (const [engine, server] of [
      ['postgres', postgres],
      ['mysql', mysql],
    ] as const) {
      const { host, port, superuser: user, password } = server
      const standIn = await startOwn(ENGINES[engine].standIn, [String(port)], {
        logFile: join(folder, `${engine}.log`),
      })
      closers.push(standIn.stop)
      const target = { engine, host, port, database: 'size', user, password }
      targets[TARGETS[engine].real] = target
      targets[TARGETS[engine]['stand-in']] = { ...target, port: portOf(standIn.ready) }
    }
    const installation = await startInstallation({
      redis,
      targets,
      policy: MIXED_POLICY,
      gateways: 1,
      admins: 0,
      monitored: true,
      listener: { maxConnectionsPerAddress: 20_000, ...listener },
    })
    closers.push(() => installation.close())
    const [gateway] = installation.gateways
    if (gateway === undefined) throw new Error('there is no gateway')
    const house: House = {
      installation,
      gateway,
      redis,
      enter: (engine, place, token) => converse(engine, gateway.ports[engine] ?? 0, TARGETS[engine][place], token),
      token: (sub) => installation.token({ sub }),
      held: async () => {
        const held = await heldBy(gateway.pid(), gateway.ports['monitoring'] ?? 0)
        if (held === null) throw new Error('the gateway is away')
        return held
      },
      close,
    }
    await warmUp(house)
    return house
  } catch (error) {
    await close()
    throw error
  }
}

/** Code is compiled, catalogs are read, and stand-ins have heard what they say from now on. */
async function warmUp({ enter, token }: House): Promise<void> {
  const password = await token('warm-up')
  for (const engine of ['postgres', 'mysql'] as const) {
    for (let times = 0; times < 3; times++) {
      const one = await enter(engine, 'stand-in', password)
      await sleep(LISTENING_MILLISECONDS)
      one.leave()
    }
    for (let times = 0; times < 100; times++) {
      const one = await enter(engine, 'real', password)
      one.leave()
    }
  }
}
