import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ServerAbsent } from './found.ts'
import { listens } from './listens.ts'
import { freePort, startGuarded } from './local-tools.ts'
import { privateFolder } from './private-folder.ts'

/** A running OpenTelemetry Collector that prints what it receives. */
export interface Collector {
  /** Where traces are sent by OTLP over HTTP. */
  readonly endpoint: string
  /** Where logs are. */
  readonly logsEndpoint: string
  /** What it printed so far. */
  readonly printed: () => string
  readonly stop: () => Promise<void>
}

/** The `otelcol` on the path. It comes from no registry that tests may use: Debian has none. */
function program(): string {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter))
    if (existsSync(join(folder, 'otelcol'))) return join(folder, 'otelcol')
  throw new ServerAbsent('no OpenTelemetry Collector (otelcol) is on the path')
}

/** Why there is no collector here; null when there is one. */
export function whyNoCollector(): string | null {
  try {
    program()
    return null
  } catch (error) {
    if (error instanceof ServerAbsent) return error.message
    throw error
  }
}

/** Starts one. Throws `ServerAbsent`. */
export async function startCollector(): Promise<Collector> {
  const command = program()
  const folder = privateFolder('otelcol', null)
  const port = await freePort()
  const file = join(folder, 'collector.yaml')
  const log = join(folder, 'log')
  writeFileSync(
    file,
    `receivers: { otlp: { protocols: { http: { endpoint: '127.0.0.1:${String(port)}' } } } }
exporters: { debug: { verbosity: detailed } }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { traces: { receivers: [otlp], exporters: [debug] }, logs: { receivers: [otlp], exporters: [debug] } }
`,
  )
  const server = await startGuarded({
    command,
    args: ['--config', file],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    user: null,
    logFile: log,
    removeWhenDone: folder,
    signals: { ask: 'TERM', force: 'KILL' },
  })
  const deadline = Date.now() + 20_000
  while (!(await listens(port))) {
    if (!server.isRunning() || Date.now() > deadline) {
      await server.stop()
      throw new Error(`the collector does not listen: ${await server.ended}`)
    }
    await sleep(50)
  }
  return {
    endpoint: `http://127.0.0.1:${String(port)}/v1/traces`,
    logsEndpoint: `http://127.0.0.1:${String(port)}/v1/logs`,
    printed: () => readFileSync(log, 'utf8'),
    stop: server.stop,
  }
}
