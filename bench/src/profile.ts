import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Options } from './options.ts'
import { BENCH_FOLDER, openScene } from './scene.ts'

const SAMPLING_MICROSECONDS = 200
const SHOWN = 45

/** The parts of a `.cpuprofile` that are used here (Chrome DevTools protocol, Profiler.Profile). */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
    readonly children?: readonly number[]
  }[]
  /** Microseconds of the monotonic clock. */
  readonly startTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** Profiles the gateway during `pgbench -S -c 8`, simple and prepared; the answer is a Markdown table of self times for each. */
export async function profile(options: Options, tell: (text: string) => void): Promise<string> {
  mkdirSync(BENCH_FOLDER, { recursive: true })
  const parts: string[] = []
  for (const mode of ['simple', 'prepared'] as const) {
    const folder = mkdtempSync(join(BENCH_FOLDER, `profile-${mode}-`))
    const scene = await openScene([
      '--cpu-prof',
      `--cpu-prof-dir=${folder}`,
      `--cpu-prof-interval=${String(SAMPLING_MICROSECONDS)}`,
    ])
    const times: number[] = []
    let rate = 0
    try {
      for (const road of scene.roads) {
        if (road.name !== 'gateway') continue
        const sample = (): readonly number[] => {
          times.push(Number(process.hrtime.bigint() / 1000n))
          return [0]
        }
        rate = (await scene.pgbench.selectOnly(road.address, { mode, clients: 8, seconds: options.seconds }, sample))
          .statementsPerSecond
      }
    } finally {
      await scene.close()
    }
    const file = readdirSync(folder).find((name) => name.endsWith('.cpuprofile'))
    if (file === undefined) throw new Error('the gateway wrote no profile')
    tell(`${mode}: ${join(folder, file)}`)
    const read = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile
    parts.push(
      `**pgbench -S -M ${mode} -c 8**, ${rate.toFixed(0)} statements per second under the profiler; self time\n\n${selfTimes(read, times.at(0) ?? 0, times.at(-1) ?? Infinity, rate)}`,
    )
  }
  return `${parts.join('\n\n')}\n`
}

function selfTimes(read: CpuProfile, from: number, to: number, rate: number): string {
  const callers = new Map(read.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))
  const own = new Map(read.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  // A native function (a system call, mostly) is told by who calls it.
  const nearest = (id: number): string => {
    let names = ''
    let at: number | undefined = id
    for (let steps = 0; at !== undefined && steps < 5; steps++) {
      const name = own.get(at) ?? '?'
      names += steps === 0 ? name : ` < ${name}`
      if (name.includes('.ts:') || name.startsWith('(')) break
      at = callers.get(at)
    }
    return names
  }
  const names = new Map(read.nodes.map(({ id }) => [id, nearest(id)]))
  const micros = new Map<string, number>()
  let at = read.startTime
  let busy = 0
  let idle = 0
  for (const [index, id] of read.samples.entries()) {
    // A sample's time is what passes until the next one.
    const took = read.timeDeltas[index + 1] ?? 0
    at += read.timeDeltas[index] ?? 0
    if (at < from || at > to) continue
    const name = names.get(id) ?? '?'
    if (name.startsWith('(idle)')) idle += took
    else {
      busy += took
      micros.set(name, (micros.get(name) ?? 0) + took)
    }
  }
  const statements = (rate * (busy + idle)) / 1e6
  const rows = [...micros].toSorted((a, b) => b[1] - a[1]).slice(0, SHOWN)
  const lines = rows.map(
    ([name, took]) => `| ${((100 * took) / busy).toFixed(1)} | ${(took / statements).toFixed(2)} | ${name} |`,
  )
  return [
    `busy ${((100 * busy) / (busy + idle)).toFixed(0)} % of the time, ${(busy / statements).toFixed(1)} us a statement`,
    '',
    '| % of busy | us a statement | function |',
    '| ---: | ---: | --- |',
    ...lines,
  ].join('\n')
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const place = url === '' ? '' : ` ${basename(url)}:${String(lineNumber + 1)}`
  return `${functionName === '' ? '(anonymous)' : functionName}${place}`
}
