import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Address, Load, LoadResult, Workload } from '../engine.ts'
import { debianProgram, type Program } from '@gatehouse/test/servers/debian-program.ts'

/** Rows of sysbench's table. */
const TABLE_SIZE = 100_000

const MAX_TRIES = 3

/** What a workload runs: a script of sysbench's, in one of its modes for prepared statements. */
const SCRIPTS: Readonly<Record<string, { readonly script: string; readonly preparedMode: 'auto' | 'disable' }>> = {
  'point select, text': { script: 'oltp_point_select', preparedMode: 'disable' },
  'point select, prepared': { script: 'oltp_point_select', preparedMode: 'auto' },
  'read only': { script: 'oltp_read_only', preparedMode: 'auto' },
  'read write': { script: 'oltp_read_write', preparedMode: 'auto' },
}

/** The names of sysbench's workloads. */
export const WORKLOADS: readonly string[] = Object.keys(SCRIPTS)

/** sysbench's OLTP scripts on one table. */
export class Sysbench implements Load {
  readonly #program: Program
  readonly #scripts: string
  readonly #environment: NodeJS.ProcessEnv

  private constructor(program: Program, scripts: string) {
    this.#program = program
    this.#scripts = scripts
    this.#environment = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', ...pluginFolder(program) }
  }

  /** Finds sysbench: on the path, else in Debian's packages. Throws `ServerAbsent`, or an Error where its scripts are not found. */
  static async find(): Promise<Sysbench> {
    const program = await debianProgram('sysbench', 'usr/bin/sysbench')
    const folders = [
      ...(program.root === null ? [] : [join(program.root, 'usr/share/sysbench')]),
      '/usr/share/sysbench',
      '/usr/local/share/sysbench',
    ]
    const scripts = folders.find((folder) => existsSync(join(folder, 'oltp_point_select.lua')))
    if (scripts === undefined) throw new Error('there are no scripts of sysbench here (oltp_point_select.lua)')
    return new Sysbench(program, scripts)
  }

  /** Makes and fills its table. */
  async initialise(address: Address): Promise<void> {
    const { command, leading } = this.#program
    const args = [...leading, 'oltp_read_write', ...target(address), 'prepare']
    await promisify(execFile)(command, args, { cwd: this.#scripts, env: this.#environment, timeout: 60_000 })
  }

  /** A run that reported too late to be measured, on a machine that is busy with other things, is made again, twice at most. */
  async run(
    address: Address,
    workload: Workload,
    seconds: number,
    sample: () => readonly number[],
  ): Promise<LoadResult> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const result = await this.#tryRun(address, workload, seconds, sample)
      if (result !== null) return result
    }
    throw new Error(`sysbench reported too late to be measured, ${String(MAX_TRIES)} times: is this machine busy?`)
  }

  async #tryRun(
    address: Address,
    { name, clients }: Workload,
    measuredSeconds: number,
    sample: () => readonly number[],
  ): Promise<LoadResult | null> {
    const { script, preparedMode } = SCRIPTS[name] ?? { script: name, preparedMode: 'auto' }
    // One to warm up, and one more, for the report of the last often does not come.
    const seconds = measuredSeconds + 2
    const args = [
      fileURLToPath(new URL('plugin-first.lua', import.meta.url)),
      ...target(address),
      `--threads=${String(clients)}`,
      `--time=${String(seconds)}`,
      `--db-ps-mode=${preparedMode}`,
      '--report-interval=1',
      '--histogram=on',
      // A deadlock is not what is measured, nor an end.
      '--mysql-ignore-errors=1213,1205,1020',
      'run',
    ]
    const { command, leading } = this.#program
    const child = spawn(command, [...leading, ...args], {
      cwd: this.#scripts,
      env: { ...this.#environment, SYSBENCH_SCRIPT: `${script}.lua` },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), (seconds + 60) * 1000)
    const words: string[] = []
    const rates: number[] = []
    const samples: { readonly at: number; readonly values: readonly number[] }[] = []
    const histogram: LatencyCount[] = []
    const take = (): void => {
      samples.push({ at: performance.now(), values: sample() })
    }
    let endTimer: NodeJS.Timeout | undefined
    createInterface({ input: child.stdout }).on('line', (line) => {
      const rate = /^\[ \d+s \] thds: .* qps: ([\d.]+) /.exec(line)?.[1]
      const [, milliseconds, count] = /^\s+([\d.]+) \|\**\s+(\d+)$/.exec(line) ?? []
      if (milliseconds !== undefined)
        histogram.push({ microseconds: Number(milliseconds) * 1000, count: Number(count) })
      else if (line.startsWith('FATAL') || line.startsWith('(last message')) words.push(line)
      else if (rate !== undefined && rates.push(Number(rate)) === 1) {
        take()
        // Before the sessions end: what their end costs is no statement's.
        endTimer = setTimeout(take, measuredSeconds * 1000 - 150)
      }
    })
    createInterface({ input: child.stderr }).on('line', (line) => words.push(line))
    const status = await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    clearTimeout(timer)
    clearTimeout(endTimer)
    if (status !== 0)
      throw new Error(`sysbench ${script} ended with status ${String(status)}: ${words.slice(0, 20).join('; ')}`)
    const measured = rates.slice(1, 1 + measuredSeconds)
    const [begin, end] = samples
    if (measured.length === 0 || begin === undefined || end === undefined) return null
    const statementsPerSecond = measured.reduce((sum, rate) => sum + rate, 0) / measured.length
    return {
      statementsPerSecond,
      statementsSampled: (statementsPerSecond * (end.at - begin.at)) / 1000,
      p50Microseconds: percentileOf(histogram, 0.5),
      p99Microseconds: percentileOf(histogram, 0.99),
      sampled: end.values.map((value, index) => value - (begin.values[index] ?? 0)),
    }
  }
}

interface LatencyCount {
  readonly microseconds: number
  readonly count: number
}

/** Of a histogram whose values rise; sysbench's has 1,024 steps between 1 microsecond and 100 seconds. */
function percentileOf(histogram: readonly LatencyCount[], share: number): number {
  const total = histogram.reduce((sum, { count }) => sum + count, 0)
  let below = 0
  for (const { microseconds, count } of histogram) {
    below += count
    if (below >= total * share) return microseconds
  }
  return Number.NaN
}

function target({ port, user, database, password }: Address): readonly string[] {
  return [
    '--db-driver=mysql',
    '--mysql-host=127.0.0.1',
    `--mysql-port=${String(port)}`,
    `--mysql-user=${user}`,
    `--mysql-password=${password}`,
    `--mysql-db=${database}`,
    '--tables=1',
    `--table-size=${String(TABLE_SIZE)}`,
  ]
}

/** Where an unpacked client library finds what logs in with. */
function pluginFolder({ leading, root }: Program): NodeJS.ProcessEnv {
  if (root === null) return {}
  const folders = (leading[1] ?? '').split(':').map((folder) => join(folder, 'libmariadb3', 'plugin'))
  const found = folders.find((folder) => existsSync(folder))
  return found === undefined ? {} : { MARIADB_PLUGIN_DIR: found }
}
