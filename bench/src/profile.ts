import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CpuProfile, selfTimes } from './cpu-profile.ts'
import { ENGINES } from './engines.ts'
import type { Options } from './options.ts'
import { cpuSeconds } from './process-figures.ts'
import { BENCH_FOLDER, openScene } from './scene.ts'

const SAMPLING_MICROSECONDS = 200
const FUNCTIONS_SHOWN = 40
const FILES_SHOWN = 25

/** Profiles the gateway during the engine's small statements; the answer is Markdown: self times of each. */
export async function profile(options: Options, tell: (text: string) => void): Promise<string> {
  mkdirSync(BENCH_FOLDER, { recursive: true })
  const parts: string[] = []
  const engine = ENGINES[options.engine]
  for (const [index, workload] of engine.profiled.entries()) {
    const folder = mkdtempSync(join(BENCH_FOLDER, `profile-${engine.name}-${String(index)}-`))
    const scene = await openScene(engine, [
      '--cpu-prof',
      `--cpu-prof-dir=${folder}`,
      `--cpu-prof-interval=${String(SAMPLING_MICROSECONDS)}`,
    ])
    const times: number[] = []
    const sample = (): readonly number[] => {
      times.push(Number(process.hrtime.bigint() / 1000n))
      const { user, system } = cpuSeconds(scene.gateway.pid)
      return [user, system]
    }
    let heading = ''
    let rate = 0
    try {
      const result = await scene.database.load.run(scene.gatewayRoad.address, workload, options.seconds, sample)
      rate = result.statementsPerSecond
      const [user = 0, system = 0] = result.sampled.map((value) =>
        ((value * 1e6) / result.statementsSampled).toFixed(1),
      )
      heading =
        `**${engine.loadName}, ${workload.name}, ${String(workload.clients)} clients**, ${rate.toFixed(0)} statements per second under the profiler; ` +
        `CPU microseconds a statement, all threads: ${String(user)} in its own code, ${String(system)} in the kernel.`
    } finally {
      await scene.close()
    }
    const file = readdirSync(folder).find((name) => name.endsWith('.cpuprofile'))
    if (file === undefined) throw new Error('the gateway wrote no profile')
    tell(`${workload.name}: ${join(folder, file)}`)
    const read = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile
    parts.push(heading, asTables(read, times.at(0) ?? 0, times.at(-1) ?? Infinity, rate))
  }
  return `${parts.join('\n\n')}\n`
}

function asTables(read: CpuProfile, from: number, to: number, rate: number): string {
  const { functions, files, busy, idle } = selfTimes(read, from, to)
  const statements = (rate * (busy + idle)) / 1e6
  const table = (head: string, rows: readonly (readonly [string, number])[]): string =>
    [
      `| % of busy | us a statement | ${head} |`,
      '| ---: | ---: | --- |',
      ...rows.map(
        ([name, took]) => `| ${((100 * took) / busy).toFixed(1)} | ${(took / statements).toFixed(2)} | ${name} |`,
      ),
    ].join('\n')
  return [
    `The main thread was busy ${((100 * busy) / (busy + idle)).toFixed(0)} % of the time, ${(busy / statements).toFixed(1)} us a statement of wall time: where others want the cores, system calls that wake a peer look longer than they are.`,
    table('source file, with the native and Node functions it calls', files.slice(0, FILES_SHOWN)),
    table('function, self time', functions.slice(0, FUNCTIONS_SHOWN)),
  ].join('\n\n')
}
