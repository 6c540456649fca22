import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { startInstallation } from '@gatehouse/test/harness/installation.ts'
import { startRedis } from '@gatehouse/test/servers/redis.ts'
import type { Address, Database, EngineName, Workload } from '../engine.ts'
import { ENGINES } from '../engines.ts'
import { TARGET } from '../gateway-setup.ts'
import { cpuSecondsOfFamily } from '../process-figures.ts'
import { median } from '../statistics.ts'

/** What is measured with one worker, then with two. */
export interface ScalingOptions {
  /** Of each run. */
  readonly seconds: number
  readonly rounds: number
}

const WORKERS = [1, 2] as const
const WORKLOADS: Readonly<Record<EngineName, Workload>> = {
  postgres: { name: 'prepared', clients: 32 },
  mysql: { name: 'point select, text', clients: 32 },
}
/** Logins under way at once. */
const AT_ONCE = 16

interface Figures {
  readonly statementsPerSecond: number
  readonly gatewayMicroseconds: number
  readonly databaseMicroseconds: number
  readonly loginsPerSecond: number
  readonly gatewayMillisecondsPerLogin: number
}

/** What a second worker brings on a machine that clients and database share with both. As Markdown. */
export async function measureScaling(options: ScalingOptions, tell: (text: string) => void): Promise<string> {
  const rows: string[] = []
  for (const engine of ['postgres', 'mysql'] as const)
    for (const { workers, figures } of await ofEngine(engine, options, tell))
      rows.push(
        `| ${ENGINES[engine].databaseName} | ${String(workers)} | ${figures.statementsPerSecond.toFixed(0)} | ${figures.gatewayMicroseconds.toFixed(1)} | ${figures.databaseMicroseconds.toFixed(1)} | ${figures.loginsPerSecond.toFixed(0)} | ${figures.gatewayMillisecondsPerLogin.toFixed(2)} |`,
      )
  return [
    `**One worker and two**, on 2 cores that the clients and the database share with them: medians of ${String(options.rounds)} rounds of ${String(options.seconds)} s, load ${(loadavg()[0] ?? 0).toFixed(1)} in the end. Statements: ${ENGINES.postgres.loadName} (prepared) and ${ENGINES.mysql.loadName} (point select, text), 32 clients, the same for both. Logins: connections with a token, one after the other on ${String(AT_ONCE)} ways, to the real database.`,
    '',
    '| database | workers | statements per second | gateway CPU µs per statement | database CPU µs per statement | logins per second | gateway CPU ms per login |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
    'Where all of a machine is in use, a second worker takes from the database and the clients what it gives: CPU per statement says what a core of its own would do, statements per second what these two cores do together.',
  ].join('\n')
}

async function ofEngine(
  engine: EngineName,
  options: ScalingOptions,
  tell: (text: string) => void,
): Promise<readonly { readonly workers: number; readonly figures: Figures }[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-scaling-'))
  const redis = await startRedis({})
  let database: Database | null = null
  try {
    database = await ENGINES[engine].startDatabase(folder)
    const found: { workers: number; figures: Figures }[] = []
    for (const workers of WORKERS) {
      const figures = await ofWorkers(engine, workers, database, redis, options)
      tell(`${engine}, ${String(workers)} workers: ${figures.statementsPerSecond.toFixed(0)} statements a second`)
      found.push({ workers, figures })
    }
    return found
  } finally {
    await database?.stop()
    await redis.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function ofWorkers(
  engine: EngineName,
  workers: number,
  database: Database,
  redis: { readonly host: string; readonly port: number },
  options: ScalingOptions,
): Promise<Figures> {
  const installation = await startInstallation({
    redis,
    targets: {
      [TARGET]: { engine, host: '127.0.0.1', port: database.port, database: TARGET, ...database.login },
    },
    policy: ENGINES[engine].policy,
    gateways: 1,
    admins: 0,
    settings: { workers },
  })
  try {
    const [gateway] = installation.gateways
    if (gateway === undefined) throw new Error('there is no gateway')
    const address: Address = {
      port: gateway.ports[engine] ?? 0,
      user: 'copilot',
      database: TARGET,
      password: await installation.token({ sub: 'scaling' }),
    }
    const sample = (): readonly number[] => [cpuSecondsOfFamily(gateway.pid()), cpuSecondsOfFamily(database.pid)]
    // Catalogs are read, code is compiled, the database's own caches are full.
    await logins(engine, address, 2)
    await database.load.run(address, WORKLOADS[engine], 1, sample)
    const rounds: Figures[] = []
    for (let round = 0; round < options.rounds; round++) {
      const result = await database.load.run(address, WORKLOADS[engine], options.seconds, sample)
      const [gatewaySeconds = 0, databaseSeconds = 0] = result.sampled
      const before = cpuSecondsOfFamily(gateway.pid())
      const { count, seconds } = await logins(engine, address, options.seconds)
      rounds.push({
        statementsPerSecond: result.statementsPerSecond,
        gatewayMicroseconds: (gatewaySeconds * 1e6) / result.statementsSampled,
        databaseMicroseconds: (databaseSeconds * 1e6) / result.statementsSampled,
        loginsPerSecond: count / seconds,
        gatewayMillisecondsPerLogin: ((cpuSecondsOfFamily(gateway.pid()) - before) * 1000) / count,
      })
    }
    const of = (figure: (round: Figures) => number): number => median(rounds.map(figure))
    return {
      statementsPerSecond: of((one) => one.statementsPerSecond),
      gatewayMicroseconds: of((one) => one.gatewayMicroseconds),
      databaseMicroseconds: of((one) => one.databaseMicroseconds),
      loginsPerSecond: of((one) => one.loginsPerSecond),
      gatewayMillisecondsPerLogin: of((one) => one.gatewayMillisecondsPerLogin),
    }
  } finally {
    await installation.close()
  }
}

/** Sessions that begin and end at once, for so long. */
async function logins(
  engine: EngineName,
  address: Address,
  seconds: number,
): Promise<{ readonly count: number; readonly seconds: number }> {
  const begun = performance.now()
  let count = 0
  const again = async (): Promise<void> => {
    while (performance.now() - begun < seconds * 1000) {
      const client = await ENGINES[engine].connect(address)
      client.close()
      count++
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, again))
  return { count, seconds: (performance.now() - begun) / 1000 }
}
