import { spawnSync } from 'node:child_process'
import { chownSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fetchDebianPackages } from './debian-packages.ts'
import { type Had, ServerAbsent } from './found.ts'
import { listens } from './listens.ts'
import { freePort, loaderIn, serverUser, startGuarded } from './local-tools.ts'
import { KEPT_SERVERS, privateFolder } from './private-folder.ts'

/** A PgBouncer program, with what must stand before its arguments. */
export interface PgbouncerProgram {
  readonly command: string
  readonly leading: readonly string[]
  /** As `pgbouncer --version` says: `1.26.0`. */
  readonly version: string
}

export interface PgbouncerOptions {
  readonly upstream: { readonly host: string; readonly port: number }
  /** Role to password; clients log in with them by SCRAM, and so does PgBouncer upstream. */
  readonly logins: Readonly<Record<string, string>>
  /** Default: `session`. */
  readonly poolMode?: 'session' | 'transaction' | 'statement'
  /** Upstream connections for each role and database. Default: 100. */
  readonly poolSize?: number
  /** Lines for the `[pgbouncer]` section, over the ones made here. */
  readonly settings?: Readonly<Record<string, string | number>>
  /** Default: what `findPgbouncer` finds. */
  readonly program?: PgbouncerProgram
}

export interface Pgbouncer {
  readonly host: '127.0.0.1'
  readonly port: number
  /** PgBouncer's own process: what to read CPU time of. */
  readonly pid: number
  readonly version: string
  readonly stop: () => Promise<void>
}

/**
 * PgBouncer of at least `oldest` (default 1.26, the newest Debian carries): on the path, else from Debian's `sid`, unpacked
 * with all its libraries into a private folder and run by that folder's own loader; the system is not changed.
 */
export async function findPgbouncer(oldest = '1.26'): Promise<Had<PgbouncerProgram>> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).concat('/usr/sbin')) {
    const found = programOf(join(folder, 'pgbouncer'), [])
    if (found !== null && atLeast(found.version, oldest)) return { kind: 'program', program: found }
  }
  const fetched = await fetchDebianPackages({
    packages: ['pgbouncer'],
    folder: join(KEPT_SERVERS, 'pgbouncer-sid'),
    suite: 'sid',
    // Every library, libc and loader too; not the programs and configuration around them.
    follow: (name) =>
      /^(lib|zlib1g|gcc-\d+-base)/.test(name) && !/^(libc-bin|libpam-modules|libpam-runtime)/.test(name),
  })
  if (fetched.kind === 'absent') return { kind: 'absent', reason: `no PgBouncer ${oldest} here: ${fetched.reason}` }
  const { root, libraryPath } = fetched.program
  const loader = loaderIn(root)
  if (loader === null) return { kind: 'absent', reason: 'the unpacked packages hold no loader for this machine' }
  const program = programOf(loader, ['--library-path', libraryPath, join(root, 'usr', 'sbin', 'pgbouncer')])
  return program === null
    ? { kind: 'absent', reason: 'the unpacked PgBouncer does not run here' }
    : { kind: 'program', program }
}

/** Starts PgBouncer on a free port of 127.0.0.1, in front of every database of one server. Throws `ServerAbsent`. */
export async function startPgbouncer(options: PgbouncerOptions): Promise<Pgbouncer> {
  const found =
    options.program === undefined ? await findPgbouncer() : { kind: 'program' as const, program: options.program }
  if (found.kind === 'absent') throw new ServerAbsent(found.reason)
  const user = serverUser()
  const folder = privateFolder('pgbouncer', user)
  try {
    const port = await freePort()
    const settings = {
      listen_addr: '127.0.0.1',
      listen_port: port,
      unix_socket_dir: '',
      auth_type: 'scram-sha-256',
      auth_file: join(folder, 'users.txt'),
      pool_mode: options.poolMode ?? 'session',
      default_pool_size: options.poolSize ?? 100,
      max_client_conn: 1000,
      log_connections: 0,
      log_disconnections: 0,
      ...options.settings,
    }
    const { host, port: upstreamPort } = options.upstream
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${String(value)}`)
    const users = Object.entries(options.logins).map(([name, password]) => `${quoted(name)} ${quoted(password)}\n`)
    const files = {
      'pgbouncer.ini': `[databases]\n* = host=${host} port=${String(upstreamPort)}\n[pgbouncer]\n${lines.join('\n')}\n`,
      'users.txt': users.join(''),
    }
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text, { mode: 0o600 })
      if (user !== null) chownSync(join(folder, name), user.uid, user.gid)
    }
    const { command, leading, version } = found.program
    const server = await startGuarded({
      command,
      args: [...leading, join(folder, 'pgbouncer.ini')],
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
      user,
      logFile: join(folder, 'log'),
      removeWhenDone: folder,
    })
    const deadline = Date.now() + 10_000
    while (!(await listens(port))) {
      if (!server.isRunning()) throw new Error(`PgBouncer ended while starting: ${await server.ended}`)
      if (Date.now() > deadline) {
        await server.stop()
        throw new Error(`PgBouncer did not listen within 10 seconds: ${await server.ended}`)
      }
      await sleep(20)
    }
    return { host: '127.0.0.1', port, pid: server.pid, version, stop: server.stop }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

function programOf(command: string, leading: readonly string[]): PgbouncerProgram | null {
  if (!existsSync(command)) return null
  const said = spawnSync(command, [...leading, '--version'], { encoding: 'utf8' })
  const version = /PgBouncer (\S+)/.exec(said.stdout)?.[1]
  return said.status === 0 && version !== undefined ? { command, leading, version } : null
}

function atLeast(version: string, oldest: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number)
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
}

/** As userlist.txt wants it: in double quotes, a double quote twice. */
function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}
