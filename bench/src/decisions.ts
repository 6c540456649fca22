import { join } from 'node:path'
import { startOwn } from './own-process.ts'
import type { Scene } from './scene.ts'

export interface DecisionTiming {
  readonly decisions: number
  /** Share that was permitted, 0 to 1. */
  readonly permitted: number
  readonly p50Microseconds: number
  readonly p99Microseconds: number
  readonly meanMicroseconds: number
  /** Codes of refusals, with how often. */
  readonly refusals: Readonly<Record<string, number>>
}

export interface DecisionFigures {
  /** Texts of a few shapes, each with other literals. */
  readonly seen: DecisionTiming
  /** Texts no two of which have one shape. */
  readonly new: DecisionTiming
  /** The parser alone, texts of so many bytes; empty: not measured. */
  readonly parser: readonly ParserTiming[]
}

export interface ParserTiming {
  readonly bytes: number
  readonly p50Microseconds: number
  readonly p99Microseconds: number
}

/** Times decisions in a process of their own. */
export async function measureDecisions(scene: Scene, tell: (text: string) => void): Promise<DecisionFigures> {
  const direct = scene.roads.find((road) => road.name === 'direct')
  const timer = await startOwn(scene.engine.decisionTimer, [], {
    env: { BENCH_ADDRESS: JSON.stringify(direct?.address) },
    logFile: join(scene.folder, 'decisions.log'),
  })
  await timer.stop()
  const figures = timer.ready as DecisionFigures
  tell(
    `decisions: seen shapes p50 ${figures.seen.p50Microseconds.toFixed(1)} us, new shapes p50 ${figures.new.p50Microseconds.toFixed(0)} us`,
  )
  return figures
}
