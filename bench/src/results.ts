import { execFileSync } from 'node:child_process'
import { cpus, loadavg, totalmem } from 'node:os'
import type { DecisionFigures } from './decisions.ts'
import type { EngineName } from './engine.ts'
import type { MemoryCase } from './memory.ts'
import type { RowsCase } from './rows.ts'
import type { StartFigures } from './start-time.ts'
import type { StatementCase } from './statements.ts'

/** All a run found; what was not measured is null. Units are in the names. */
export interface Results {
  readonly engine: EngineName
  readonly date: string
  readonly machine: Machine
  readonly rounds: number
  readonly seconds: number
  readonly statements: readonly StatementCase[] | null
  readonly rows: readonly RowsCase[] | null
  readonly memory: readonly MemoryCase[] | null
  readonly decisions: DecisionFigures | null
  readonly start: StartFigures | null
}

/** Where the figures come from. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGib: number
  /** One-minute load average when the run began: what else was running. */
  readonly loadBefore: number
  readonly node: string
  /** Of the peer. */
  readonly peer: string
  readonly commit: string
}

/** Describes this machine. */
export function describeMachine(peer: string): Machine {
  const processors = cpus()
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    loadBefore: loadavg()[0] ?? 0,
    node: process.version,
    peer,
    commit: commit(),
  }
}

function commit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    const changed = git('status', '--porcelain', '--', ':/apps', ':/packages') !== ''
    return `${git('rev-parse', '--short', 'HEAD').trim()}${changed ? ' with changes' : ''}`
  } catch {
    return 'unknown'
  }
}
