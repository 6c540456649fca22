import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fetchDebianPackages, loaderIn } from './debian-packages.ts'
import type { Had } from './found.ts'

/** A server program of MySQL or MariaDB, and how it is run. */
export interface MysqlInstallation {
  readonly flavour: 'mysql' | 'mariadb'
  /** As `--version` says, without what the packager added: `9.7.4`, `10.11.19`. */
  readonly version: string
  readonly command: string
  /** What stands before the program's own arguments: a loader and the program. */
  readonly leading: readonly string[]
  /** Where its plugins and messages are, as options; empty when it knows. */
  readonly options: readonly string[]
  /** Holds the SQL that makes MariaDB's system tables; null for MySQL, which brings them inside. */
  readonly systemTables: string | null
}

/** The first `mysqld` or `mariadbd` on the path, or where packages put them, that fits; null when there is none. */
export function mysqlOnPath(fits: (installation: MysqlInstallation) => boolean): MysqlInstallation | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/libexec']
  for (const folder of folders) {
    for (const name of ['mysqld', 'mariadbd']) {
      const command = join(folder, name)
      const found = existsSync(command) ? installationOf({ command, leading: [], options: [] }, dirname(folder)) : null
      if (found !== null && fits(found)) return found
    }
  }
  return null
}

/** MySQL 9 of Debian's `sid`, unpacked with all its libraries below `folder` and run by its own loader. */
export async function unpackedMysql(folder: string): Promise<Had<MysqlInstallation>> {
  return unpackedServer({
    packages: ['mysql-server-core'],
    folder,
    suite: 'sid',
    program: 'usr/sbin/mysqld',
    what: 'MySQL 9',
  })
}

/** MariaDB of the system's own Debian suite (10.11 of Debian 12), unpacked below `folder`. */
export async function unpackedMariadb(folder: string): Promise<Had<MysqlInstallation>> {
  return unpackedServer({
    // The system tables' SQL is in the one, the plugins (ed25519) in the other.
    packages: ['mariadb-server-core', 'mariadb-server'],
    folder,
    suite: null,
    program: 'usr/sbin/mariadbd',
    what: 'MariaDB',
  })
}

interface Wanted {
  readonly packages: readonly string[]
  readonly folder: string
  readonly suite: string | null
  readonly program: string
  readonly what: string
}

async function unpackedServer(wanted: Wanted): Promise<Had<MysqlInstallation>> {
  const fetched = await fetchDebianPackages({
    packages: wanted.packages,
    folder: wanted.folder,
    suite: wanted.suite,
    // Every library, libc and loader too; not the programs, interpreters and configuration around them.
    follow: (name) =>
      /^(lib|zlib1g|gcc-\d+-base)/.test(name) &&
      !/^(libc-bin|libpam-modules|libpam-runtime|libperl|libdbi-perl|libconfig-)/.test(name),
  })
  if (fetched.kind === 'absent') return { kind: 'absent', reason: `no ${wanted.what} here: ${fetched.reason}` }
  const { root, libraryPath } = fetched.program
  const loader = loaderIn(root)
  if (loader === null) return { kind: 'absent', reason: 'the unpacked packages hold no loader for this machine' }
  const share = join(root, 'usr', 'share', 'mysql')
  const run = {
    command: loader,
    leading: ['--library-path', libraryPath, join(root, wanted.program)],
    options: [
      `--basedir=${join(root, 'usr')}`,
      `--plugin-dir=${join(root, 'usr', 'lib', 'mysql', 'plugin')}`,
      `--lc-messages-dir=${share}`,
      `--character-sets-dir=${join(share, 'charsets')}`,
    ],
  }
  const found = installationOf(run, join(root, 'usr'))
  return found === null
    ? { kind: 'absent', reason: `the unpacked ${wanted.what} does not run here` }
    : { kind: 'program', program: found }
}

type Program = Pick<MysqlInstallation, 'command' | 'leading' | 'options'>

function installationOf(program: Program, prefix: string): MysqlInstallation | null {
  const said = spawnSync(program.command, [...program.leading, '--no-defaults', '--version'], { encoding: 'utf8' })
  const version = /\bVer (\d+\.\d+\.\d+)/.exec(said.stdout)?.[1]
  if (said.status !== 0 || version === undefined) return null
  if (!said.stdout.includes('MariaDB')) return { ...program, flavour: 'mysql', version, systemTables: null }
  const systemTables = ['share/mysql', 'share/mariadb', 'share']
    .map((path) => join(prefix, path))
    .find((path) => SYSTEM_TABLES.some((name) => existsSync(join(path, name))))
  return systemTables === undefined ? null : { ...program, flavour: 'mariadb', version, systemTables }
}

/** MariaDB 11 renamed what came from MySQL. */
const SYSTEM_TABLES = ['mysql_system_tables.sql', 'mariadb_system_tables.sql']
