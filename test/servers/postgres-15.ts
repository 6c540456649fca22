import { delimiter, dirname, join } from 'node:path'
import { fetchDebianPackages } from './debian-packages.ts'
import type { Found, Had } from './found.ts'
import { postgresAt, type PostgresInstallation } from './local-tools.ts'
import { KEPT_SERVERS } from './private-folder.ts'

/**
 * PostgreSQL 15: Debian's folder or the path, else the address in GATEHOUSE_TEST_POSTGRES_15 (a superuser's
 * `postgres://` URL), else Debian's packages unpacked into a private folder, else absent.
 */
export async function findPostgres15(): Promise<Found<PostgresInstallation>> {
  const url = process.env['GATEHOUSE_TEST_POSTGRES_15']
  if (url !== undefined && url !== '') return { kind: 'address', url }
  const prefixes = [
    '/usr/lib/postgresql/15',
    ...(process.env['PATH'] ?? '').split(delimiter).map((bin) => dirname(bin)),
  ]
  for (const prefix of prefixes) {
    const found = postgresAt(prefix, 15)
    if (found !== null && (prefix.endsWith('/15') || prefix.endsWith('@15'))) return { kind: 'program', program: found }
  }
  return unpackedPostgres15()
}

/** Debian's packages, unpacked into a private folder. */
export async function unpackedPostgres15(): Promise<Had<PostgresInstallation>> {
  const fetched = await fetchDebianPackages({
    packages: ['postgresql-15'],
    folder: join(KEPT_SERVERS, 'postgres-15'),
    suite: null,
    // Its own libraries beside it; libc stays the system's, since initdb starts postgres by the system's loader.
    follow: (name) => /^(lib|zlib1g)/.test(name) && !/^(libc6|libc-bin|libperl|libpython|libllvm|libgcc)/i.test(name),
  })
  if (fetched.kind === 'absent') return { kind: 'absent', reason: `no PostgreSQL 15 here: ${fetched.reason}` }
  const program = postgresAt(
    join(fetched.program.root, 'usr', 'lib', 'postgresql', '15'),
    15,
    fetched.program.libraryPath,
  )
  return program === null
    ? { kind: 'absent', reason: 'the unpacked postgresql-15 holds no programs' }
    : { kind: 'program', program }
}
