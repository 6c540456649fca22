import { readFileSync } from 'node:fs'
import { availableParallelism, loadavg, release, totalmem, type as system } from 'node:os'
import manifest from '../../package.json' with { type: 'json' }

/** What runs here, on what, and within which limits of the system. Nothing of the environment's variables. */
export function processReport(): object {
  return {
    gatehouse: manifest.version,
    node: process.versions.node,
    openssl: process.versions.openssl,
    system: `${system()} ${release()} ${process.arch}`,
    processors: availableParallelism(),
    load: loadavg(),
    memoryBytes: totalmem(),
    availableMemoryBytes: process.availableMemory(),
    time: new Date().toISOString(),
    limits: limits(),
  }
}

/** The limits of this process, which one that is started alike has as well. */
function limits(): Readonly<Record<string, string>> {
  try {
    const lines = readFileSync('/proc/self/limits', 'utf8').split('\n').slice(1)
    return Object.fromEntries(
      lines.flatMap((line): [string, string][] => {
        const [, name, soft] = /^(.+?)\s{2,}(\S+)/.exec(line) ?? []
        return name === undefined || soft === undefined ? [] : [[name, soft]]
      }),
    )
  } catch {
    return {}
  }
}
