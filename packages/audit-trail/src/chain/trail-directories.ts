import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { listSegments } from './segment-names.ts'

/** The directory of one worker's trail, in that of its gateway. */
export function workerTrail(directory: string, worker: number): string {
  return join(directory, `worker-${String(worker)}`)
}

/**
 * The trails in a gateway's directory: its own, and those of its workers, in order. `directory` itself is not among them where it holds
 * no segment and there are workers. One that is not there is given back as it is.
 */
export function trailDirectories(directory: string): readonly string[] {
  if (!existsSync(directory)) return [directory]
  const workers = readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const worker = entry.isDirectory() ? /^worker-([1-9]\d{0,3})$/.exec(entry.name)?.[1] : undefined
    return worker === undefined ? [] : [Number(worker)]
  })
  const trails = workers.sort((one, other) => one - other).map((worker) => workerTrail(directory, worker))
  return workers.length === 0 || listSegments(directory).length > 0 ? [directory, ...trails] : trails
}
