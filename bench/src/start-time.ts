import { join } from 'node:path'
import { startGatewayProcess } from './gateway-setup.ts'
import type { Scene } from './scene.ts'
import { cpuSeconds } from './process-figures.ts'
import { median } from './statistics.ts'

/** Milliseconds from the start of the process to "listening". */
export interface StartFigures {
  readonly milliseconds: readonly number[]
  readonly median: number
  /** CPU milliseconds until then, all threads: median. */
  readonly cpuMilliseconds: number
}

/** Starts the gateway five times, one after the other, with an empty trail each. */
export async function measureStart(scene: Scene, tell: (text: string) => void): Promise<StartFigures> {
  const milliseconds: number[] = []
  const cpu: number[] = []
  for (let run = 0; run < 5; run++) {
    const gateway = await startGatewayProcess({
      engine: scene.engine,
      folder: join(scene.folder, `start-${String(run)}`),
      issuer: scene.issuer.url,
      upstream: { port: scene.database.port, ...scene.database.login, caFile: null },
      listenerTls: null,
    })
    milliseconds.push(gateway.startMilliseconds)
    const { user, system } = cpuSeconds(gateway.pid)
    cpu.push((user + system) * 1000)
    await gateway.stop()
  }
  const middle = median(milliseconds)
  tell(`start to listening: ${middle.toFixed(0)} ms`)
  return { milliseconds, median: middle, cpuMilliseconds: median(cpu) }
}
