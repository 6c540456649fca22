import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import { startGuarded } from './guarded-process.ts'

/** A MySQL that Docker runs. */
export interface MysqlContainer {
  readonly host: '127.0.0.1'
  readonly port: number
  /** Settles when it has ended, with what it printed last. */
  readonly ended: Promise<string>
  readonly stop: () => Promise<void>
}

export interface ContainerStart {
  /** The image: `MYSQL_IMAGE`. */
  readonly image: string
  /** Holds the log; one container for each. */
  readonly home: string
  readonly port: number
  /** Of root, from any host. Another one begins anew. */
  readonly password: string
}

/** Docker's official image. */
export const MYSQL_IMAGE = 'mysql:9'

/** How long the first start may take: the image makes its data. */
const START_MILLISECONDS = 120_000

/** True when a Docker answers here that has the image, or may fetch it. */
export function dockerHas(image: string, mayFetch: boolean): boolean {
  if (docker('version', '--format', '{{.Server.Version}}') !== 0) return false
  return mayFetch || docker('image', 'inspect', image) === 0
}

/**
 * Runs the image, and waits until root is let in. It ends with `stop()`, and with this process; after a kill -9 the container
 * stays until the next start, which takes it away. The data stays in a volume of Docker's, for in a folder of ours it would
 * belong to an account of the image's.
 */
export async function startMysqlContainer(start: ContainerStart): Promise<MysqlContainer> {
  const { image, home, port, password } = start
  const name = named(home)
  docker('rm', '--force', name)
  mkdirSync(home, { recursive: true })
  const container = await startGuarded({
    command: 'docker',
    args: [
      'run',
      '--rm',
      `--name=${name}`,
      `--publish=127.0.0.1:${String(port)}:3306`,
      `--volume=${named(`${home} ${password}`)}:/var/lib/mysql`,
      // By name alone: its value is in no list of processes.
      '--env=MYSQL_ROOT_PASSWORD',
      image,
      '--skip-log-bin',
      '--mysqlx=OFF',
      '--innodb-buffer-pool-size=64M',
    ],
    env: { ...process.env, MYSQL_ROOT_PASSWORD: password },
    user: null,
    logFile: join(home, 'container.log'),
    removeWhenDone: null,
    // Docker's program passes TERM on to the server.
    signals: { ask: 'TERM', force: 'KILL' },
  })
  const deadline = Date.now() + START_MILLISECONDS
  while (!(await letsIn(port, password))) {
    if (!container.isRunning())
      throw new Error(`the container of ${image} ended while starting: ${await container.ended}`)
    if (Date.now() > deadline) {
      await container.stop()
      throw new Error(
        `${image} let nobody in within ${String(START_MILLISECONDS / 1000)} seconds: ${await container.ended}`,
      )
    }
    await sleep(200)
  }
  const { ended, stop } = container
  return { host: '127.0.0.1', port, ended, stop }
}

function named(what: string): string {
  return `gatehouse-dev-mysql-${createHash('sha256').update(what).digest('hex').slice(0, 12)}`
}

function docker(...words: readonly string[]): number | null {
  return spawnSync('docker', words, { stdio: 'ignore', timeout: 10_000 }).status
}

/** The image's first server, which makes the data, listens on no port: who is let in meets the one that stays. */
async function letsIn(port: number, password: string): Promise<boolean> {
  try {
    const connection = await createConnection({ host: '127.0.0.1', port, user: 'root', password, connectTimeout: 5000 })
    await connection.end()
    return true
  } catch {
    return false
  }
}
