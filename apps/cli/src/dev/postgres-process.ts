import { spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startGuarded } from './guarded-process.ts'
import { programEnvironment, type PostgresInstallation } from './postgres-installation.ts'
import { asUser, type ServerUser } from './server-user.ts'

/** A data directory and the account that owns it. */
export interface Cluster {
  readonly installation: PostgresInstallation
  readonly dataDirectory: string
  readonly user: ServerUser | null
}

/** A PostgreSQL server this process started. */
export interface PostgresProcess {
  readonly host: '127.0.0.1'
  readonly port: number
  /** The postmaster's process id. */
  readonly pid: number
  /** What the server logs. */
  readonly logFile: string
  /** Settles when the server has ended, for whatever reason, with what it logged last. */
  readonly ended: Promise<string>
  /** Ends the server, cuts open sessions, and waits until it has. May be called twice. */
  readonly stop: () => Promise<void>
}

/** True when the directory holds an initialised cluster. */
export function isCluster(dataDirectory: string): boolean {
  return existsSync(join(dataDirectory, 'PG_VERSION'))
}

/** Runs `initdb`: a superuser `postgres` with this password, SCRAM for every connection. Throws with initdb's words. */
export function initialiseCluster(cluster: Cluster, password: string): void {
  const { installation, dataDirectory, user } = cluster
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  if (user !== null) chownSync(dataDirectory, user.uid, user.gid)
  const passwordFile = `${dataDirectory}.pw`
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
  if (user !== null) chownSync(passwordFile, user.uid, user.gid)
  try {
    const made = spawnSync(
      installation.initdb,
      [
        '-D',
        dataDirectory,
        '-U',
        'postgres',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--no-sync',
        '--no-instructions',
        ...localeOptions(installation),
      ],
      { ...asUser(user), cwd: '/', encoding: 'utf8', env: programEnvironment(cluster.installation) },
    )
    if (made.status !== 0) {
      rmSync(dataDirectory, { recursive: true, force: true })
      throw new Error(`initdb failed: ${made.error?.message ?? `${made.stderr}${made.stdout}`.trim()}`)
    }
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

/**
 * Starts the server on 127.0.0.1 at `port` and waits until it takes connections (30 seconds at most; throws with its log).
 * `settings` are passed as `-c name=value`. With `removeWhenDone` the folder goes when the server has ended.
 */
export async function startPostgresProcess(
  cluster: Cluster,
  port: number,
  settings: Readonly<Record<string, string | number>>,
  removeWhenDone: string | null = null,
): Promise<PostgresProcess> {
  const options = { listen_addresses: '127.0.0.1', port, unix_socket_directories: '', ...settings }
  const flags = Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${String(value)}`])
  const logFile = `${cluster.dataDirectory}.log`
  const begun = Math.floor(Date.now() / 1000) - 1
  const server = await startGuarded({
    command: cluster.installation.postgres,
    args: ['-D', cluster.dataDirectory, ...flags],
    env: programEnvironment(cluster.installation),
    user: cluster.user,
    logFile,
    removeWhenDone,
  })
  const deadline = Date.now() + 30_000
  while (!(await answers(cluster.dataDirectory, port, begun))) {
    if (!server.isRunning()) throw new Error(`PostgreSQL ended while starting: ${await server.ended}`)
    if (Date.now() > deadline) {
      await server.stop()
      throw new Error(`PostgreSQL did not take connections within 30 seconds: ${await server.ended}`)
    }
    await sleep(20)
  }
  const { pid, ended, stop } = server
  return { host: '127.0.0.1', port, pid, logFile, ended, stop }
}

/** PostgreSQL 17 brought a locale provider of its own, alike on every system; before that C is the one that always exists. */
function localeOptions(installation: PostgresInstallation): readonly string[] {
  return installation.version >= 17
    ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
    : ['--locale=C']
}

/**
 * postmaster.pid holds pid, data directory, start time, port, socket directory, address, memory key, status, a line each
 * (PostgreSQL source, pidfile.h). One that a killed server left behind is told by its start time.
 */
async function answers(dataDirectory: string, port: number, begun: number): Promise<boolean> {
  const lines = pidFile(dataDirectory)
  if (lines[7]?.trim() !== 'ready' || Number(lines[2]) < begun || Number(lines[3]) !== port) return false
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      resolve(false)
    })
  })
}

function pidFile(dataDirectory: string): readonly string[] {
  try {
    return readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return []
  }
}
