import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { findPostgres15 } from '../servers/postgres-15.ts'

/** Where a psql logs in, and what the regression scripts read from the environment. */
export interface PsqlRoad {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** PG_ABS_SRCDIR, PG_ABS_BUILDDIR, PG_LIBDIR, PG_DLSUFFIX, as pg_regress sets them. */
  readonly scripts: Readonly<Record<string, string>>
}

/** A psql of PostgreSQL 15, beside the server's programs or on the path; null when there is none. */
export async function findPsql(): Promise<string | null> {
  const server = await findPostgres15()
  const folders = [
    ...(server.kind === 'program' ? [join(server.program.directory, 'bin')] : []),
    '/usr/lib/postgresql/15/bin',
    ...(process.env['PATH'] ?? '').split(delimiter),
  ]
  return folders.map((folder) => join(folder, 'psql')).find((file) => existsSync(file)) ?? null
}

/** What `psql -X -a -q < script` writes on both its outputs, as pg_regress runs it. Killed after `seconds`, which rejects. */
export async function runPsql(
  psql: string,
  road: PsqlRoad,
  script: string,
  output: string,
  seconds: number,
): Promise<Buffer> {
  const into = openSync(output, 'w')
  const from = openSync(script, 'r')
  try {
    const child = spawn(
      psql,
      ['-X', '-a', '-q', '-d', road.database, '-v', 'HIDE_TABLEAM=on', '-v', 'HIDE_TOAST_COMPRESSION=on'],
      { env: environment(road), stdio: [from, into, into], timeout: seconds * 1000, killSignal: 'SIGKILL' },
    )
    const signal = await new Promise<NodeJS.Signals | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (_code, signal) => {
        resolve(signal)
      })
    })
    if (signal !== null) throw new Error(`psql did not end within ${String(seconds)} seconds`)
    return readFileSync(output)
  } finally {
    closeSync(into)
    closeSync(from)
  }
}

/** As pg_regress's `initialize_environment` sets it; nothing of the caller's own environment but the path. */
function environment(road: PsqlRoad): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: '/nonexistent',
    LC_ALL: 'C',
    PGHOST: road.host,
    PGPORT: String(road.port),
    PGUSER: road.user,
    PGPASSWORD: road.password,
    PGSSLMODE: 'disable',
    PGAPPNAME: 'pg_regress',
    PGTZ: 'PST8PDT',
    PGDATESTYLE: 'Postgres, MDY',
    PGOPTIONS: '-c intervalstyle=postgres_verbose',
    ...road.scripts,
  }
}
