import { join } from 'node:path'
import { startGatewayProcess } from './gateway-setup.ts'
import { LOGIN, type Scene } from './scene.ts'
import { median } from './statistics.ts'

/** Milliseconds from the start of the process to "listening". */
export interface StartFigures {
  readonly milliseconds: readonly number[]
  readonly median: number
}

/** Starts the gateway five times, one after the other, with an empty trail each. */
export async function measureStart(scene: Scene, tell: (text: string) => void): Promise<StartFigures> {
  const milliseconds: number[] = []
  for (let run = 0; run < 5; run++) {
    const gateway = await startGatewayProcess({
      folder: join(scene.folder, `start-${String(run)}`),
      issuer: scene.issuer.url,
      upstream: { port: scene.server.port, ...LOGIN, caFile: null },
      listenerTls: null,
    })
    milliseconds.push(gateway.startMilliseconds)
    await gateway.stop()
  }
  const middle = median(milliseconds)
  tell(`start to listening: ${middle.toFixed(0)} ms`)
  return { milliseconds, median: middle }
}
