import { resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { type Development, startDevelopment } from '../dev/development.ts'
import { CommandFailed } from '../exit-status.ts'

interface DevOptions {
  readonly port: number
  readonly mysql?: true
  readonly mysqlPort: number
  readonly adminPort: number
  readonly data: string
  readonly reset?: true
  readonly logLevel: string
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

export function devCommand(): Command {
  return new Command('dev')
    .description(
      'run a complete gateway for development: a PostgreSQL filled with a small shop, a MySQL with the same where there is one, an identity provider, the gateway, the admin service with its page',
    )
    .option('--port <port>', 'where PostgreSQL clients connect; another where that is taken', readPort, 15_432)
    .option(
      '--mysql',
      'fetch a MySQL where no mysqld or mariadbd is found: Debian packages, unpacked into the data folder, or an image by Docker',
    )
    .option('--mysql-port <port>', 'where MySQL clients connect; another where that is taken', readPort, 13_306)
    .option('--admin-port <port>', 'where the admin service is; another where that is taken', readPort, 18_443)
    .option('--data <folder>', 'where everything is kept', '.gatehouse')
    .option(
      '--reset',
      'begin anew: the shop, keys, certificates and the audit trail of the data folder are deleted first',
    )
    .option('--log-level <level>', `one of ${LOG_LEVELS.join(', ')}`, readLevel, 'warn')
    .action(run)
}

async function run({ port, mysql, mysqlPort, adminPort, data, reset, logLevel }: DevOptions): Promise<void> {
  const interrupted = new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => done())
  })
  const folder = resolve(data)
  const starting = startDevelopment({
    folder,
    port,
    mysqlPort,
    adminPort,
    fetchMysql: mysql === true,
    reset: reset === true,
    logLevel,
    say: (line) => process.stdout.write(`${line}\n`),
  })
  // Ctrl-C while it starts: what has begun is ended before the process leaves.
  const first = await Promise.race([starting, interrupted])
  const development: Development = first ?? (await starting)
  if (first !== undefined) {
    process.stdout.write(development.welcome)
    const why = await Promise.race([interrupted, development.databaseEnded])
    if (typeof why === 'string') {
      await development.stop()
      throw new CommandFailed(why)
    }
  }
  process.stdout.write('\nStopping…\n')
  await development.stop()
}

function readPort(value: string): number {
  const port = Number(value)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('a port is a number from 1 to 65535')
  return port
}

function readLevel(value: string): string {
  if (!LOG_LEVELS.includes(value)) throw new InvalidArgumentError(`one of ${LOG_LEVELS.join(', ')}`)
  return value
}
