import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fetchDebianPackages } from '../servers/debian-packages.ts'
import { loaderIn, type Had } from '../servers/local-tools.ts'
import { KEPT_SERVERS } from '../servers/private-folder.ts'

/** MariaDB's own tests and the program that runs them. */
export interface MariadbTests {
  /** What stands before the program's own arguments: a loader and the program. */
  readonly command: readonly string[]
  /** `mysql-test`, which test files name others from. */
  readonly folder: string
  /** Where the client finds how to authenticate. */
  readonly plugins: string
}

/** Where `mariadb-test` logs in, and whether TLS is asked for. */
export interface MariadbTestRoad {
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** The authority that vouches for the other side; null: clear text. */
  readonly caFile: string | null
}

/** From the packages of the system's own Debian suite, unpacked and kept between runs. Absent where there is no apt or no network. */
export async function findMariadbTests(): Promise<Had<MariadbTests>> {
  const fetched = await fetchDebianPackages({
    packages: ['mariadb-test', 'mariadb-test-data', 'libmariadb3'],
    folder: join(KEPT_SERVERS, 'mariadb-test'),
    suite: null,
    follow: (name) => /^(lib|zlib1g|gcc-\d+-base)/.test(name) && !/^lib(c-bin|pam-|perl|dbi-perl|config-)/.test(name),
  })
  if (fetched.kind === 'absent') return { kind: 'absent', reason: `no tests of MariaDB here: ${fetched.reason}` }
  const { root, libraryPath } = fetched.program
  const loader = loaderIn(root)
  if (loader === null) return { kind: 'absent', reason: 'the unpacked packages hold no loader for this machine' }
  const libraries = libraryPath.split(':').filter((path) => path.includes('usr/lib') && path.endsWith('-linux-gnu'))
  return {
    kind: 'program',
    program: {
      command: [loader, '--library-path', libraryPath, join(root, 'usr/bin/mariadb-test')],
      folder: join(root, 'usr/share/mysql/mysql-test'),
      plugins: join(libraries[0] ?? '', 'libmariadb3/plugin'),
    },
  }
}

/**
 * What `mariadb-test` writes for one test file, going on after errors. `scratch`: a folder for what the file writes.
 * Killed after `seconds`, which rejects.
 */
export async function runMariadbTest(
  tests: MariadbTests,
  road: MariadbTestRoad,
  testFile: string,
  scratch: string,
  seconds: number,
): Promise<Buffer> {
  mkdirSync(join(scratch, 'tmp'), { recursive: true })
  const output = join(scratch, 'output')
  const into = openSync(output, 'w')
  try {
    const [command = '', ...leading] = tests.command
    const options = [
      '--no-defaults',
      '--protocol=tcp',
      // The certificate's name; both sides listen on loopback alone.
      '--host=localhost',
      `--port=${String(road.port)}`,
      `--user=${road.user}`,
      `--password=${road.password}`,
      `--database=${road.database}`,
      `--plugin-dir=${tests.plugins}`,
      `--tmpdir=${join(scratch, 'tmp')}`,
      `--logdir=${scratch}`,
      '--continue-on-error',
      `--test-file=${testFile}`,
      ...(road.caFile === null ? ['--skip-ssl'] : [`--ssl-ca=${road.caFile}`]),
    ]
    const child = spawn(command, [...leading, ...options], {
      cwd: tests.folder,
      env: {
        LC_ALL: 'C',
        TZ: 'UTC',
        MYSQL_TEST_DIR: tests.folder,
        MYSQLTEST_VARDIR: scratch,
        MYSQL_TMP_DIR: join(scratch, 'tmp'),
        MASTER_MYPORT: String(road.port),
        ROAD_PASSWORD: road.password,
        MYSQL_SHAREDIR: dirname(tests.folder),
      },
      stdio: ['ignore', into, into],
      timeout: seconds * 1000,
      killSignal: 'SIGKILL',
    })
    const signal = await new Promise<NodeJS.Signals | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (_code, ended) => {
        resolve(ended)
      })
    })
    if (signal !== null) throw new Error(`mariadb-test did not end within ${String(seconds)} seconds`)
    return readFileSync(output)
  } finally {
    closeSync(into)
  }
}
