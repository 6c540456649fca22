import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CpuProfile, selfTimes } from './cpu-profile.ts'
import { ENGINES } from './engines.ts'
import type { Engine } from './engine.ts'
import type { Options, Part } from './options.ts'
import { cpuSeconds } from './process-figures.ts'
import { BENCH_FOLDER, openScene, type Scene } from './scene.ts'

const SAMPLING_MICROSECONDS = 200
const FUNCTIONS_SHOWN = 40
const FILES_SHOWN = 25

/** What is profiled: statements of a workload, or whole results. */
interface Case {
  readonly name: string
  /** Runs it; resolves with how many statements, or rows, a second. `sample` is to be called when its time begins and ends. */
  readonly run: (scene: Scene, seconds: number, sample: () => readonly number[]) => Promise<number>
  readonly unit: 'statement' | 'thousand rows'
}

/** Profiles the gateway during the engine's small statements and large results; the answer is Markdown: self times of each. */
export async function profile(options: Options, tell: (text: string) => void): Promise<string> {
  mkdirSync(BENCH_FOLDER, { recursive: true })
  const engine = ENGINES[options.engine]
  const parts: string[] = []
  const wanted = (part: Part): boolean => options.wants(part)
  const cases = [...(wanted('statements') ? statementCases(engine) : []), ...(wanted('rows') ? rowCases(engine) : [])]
  for (const [index, one] of cases.entries()) {
    const folder = mkdtempSync(join(BENCH_FOLDER, `profile-${engine.name}-${String(index)}-`))
    const scene = await openScene(engine, [
      '--cpu-prof',
      `--cpu-prof-dir=${folder}`,
      `--cpu-prof-interval=${String(SAMPLING_MICROSECONDS)}`,
    ])
    const times: number[] = []
    const cpu: { readonly user: number; readonly system: number }[] = []
    const sample = (): readonly number[] => {
      times.push(Number(process.hrtime.bigint() / 1000n))
      cpu.push(cpuSeconds(scene.gateway.pid))
      return []
    }
    let rate = 0
    try {
      rate = await one.run(scene, options.seconds, sample)
    } finally {
      await scene.close()
    }
    const [from = 0, to = Infinity] = times
    const count = (rate * (to - from)) / 1e6
    const spent = (what: 'user' | 'system'): string =>
      ((((cpu[1]?.[what] ?? 0) - (cpu[0]?.[what] ?? 0)) * 1e6) / count).toFixed(1)
    const heading =
      `**${one.name}**, ${rate.toFixed(0)} ${one.unit === 'statement' ? 'statements' : one.unit} per second under the profiler; ` +
      `CPU microseconds for each ${one.unit}, all threads: ${spent('user')} in its own code, ${spent('system')} in the kernel.`
    const file = readdirSync(folder).find((name) => name.endsWith('.cpuprofile'))
    if (file === undefined) throw new Error('the gateway wrote no profile')
    tell(`${one.name}: ${join(folder, file)}`)
    const read = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile
    parts.push(heading, asTables(read, from, to, rate, one.unit))
  }
  return `${parts.join('\n\n')}\n`
}

function statementCases(engine: Engine): readonly Case[] {
  return engine.profiled.map((workload) => ({
    name: `${engine.loadName}, ${workload.name}, ${String(workload.clients)} clients`,
    unit: 'statement',
    run: async ({ database, gatewayRoad }, seconds, sample) => {
      const result = await database.load.run(gatewayRoad.address, workload, seconds, sample)
      return result.statementsPerSecond
    },
  }))
}

function rowCases(engine: Engine): readonly Case[] {
  return engine.rowFormats.flatMap((format) =>
    (['people_plain', 'people_masked'] as const).map((table): Case => ({
      name: `rows of ${table}, ${format}`,
      unit: 'thousand rows',
      run: async ({ gatewayRoad }, seconds, sample) => {
        const client = await engine.connect(gatewayRoad.address)
        for (let warm = 0; warm < 3; warm++) await client.people(format, table)
        sample()
        let rows = 0
        const begun = performance.now()
        while (performance.now() - begun < seconds * 1000) rows += (await client.people(format, table)).rows
        const took = performance.now() - begun
        sample()
        client.close()
        return rows / took
      },
    })),
  )
}

function asTables(read: CpuProfile, from: number, to: number, rate: number, unit: Case['unit']): string {
  const { functions, files, busy, idle } = selfTimes(read, from, to)
  const statements = (rate * (busy + idle)) / 1e6
  const table = (head: string, rows: readonly (readonly [string, number])[]): string =>
    [
      `| % of busy | us for each ${unit} | ${head} |`,
      '| ---: | ---: | --- |',
      ...rows.map(
        ([name, took]) => `| ${((100 * took) / busy).toFixed(1)} | ${(took / statements).toFixed(2)} | ${name} |`,
      ),
    ].join('\n')
  return [
    `The main thread was busy ${((100 * busy) / (busy + idle)).toFixed(0)} % of the time, ${(busy / statements).toFixed(1)} us of wall time for each ${unit}: where others want the cores, system calls that wake a peer look longer than they are.`,
    table('source file, with the native and Node functions it calls', files.slice(0, FILES_SHOWN)),
    table('function, self time', functions.slice(0, FUNCTIONS_SHOWN)),
  ].join('\n\n')
}
