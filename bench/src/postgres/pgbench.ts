import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { findPostgres15 } from '@gatehouse/test/servers/postgres-15.ts'
import type { Address, Load, LoadResult, Workload } from '../engine.ts'
import { percentile } from '../statistics.ts'

/** Every fourth statement is logged with its latency. */
const SAMPLING_RATE = 0.25

const MAX_TRIES = 3

/** `pgbench -S` with one thread; a workload's name is a query mode. */
export class Pgbench implements Load {
  readonly #program: string
  readonly #environment: NodeJS.ProcessEnv
  readonly #folder: string

  private constructor(program: string, environment: NodeJS.ProcessEnv, folder: string) {
    this.#program = program
    this.#environment = environment
    this.#folder = folder
  }

  /** Finds pgbench: in Debian's folders, on the path, or in Debian's packages. Latency logs go to `folder`. Throws when there is none. */
  static async find(folder: string): Promise<Pgbench> {
    const debian = '/usr/lib/postgresql'
    const folders = existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, 'bin')) : []
    for (const bin of [...folders.toReversed(), ...(process.env['PATH'] ?? '').split(delimiter)]) {
      if (existsSync(join(bin, 'pgbench'))) return new Pgbench(join(bin, 'pgbench'), {}, folder)
    }
    const found = await findPostgres15()
    if (found.kind === 'program' && existsSync(join(found.program.directory, 'bin', 'pgbench'))) {
      const { directory, libraryPath } = found.program
      return new Pgbench(
        join(directory, 'bin', 'pgbench'),
        libraryPath === null ? {} : { LD_LIBRARY_PATH: libraryPath },
        folder,
      )
    }
    throw new Error('there is no pgbench here: install the PostgreSQL client programs (Debian: postgresql-contrib)')
  }

  /** As `pgbench --version` says. */
  async version(): Promise<string> {
    const { stdout } = await promisify(execFile)(this.#program, ['--version'], { env: this.#environment })
    return stdout.trim()
  }

  /** Makes pgbench's tables, 100,000 accounts for each unit of `scale`. */
  async initialise(address: Address, scale: number): Promise<void> {
    const args = ['-i', '-q', '-s', String(scale), ...target(address)]
    await promisify(execFile)(this.#program, args, { env: this.#env(address), timeout: 60_000 })
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
    throw new Error(`pgbench reported too late to be measured, ${String(MAX_TRIES)} times: is this machine busy?`)
  }

  async #tryRun(
    address: Address,
    workload: Workload,
    measuredSeconds: number,
    sample: () => readonly number[],
  ): Promise<LoadResult | null> {
    const folder = join(this.#folder, 'pgbench')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const log = ['--log', `--sampling-rate=${String(SAMPLING_RATE)}`, `--log-prefix=${join(folder, 'log')}`]
    const seconds = measuredSeconds + 1
    const args = [
      '-n',
      '-S',
      '-M',
      workload.name,
      '-c',
      String(workload.clients),
      '-T',
      String(seconds),
      '-P',
      '1',
      ...log,
      ...target(address),
    ]
    const child = spawn(this.#program, args, { env: this.#env(address), stdio: ['ignore', 'ignore', 'pipe'] })
    const timer = setTimeout(() => child.kill('SIGKILL'), (seconds + 30) * 1000)
    const words: string[] = []
    const rates: number[] = []
    const samples: { readonly at: number; readonly values: readonly number[] }[] = []
    const take = (): void => {
      samples.push({ at: performance.now(), values: sample() })
    }
    let endTimer: NodeJS.Timeout | undefined
    createInterface({ input: child.stderr }).on('line', (line) => {
      const [, rate] = /^progress: [\d.]+ s, ([\d.]+) tps.* 0 failed/.exec(line) ?? []
      if (rate === undefined) words.push(line)
      else if (rates.push(Number(rate)) === 1) {
        take()
        // Before the sessions end: what their end costs is no statement's.
        endTimer = setTimeout(take, measuredSeconds * 1000 - 150)
      }
    })
    const status = await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    clearTimeout(timer)
    clearTimeout(endTimer)
    if (status !== 0 || words.length > 0)
      throw new Error(`pgbench ${args.join(' ')} ended with status ${String(status)}: ${words.join('; ')}`)
    const [, ...measured] = rates
    const [begin, end] = samples
    if (measured.length === 0 || begin === undefined || end === undefined) return null
    const statementsPerSecond = measured.reduce((sum, rate) => sum + rate, 0) / measured.length
    const latencies = readLatencies(folder)
    return {
      statementsPerSecond,
      statementsSampled: (statementsPerSecond * (end.at - begin.at)) / 1000,
      p50Microseconds: percentile(latencies, 0.5),
      p99Microseconds: percentile(latencies, 0.99),
      sampled: end.values.map((value, index) => value - (begin.values[index] ?? 0)),
    }
  }

  #env(address: Address): NodeJS.ProcessEnv {
    const { PATH = '/usr/bin:/bin' } = process.env
    return {
      PATH,
      LC_ALL: 'C',
      PGPASSWORD: address.password,
      PGSSLMODE: 'disable',
      PGGSSENCMODE: 'disable',
      ...this.#environment,
    }
  }
}

function target({ port, user, database }: Address): readonly string[] {
  return ['-h', '127.0.0.1', '-p', String(port), '-U', user, database]
}

/** Latencies in microseconds, without those of the first second. A line: client, number, latency, script, seconds, microseconds. */
function readLatencies(folder: string): Float64Array {
  const latencies: number[] = []
  const times: number[] = []
  for (const name of readdirSync(folder)) {
    for (const line of readFileSync(join(folder, name), 'latin1').split('\n')) {
      const fields = line.split(' ')
      if (fields.length < 6) continue
      latencies.push(Number(fields[2]))
      times.push(Number(fields[4]) + Number(fields[5]) / 1e6)
    }
  }
  const begin = times.reduce((least, time) => Math.min(least, time), Infinity) + 1
  return Float64Array.from(latencies.filter((_, index) => (times[index] ?? 0) >= begin))
}
