import type { TargetConfig } from './config/index.ts'

/** Cancels of one target that are under way at once: each is a connection of its own, to a database that may have none left. */
const AT_ONCE = 16

interface Lane {
  running: number
  readonly waiting: (() => void)[]
}

const lanes = new WeakMap<TargetConfig, Lane>()

/** Runs a cancel when fewer than 16 of its target are under way, in the order in which they were asked for. Settles as `cancel` does. */
export async function cancelInTurn(target: TargetConfig, cancel: () => Promise<void>): Promise<void> {
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
