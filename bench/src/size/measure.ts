import type { Options } from '../options.ts'
import { describeMachine } from '../results.ts'
import { measureBusy } from './busy.ts'
import { measureCoordination } from './coordination.ts'
import { measureScaling } from './scaling.ts'
import { measureStorm } from './storm.ts'

/** How much one gateway bears, and what many ask of Redis. As Markdown; `failed`: a part could not be measured. */
export async function measureSize(
  options: Options,
  tell: (text: string) => void,
): Promise<{ readonly markdown: string; readonly failed: boolean }> {
  const { quick, rounds, seconds } = options
  const parts = {
    busy: () =>
      measureBusy(
        { sessions: quick ? 200 : 2000, pauseMilliseconds: options.soak.pauseMilliseconds, seconds: quick ? 5 : 30 },
        tell,
      ),
    storm: () => measureStorm({ perSecond: quick ? 100 : 500, seconds: quick ? 3 : 10 }, tell),
    scaling: () => measureScaling({ seconds, rounds }, tell),
    coordination: () =>
      measureCoordination(
        { logins: 200, held: quick ? 10 : 50, seconds: quick ? 5 : 10, gateways: quick ? [1, 10] : [1, 10, 100, 500] },
        tell,
      ),
  }
  const { commit, cpu, cores, loadBefore, node } = describeMachine('')
  const blocks = [
    `${new Date().toISOString().slice(0, 10)}, commit ${commit}: ${cpu}, ${String(cores)} cores, load ${loadBefore.toFixed(1)} before; Node ${node.slice(1)}.`,
  ]
  let failed = false
  for (const [part, work] of Object.entries(parts) as [keyof typeof parts, () => Promise<string>][]) {
    if (!options.wants(part)) continue
    tell(part)
    try {
      blocks.push(await work())
    } catch (error) {
      // What one part found is not lost because another one could not be measured.
      failed = true
      tell(`${part} could not be measured: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    }
  }
  return { markdown: blocks.join('\n\n'), failed }
}
