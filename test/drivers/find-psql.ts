import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fetchDebianPackages } from '../servers/debian-packages.ts'
import type { Had } from '../servers/found.ts'
import { KEPT_DRIVERS } from './kept-drivers.ts'

const run = promisify(execFile)

/** A psql of one major version, with what must stand before its arguments. */
export interface Psql {
  readonly command: string
  readonly leading: readonly string[]
}

/**
 * psql of this major version: Debian's folder or the path, else Debian's package with its libraries in a private folder (15 from the
 * system's release, 18 from `sid`, run by that folder's own loader).
 */
export async function findPsql(major: 15 | 18): Promise<Had<Psql>> {
  for (const command of [`/usr/lib/postgresql/${String(major)}/bin/psql`, 'psql']) {
    if (await is(major, { command, leading: [] })) return { kind: 'program', program: { command, leading: [] } }
  }
  return unpackedPsql(major)
}

/** Debian's package alone; with 18 comes what fetches a token by the device flow. */
export async function unpackedPsql(major: 15 | 18): Promise<Had<Psql>> {
  const fetched = await fetchDebianPackages({
    packages: [`postgresql-client-${String(major)}`, ...(major === 18 ? ['libpq-oauth'] : [])],
    folder: join(KEPT_DRIVERS, major === 18 ? 'psql-18-oauth' : 'psql-15'),
    suite: major === 15 ? null : 'sid',
    follow: (name) =>
      /^(lib|zlib1g|gcc-\d+-base)/.test(name) &&
      !/^(libc-bin|libpam-|libjson-perl|libperl|libpython|libllvm)/.test(name),
  })
  if (fetched.kind === 'absent') return { kind: 'absent', reason: `no psql ${String(major)} here: ${fetched.reason}` }
  const { root, libraryPath } = fetched.program
  const loader = [
    'usr/lib64/ld-linux-x86-64.so.2',
    'lib64/ld-linux-x86-64.so.2',
    'usr/lib/ld-linux-aarch64.so.1',
    'lib/ld-linux-aarch64.so.1',
  ]
    .map((path) => join(root, path))
    .find((path) => existsSync(path))
  const program = join(root, 'usr', 'lib', 'postgresql', String(major), 'bin', 'psql')
  if (loader === undefined) return { kind: 'absent', reason: 'the unpacked packages hold no loader for this machine' }
  const psql = { command: loader, leading: ['--library-path', libraryPath, program] }
  return (await is(major, psql))
    ? { kind: 'program', program: psql }
    : { kind: 'absent', reason: `the unpacked psql ${String(major)} does not run here` }
}

async function is(major: number, { command, leading }: Psql): Promise<boolean> {
  try {
    const { stdout } = await run(command, [...leading, '--version'])
    return stdout.startsWith(`psql (PostgreSQL) ${String(major)}.`)
  } catch {
    return false
  }
}
