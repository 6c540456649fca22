import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { TargetConfig } from './config/index.ts'

/** Cancels of one target that are under way at once: each is a connection of its own, to a database that may have none left. */
const AT_ONCE = 16

interface Lane {
  running: number
  readonly waiting: (() => void)[]
}

const lanes = new WeakMap<TargetConfig, Lane>()

/**
 * How long databases get to take them when the process ends: on a slow network a connection for each is more than a moment. With this whoever ends the
 * process waits for `drainSeconds` and 5 more (docs/operations.md).
 */
const PATIENCE_MILLISECONDS = 4_000

/** Those of this process that have not settled. */
const underWay = new Set<Promise<void>>()

/** Runs a cancel when fewer than 16 of its target are under way, in the order in which they were asked for. Settles as `cancel` does. */
export function cancelInTurn(target: TargetConfig, cancel: () => Promise<void>): Promise<void> {
  const cancelling = inTurn(target, cancel)
  underWay.add(cancelling)
  const over = (): void => void underWay.delete(cancelling)
  cancelling.then(over, over)
  return cancelling
}

/**
 * Resolves when every cancel of this process has been delivered or has failed, at the latest after `patienceMilliseconds` (4,000), and says then how
 * many were not waited for: a process that ends before leaves statements running in databases, for nobody. Never rejects.
 */
export async function cancelsSettled(
  log: Pick<Logger, 'warn'>,
  patienceMilliseconds: number = PATIENCE_MILLISECONDS,
): Promise<void> {
  const patience = new AbortController()
  const over = sleep(patienceMilliseconds, 'over', { signal: patience.signal }).catch(() => 'over')
  while (underWay.size > 0) if ((await Promise.race([Promise.allSettled(underWay), over])) === 'over') break
  patience.abort()
  if (underWay.size > 0)
    log.warn({ cancels: underWay.size }, 'statements that were to be cancelled may run on in their databases')
}

async function inTurn(target: TargetConfig, cancel: () => Promise<void>): Promise<void> {
  let lane = lanes.get(target)
  if (lane === undefined) lanes.set(target, (lane = { running: 0, waiting: [] }))
  const { waiting } = lane
  // A place that is given on is never free in between.
  if (lane.running < AT_ONCE) lane.running++
  else await new Promise<void>((resolve) => waiting.push(resolve))
  try {
    await cancel()
  } finally {
    const next = waiting.shift()
    if (next === undefined) lane.running--
    else next()
  }
}
