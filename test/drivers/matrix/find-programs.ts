import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Had } from '../../servers/found.ts'
import { putInPlace } from '../../servers/debian-packages.ts'
import { findMysqlClient } from '../find-mysql-client.ts'
import { findPsql, unpackedPsql } from '../find-psql.ts'
import { findPgjdbc, type JavaWithDriver, javaProgram } from '../java.ts'
import { findJdbcDriver, type WantedJar } from '../jdbc-jars.ts'
import { KEPT_DRIVERS } from '../kept-drivers.ts'
import { findPythonDriver, pythonProgram, type WantedDriver } from '../python.ts'
import type { LoginProgram } from './driver.ts'

const run = promisify(execFile)
const PROGRAMS = join(import.meta.dirname, 'programs')

type Find = () => Promise<Had<LoginProgram>>

/** Node, with the driver of the npm registry. */
export function node(file: string, ...args: readonly string[]): Find {
  return () => had({ command: process.execPath, args: [join(PROGRAMS, file), ...args] })
}

export function python(file: string, wanted: WantedDriver, ...args: readonly string[]): Find {
  return async () => {
    const found = await findPythonDriver(wanted)
    if (found.kind === 'absent') return found
    const program = pythonProgram(found.program, join('matrix', 'programs', file))
    return had({ ...program, args: [...program.args, ...args] })
  }
}

/** mysqlclient, as Debian has it: with the plugins of the library that it stands on. */
export function mysqlclient(file: string, wanted: WantedDriver): Find {
  return async () => {
    const found = await python(file, wanted)()
    const library = found.kind === 'program' ? (found.program.env?.['LD_LIBRARY_PATH'] ?? '').split(':').at(-1) : ''
    if (found.kind === 'absent' || library === undefined || library === '') return found
    const env = { ...found.program.env, MARIADB_PLUGIN_DIR: join(library, 'libmariadb3', 'plugin') }
    return had({ ...found.program, env })
  }
}

export function psql(major: 15 | 18): Find {
  return async () => {
    // The system's 18 need not have what fetches tokens.
    const found = await (major === 18 ? unpackedPsql(major) : findPsql(major))
    return found.kind === 'absent' ? found : shell('psql.sh', { psql: found.program }, `psql-${String(major)}`)
  }
}

export function mysqlClient(flavour: 'mysql' | 'mariadb'): Find {
  return async () => {
    const found = await findMysqlClient(flavour)
    if (found.kind === 'absent') return found
    return shell(`${flavour}-client.sh`, { [flavour]: found.program.program('client') }, flavour)
  }
}

/** The scheme says which driver the program asks for. */
export function jdbc(scheme: string, wanted: WantedJar): Find {
  return () => java(scheme, findJdbcDriver(wanted))
}

/** pgjdbc of Debian 12. */
export function debianPgjdbc(): Promise<Had<LoginProgram>> {
  return java('postgresql', findPgjdbc())
}

async function java(scheme: string, finding: Promise<Had<JavaWithDriver>>): Promise<Had<LoginProgram>> {
  const found = await finding
  if (found.kind === 'absent') return found
  const { command, args } = javaProgram(found.program, join('matrix', 'programs', 'JdbcLogin.java'))
  return had({ command, args: [...args, scheme] })
}

/** Built once for its sources, and kept. */
export function go(folder: string): Find {
  return async () => {
    const sources = join(PROGRAMS, folder)
    const digest = createHash('sha256')
    for (const file of readdirSync(sources).toSorted()) digest.update(readFileSync(join(sources, file)))
    const program = join(KEPT_DRIVERS, `${folder} ${digest.digest('hex').slice(0, 16)}`)
    if (existsSync(program)) return had({ command: program, args: [] })
    const beside = `${program}.${String(process.pid)}`
    try {
      mkdirSync(KEPT_DRIVERS, { recursive: true })
      // Neither another toolchain nor a module that go.sum does not know.
      const env = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly -buildvcs=false' }
      await run('go', ['build', '-o', beside, '.'], { cwd: sources, env, timeout: 120_000 })
    } catch (error) {
      return { kind: 'absent', reason: `go could not build it (${lastLine(error)})` }
    }
    putInPlace(beside, program)
    return had({ command: program, args: [] })
  }
}

/** A script of `programs/`, before whose path stand these commands by their plain names. */
function shell(
  file: string,
  commands: Readonly<Record<string, { readonly command: string; readonly leading: readonly string[] }>>,
  kept: string,
): Promise<Had<LoginProgram>> {
  const folder = join(KEPT_DRIVERS, 'by-name', kept)
  mkdirSync(folder, { recursive: true })
  for (const [name, { command, leading }] of Object.entries(commands)) {
    const words = [command, ...leading].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`)
    writeFileSync(join(folder, name), `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, { mode: 0o755 })
  }
  const PATH = [folder, process.env['PATH'] ?? ''].join(':')
  return had({ command: 'sh', args: [join(PROGRAMS, file)], env: { PATH } })
}

function had(program: LoginProgram): Promise<Had<LoginProgram>> {
  return Promise.resolve({ kind: 'program', program })
}

function lastLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return (text.trim().split('\n').at(-1) ?? '').slice(0, 200)
}
