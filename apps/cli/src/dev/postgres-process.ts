import { spawn, spawnSync } from 'node:child_process'
import { chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
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
  const logDescriptor = openSync(logFile, 'w', 0o600)
  const begun = Math.floor(Date.now() / 1000) - 1
  const child = spawn(
    '/bin/sh',
    [
      '-c',
      GUARD,
      'gatehouse-postgres',
      removeWhenDone ?? '',
      cluster.installation.postgres,
      '-D',
      cluster.dataDirectory,
      ...flags,
    ],
    {
      ...asUser(cluster.user),
      cwd: '/',
      // Its own process group: Ctrl-C in the terminal reaches us, and we end the server after the sessions through it.
      detached: true,
      stdio: ['pipe', logDescriptor, logDescriptor],
      env: programEnvironment(cluster.installation),
    },
  )
  closeSync(logDescriptor)
  const log = (): string => (existsSync(logFile) ? readFileSync(logFile, 'utf8').slice(-4096).trim() : 'no log')
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => {
      resolve(error.message)
    })
    child.once('exit', () => {
      resolve(log())
    })
  })
  const { stdin } = child
  if (stdin === null) throw new Error('the guard has no pipe')
  stdin.on('error', () => undefined)
  let running = true
  void ended.then(() => {
    running = false
  })
  const stop = async (): Promise<void> => {
    child.ref()
    stdin.end()
    await ended
    if (removeWhenDone !== null) rmSync(removeWhenDone, { recursive: true, force: true })
  }

  const deadline = Date.now() + 30_000
  while (!(await answers(cluster.dataDirectory, port, begun))) {
    if (!running) throw new Error(`PostgreSQL ended while starting: ${await ended}`)
    if (Date.now() > deadline) {
      await stop()
      throw new Error(`PostgreSQL did not take connections within 30 seconds: ${log()}`)
    }
    await sleep(20)
  }
  // The server must not keep a program alive that has nothing else to do; the guard ends it then.
  child.unref()
  if (stdin instanceof Socket) stdin.unref()
  return { host: '127.0.0.1', port, pid: Number(pidFile(cluster.dataDirectory)[0]), logFile, ended, stop }
}

/**
 * Runs the server as a child of a shell that holds our pipe: when the pipe closes, because we asked or because we are
 * gone (killed, crashed), the server gets SIGINT, a fast shutdown, and after 5 seconds SIGQUIT: a fast shutdown waits for
 * sessions that are still logging in. A cluster that is thrown away gets SIGQUIT at once.
 */
const GUARD = `
remove=$1; shift
trap '' INT HUP
exec 3<&0
"$@" </dev/null 3<&- & server=$!
(
  trap - INT HUP
  read -r _ <&3
  [ -n "$remove" ] || { kill -INT $server; sleep 5; }
  kill -QUIT $server
) >/dev/null 2>&1 & watch=$!
exec 3<&-
trap 'kill -INT $server' TERM
wait $server; status=$?
while kill -0 $server 2>/dev/null; do wait $server; status=$?; done
kill $watch 2>/dev/null
[ -n "$remove" ] && rm -rf "$remove"
exit $status
`

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
