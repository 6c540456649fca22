import { join } from 'node:path'
import { type FleetBalancer, startFleetBalancer } from '@gatehouse/test/harness/fleet-balancer.ts'
import { type Installation, startInstallation } from '@gatehouse/test/harness/installation.ts'
import type { TestTarget } from '@gatehouse/test/harness/start-gateway.ts'
import { StatementAccount } from '@gatehouse/test/operation/statement-account.ts'
import { createDatabase as createMysqlDatabase, startMysql } from '@gatehouse/test/servers/mysql.ts'
import { createDatabase, startPostgres } from '@gatehouse/test/servers/postgres.ts'
import { type RedisServer, startRedis } from '@gatehouse/test/servers/redis.ts'
import type { EngineName } from '../engine.ts'
import { MIXED_POLICY, MIXED_TABLES } from '../mixed-work.ts'

/** Three gateways on one Redis behind HAProxy, in front of one PostgreSQL and one MariaDB, both of which log every statement. */
export interface Fleet {
  readonly installation: Installation
  readonly balancer: FleetBalancer
  readonly redis: RedisServer
  readonly account: StatementAccount
  readonly close: () => Promise<void>
}

/** Starts it. What was started is closed where one of it cannot be. */
export async function startFleet(): Promise<Fleet> {
  const closers: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.toReversed()) await closer()
  }
  try {
    const redis = await startRedis({})
    closers.push(() => redis.stop())
    const postgres = await startPostgres({ version: 18, settings: { log_statement: 'all' } })
    closers.push(() => postgres.stop())
    const mysql = await startMysql({
      version: 'mariadb-10.11',
      settings: { 'general-log': 1, 'general-log-file': 'statements.log', 'max-connections': 500 },
    })
    closers.push(() => mysql.stop())
    await createDatabase(postgres, 'soak', MIXED_TABLES)
    await createMysqlDatabase(mysql, 'soak', MIXED_TABLES)
    const installation = await startInstallation({
      redis,
      targets: { shop: targetOf('postgres', postgres), orders: targetOf('mysql', mysql) },
      policy: MIXED_POLICY,
      gateways: 3,
      admins: 0,
      monitored: true,
      listener: { proxyProtocol: { trustedSenders: ['127.0.0.9'] } },
      settings: { drainSeconds: 25 },
    })
    closers.push(() => installation.close())
    const balancer = await startFleetBalancer(installation)
    closers.push(() => balancer.stop())
    const logs = [postgres.logFile ?? '', join(mysql.dataDirectory ?? '', 'statements.log')]
    const account = new StatementAccount(/soak_[pm]\d+_\d+_\d+_\d/g, logs, installation.trails)
    return { installation, balancer, redis, account, close }
  } catch (error) {
    await close()
    throw error
  }
}

function targetOf(engine: EngineName, { host, port, superuser: user, password }: Server): TestTarget {
  return { engine, host, port, database: 'soak', user, password }
}

/** A database server, whichever it is. */
interface Server {
  readonly host: string
  readonly port: number
  readonly superuser: string
  readonly password: string
}
