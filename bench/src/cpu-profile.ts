import { basename } from 'node:path'

/** The parts of a `.cpuprofile` that are used here (Chrome DevTools protocol, Profiler.Profile). */
export interface CpuProfile {
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

/** Self times in microseconds, the longest first. */
export interface SelfTimes {
  /** By function. A native one (mostly a system call) is told by who called it. */
  readonly functions: readonly (readonly [string, number])[]
  /** By source file; native functions and Node's own count for the file that called them. */
  readonly files: readonly (readonly [string, number])[]
  readonly busy: number
  readonly idle: number
}

/** Native functions are named with this many callers at most. */
const MAX_CALLERS = 5

/** Adds up the samples between two moments, in microseconds of the monotonic clock. */
export function selfTimes(read: CpuProfile, from: number, to: number): SelfTimes {
  const { ownName, chain, file } = naming(read)
  const functions = new Map<string, number>()
  const files = new Map<string, number>()
  let at = read.startTime
  let busy = 0
  let idle = 0
  for (const [index, id] of read.samples.entries()) {
    at += read.timeDeltas[index] ?? 0
    // A sample lasts until the next one.
    const took = read.timeDeltas[index + 1] ?? 0
    if (at < from || at > to) continue
    if (ownName(id) === '(idle)') {
      idle += took
      continue
    }
    busy += took
    add(functions, chain(id), took)
    add(files, file(id), took)
  }
  return { functions: sorted(functions), files: sorted(files), busy, idle }
}

function naming(read: CpuProfile): {
  ownName: (id: number) => string
  chain: (id: number) => string
  file: (id: number) => string
} {
  const callers = new Map(read.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))
  const frames = new Map(read.nodes.map(({ id, callFrame }) => [id, callFrame]))
  const ownName = (id: number): string => {
    const frame = frames.get(id)
    const name = frame?.functionName ?? ''
    const place =
      frame === undefined || frame.url === '' ? '' : ` ${basename(frame.url)}:${String(frame.lineNumber + 1)}`
    return `${name === '' ? '(anonymous)' : name.slice(0, 60)}${place}`
  }
  const isOurs = (id: number): boolean => frames.get(id)?.url.endsWith('.ts') ?? false
  const upToOurs = (id: number): number[] => {
    const path = [id]
    for (let at: number | undefined = id; at !== undefined && !isOurs(at);) {
      at = callers.get(at)
      if (at !== undefined) path.push(at)
    }
    return path
  }
  const chains = new Map<number, string>()
  const chain = (id: number): string => {
    let name = chains.get(id)
    if (name === undefined) {
      name = frames.get(id)?.url === '' ? upToOurs(id).slice(0, MAX_CALLERS).map(ownName).join(' < ') : ownName(id)
      chains.set(id, name)
    }
    return name
  }
  const file = (id: number): string => {
    const last = upToOurs(id).at(-1)
    return last !== undefined && isOurs(last) ? basename(frames.get(last)?.url ?? '') : `Node: ${ownName(id)}`
  }
  return { ownName, chain, file }
}

function add(to: Map<string, number>, name: string, took: number): void {
  to.set(name, (to.get(name) ?? 0) + took)
}

function sorted(times: ReadonlyMap<string, number>): (readonly [string, number])[] {
  return [...times].toSorted((a, b) => b[1] - a[1])
}
