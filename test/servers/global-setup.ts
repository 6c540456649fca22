import type { TestProject } from 'vitest/node'
import { ServerAbsent } from './found.ts'
import { startMysql, type MysqlAddress, type MysqlVersion } from './mysql.ts'
import { startPostgres, type PostgresAddress } from './postgres.ts'
import { startRedis, type RedisAddress } from './redis.ts'

/** The servers every test of this project shares: make a database of your own on one (`createDatabase`). */
export interface SharedServers {
  readonly postgres18: SharedServer
  readonly postgres15: SharedServer
  readonly mysql9: SharedMysql
  readonly mariadb10: SharedMysql
  /** Shared by everybody: use a key prefix of your own. */
  readonly redis: Shared<RedisAddress>
}

/** A server's address, or why there is none here: the reason to skip with. */
export type SharedServer = Shared<PostgresAddress>
export type SharedMysql = Shared<MysqlAddress>
type Shared<Address> = { readonly address: Address } | { readonly absent: string }

declare module 'vitest' {
  interface ProvidedContext {
    servers: SharedServers
  }
}

interface Running {
  readonly servers: SharedServers
  /** May be called several times. */
  readonly stop: () => Promise<void>
}

/** Each project of a run loads this file anew: what runs is kept where all of them find it. */
const kept = globalThis as { gatehouseTestServers?: Promise<Running> }

/** Starts the shared servers once per run, for all projects that want them, and ends them after the last test. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  kept.gatehouseTestServers ??= start()
  const { servers, stop } = await kept.gatehouseTestServers
  project.provide('servers', servers)
  return stop
}

async function start(): Promise<Running> {
  const stops: (() => Promise<void>)[] = []
  const share = async <Address>(
    starting: Promise<Address & { readonly pid: number; readonly stop: () => Promise<void> }>,
  ): Promise<Shared<Omit<Address, 'pid' | 'stop'>>> => {
    try {
      const { pid: _, stop, ...address } = await starting
      stops.push(stop)
      return { address }
    } catch (error) {
      if (error instanceof ServerAbsent) return { absent: error.message }
      throw error
    }
  }
  const postgres = (version: 18 | 15): Promise<SharedServer> => share(startPostgres({ version }))
  const mysql = (version: MysqlVersion): Promise<SharedMysql> => share(startMysql({ version }))
  const [postgres18, postgres15, mysql9, mariadb10, redis] = await Promise.all([
    postgres(18),
    postgres(15),
    mysql('mysql-9'),
    mysql('mariadb-10.11'),
    share(startRedis({})),
  ])
  let stopping: Promise<unknown> | null = null
  return {
    servers: { postgres18, postgres15, mysql9, mariadb10, redis },
    stop: async () => {
      stopping ??= Promise.all(stops.map((stop) => stop()))
      await stopping
    },
  }
}
