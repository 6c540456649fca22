import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fetchDebianPackages } from '../servers/debian-packages.ts'
import type { Had } from '../servers/found.ts'
import { loaderIn } from '../servers/local-tools.ts'
import { KEPT_DRIVERS } from './kept-drivers.ts'

const run = promisify(execFile)

/** Programs of one maker, with what must stand before their arguments. */
export interface MysqlClient {
  readonly flavour: 'mysql' | 'mariadb'
  /** Command, and its arguments with what runs it, for `client` (mysql, mariadb) or `dump` (mysqldump, mariadb-dump). */
  readonly program: (what: 'client' | 'dump') => { readonly command: string; readonly leading: readonly string[] }
}

/** MySQL's client of Debian's `sid`, or MariaDB's of the system's release, each unpacked with its libraries into a private folder. */
export async function findMysqlClient(flavour: MysqlClient['flavour']): Promise<Had<MysqlClient>> {
  const fetched = await fetchDebianPackages({
    packages: flavour === 'mysql' ? ['mysql-client-core'] : ['mariadb-client-core', 'mariadb-client'],
    folder: join(KEPT_DRIVERS, `${flavour}-client`),
    suite: flavour === 'mysql' ? 'sid' : null,
    follow: (name) =>
      /^(lib|zlib1g|gcc-\d+-base)/.test(name) &&
      !/^(libc-bin|libpam-modules|libpam-runtime|libperl|libdbi-perl|libdbd-|libconfig-)/.test(name),
  })
  if (fetched.kind === 'absent') return { kind: 'absent', reason: `no client of ${flavour} here: ${fetched.reason}` }
  const { root, libraryPath } = fetched.program
  const loader = loaderIn(root)
  if (loader === null) return { kind: 'absent', reason: 'the unpacked packages hold no loader for this machine' }
  const names =
    flavour === 'mysql' ? { client: 'mysql', dump: 'mysqldump' } : { client: 'mariadb', dump: 'mariadb-dump' }
  const multiarch = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
  const plugins = join(root, 'usr', 'lib', ...(flavour === 'mysql' ? ['mysql'] : [multiarch, 'libmariadb3']), 'plugin')
  const program: MysqlClient['program'] = (what) => ({
    command: loader,
    leading: [
      '--library-path',
      libraryPath,
      join(root, 'usr', 'bin', names[what]),
      '--no-defaults',
      // A dump's MySQL has no such option, and asks for no plugin.
      ...(flavour === 'mysql' && what === 'dump' ? [] : [`--plugin-dir=${plugins}`]),
    ],
  })
  try {
    const { command, leading } = program('client')
    await run(command, [...leading, '--version'])
    return { kind: 'program', program: { flavour, program } }
  } catch (error) {
    return {
      kind: 'absent',
      reason: `the unpacked client of ${flavour} does not run here: ${String(error).slice(0, 200)}`,
    }
  }
}
