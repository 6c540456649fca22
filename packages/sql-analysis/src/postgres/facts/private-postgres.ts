/** For tests: a PostgreSQL of our own in a temporary folder, reachable through its socket alone. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A running server. `query` gives the lines of psql's unaligned output and throws when the server reports an error. */
export interface PrivatePostgres {
  query(statements: readonly string[]): string[]
  stop(): void
}

const ROOT = '/usr/lib/postgresql'
const PORT = '54391'
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024

/** The folder of the newest PostgreSQL installed; null when there is none. */
export function findPostgres(): string | null {
  if (!existsSync(ROOT)) return null
  const [newest] = readdirSync(ROOT).toSorted((a, b) => Number(b) - Number(a))
  const folder = newest === undefined ? null : join(ROOT, newest, 'bin')
  return folder !== null && existsSync(join(folder, 'initdb')) ? folder : null
}

/** Starts a server with the schema text loaded. PostgreSQL refuses to run as root: then it runs as `postgres`. */
export function startPostgres(folder: string, schema: string): PrivatePostgres {
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-facts-'))
  const run = (program: string, ...parameters: string[]): string => {
    const options = { encoding: 'utf8' as const, stdio: 'pipe' as const, maxBuffer: MAX_OUTPUT_BYTES }
    if (process.getuid?.() !== 0) return execFileSync(program, parameters, options)
    return execFileSync('runuser', ['-u', 'postgres', '--', program, ...parameters], options)
  }
  if (process.getuid?.() === 0) execFileSync('chown', ['postgres', home])
  const data = join(home, 'data')
  run(join(folder, 'initdb'), '-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '-N')
  const settings = `-p ${PORT} -k ${home} -c listen_addresses= -c fsync=off`
  run(join(folder, 'pg_ctl'), '-D', data, '-o', settings, '-l', join(home, 'log'), '-w', 'start')
  const connect = ['-h', home, '-p', PORT, '-U', 'postgres', '-XqAt', '-v', 'ON_ERROR_STOP=1']
  const file = join(home, 'schema.sql')
  writeFileSync(file, schema)
  chmodSync(file, 0o644)
  run(join(folder, 'psql'), ...connect, '-f', file)
  return {
    query: (statements) => {
      const commands = statements.flatMap((statement) => ['-c', statement])
      return run(join(folder, 'psql'), ...connect, ...commands)
        .split('\n')
        .filter((line) => line !== '')
    },
    stop: () => {
      run(join(folder, 'pg_ctl'), '-D', data, '-m', 'immediate', '-w', 'stop')
      rmSync(home, { recursive: true, force: true })
    },
  }
}
