import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startGuarded } from './guarded-process.ts'
import type { MysqlInstallation } from './mysql-installation.ts'

/** A MySQL or MariaDB server this process started. */
export interface MysqlProcess {
  readonly host: '127.0.0.1'
  readonly port: number
  readonly pid: number
  /** What the server logs. */
  readonly logFile: string
  /** Settles when the server has ended, for whatever reason, with what it logged last. */
  readonly ended: Promise<string>
  /** Ends the server and waits until it has. May be called twice. */
  readonly stop: () => Promise<void>
}

export interface MysqlStart {
  readonly installation: MysqlInstallation
  /** Initialised (`initialiseMysql`). */
  readonly dataDirectory: string
  readonly port: number
  /** Options of the server over those made here, without the dashes; null: the option alone. */
  readonly settings: Readonly<Record<string, string | number | null>>
  /** SQL that runs before the first client is let in, one statement a line (`init_file`); empty: none. */
  readonly initSql: string
  /** Goes when the server has ended; then the server is killed, for nothing is left to be saved. */
  readonly removeWhenDone?: string
}

/** Makes system tables and a superuser `root@localhost` without a password. Throws with the server's words. */
export function initialiseMysql(installation: MysqlInstallation, dataDirectory: string): void {
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  const temporaryFolder = makeTemporaryFolder(dataDirectory)
  const { systemTables } = installation
  const options = [...common(installation, dataDirectory), ...SMALL[installation.flavour]]
  const made = spawnSync(
    installation.command,
    [...options, ...(systemTables === null ? ['--initialize-insecure'] : ['--bootstrap', '--log-warnings=0'])],
    { cwd: '/', encoding: 'utf8', input: systemTables === null ? '' : bootstrapSql(systemTables), maxBuffer: 1 << 26 },
  )
  rmSync(temporaryFolder, { recursive: true, force: true })
  if (made.status !== 0) {
    rmSync(dataDirectory, { recursive: true, force: true })
    throw new Error(
      `${nameOf(installation)} could not make its data: ${made.error?.message ?? made.stderr.slice(-2000)}`,
    )
  }
}

/** Starts the server on 127.0.0.1 and waits until it takes connections (60 seconds at most; throws with its log). */
export async function startMysqlProcess(start: MysqlStart): Promise<MysqlProcess> {
  const { installation, dataDirectory, port } = start
  const logFile = `${dataDirectory}.log`
  const initFile = `${dataDirectory}.init.sql`
  writeFileSync(initFile, start.initSql, { mode: 0o600 })
  makeTemporaryFolder(dataDirectory)
  const pidFile = join(dataDirectory, 'server.pid')
  rmSync(pidFile, { force: true })
  const settings = {
    'bind-address': '127.0.0.1',
    port,
    // None: a path below a deep folder would be too long for one.
    socket: '',
    'pid-file': pidFile,
    'init-file': initFile,
    'skip-name-resolve': null,
    ...start.settings,
  }
  const server = await startGuarded({
    command: installation.command,
    args: [
      ...common(installation, dataDirectory),
      ...SMALL[installation.flavour],
      ...Object.entries(settings).map(([name, value]) => (value === null ? `--${name}` : `--${name}=${String(value)}`)),
    ],
    env: ENVIRONMENT,
    user: null,
    logFile,
    removeWhenDone: start.removeWhenDone ?? null,
    signals: { ask: 'TERM', force: 'KILL' },
  })
  const deadline = Date.now() + 60_000
  while (!(existsSync(pidFile) && (await greets(port)))) {
    if (!server.isRunning()) throw new Error(`${nameOf(installation)} ended while starting: ${await server.ended}`)
    if (Date.now() > deadline) {
      await server.stop()
      throw new Error(`${nameOf(installation)} did not take connections within 60 seconds: ${await server.ended}`)
    }
    await sleep(20)
  }
  // The passwords in it have done their work.
  rmSync(initFile, { force: true })
  const { pid, ended, stop } = server
  return { host: '127.0.0.1', port, pid, logFile, ended, stop }
}

/** For people: `MySQL 9.7.4`. */
export function nameOf({ flavour, version }: MysqlInstallation): string {
  return `${flavour === 'mysql' ? 'MySQL' : 'MariaDB'} ${version}`
}

/** Nothing of ours (MYSQL_PWD, tokens) reaches the server. */
const ENVIRONMENT = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

function common(installation: MysqlInstallation, dataDirectory: string): readonly string[] {
  return [
    ...installation.leading,
    // Must come first: no my.cnf of the system.
    '--no-defaults',
    ...installation.options,
    // Both refuse to start as root unless told so.
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
    `--datadir=${dataDirectory}`,
    `--tmpdir=${temporaryFolderOf(dataDirectory)}`,
  ]
}

/**
 * A server that starts removes the temporary tables of others from the folder it shares with them, and MariaDB does not survive
 * that: each has its own. Beside the data, where it is not taken for a database.
 */
function temporaryFolderOf(dataDirectory: string): string {
  return `${dataDirectory}.tmp`
}

function makeTemporaryFolder(dataDirectory: string): string {
  const folder = temporaryFolderOf(dataDirectory)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

/** A small server: little memory, no binary log, files on disk that fit a shop. */
const SMALL: Readonly<Record<MysqlInstallation['flavour'], readonly string[]>> = {
  mysql: [
    '--mysqlx=OFF',
    '--skip-log-bin',
    '--secure-file-priv=NULL',
    '--innodb-buffer-pool-size=64M',
    '--innodb-redo-log-capacity=16M',
    '--innodb-flush-log-at-trx-commit=2',
    '--table-open-cache=400',
    '--max-connections=150',
  ],
  mariadb: [
    '--innodb-buffer-pool-size=64M',
    '--innodb-log-file-size=8M',
    '--innodb-flush-log-at-trx-commit=2',
    '--max-connections=150',
    '--key-buffer-size=1M',
    '--aria-pagecache-buffer-size=8M',
  ],
}

/** As `mariadb-install-db` feeds it, one statement a line; without help tables, time zones and the test database. */
function bootstrapSql(folder: string): string {
  const files = [
    ['mysql_system_tables.sql', 'mariadb_system_tables.sql'],
    ['mysql_performance_tables.sql', 'mariadb_performance_tables.sql'],
    ['mysql_system_tables_data.sql', 'mariadb_system_tables_data.sql'],
    ['maria_add_gis_sp_bootstrap.sql'],
    ['mysql_sys_schema.sql', 'mariadb_sys_schema.sql'],
  ]
  const texts = files.map((names) => {
    const name = names.find((one) => existsSync(join(folder, one)))
    if (name === undefined) throw new Error(`${folder} has no ${String(names[0])}`)
    return readFileSync(join(folder, name), 'utf8')
  })
  const onlyLocal = "DELETE FROM global_priv WHERE User = 'root' AND Host <> 'localhost';\n"
  return [
    'CREATE DATABASE mysql;',
    'USE mysql;',
    'SET @auth_root_socket=NULL;',
    ...texts,
    'USE mysql;',
    onlyLocal,
  ].join('\n')
}

/** True when the server speaks first, as it does once it takes clients: a handshake or an error packet. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    const settle = (speaks: boolean) => () => {
      socket.destroy()
      resolve(speaks)
    }
    socket.once('data', settle(true))
    socket.once('error', settle(false))
    socket.once('close', settle(false))
  })
}
